/* From the manager to the deleted store: handles, closing, deleting, listing, and the options of an opening. */

#include "harness.h"

#include <stddef.h>

static int32_t open_code(dkv_manager *manager, const char *store_id, const dkv_store_options *options)
{
    waiter opened = WAITER_INIT;
    int32_t code = AWAIT(&opened, dkv_manager_get_store(manager, store_id, strlen(store_id), options, on_store,
                                                        &opened));
    dkv_store_free(opened.store);
    return code;
}

static int32_t close_by_id(dkv_manager *manager, const char *app_id, const char *store_id)
{
    waiter closed = WAITER_INIT;
    return AWAIT(&closed, dkv_manager_close_store(manager, app_id, strlen(app_id), store_id, strlen(store_id), NULL, 0,
                                                  on_done, &closed));
}

static int32_t delete_by_id(dkv_manager *manager, const char *app_id, const char *store_id)
{
    waiter deleted = WAITER_INIT;
    return AWAIT(&deleted, dkv_manager_delete_store(manager, app_id, strlen(app_id), store_id, strlen(store_id), NULL,
                                                    0, on_done, &deleted));
}

static void the_library_says_what_it_is(void)
{
    CHECK_CODE(DKV_ABI_VERSION, dkv_abi_version());
    CHECK(dkv_version() != NULL && dkv_version()[0] != '\0');
    CHECK(dkv_status_name(DKV_OK) != NULL && dkv_status_name(DKV_OK)[0] != '\0');
    CHECK(dkv_status_name(DKV_ERR_NOT_FOUND) != NULL && dkv_status_name(DKV_ERR_NOT_FOUND)[0] != '\0');
    CHECK(dkv_status_name(123456) != NULL);
    group("the library says what it is");
}

static void the_init_macros_equal_the_init_functions(void)
{
    dkv_manager_options manager_macro = DKV_MANAGER_OPTIONS_INIT;
    dkv_manager_options manager_function;
    dkv_store_options store_macro = DKV_STORE_OPTIONS_INIT;
    dkv_store_options store_function;
    memset(&manager_function, 0xff, sizeof manager_function);
    memset(&store_function, 0xff, sizeof store_function);
    CHECK_CODE(DKV_OK, dkv_manager_options_init(&manager_function, sizeof manager_function));
    CHECK_CODE(DKV_OK, dkv_store_options_init(&store_function, sizeof store_function));
    CHECK_CODE(manager_macro.struct_size, manager_function.struct_size);
    CHECK_CODE(manager_macro.is_system_app, manager_function.is_system_app);
    CHECK_CODE(0, manager_function.bundle_name.length);
    CHECK_CODE(0, manager_function.base_dir.length);
    CHECK_CODE(manager_macro.open_stores_max, manager_function.open_stores_max);
    CHECK(manager_function.root_key == NULL && manager_function.root_key_callback == NULL);
    CHECK_CODE(0, manager_function.root_key_length);
    CHECK(manager_function.root_key_user_data == NULL);
    CHECK_CODE(store_macro.struct_size, store_function.struct_size);
    CHECK_CODE(store_macro.create_if_missing, store_function.create_if_missing);
    CHECK_CODE(store_macro.encrypt, store_function.encrypt);
    CHECK_CODE(store_macro.backup, store_function.backup);
    CHECK_CODE(store_macro.auto_sync, store_function.auto_sync);
    CHECK_CODE(store_macro.kv_store_type, store_function.kv_store_type);
    CHECK_CODE(store_macro.security_level, store_function.security_level);
    CHECK_CODE(store_macro.durability, store_function.durability);
    CHECK_CODE((int64_t)store_macro.cache_bytes, (int64_t)store_function.cache_bytes);
    CHECK_CODE(0, store_function.root_dir.length);
    CHECK_CODE(0, store_function.schema.length);
    group("the init macros equal the init functions");
}

static void a_store_closes_with_its_last_handle(dkv_manager *manager)
{
    dkv_store *first = open_store(manager, "shared");
    dkv_store *second = open_store(manager, "shared");
    CHECK(first != NULL && second != NULL && first != second);
    CHECK_CODE(DKV_OK, put_text(first, "key", "value"));
    CHECK(has_text(second, "key", "value"));
    CHECK_CODE(DKV_OK, close_store(first));
    CHECK(has_text(second, "key", "value"));
    group("a store stays open until its last handle is closed");

    dkv_value value = string_value("late");
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_put(first, TEXT("key"), &value, never_done, NULL));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get(first, TEXT("key"), never_value, NULL));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_delete(first, TEXT("key"), never_done, NULL));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get_entries(first, TEXT("key"), never_entries, NULL));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_flush(first, never_done, NULL));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_close(first, never_done, NULL));
    dkv_store_free(first);
    dkv_store_free(first);
    dkv_store_free(NULL);
    group("a closed handle is dead, closed once more it says so, and freeing it is fine");

    dkv_store_free(second);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get(second, TEXT("key"), never_value, NULL));
    dkv_store *again = open_store(manager, "shared");
    CHECK(has_text(again, "key", "value"));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get(second, TEXT("key"), never_value, NULL));
    CHECK_CODE(DKV_OK, close_store(again));
    group("a freed handle is dead for ever, and a store that is opened again has its data");
}

