/*
 * A waiter: it turns a callback into something that a test can wait for, and keeps what the callback was given.
 */
#ifndef DKV_TESTS_WAITER_H
#define DKV_TESTS_WAITER_H

#include <pthread.h>
#include <time.h>

#include "checks.h"

/* An answer that takes longer than this will never come: the library has lost it. */
#define ANSWER_SECONDS_MAX 120

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

#endif /* DKV_TESTS_WAITER_H */
