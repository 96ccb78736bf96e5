// Makes the two packages that users install: dkv, and what is native for this platform.
//
//     node scripts/pack.mjs FOLDER LIBRARY
//
// The platform's package holds the library and the koffi that it was tried with, koffi's own native part included. So
// nothing is looked up when the two are installed: it works offline, without a compiler and without an install script.

import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const here = fileURLToPath(new URL('..', import.meta.url));
const { FILE_NAME, PLATFORM_PACKAGE } = require('../lib/library.js');

const KOFFI = 'koffi';
const KOFFI_NATIVE = `@koromix/koffi-${process.platform}-${process.arch}`;

const manifest = JSON.parse(readFileSync(path.join(here, 'package.json'), 'utf8'));

/** Copies an installed package, without its sources and without what would be done or looked up at its installation. */
function copyPackage(name, folder) {
    const from = path.join(here, 'node_modules', name);
    const to = path.join(folder, 'node_modules', name);
    const isSource = (file) => /^(vendor|doc|src|lib)$/.test(path.relative(from, file)) && name === KOFFI;
    cpSync(from, to, { recursive: true, filter: (file) => !isSource(file) });
    if (name === KOFFI) {
        // Of its sources, only what is JavaScript.
        const javaScript = path.join('src', 'koffi');
        cpSync(path.join(from, javaScript), path.join(to, javaScript), {
            recursive: true,
            filter: (file) => !/\.(cc|hh|h|inc|S|asm|txt|cpp|c)$/.test(file),
        });
    }
    const file = path.join(to, 'package.json');
    const { scripts, optionalDependencies, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, `${JSON.stringify(rest, undefined, 2)}\n`);
    return rest.version;
}

/** Lays the platform's package out in a folder. */
function stage(folder, library) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    copyFileSync(library, path.join(folder, FILE_NAME));
    copyFileSync(path.join(here, '..', '..', 'LICENSE'), path.join(folder, 'LICENSE'));
    const bundled = [KOFFI, KOFFI_NATIVE];
    const dependencies = Object.fromEntries(bundled.map((name) => [name, copyPackage(name, folder)]));
    const { version, license, engines } = manifest;
    const platform = {
        name: PLATFORM_PACKAGE,
        version,
        description: `The native part of the package dkv for ${process.platform} on ${process.arch}`,
        license,
        engines,
        os: [process.platform],
        cpu: [process.arch],
        files: [FILE_NAME],
        dependencies,
        bundleDependencies: bundled,
    };
    writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(platform, undefined, 2)}\n`);
}

function pack(folder, destination) {
    const given = ['pack', '--silent', '--pack-destination', destination];
    const name = execFileSync('npm', given, { cwd: folder, encoding: 'utf8' }).trim().split('\n').at(-1);
    console.log(path.join(destination, name));
}

const [destination, library] = process.argv.slice(2).map((given) => path.resolve(given));
if (library === undefined) {
    console.error('Usage: node scripts/pack.mjs FOLDER LIBRARY');
    process.exit(2);
}
mkdirSync(destination, { recursive: true });
const staged = path.join(destination, PLATFORM_PACKAGE);
stage(staged, library);
pack(here, destination);
pack(staged, destination);
rmSync(staged, { recursive: true });