static void closing_by_id(dkv_manager *manager)
{
    dkv_store *store = open_store(manager, "by_id");
    CHECK_CODE(DKV_OK, close_by_id(manager, "com.example.other", "by_id"));
    CHECK_CODE(DKV_OK, put_text(store, "key", "value"));
    group("closing with another application id succeeds and closes nothing");

    CHECK_CODE(DKV_OK, close_by_id(manager, BUNDLE_NAME, "by_id"));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get(store, TEXT("key"), never_value, NULL));
    CHECK_CODE(DKV_OK, close_by_id(manager, BUNDLE_NAME, "by_id"));
    CHECK_CODE(DKV_OK, close_by_id(manager, BUNDLE_NAME, "never_opened"));
    group("closing by id kills the handle, and closing what is not open succeeds");
}

static void deleting(dkv_manager *manager)
{
    dkv_store *store = open_store(manager, "deleted");
    CHECK_CODE(DKV_OK, put_text(store, "key", "value"));
    CHECK_CODE(DKV_ERR_NOT_FOUND, delete_by_id(manager, "com.example.other", "deleted"));
    CHECK(has_text(store, "key", "value"));
    group("deleting with another application id finds nothing");

    CHECK_CODE(DKV_OK, delete_by_id(manager, BUNDLE_NAME, "deleted"));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get(store, TEXT("key"), never_value, NULL));
    CHECK_CODE(DKV_ERR_NOT_FOUND, delete_by_id(manager, BUNDLE_NAME, "deleted"));
    CHECK_CODE(DKV_ERR_NOT_FOUND, delete_by_id(manager, BUNDLE_NAME, "never_made"));
    group("deleting an open store closes it, and deleting it again finds nothing");

    dkv_store *anew = open_store(manager, "deleted");
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(anew, "key"));
    CHECK_CODE(DKV_OK, close_store(anew));
    CHECK_CODE(DKV_OK, delete_by_id(manager, BUNDLE_NAME, "deleted"));
    group("a deleted store that is made anew is empty");
}

/* Lists the stores of an application; yields how many there are. */
static int64_t list(dkv_manager *manager, const char *app_id, waiter *listed)
{
    CHECK_CODE(DKV_OK, AWAIT(listed, dkv_manager_get_all_store_ids(manager, app_id, strlen(app_id), on_store_ids,
                                                                   listed)));
    return (int64_t)listed->count;
}

static void listing(void)
{
    static const char *const expected[] = { "Alpha", "beta", "gamma" };
    char folder[4200];
    dkv_manager_options options = DKV_MANAGER_OPTIONS_INIT;
    dkv_manager *manager = NULL;
    waiter listed = WAITER_INIT;
    snprintf(folder, sizeof folder, "%s/listing", test_folder());
    options.bundle_name = DKV_TEXT(BUNDLE_NAME);
    options.base_dir = DKV_TEXT(folder);
    CHECK_CODE(DKV_OK, dkv_manager_create(&options, &manager));
    CHECK(access(folder, F_OK) != 0);
    CHECK_CODE(0, mkdir(folder, 0700));
    group("creating a manager touches no disk");

    dkv_store *kept = open_store(manager, "gamma");
    dkv_store_free(open_store(manager, "Alpha"));
    dkv_store_free(open_store(manager, "beta"));
    if (CHECK_CODE(3, list(manager, BUNDLE_NAME, &listed))) {
        for (size_t i = 0; i < 3; i++) {
            CHECK(text_is(listed.store_ids[i], expected[i]));
        }
    }
    CHECK_CODE(DKV_OK, delete_by_id(manager, BUNDLE_NAME, "beta"));
    CHECK_CODE(2, list(manager, BUNDLE_NAME, &listed));
    CHECK_CODE(0, list(manager, "com.example.other", &listed));
    waiter_clear(&listed);
    dkv_store_free(kept);
    dkv_manager_free(manager);
    group("all stores of an application are listed, open or closed, in the order of their bytes");
}

