'use strict';

// Finds the shared library and koffi, the package through which it is called.
//
// What is native lies in a package of its own for each platform, dkv-linux-x64 for instance: the library, and the koffi
// that was tried with it. A checkout has neither; there the library is what cargo built, and koffi is installed beside
// this package.

const { existsSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const process = require('node:process');

const FILE_NAME = { darwin: 'libdkv.dylib', win32: 'dkv.dll' }[process.platform] ?? 'libdkv.so';
const PLATFORM_PACKAGE = `dkv-${process.platform}-${process.arch}`;

/** The manifest of this platform's package, or undefined where it is not installed. */
function platformManifest() {
    try {
        return require.resolve(`${PLATFORM_PACKAGE}/package.json`);
    } catch {
        return undefined;
    }
}

/** What cargo built in the checkout that this package lies in, or undefined. */
function built() {
    const target = path.resolve(__dirname, '..', '..', '..', 'target');
    return ['release', 'debug'].map((profile) => path.join(target, profile, FILE_NAME)).find(existsSync);
}

/** The path of the library: named by the environment, in the platform's package, or built in this checkout. */
function locate() {
    if (process.env.DKV_LIBRARY) {
        return process.env.DKV_LIBRARY;
    }
    const manifest = platformManifest();
    const found = manifest === undefined ? built() : path.join(path.dirname(manifest), FILE_NAME);
    if (found === undefined) {
        throw new Error(
            `dkv has no native library for this platform: install the package ${PLATFORM_PACKAGE} beside dkv, ` +
                `or set DKV_LIBRARY to the path of ${FILE_NAME}.`,
        );
    }
    return found;
}

/** koffi: the one of the platform's package, else the one beside this package. */
function loadKoffi() {
    const manifest = platformManifest();
    try {
        return manifest === undefined ? require('koffi') : createRequire(manifest)('koffi');
    } catch (cause) {
        throw new Error(
            `dkv calls its library through koffi, which cannot be loaded. Install the package ${PLATFORM_PACKAGE}, ` +
                'or run `npm ci` in bindings/node of the checkout.',
            { cause },
        );
    }
}

module.exports = { FILE_NAME, PLATFORM_PACKAGE, loadKoffi, locate };
