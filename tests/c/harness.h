/*
 * What the C programs of this folder share: checks, a folder of their own, and a waiter, which turns a callback into
 * something that a test can wait for.
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

#include <ftw.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "dkv.h"

#define BUNDLE_NAME "com.example.tests"

/* An answer that takes longer than this will never come: the library has lost it. */
#define ANSWER_SECONDS_MAX 120

/* ---- checks ---- */

static int failed_in_group;
static int failed_groups;

/* Prints what did not hold, and goes on: later checks may say more about the cause. */
#define CHECK(condition) check_holds((condition), #condition, __FILE__, __LINE__)

/* Checks a number, and prints the actual one together with the library's own words when it differs. */
#define CHECK_CODE(expected, actual) check_code((expected), (actual), #actual, __FILE__, __LINE__)

static inline bool check_holds(bool holds, const char *condition, const char *file, int line)
{
    if (!holds) {
        printf("%s:%d: does not hold: %s\n", file, line, condition);
        failed_in_group++;
    }
    return holds;
}

static inline bool check_code(int64_t expected, int64_t actual, const char *expression, const char *file, int line)
{
    if (expected != actual) {
        printf("%s:%d: %s is %" PRId64 ", not %" PRId64 "\n", file, line, expression, actual, expected);
        failed_in_group++;
    }
    return expected == actual;
}

/* Ends a group of checks. */
static inline void group(const char *name)
{
    printf("%s - %s\n", failed_in_group == 0 ? "ok" : "not ok", name);
    fflush(stdout);
    failed_groups += failed_in_group != 0;
    failed_in_group = 0;
}

static inline int test_result(void)
{
    return failed_groups == 0 && failed_in_group == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A count, or a small one for runs that are slowed a hundredfold. */
static inline size_t scaled(size_t full, size_t small)
{
    return getenv("DKV_TEST_SMALL") != NULL ? small : full;
}

/* ---- a folder of the program's own ---- */

static char test_folder_path[4096];

static inline int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *position)
{
    (void)status;
    (void)kind;
    (void)position;
    return remove(path);
}

