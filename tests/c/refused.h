/*
 * The callbacks of calls that must be refused: they never run.
 */
#ifndef DKV_TESTS_REFUSED_H
#define DKV_TESTS_REFUSED_H

#include <stdio.h>
#include <stdlib.h>

#include "dkv.h"

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

#endif /* DKV_TESTS_REFUSED_H */