static void options_of_an_existing_store(dkv_manager *manager)
{
    dkv_store_options options = test_store_options();
    options.security_level = DKV_SECURITY_S2;
    CHECK_CODE(DKV_OK, open_code(manager, "options", &options));
    options.kv_store_type = DKV_STORE_DEVICE_COLLABORATION;
    CHECK_CODE(DKV_ERR_OPTIONS_CHANGED, open_code(manager, "options", &options));
    options.kv_store_type = DKV_STORE_SINGLE_VERSION;
    options.security_level = DKV_SECURITY_S1;
    CHECK_CODE(DKV_ERR_OPTIONS_CHANGED, open_code(manager, "options", &options));
    options.security_level = DKV_SECURITY_S3;
    CHECK_CODE(DKV_OK, open_code(manager, "options", &options));
    options.security_level = DKV_SECURITY_S2;
    CHECK_CODE(DKV_ERR_OPTIONS_CHANGED, open_code(manager, "options", &options));
    group("an existing store keeps its kind, and its security level only rises");

    options = test_store_options();
    options.create_if_missing = 0;
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, open_code(manager, "missing", &options));
    options.create_if_missing = 1;
    CHECK_CODE(DKV_OK, open_code(manager, "missing", &options));
    options.create_if_missing = 0;
    CHECK_CODE(DKV_OK, open_code(manager, "missing", &options));
    group("a missing store is made only when the options say so");

    options = test_store_options();
    options.struct_size = offsetof(dkv_store_options, durability);
    options.durability = 77;
    CHECK_CODE(DKV_OK, open_code(manager, "older_header", &options));
    group("fields behind struct_size take their defaults");
}

static void root_folders(dkv_manager *manager)
{
    char folder[4200];
    snprintf(folder, sizeof folder, "%s/elsewhere", test_folder());
    dkv_store_options options = test_store_options();
    options.root_dir = DKV_TEXT(folder);
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, open_code(manager, "rooted", &options));
    CHECK_CODE(0, mkdir(folder, 0700));
    dkv_store *rooted = open_with(manager, "rooted", &options);
    dkv_store *plain = open_store(manager, "rooted");
    CHECK_CODE(DKV_OK, put_text(rooted, "key", "rooted"));
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(plain, "key"));
    waiter done = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_manager_close_store(manager, TEXT(BUNDLE_NAME), TEXT("rooted"), folder,
                                                            strlen(folder), on_done, &done)));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get(rooted, TEXT("key"), never_value, NULL));
    CHECK_CODE(DKV_OK, put_text(plain, "key", "plain"));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_manager_delete_store(manager, TEXT(BUNDLE_NAME), TEXT("rooted"), folder,
                                                             strlen(folder), on_done, &done)));
    CHECK(has_text(plain, "key", "plain"));
    CHECK_CODE(DKV_OK, close_store(plain));
    group("a store with a root folder of its own is another store");
}

static void the_number_of_open_stores(void)
{
    dkv_manager_options options = DKV_MANAGER_OPTIONS_INIT;
    dkv_manager *manager = NULL;
    dkv_store_options store_options = test_store_options();
    char folder[4200];
    snprintf(folder, sizeof folder, "%s/crowded", test_folder());
    CHECK_CODE(0, mkdir(folder, 0700));
    options.bundle_name = DKV_TEXT("com.example.crowded");
    options.base_dir = DKV_TEXT(folder);
    options.open_stores_max = 2;
    CHECK_CODE(DKV_OK, dkv_manager_create(&options, &manager));
    dkv_store *first = open_store(manager, "first");
    dkv_store *second = open_store(manager, "second");
    dkv_store *second_again = open_store(manager, "second");
    CHECK_CODE(DKV_ERR_OVER_LIMITS, open_code(manager, "third", &store_options));
    CHECK_CODE(DKV_OK, close_store(first));
    CHECK_CODE(DKV_OK, open_code(manager, "third", &store_options));
    dkv_store_free(second);
    dkv_store_free(second_again);
    dkv_manager_free(manager);
    group("one store more than the manager allows is refused, a second handle is not");
}

int main(void)
{
    the_library_says_what_it_is();
    the_init_macros_equal_the_init_functions();
    dkv_manager *manager = test_manager();
    a_store_closes_with_its_last_handle(manager);
    closing_by_id(manager);
    deleting(manager);
    listing();
    options_of_an_existing_store(manager);
    root_folders(manager);
    the_number_of_open_stores();
    dkv_manager_free(manager);
    dkv_manager_free(manager);
    dkv_manager_free(NULL);
    group("a manager is freed once or more often");
    return test_result();
}
