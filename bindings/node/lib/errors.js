'use strict';

// Failures: an Error with a numeric `code`, as the reference API has it.

const { Code } = require('./constants');
const { lastMessage } = require('./native');

class BusinessError extends Error {
    constructor(code, message) {
        super(message);
        this.code = code;
    }
}
// On the prototype, as it is for the errors of JavaScript itself, so that `code` is the only field.
Object.defineProperty(BusinessError.prototype, 'name', { value: 'BusinessError', configurable: true, writable: true });

/** An argument that the API does not accept: thrown by the call itself. */
function invalidArgument(sentence) {
    return new BusinessError(Code.INVALID_ARGUMENT, `Parameter error: ${sentence}`);
}

/** The same in the Ex methods, which have a code of their own for it. */
function badParameter(sentence) {
    return new BusinessError(Code.PARAMETER, `Parameter error: ${sentence}`);
}

/** A call for system applications. */
function permissionDenied(sentence) {
    return new BusinessError(Code.PERMISSION_DENIED, `Permission denied: ${sentence}`);
}

/** The failure of a call into the library that returned `code`, in the library's words. */
function returned(code) {
    return new BusinessError(code, lastMessage());
}

/** Throws unless a call into the library succeeded. */
function check(code) {
    if (code !== 0) {
        throw returned(code);
    }
}

module.exports = { BusinessError, badParameter, check, invalidArgument, permissionDenied, returned };
