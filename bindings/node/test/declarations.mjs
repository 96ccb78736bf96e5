// The declarations of the package, as its compiler sees them.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const ts = createRequire(import.meta.url)('typescript');

const file = fileURLToPath(new URL('../index.d.cts', import.meta.url));
const options = { strict: true, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
const program = ts.createProgram([file], options);
const checker = program.getTypeChecker();
const source = checker.getSymbolAtLocation(program.getSourceFile(file));
const namespace = checker.getExportsOfModule(source).find((symbol) => symbol.name === 'distributedKVStore');

const unaliased = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
const documentation = (thing) => ts.displayPartsToString(thing.getDocumentationComment(checker));

/** One way to call a method: whether its last parameter is a callback, what it returns, and what is said of it. */
function overload(signature) {
    const last = signature.getParameters().at(-1);
    const type = last && checker.typeToString(checker.getTypeOfSymbol(last));
    return {
        takesCallback: type !== undefined && type.startsWith('AsyncCallback'),
        returned: checker.typeToString(signature.getReturnType()),
        says: documentation(signature),
    };
}

/** Of each exported name: what is said of it, its members, and the numbers of an enumeration. */
export const declared = new Map(
    checker.getExportsOfModule(namespace).map((alias) => {
        const symbol = unaliased(alias);
        const members = [...(symbol.members?.values() ?? [])].filter(({ name }) => !name.startsWith('__'));
        const isEnum = Boolean(symbol.flags & ts.SymbolFlags.Enum);
        const numbers = isEnum
            ? [...symbol.exports.values()].map((member) => [member.name, checker.getConstantValue(member.valueDeclaration)])
            : [];
        const described = members.map((member) => {
            const signatures = checker.getTypeOfSymbol(member).getCallSignatures();
            return [member.name, { says: documentation(member), overloads: signatures.map(overload) }];
        });
        const statics = isEnum ? [] : [...(symbol.exports?.values() ?? [])].map(({ name }) => name);
        const parts = { says: documentation(symbol), members: new Map(described), numbers: Object.fromEntries(numbers), statics };
        return [alias.name, parts];
    }),
);
