/* Batches are written as a whole or not at all; entries come back in the order of their keys. */

#include "harness.h"

static int32_t put_batch(dkv_store *store, const dkv_entry *entries, size_t count)
{
    waiter done = WAITER_INIT;
    return AWAIT(&done, dkv_store_put_batch(store, entries, count, on_done, &done));
}

static int32_t delete_batch(dkv_store *store, const dkv_text *keys, size_t count)
{
    waiter done = WAITER_INIT;
    return AWAIT(&done, dkv_store_delete_batch(store, keys, count, on_done, &done));
}

static dkv_entry entry(const char *key, const char *text)
{
    return (dkv_entry){ .key = DKV_TEXT(key), .value = string_value(text) };
}

/* Checks that exactly these keys begin with a prefix, in this order. */
static void check_keys(dkv_store *store, const char *prefix, const char *const *keys, size_t count)
{
    waiter found = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&found, dkv_store_get_entries(store, prefix, strlen(prefix), on_entries, &found)));
    if (CHECK(found.count == count)) {
        for (size_t i = 0; i < count; i++) {
            CHECK(text_is(found.entries[i].key, keys[i]));
        }
    }
    waiter_clear(&found);
}

static void order(dkv_store *store)
{
    const dkv_entry entries[] = {
        entry("b/2", "four"), entry("a/10", "two"), entry("\xc3\xa9", "last"), entry("a/1", "one"),
        entry("B", "zero"),   entry("a/2", "three"),
    };
    static const char *const all[] = { "B", "a/1", "a/10", "a/2", "b/2", "\xc3\xa9" };
    static const char *const of_a[] = { "a/1", "a/10", "a/2" };
    CHECK_CODE(DKV_OK, put_batch(store, entries, 6));
    check_keys(store, "^", all, 6);
    check_keys(store, "a^b", all, 6);
    check_keys(store, "  ", all, 6);
    group("a prefix with ^ gives all entries, and so does a blank one");
    check_keys(store, "a/", of_a, 3);
    check_keys(store, "a/1", of_a, 2);
    check_keys(store, "a/10", of_a + 1, 1);
    check_keys(store, "none", NULL, 0);
    group("entries come in the order of their keys' bytes");
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_entries(store, "", 0, never_entries, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_entries(store, NULL, 0, never_entries, NULL));
    group("an empty prefix is refused");

    const dkv_text keys[] = { DKV_TEXT("B"), DKV_TEXT("missing"), DKV_TEXT("a/1"), DKV_TEXT("a/10"), DKV_TEXT("a/2"),
                              DKV_TEXT("b/2"), DKV_TEXT("\xc3\xa9") };
    CHECK_CODE(DKV_OK, delete_batch(store, keys, 7));
    check_keys(store, "^", NULL, 0);
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_delete_batch(store, keys, 0, never_done, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_delete_batch(store, NULL, 0, never_done, NULL));
    group("deleteBatch ignores missing keys and refuses an empty list");
}

static void types_and_duplicates(dkv_store *store)
{
    static const uint8_t bytes[] = { 0, 1, 2 };
    const dkv_entry entries[] = {
        { DKV_TEXT("boolean"), { .type = DKV_VALUE_BOOLEAN, .integer = 1 } },
        { DKV_TEXT("bytes"), { .type = DKV_VALUE_BYTE_ARRAY, .data = bytes, .length = sizeof bytes } },
        { DKV_TEXT("double"), { .type = DKV_VALUE_DOUBLE, .real = 0.25 } },
        { DKV_TEXT("float"), { .type = DKV_VALUE_FLOAT, .real = 0.5 } },
        { DKV_TEXT("integer"), { .type = DKV_VALUE_INTEGER, .integer = -5 } },
        { DKV_TEXT("long"), { .type = DKV_VALUE_LONG, .integer = INT64_MIN } },
        { DKV_TEXT("string"), { .type = DKV_VALUE_STRING, .data = (const uint8_t *)"text", .length = 4 } },
    };
    waiter found = WAITER_INIT;
    CHECK_CODE(DKV_OK, put_batch(store, entries, 7));
    CHECK_CODE(DKV_OK, AWAIT(&found, dkv_store_get_entries(store, TEXT("^"), on_entries, &found)));
    if (CHECK(found.count == 7)) {
        for (size_t i = 0; i < 7; i++) {
            const dkv_value *value = &found.entries[i].value;
            CHECK(text_is(found.entries[i].key, entries[i].key.data));
            CHECK_CODE(entries[i].value.type, value->type);
            CHECK_CODE(entries[i].value.integer, value->integer);
            CHECK(entries[i].value.real == value->real);
            CHECK_CODE((int64_t)entries[i].value.length, (int64_t)value->length);
        }
        CHECK(memcmp(found.entries[1].value.data, bytes, sizeof bytes) == 0);
    }
    waiter_clear(&found);
    group("a batch carries all seven types");

    const dkv_entry twice[] = { entry("twice", "first"), entry("other", "kept"), entry(" twice ", "last") };
    CHECK_CODE(DKV_OK, put_batch(store, twice, 3));
    CHECK(has_text(store, "twice", "last"));
    CHECK_CODE(DKV_OK, put_batch(store, NULL, 0));
    group("of one key given twice the last entry counts, and an empty batch is fine");
}

