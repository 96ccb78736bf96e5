/* Encrypted stores: the root key comes from the options, from a callback or from a file; rekey replaces the key. */

#include "harness.h"

static const uint8_t root_key[32] = "thirty-two bytes, known to many";
static int asked = 0;

static size_t give(void *user_data, uint8_t *buffer, size_t capacity)
{
    const size_t length = *(const size_t *)user_data;
    asked++;
    if (length <= capacity) {
        memset(buffer, 7, length);
    }
    return length;
}

static dkv_manager *manager_with(const uint8_t *key, size_t length, dkv_root_key_callback callback, void *user_data)
{
    dkv_manager_options options = DKV_MANAGER_OPTIONS_INIT;
    dkv_manager *manager = NULL;
    options.bundle_name = DKV_TEXT(BUNDLE_NAME);
    options.base_dir = DKV_TEXT(test_folder());
    options.root_key = key;
    options.root_key_length = length;
    options.root_key_callback = callback;
    options.root_key_user_data = user_data;
    CHECK_CODE(DKV_OK, dkv_manager_create(&options, &manager));
    return manager;
}

/* Opens the encrypted store, or says with which code that failed. */
static int32_t open_encrypted(dkv_manager *manager, const char *store_id, dkv_store **store)
{
    dkv_store_options options = test_store_options();
    waiter opened = WAITER_INIT;
    options.encrypt = 1;
    int32_t code = AWAIT(&opened, dkv_manager_get_store(manager, store_id, strlen(store_id), &options, on_store,
                                                        &opened));
    *store = opened.store;
    return code;
}

static int32_t rekey(dkv_store *store)
{
    waiter done = WAITER_INIT;
    return AWAIT(&done, dkv_store_rekey(store, on_done, &done));
}

static void keys_that_are_given(void)
{
    dkv_store *store = NULL;
    dkv_manager *manager = manager_with(root_key, sizeof root_key, NULL, NULL);
    CHECK_CODE(DKV_OK, open_encrypted(manager, "given", &store));
    CHECK_CODE(DKV_OK, put_text(store, "key", "secret"));
    CHECK_CODE(DKV_OK, rekey(store));
    CHECK(has_text(store, "key", "secret"));
    CHECK_CODE(DKV_OK, close_store(store));
    CHECK_CODE(DKV_OK, open_encrypted(manager, "given", &store));
    CHECK(has_text(store, "key", "secret"));
    CHECK_CODE(DKV_OK, close_store(store));
    dkv_manager_free(manager);

    uint8_t wrong[32] = { 1 };
    manager = manager_with(wrong, sizeof wrong, NULL, NULL);
    CHECK_CODE(DKV_ERR_CORRUPTED, open_encrypted(manager, "given", &store));
    dkv_manager_free(manager);
    manager = test_manager();
    CHECK_CODE(DKV_ERR_CORRUPTED, open_encrypted(manager, "given", &store));
    CHECK_CODE(DKV_OK, open_encrypted(manager, "from_file", &store));
    CHECK_CODE(DKV_OK, rekey(store));
    CHECK_CODE(DKV_OK, close_store(store));
    dkv_manager_free(manager);
    group("a store opens with the root key that it was created with, and with no other");
}

static void keys_that_are_asked_for(void)
{
    dkv_store *store = NULL;
    size_t length = 40;
    dkv_manager *manager = manager_with(NULL, 0, give, &length);
    CHECK_CODE(DKV_OK, open_encrypted(manager, "asked", &store));
    CHECK_CODE(DKV_OK, put_text(store, "key", "secret"));
    CHECK(asked > 0);
    length = 0;
    CHECK_CODE(DKV_ERR_KEY_UNAVAILABLE, rekey(store));
    CHECK(has_text(store, "key", "secret"));
    length = 40;
    CHECK_CODE(DKV_OK, rekey(store));
    CHECK_CODE(DKV_OK, close_store(store));
    const size_t refused[] = { 1, 31, 1025, SIZE_MAX };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        length = refused[i];
        CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, open_encrypted(manager, "asked", &store));
    }
    length = 0;
    CHECK_CODE(DKV_ERR_CORRUPTED, open_encrypted(manager, "asked", &store));
    dkv_manager_free(manager);
    group("a root key that is asked for is checked, and none is reported");
}

static void refusals(void)
{
    dkv_manager_options options = DKV_MANAGER_OPTIONS_INIT;
    dkv_manager *manager = NULL;
    options.bundle_name = DKV_TEXT(BUNDLE_NAME);
    options.base_dir = DKV_TEXT(test_folder());
    options.root_key = root_key;
    options.root_key_length = 31;
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, dkv_manager_create(&options, &manager));
    options.root_key_length = 1025;
    options.root_key = NULL;
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, dkv_manager_create(&options, &manager));
    options.root_key = root_key;
    options.root_key_length = sizeof root_key;
    options.root_key_callback = give;
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, dkv_manager_create(&options, &manager));
    options.root_key_callback = NULL;
    options.root_key_in_keyring = 1;
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, dkv_manager_create(&options, &manager));
    options.root_key = NULL;
    options.root_key_length = 0;
    options.root_key_in_keyring = 2;
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, dkv_manager_create(&options, &manager));
    CHECK(manager == NULL);
    group("bad root keys are refused");
    /* The library that is tested was built without the feature. */
    options.root_key_in_keyring = 1;
    CHECK_REFUSED(DKV_ERR_NOT_SUPPORTED, dkv_manager_create(&options, &manager));
    CHECK(manager == NULL);
    CHECK(strstr(dkv_last_error()->message, "keyring") != NULL);
    group("without the feature, the keyring is refused by name");
}

static void a_plain_store(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "plain");
    dkv_store *other = NULL;
    CHECK_CODE(DKV_ERR_CORRUPTED, rekey(store));
    CHECK_CODE(DKV_ERR_OPTIONS_CHANGED, open_encrypted(manager, "plain", &other));
    CHECK_CODE(DKV_OK, close_store(store));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_rekey(store, never_done, NULL));
    dkv_manager_free(manager);
    group("a plain store has no key to replace");
}

int main(void)
{
    keys_that_are_given();
    keys_that_are_asked_for();
    refusals();
    a_plain_store();
    return test_result();
}
