// Schemas that tests and programs share.

import { distributedKVStore } from 'dkv';

const { FieldNode, Schema, ValueType } = distributedKVStore;

export function field(name, type, { nullable = true, ...more } = {}) {
    const node = new FieldNode(name);
    node.type = type;
    node.nullable = nullable;
    if (Object.hasOwn(more, 'default')) {
        node.default = more.default;
    }
    return node;
}

export function peopleSchema() {
    const schema = new Schema();
    const fields = [
        field('id', ValueType.INTEGER, { nullable: false, default: '0' }),
        field('name', ValueType.STRING),
        field('age', ValueType.DOUBLE, { default: 'null' }),
        field('member', ValueType.BOOLEAN, { default: false }),
    ];
    fields.forEach((node) => schema.root.appendChild(node));
    schema.indexes = ['$.id', '$.name'];
    return schema;
}