static void atomicity(dkv_store *store)
{
    static const char *const kept[] = { "atom/0" };
    const dkv_entry before = entry("atom/0", "before");
    char long_key[DKV_MAX_KEY_LENGTH + 2];
    memset(long_key, 'k', sizeof long_key - 1);
    long_key[sizeof long_key - 1] = '\0';
    CHECK_CODE(DKV_OK, put_batch(store, &before, 1));

    const dkv_entry with_blank_key[] = { entry("atom/0", "after"), entry("atom/1", "new"), entry(" ", "blank key") };
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, put_batch(store, with_blank_key, 3));
    const dkv_entry with_long_key[] = { entry("atom/0", "after"), entry(long_key, "long key") };
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, put_batch(store, with_long_key, 2));
    uint8_t *bytes = calloc(1, DKV_MAX_VALUE_LENGTH + 1);
    dkv_entry with_large_value[] = { entry("atom/0", "after"), entry("atom/1", "") };
    with_large_value[1].value =
        (dkv_value){ .type = DKV_VALUE_BYTE_ARRAY, .data = bytes, .length = DKV_MAX_VALUE_LENGTH + 1 };
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, put_batch(store, with_large_value, 2));
    free(bytes);
    CHECK(has_text(store, "atom/0", "before"));
    check_keys(store, "atom/", kept, 1);
    group("a batch with one bad entry writes nothing");

    const dkv_text with_blank[] = { DKV_TEXT("atom/0"), DKV_TEXT("\t") };
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, delete_batch(store, with_blank, 2));
    CHECK(has_text(store, "atom/0", "before"));
    group("a deleteBatch with one bad key deletes nothing");
}

static void large_batches(dkv_store *store)
{
    size_t count = scaled(5000, 300);
    dkv_entry *entries = calloc(count, sizeof *entries);
    char(*keys)[16] = calloc(count, sizeof *keys);
    for (size_t i = 0; i < count; i++) {
        snprintf(keys[i], sizeof keys[i], "many/%06zu", count - 1 - i);
        entries[i] = (dkv_entry){ .key = DKV_TEXT(keys[i]), .value = integer_value((int32_t)i) };
    }
    waiter found = WAITER_INIT;
    CHECK_CODE(DKV_OK, put_batch(store, entries, count));
    CHECK_CODE(DKV_OK, AWAIT(&found, dkv_store_get_entries(store, TEXT("many/"), on_entries, &found)));
    if (CHECK(found.count == count)) {
        for (size_t i = 0; i < count; i++) {
            CHECK(text_is(found.entries[i].key, keys[count - 1 - i]));
            CHECK_CODE((int64_t)(count - 1 - i), found.entries[i].value.integer);
        }
    }
    waiter_clear(&found);
    free(entries);
    free(keys);
    group("more than 128 entries fit into one batch");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "batches");
    order(store);
    types_and_duplicates(store);
    atomicity(store);
    large_batches(store);
    CHECK_CODE(DKV_OK, close_store(store));
    dkv_manager_free(manager);
    group("the store closes");
    return test_result();
}
