/* Keys: trimmed at both ends, not empty, and of limited length. */

#include "harness.h"

static int32_t put_key(dkv_store *store, const char *key, size_t key_length, waiter *done)
{
    dkv_value value = string_value("value");
    return AWAIT(done, dkv_store_put(store, key, key_length, &value, on_done, done));
}

static int32_t delete_key(dkv_store *store, const char *key)
{
    waiter done = WAITER_INIT;
    return AWAIT(&done, dkv_store_delete(store, key, strlen(key), on_done, &done));
}

static void trimming(dkv_store *store)
{
    waiter found = WAITER_INIT;
    CHECK_CODE(DKV_OK, put_text(store, "\t\n\v\f\r trimmed \r\f\v\n\t", "first"));
    CHECK(has_text(store, "trimmed", "first"));
    CHECK_CODE(DKV_OK, put_text(store, "trimmed", "second"));
    CHECK(has_text(store, "  trimmed  ", "second"));
    CHECK_CODE(DKV_OK, AWAIT(&found, dkv_store_get_entries(store, TEXT(" trim"), on_entries, &found)));
    if (CHECK(found.count == 1)) {
        CHECK(text_is(found.entries[0].key, "trimmed"));
    }
    waiter_clear(&found);
    CHECK_CODE(DKV_OK, delete_key(store, " trimmed"));
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(store, "trimmed"));
    CHECK_CODE(DKV_OK, delete_key(store, "trimmed"));
    group("ASCII blanks at both ends of a key do not count");

    CHECK_CODE(DKV_OK, put_text(store, "in the middle", "kept"));
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(store, "inthemiddle"));
    CHECK_CODE(DKV_OK, put_text(store, "\xc2\xa0" "no-break", "kept"));
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(store, "no-break"));
    CHECK(has_text(store, "\xc2\xa0" "no-break", "kept"));
    group("other blanks do");

    CHECK_CODE(DKV_OK, put_text(store, "Case", "upper"));
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(store, "case"));
    CHECK_CODE(DKV_OK, put_text(store, "\xc3\xa9", "composed"));
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(store, "e\xcc\x81"));
    group("keys are compared byte by byte");
}

static void blank_keys(dkv_store *store)
{
    static const char *const blanks[] = { "", " ", "\t\n\v\f\r " };
    waiter done = WAITER_INIT;
    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++) {
        CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, put_key(store, blanks[i], strlen(blanks[i]), &done));
        CHECK(done.message[0] != '\0');
        CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, get_code(store, blanks[i]));
        CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, delete_key(store, blanks[i]));
    }
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, put_key(store, NULL, 0, &done));
    group("a key that is empty after trimming is refused");
}

/* Keys of `longest` bytes are fine, and one byte more is not. */
static void lengths(dkv_store *store, size_t longest, const char *name)
{
    char key[DKV_MAX_KEY_LENGTH + 4];
    char number[24];
    waiter done = WAITER_INIT;
    memset(key, 'k', sizeof key);
    CHECK_CODE(DKV_OK, put_key(store, key, longest, &done));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, put_key(store, key, longest + 1, &done));
    snprintf(number, sizeof number, "%zu", longest);
    CHECK(strstr(done.message, number) != NULL);
    snprintf(number, sizeof number, "%zu", longest + 1);
    CHECK(strstr(done.message, number) != NULL);

    waiter got = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&got, dkv_store_get(store, key, longest, on_value, &got)));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, AWAIT(&got, dkv_store_get(store, key, longest + 1, on_value, &got)));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, AWAIT(&got, dkv_store_delete(store, key, longest + 1, on_done, &got)));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, AWAIT(&got, dkv_store_get_entries(store, key, longest + 1, on_entries, &got)));

    /* The length counts after trimming. */
    key[0] = ' ';
    key[longest + 1] = ' ';
    CHECK_CODE(DKV_OK, put_key(store, key, longest + 2, &done));
    waiter_clear(&got);
    group(name);
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "single");
    dkv_store_options device_options = test_store_options();
    device_options.kv_store_type = DKV_STORE_DEVICE_COLLABORATION;
    dkv_store *device_store = open_with(manager, "device", &device_options);
    trimming(store);
    blank_keys(store);
    lengths(store, DKV_MAX_KEY_LENGTH, "1024 bytes are allowed in a single-version store, 1025 are not");
    trimming(device_store);
    blank_keys(device_store);
    lengths(device_store, DKV_MAX_KEY_LENGTH_DEVICE, "896 bytes are allowed in a device store, 897 are not");
    CHECK_CODE(DKV_OK, close_store(store));
    CHECK_CODE(DKV_OK, close_store(device_store));
    dkv_manager_free(manager);
    group("the stores close");
    return test_result();
}
