/*
 * What the C programs of this folder share: checks, a folder of their own, a waiter, which turns a callback into
 * something that a test can wait for, and the usual calls, awaited.
 *
 * A program prints one line, `ok - name` or `not ok - name`, for each group of checks, and ends with test_result().
 * With DKV_TEST_SMALL set in the environment the counts are small, for runs under valgrind.
 *
 * Include it first: it asks the C library for more than C11.
 */
#ifndef DKV_TESTS_HARNESS_H
#define DKV_TESTS_HARNESS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "checks.h"
#include "folder.h"
#include "refused.h"
#include "waiter.h"

#define BUNDLE_NAME "com.example.tests"

/* A string literal as the two arguments of a text. */
#define TEXT(literal) (literal), sizeof(literal) - 1

static inline bool text_is(dkv_text text, const char *expected)
{
    return text.length == strlen(expected) && memcmp(text.data, expected, text.length) == 0;
}

static inline dkv_value string_value(const char *text)
{
    return (dkv_value){ .type = DKV_VALUE_STRING, .data = (const uint8_t *)text, .length = strlen(text) };
}

static inline dkv_value integer_value(int32_t integer)
{
    return (dkv_value){ .type = DKV_VALUE_INTEGER, .integer = integer };
}

static inline bool value_is_string(const dkv_value *value, const char *expected)
{
    return value->type == DKV_VALUE_STRING && value->length == strlen(expected)
        && memcmp(value->data, expected, value->length) == 0;
}

/* Options that most tests want: a single-version store of the lowest security level. */
static inline dkv_store_options test_store_options(void)
{
    dkv_store_options options = DKV_STORE_OPTIONS_INIT;
    options.kv_store_type = DKV_STORE_SINGLE_VERSION;
    options.security_level = DKV_SECURITY_S1;
    return options;
}

static inline dkv_manager *test_manager(void)
{
    dkv_manager_options options = DKV_MANAGER_OPTIONS_INIT;
    dkv_manager *manager = NULL;
    options.bundle_name = DKV_TEXT(BUNDLE_NAME);
    options.base_dir = DKV_TEXT(test_folder());
    CHECK_CODE(DKV_OK, dkv_manager_create(&options, &manager));
    return manager;
}

static inline dkv_store *open_with(dkv_manager *manager, const char *store_id, const dkv_store_options *options)
{
    waiter opened = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&opened, dkv_manager_get_store(manager, store_id, strlen(store_id), options, on_store,
                                                            &opened)));
    if (opened.code != DKV_OK) {
        printf("%s: %s\n", store_id, opened.message);
    }
    return opened.store;
}

static inline dkv_store *open_store(dkv_manager *manager, const char *store_id)
{
    dkv_store_options options = test_store_options();
    return open_with(manager, store_id, &options);
}

static inline int32_t put_text(dkv_store *store, const char *key, const char *text)
{
    waiter done = WAITER_INIT;
    dkv_value value = string_value(text);
    return AWAIT(&done, dkv_store_put(store, key, strlen(key), &value, on_done, &done));
}

/* Whether the store answers a get of this key with this string. */
static inline bool has_text(dkv_store *store, const char *key, const char *text)
{
    waiter got = WAITER_INIT;
    int32_t code = AWAIT(&got, dkv_store_get(store, key, strlen(key), on_value, &got));
    bool same = code == DKV_OK && value_is_string(&got.value, text);
    waiter_clear(&got);
    return same;
}

static inline int32_t get_code(dkv_store *store, const char *key)
{
    waiter got = WAITER_INIT;
    int32_t code = AWAIT(&got, dkv_store_get(store, key, strlen(key), on_value, &got));
    waiter_clear(&got);
    return code;
}

static inline int32_t close_store(dkv_store *store)
{
    waiter closed = WAITER_INIT;
    return AWAIT(&closed, dkv_store_close(store, on_done, &closed));
}

#endif /* DKV_TESTS_HARNESS_H */
