// Settings as documents with a schema: they are checked, completed by defaults, and found by what is in them.
//
//     node settings.mjs [FOLDER]

import process from 'node:process';

import { createContext, distributedKVStore } from 'dkv';

const BUNDLE_NAME = 'com.example.settings';
const { FieldNode, KVStoreType, Query, Schema, SecurityLevel, ValueType } = distributedKVStore;

function field(name, type, value) {
    const node = new FieldNode(name);
    node.type = type;
    node.nullable = true;
    node.default = value;
    return node;
}

const schema = new Schema();
schema.root.appendChild(field('user', ValueType.STRING, ''));
schema.root.appendChild(field('theme', ValueType.STRING, 'light'));
schema.root.appendChild(field('fontSize', ValueType.INTEGER, 12));
schema.root.appendChild(field('notify', ValueType.BOOLEAN, true));
schema.indexes = ['$.theme', '$.fontSize'];
schema.mode = 1;

const manager = distributedKVStore.createKVManager({
    context: createContext(process.argv[2]),
    bundleName: BUNDLE_NAME,
});
const store = await manager.getKVStore('settings', {
    kvStoreType: KVStoreType.SINGLE_VERSION,
    securityLevel: SecurityLevel.S2,
    schema,
});

const save = (user, settings) => store.put(`user/${user}`, JSON.stringify({ user, ...settings }));
await save('ann', { theme: 'dark', fontSize: 16 });
await save('bob', { fontSize: 11, notify: false });
await save('cid', { theme: 'dark' });

// What was not said is what the schema says.
console.log(await store.get('user/cid'));

// What the schema does not know is refused, and so is what is of another type.
for (const wrong of [{ colour: 'red' }, { fontSize: 'large' }]) {
    await save('ann', wrong).catch((error) => console.log(`Refused with ${error.code}.`));
}

const users = async (query) => {
    const entries = await store.getEntries(query);
    return entries.map(({ value }) => JSON.parse(value.value).user).join(', ');
};
console.log(`dark: ${await users(new Query().equalTo('theme', 'dark').orderByDesc('fontSize'))}`);
console.log(`small and quiet: ${await users(new Query().lessThan('fontSize', 12).and().equalTo('notify', false))}`);
console.log(`the largest: ${await users(new Query().orderByDesc('fontSize').limit(1, 0))}`);
console.log(`not dark: ${await store.getResultSize(new Query().notEqualTo('theme', 'dark'))}`);

await manager.closeKVStore(BUNDLE_NAME, 'settings');
