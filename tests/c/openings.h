/* What the programs share that open result sets and iterators: opening them, awaited, and entries to open them over. */
#ifndef DKV_TESTS_OPENINGS_H
#define DKV_TESTS_OPENINGS_H

#include "harness.h"

#include <signal.h>
#include <sys/wait.h>

/* An output that a refused call must not write keeps this. */
#define UNWRITTEN 77

/* What an opening answered. */
typedef struct opening {
    waiter waiter;
    dkv_result_set *result_set;
    dkv_iterator *iterator;
} opening;

#define OPENING_INIT { .waiter = WAITER_INIT }

static inline void on_result_set(void *user_data, const dkv_error *error, dkv_result_set *result_set)
{
    opening *opening = user_data;
    opening->result_set = result_set;
    on_done(&opening->waiter, error);
}

static inline void on_iterator(void *user_data, const dkv_error *error, dkv_iterator *iterator)
{
    opening *opening = user_data;
    opening->iterator = iterator;
    on_done(&opening->waiter, error);
}

static inline void never_result_set(void *user_data, const dkv_error *error, dkv_result_set *result_set)
{
    (void)result_set;
    never_done(user_data, error);
}

static inline void never_iterator(void *user_data, const dkv_error *error, dkv_iterator *iterator)
{
    (void)iterator;
    never_done(user_data, error);
}

/* Opens a result set, or says with which code that failed. A failure brings no handle. */
static inline int32_t open_set(dkv_store *store, const char *prefix, dkv_result_set **result_set)
{
    opening opened = OPENING_INIT;
    int32_t code = AWAIT(&opened.waiter, dkv_store_get_result_set(store, prefix, strlen(prefix), on_result_set,
                                                                  &opened));
    CHECK((code == DKV_OK) == (opened.result_set != NULL));
    CHECK((code == DKV_OK) == (opened.waiter.message[0] == '\0'));
    *result_set = opened.result_set;
    return code;
}

static inline dkv_result_set *set_over(dkv_store *store, const char *prefix)
{
    dkv_result_set *result_set = NULL;
    CHECK_CODE(DKV_OK, open_set(store, prefix, &result_set));
    return result_set;
}

/* As open_set(). A range of NULL is all of the store. */
static inline int32_t open_iterator(dkv_store *store, const dkv_key_range *range, dkv_iterator **iterator)
{
    opening opened = OPENING_INIT;
    const dkv_key_range everything = DKV_KEY_RANGE_INIT;
    range = range != NULL ? range : &everything;
    int32_t code = AWAIT(&opened.waiter, dkv_store_get_iterator(store, range, on_iterator, &opened));
    CHECK((code == DKV_OK) == (opened.iterator != NULL));
    CHECK((code == DKV_OK) == (opened.waiter.message[0] == '\0'));
    *iterator = opened.iterator;
    return code;
}

static inline dkv_iterator *iterator_over(dkv_store *store, const dkv_key_range *range)
{
    dkv_iterator *iterator = NULL;
    CHECK_CODE(DKV_OK, open_iterator(store, range, &iterator));
    return iterator;
}

static inline int64_t count_of_set(dkv_result_set *result_set)
{
    int64_t count = -1;
    CHECK_CODE(DKV_OK, dkv_result_set_get_count(result_set, &count));
    return count;
}

/* How many more result sets the store lets open; they are all ended again. */
static inline size_t room_for_sets(dkv_store *store)
{
    dkv_result_set *sets[32] = { NULL };
    size_t count = 0;
    int32_t code = DKV_OK;
    while (count < 32 && (code = open_set(store, "^", &sets[count])) == DKV_OK) {
        count++;
    }
    CHECK_CODE(DKV_ERR_OVER_LIMITS, code);
    for (size_t i = 0; i < count; i++) {
        dkv_result_set_free(sets[i]);
    }
    return count;
}

/* Puts `count` entries: the key `prefix` and five digits, and the number as an INTEGER. */
static inline void put_numbered(dkv_store *store, const char *prefix, size_t count)
{
    char(*keys)[32] = calloc(count, sizeof *keys);
    dkv_entry *entries = calloc(count, sizeof *entries);
    waiter done = WAITER_INIT;
    for (size_t i = 0; i < count; i++) {
        snprintf(keys[i], sizeof keys[i], "%s%05zu", prefix, i);
        entries[i] = (dkv_entry){ DKV_TEXT(keys[i]), integer_value((int32_t)i) };
    }
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_put_batch(store, entries, count, on_done, &done)));
    free(entries);
    free(keys);
}

static inline bool entry_is_numbered(const dkv_entry *entry, const char *prefix, size_t number)
{
    char key[32];
    snprintf(key, sizeof key, "%s%05zu", prefix, number);
    return text_is(entry->key, key) && entry->value.type == DKV_VALUE_INTEGER
        && entry->value.integer == (int64_t)number;
}

static inline int32_t delete_store(dkv_manager *manager, const char *store_id)
{
    waiter done = WAITER_INIT;
    return AWAIT(&done, dkv_manager_delete_store(manager, TEXT(BUNDLE_NAME), store_id, strlen(store_id), NULL, 0,
                                                 on_done, &done));
}

/*
 * Runs the checks of a fork in the fork. They print nothing: what it has inherited unprinted would be printed twice. The
 * fork kills itself: what belongs to the threads that it has lost is no leak of the program.
 */
static inline bool holds_in_a_fork(bool (*checks)(void *), void *argument)
{
    int ends[2];
    char verdict = 'n';
    if (!CHECK(pipe(ends) == 0)) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        verdict = checks(argument) ? 'y' : 'n';
        if (write(ends[1], &verdict, 1) == 1) {
            raise(SIGKILL);
        }
        _exit(1);
    }
    /* A fork that ends without a word leaves nobody waiting for it. */
    close(ends[1]);
    bool told = child > 0 && read(ends[0], &verdict, 1) == 1;
    told = child > 0 && waitpid(child, NULL, 0) == child && told;
    close(ends[0]);
    return told && verdict == 'y';
}

#endif /* DKV_TESTS_OPENINGS_H */
