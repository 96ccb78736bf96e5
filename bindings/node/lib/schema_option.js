'use strict';

// The schema among the options of a store: undefined, null and any string mean none (query_device_sync.md S6).

const { invalidArgument } = require('./errors');

/** The text of the schema, or undefined for none. */
function schemaText(given) {
    if (given === undefined || typeof given === 'string') {
        return undefined;
    }
    throw invalidArgument('the schema must be a Schema, or be left out.');
}

module.exports = { schemaText };