static inline void remove_test_folder(void)
{
    nftw(test_folder_path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The folder of this run, removed when the program ends. */
static inline const char *test_folder(void)
{
    if (test_folder_path[0] == '\0') {
        const char *parent = getenv("TMPDIR");
        snprintf(test_folder_path, sizeof test_folder_path, "%s/dkv-test-XXXXXX", parent != NULL ? parent : "/tmp");
        if (mkdtemp(test_folder_path) == NULL) {
            perror("no folder for the test");
            exit(EXIT_FAILURE);
        }
        atexit(remove_test_folder);
    }
    return test_folder_path;
}

/* ---- waiting for an answer ---- */

/* What one operation answered. Everything borrowed is copied, for it is gone when the callback has returned. */
typedef struct waiter {
    pthread_mutex_t mutex;
    pthread_cond_t arrived;
    size_t answers;
    int32_t code;
    char message[512];
    dkv_store *store;
    dkv_value value; /* its data is `bytes` */
    uint8_t *bytes;
    dkv_entry *entries; /* their text is `bytes` too */
    dkv_text *store_ids;
    dkv_value *values; /* of type -1 where the key is missing; their data is `bytes` too */
    size_t count;
    uint64_t number;
    char text[128];
} waiter;

#define WAITER_INIT { .mutex = PTHREAD_MUTEX_INITIALIZER, .arrived = PTHREAD_COND_INITIALIZER }

/* Forgets the last answer, so that the waiter can wait for another one. */
static inline void waiter_clear(waiter *waiter)
{
    free(waiter->bytes);
    free(waiter->entries);
    free(waiter->store_ids);
    free(waiter->values);
    waiter->bytes = NULL;
    waiter->entries = NULL;
    waiter->store_ids = NULL;
    waiter->values = NULL;
    waiter->store = NULL;
    waiter->count = 0;
    waiter->answers = 0;
    waiter->code = DKV_OK;
    waiter->number = 0;
    waiter->message[0] = '\0';
    waiter->text[0] = '\0';
    memset(&waiter->value, 0, sizeof waiter->value);
}

static inline void waiter_take_error(waiter *waiter, const dkv_error *error)
{
    waiter->code = error != NULL ? error->code : DKV_OK;
    if (error != NULL) {
        snprintf(waiter->message, sizeof waiter->message, "%s", error->message);
    }
}

/* Waits until `answers` callbacks have run; a lost one ends the program. */
static inline void waiter_wait_for(waiter *waiter, size_t answers)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += ANSWER_SECONDS_MAX;
    pthread_mutex_lock(&waiter->mutex);
    while (waiter->answers < answers) {
        if (pthread_cond_timedwait(&waiter->arrived, &waiter->mutex, &deadline) != 0 && waiter->answers < answers) {
            printf("not ok - only %zu of %zu answers came\n", waiter->answers, answers);
            fflush(stdout);
            abort();
        }
    }
    pthread_mutex_unlock(&waiter->mutex);
}

/* Checks that a call was accepted, waits for its answer and yields the answer's code. */
#define AWAIT(waiter, call) \
    (waiter_clear(waiter), await_status((waiter), (call), #call, __FILE__, __LINE__))

static inline int32_t await_status(waiter *waiter, int32_t status, const char *call, const char *file, int line)
{
    if (status != DKV_OK) {
        const dkv_error *error = dkv_last_error();
        printf("%s:%d: refused with %" PRId32 " (%s): %s\n", file, line, status, error ? error->message : "", call);
        failed_in_group++;
        return status;
    }
    waiter_wait_for(waiter, 1);
    return waiter->code;
}

/* ---- callbacks; user_data is the waiter ---- */

static inline void waiter_wake(waiter *waiter)
{
    waiter->answers++;
    pthread_cond_broadcast(&waiter->arrived);
    pthread_mutex_unlock(&waiter->mutex);
}

static inline void on_done(void *user_data, const dkv_error *error)
{
    waiter *waiter = user_data;
    pthread_mutex_lock(&waiter->mutex);
    waiter_take_error(waiter, error);
    waiter_wake(waiter);
}

static inline void on_store(void *user_data, const dkv_error *error, dkv_store *store)
{
    waiter *waiter = user_data;
    pthread_mutex_lock(&waiter->mutex);
    waiter_take_error(waiter, error);
    waiter->store = store;
    waiter_wake(waiter);
}

/* Copies bytes to *end and moves *end behind them. A byte more is kept so that no copy is empty. */
static inline void *keep(uint8_t **end, const void *bytes, size_t length)
{
    uint8_t *kept = *end;
    if (length > 0) {
        memcpy(kept, bytes, length);
    }
    *end += length;
    return kept;
}

static inline void on_value(void *user_data, const dkv_error *error, const dkv_value *value)
{
    waiter *waiter = user_data;
    pthread_mutex_lock(&waiter->mutex);
    waiter_take_error(waiter, error);
    if (error == NULL) {
        uint8_t *end = waiter->bytes = malloc(value->length + 1);
        waiter->value = *value;
        waiter->value.data = keep(&end, value->data, value->length);
    }
    waiter_wake(waiter);
}

static inline void on_entries(void *user_data, const dkv_error *error, const dkv_entry *entries, size_t count)
{
    waiter *waiter = user_data;
    pthread_mutex_lock(&waiter->mutex);
    waiter_take_error(waiter, error);
    if (error == NULL) {
        size_t size = 1;
        for (size_t i = 0; i < count; i++) {
            size += entries[i].key.length + entries[i].value.length;
        }
        uint8_t *end = waiter->bytes = malloc(size);
        waiter->entries = calloc(count + 1, sizeof *entries);
        waiter->count = count;
        for (size_t i = 0; i < count; i++) {
            waiter->entries[i] = entries[i];
            waiter->entries[i].key.data = keep(&end, entries[i].key.data, entries[i].key.length);
            waiter->entries[i].value.data = keep(&end, entries[i].value.data, entries[i].value.length);
        }
    }
    waiter_wake(waiter);
}

static inline void on_store_ids(void *user_data, const dkv_error *error, const dkv_text *store_ids, size_t count)
{
    waiter *waiter = user_data;
    pthread_mutex_lock(&waiter->mutex);
    waiter_take_error(waiter, error);
    if (error == NULL) {
        size_t size = 1;
        for (size_t i = 0; i < count; i++) {
            size += store_ids[i].length;
        }
        uint8_t *end = waiter->bytes = malloc(size);
        waiter->store_ids = calloc(count + 1, sizeof *store_ids);
        waiter->count = count;
        for (size_t i = 0; i < count; i++) {
            waiter->store_ids[i].data = keep(&end, store_ids[i].data, store_ids[i].length);
            waiter->store_ids[i].length = store_ids[i].length;
        }
    }
    waiter_wake(waiter);
}

static inline void on_values(void *user_data, const dkv_error *error, const dkv_value *const *values, size_t count)
{
    waiter *waiter = user_data;
    pthread_mutex_lock(&waiter->mutex);
    waiter_take_error(waiter, error);
    if (error == NULL) {
        size_t size = 1;
        for (size_t i = 0; i < count; i++) {
            size += values[i] != NULL ? values[i]->length : 0;
        }
        uint8_t *end = waiter->bytes = malloc(size);
        waiter->values = calloc(count + 1, sizeof *waiter->values);
        waiter->count = count;
        for (size_t i = 0; i < count; i++) {
            waiter->values[i].type = -1;
            if (values[i] != NULL) {
                waiter->values[i] = *values[i];
                waiter->values[i].data = keep(&end, values[i]->data, values[i]->length);
            }
        }
    }
    waiter_wake(waiter);
}

static inline void on_count(void *user_data, const dkv_error *error, uint64_t count)
{
    waiter *waiter = user_data;
    pthread_mutex_lock(&waiter->mutex);
    waiter_take_error(waiter, error);
    waiter->number = count;
    waiter_wake(waiter);
}

/* Of the conditional writes and of get_security_level. */
static inline void on_number(void *user_data, const dkv_error *error, int32_t number)
{
    on_count(user_data, error, (uint64_t)number);
}

static inline void on_text(void *user_data, const dkv_error *error, const dkv_text *text)
{
    waiter *waiter = user_data;
    pthread_mutex_lock(&waiter->mutex);
    waiter_take_error(waiter, error);
    if (error == NULL) {
        snprintf(waiter->text, sizeof waiter->text, "%.*s", (int)text->length, text->data);
    }
    waiter_wake(waiter);
}

/* ---- the usual calls, awaited ---- */

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

/* The callbacks of calls that must be refused: they never run. */
static inline void never_done(void *user_data, const dkv_error *error)
{
    (void)user_data;
    (void)error;
    printf("not ok - the callback of a refused call ran\n");
    abort();
}

static inline void never_value(void *user_data, const dkv_error *error, const dkv_value *value)
{
    (void)value;
    never_done(user_data, error);
}

static inline void never_entries(void *user_data, const dkv_error *error, const dkv_entry *entries, size_t count)
{
    (void)entries;
    (void)count;
    never_done(user_data, error);
}

static inline void never_values(void *user_data, const dkv_error *error, const dkv_value *const *values, size_t count)
{
    (void)values;
    (void)count;
    never_done(user_data, error);
}

static inline void never_count(void *user_data, const dkv_error *error, uint64_t count)
{
    (void)count;
    never_done(user_data, error);
}

static inline void never_number(void *user_data, const dkv_error *error, int32_t number)
{
    (void)number;
    never_done(user_data, error);
}

static inline void never_store(void *user_data, const dkv_error *error, dkv_store *store)
{
    (void)store;
    never_done(user_data, error);
}

static inline void never_store_ids(void *user_data, const dkv_error *error, const dkv_text *store_ids, size_t count)
{
    (void)store_ids;
    (void)count;
    never_done(user_data, error);
}

/* Checks that a call is refused with this code, and that dkv_last_error() says the same in words. */
#define CHECK_REFUSED(expected, call) check_refused((expected), (call), #call, __FILE__, __LINE__)

static inline void check_refused(int32_t expected, int32_t status, const char *call, const char *file, int line)
{
    if (!check_code(expected, status, call, file, line)) {
        return;
    }
    const dkv_error *error = dkv_last_error();
    if (check_holds(error != NULL, "dkv_last_error() tells of the refused call", file, line)) {
        check_code(expected, error->code, call, file, line);
        check_holds(error->message_length > 0 && strlen(error->message) == error->message_length, call, file, line);
    }
}

#endif /* DKV_TESTS_HARNESS_H */
