/* Every mistake in the arguments is an error that is returned at once; nothing is written, and no callback runs. */

#include "harness.h"

/* Outputs are filled with this before a call that must not write them. */
#define UNTOUCHED 0xa5

static bool is_untouched(const void *output, size_t size)
{
    const uint8_t *bytes = output;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != UNTOUCHED) {
            return false;
        }
    }
    return true;
}

/* Refuses `call`, and checks that `output` still holds what it held. */
#define CHECK_REFUSED_UNWRITTEN(expected, output, call)         \
    do {                                                        \
        memset(&(output), UNTOUCHED, sizeof(output));           \
        CHECK_REFUSED((expected), (call));                      \
        CHECK(is_untouched(&(output), sizeof(output)));         \
    } while (0)

static void null_everything(void)
{
    dkv_value value = string_value("value");
    dkv_store_options options = test_store_options();
    dkv_text key = DKV_TEXT("key");
    dkv_entry entry = { .key = key, .value = value };
    dkv_manager *manager;
    dkv_store *view;
    size_t written;
    size_t needed;
    uint8_t buffer[8];
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    CHECK_REFUSED(bad, dkv_manager_options_init(NULL, sizeof(dkv_manager_options)));
    CHECK_REFUSED(bad, dkv_store_options_init(NULL, sizeof(dkv_store_options)));
    CHECK_REFUSED_UNWRITTEN(bad, manager, dkv_manager_create(NULL, &manager));
    CHECK_REFUSED(bad, dkv_manager_get_store(NULL, TEXT("id"), &options, never_store, NULL));
    CHECK_REFUSED(bad, dkv_manager_close_store(NULL, TEXT("a"), TEXT("id"), NULL, 0, never_done, NULL));
    CHECK_REFUSED(bad, dkv_manager_delete_store(NULL, TEXT("a"), TEXT("id"), NULL, 0, never_done, NULL));
    CHECK_REFUSED(bad, dkv_manager_get_all_store_ids(NULL, TEXT("a"), never_store_ids, NULL));
    CHECK_REFUSED(bad, dkv_store_put(NULL, TEXT("key"), &value, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_get(NULL, TEXT("key"), never_value, NULL));
    CHECK_REFUSED(bad, dkv_store_delete(NULL, TEXT("key"), never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_put_batch(NULL, &entry, 1, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_delete_batch(NULL, &key, 1, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_get_entries(NULL, TEXT("key"), never_entries, NULL));
    CHECK_REFUSED(bad, dkv_store_flush(NULL, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_close(NULL, never_done, NULL));
    CHECK_REFUSED_UNWRITTEN(bad, value, dkv_store_get_now(NULL, TEXT("key"), buffer, sizeof buffer, &value));
    CHECK_REFUSED_UNWRITTEN(bad, value, dkv_store_try_get(NULL, TEXT("key"), buffer, sizeof buffer, &value));
    CHECK_REFUSED(bad, dkv_queue_create(NULL));
    CHECK_REFUSED(bad, dkv_queue_descriptor(NULL, NULL));
    CHECK_REFUSED(bad, dkv_queue_connect(NULL, 1, NULL));
    CHECK_REFUSED(bad, dkv_queue_wait(NULL, 0));
    CHECK_REFUSED_UNWRITTEN(bad, written, dkv_queue_drain(NULL, buffer, sizeof buffer, &written, &needed));
    CHECK_REFUSED_UNWRITTEN(bad, view, dkv_store_on_queue(NULL, NULL, &view));
    CHECK_REFUSED_UNWRITTEN(bad, manager, dkv_manager_on_queue(NULL, NULL, &manager));
    CHECK_REFUSED(bad, dkv_blob_data(NULL, NULL, NULL));
    dkv_queue_free(NULL);
    dkv_blob_free(NULL);
    group("NULL instead of a handle");
}

static void null_arguments(dkv_manager *manager, dkv_store *store)
{
    dkv_value value = string_value("value");
    dkv_store_options options = test_store_options();
    uint8_t buffer[8];
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    CHECK_REFUSED(bad, dkv_manager_get_store(manager, TEXT("id"), NULL, never_store, NULL));
    CHECK_REFUSED(bad, dkv_manager_get_store(manager, TEXT("id"), &options, NULL, NULL));
    CHECK_REFUSED(bad, dkv_manager_close_store(manager, TEXT(BUNDLE_NAME), TEXT("id"), NULL, 0, NULL, NULL));
    CHECK_REFUSED(bad, dkv_manager_delete_store(manager, TEXT(BUNDLE_NAME), TEXT("id"), NULL, 0, NULL, NULL));
    CHECK_REFUSED(bad, dkv_manager_get_all_store_ids(manager, TEXT(BUNDLE_NAME), NULL, NULL));
    CHECK_REFUSED(bad, dkv_store_put(store, TEXT("key"), NULL, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_put(store, TEXT("key"), &value, NULL, NULL));
    CHECK_REFUSED(bad, dkv_store_get(store, TEXT("key"), NULL, NULL));
    CHECK_REFUSED(bad, dkv_store_delete(store, TEXT("key"), NULL, NULL));
    CHECK_REFUSED(bad, dkv_store_put_batch(store, NULL, 1, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_delete_batch(store, NULL, 1, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_get_entries(store, TEXT("key"), NULL, NULL));
    CHECK_REFUSED(bad, dkv_store_flush(store, NULL, NULL));
    CHECK_REFUSED(bad, dkv_store_close(store, NULL, NULL));
    CHECK_REFUSED(bad, dkv_store_get_now(store, TEXT("key"), buffer, sizeof buffer, NULL));
    CHECK_REFUSED(bad, dkv_store_try_get(store, TEXT("key"), buffer, sizeof buffer, NULL));
    CHECK_CODE(DKV_OK, put_text(store, "still", "open"));
    group("NULL instead of an argument or a callback");
}

static void bad_lengths(dkv_manager *manager, dkv_store *store)
{
    dkv_store_options options = test_store_options();
    dkv_value value = string_value("value");
    dkv_entry entry = { .key = DKV_TEXT("key"), .value = value };
    dkv_text key = { NULL, 3 };
    uint8_t buffer[8];
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    CHECK_REFUSED(bad, dkv_store_put(store, NULL, 3, &value, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_get(store, NULL, 3, never_value, NULL));
    CHECK_REFUSED(bad, dkv_store_delete(store, NULL, 3, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_get_entries(store, NULL, 3, never_entries, NULL));
    CHECK_REFUSED(bad, dkv_store_delete_batch(store, &key, 1, never_done, NULL));
    CHECK_REFUSED(bad, dkv_manager_get_store(manager, NULL, 3, &options, never_store, NULL));
    CHECK_REFUSED_UNWRITTEN(bad, value, dkv_store_get_now(store, TEXT("still"), NULL, 8, &value));
    value = (dkv_value){ .type = DKV_VALUE_STRING, .data = NULL, .length = 3 };
    CHECK_REFUSED(bad, dkv_store_put(store, TEXT("key"), &value, never_done, NULL));
    group("a length without bytes");

    value = string_value("value");
    CHECK_REFUSED(bad, dkv_store_put(store, "key", SIZE_MAX, &value, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_put(store, "key", (size_t)PTRDIFF_MAX + 1, &value, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_get(store, "key", SIZE_MAX, never_value, NULL));
    CHECK_REFUSED(bad, dkv_store_get_entries(store, "key", SIZE_MAX, never_entries, NULL));
    CHECK_REFUSED(bad, dkv_store_put_batch(store, &entry, SIZE_MAX, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_put_batch(store, &entry, SIZE_MAX / sizeof entry + 2, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_delete_batch(store, &entry.key, SIZE_MAX, never_done, NULL));
    CHECK_REFUSED(bad, dkv_manager_get_store(manager, "id", SIZE_MAX, &options, never_store, NULL));
    value.length = SIZE_MAX;
    CHECK_REFUSED(bad, dkv_store_put(store, TEXT("key"), &value, never_done, NULL));
    memset(&value, UNTOUCHED, sizeof value);
    CHECK_REFUSED(bad, dkv_store_get_now(store, TEXT("still"), buffer, SIZE_MAX, &value));
    CHECK(is_untouched(&value, sizeof value));
    group("lengths that no memory can have");
}

static void bad_texts_and_values(dkv_manager *manager, dkv_store *store)
{
    static const char *const not_utf8[] = { "\xff", "a\x80", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80" };
    dkv_value good = string_value("value");
    dkv_store_options options = test_store_options();
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    for (size_t i = 0; i < sizeof not_utf8 / sizeof not_utf8[0]; i++) {
        const char *text = not_utf8[i];
        dkv_text key = DKV_TEXT(text);
        dkv_entry entries[] = { { DKV_TEXT("fine"), good }, { key, good } };
        dkv_value value = string_value(text);
        CHECK_REFUSED(bad, dkv_store_put(store, text, strlen(text), &good, never_done, NULL));
        CHECK_REFUSED(bad, dkv_store_put(store, TEXT("key"), &value, never_done, NULL));
        CHECK_REFUSED(bad, dkv_store_get(store, text, strlen(text), never_value, NULL));
        CHECK_REFUSED(bad, dkv_store_delete(store, text, strlen(text), never_done, NULL));
        CHECK_REFUSED(bad, dkv_store_get_entries(store, text, strlen(text), never_entries, NULL));
        CHECK_REFUSED(bad, dkv_store_put_batch(store, entries, 2, never_done, NULL));
        CHECK_REFUSED(bad, dkv_store_delete_batch(store, &key, 1, never_done, NULL));
        CHECK_REFUSED(bad, dkv_manager_get_store(manager, text, strlen(text), &options, never_store, NULL));
    }
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(store, "fine"));
    group("text that is not UTF-8");

    static const int32_t unknown_types[] = { -1, 7, 255, INT32_MAX, INT32_MIN };
    for (size_t i = 0; i < sizeof unknown_types / sizeof unknown_types[0]; i++) {
        good.type = unknown_types[i];
        CHECK_REFUSED(bad, dkv_store_put(store, TEXT("key"), &good, never_done, NULL));
    }
    dkv_value no_bytes = { .type = DKV_VALUE_BYTE_ARRAY, .data = (const uint8_t *)"", .length = 0 };
    CHECK_REFUSED(bad, dkv_store_put(store, TEXT("key"), &no_bytes, never_done, NULL));
    no_bytes.data = NULL;
    CHECK_REFUSED(bad, dkv_store_put(store, TEXT("key"), &no_bytes, never_done, NULL));
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(store, "key"));
    group("unknown types and empty byte arrays");
}

static void bad_ids(dkv_manager *manager)
{
    static const char *const ids[] = { "", "a-b", "a.b", "a b", "a/b", "..", "\xc3\xa9" };
    dkv_store_options options = test_store_options();
    char id[DKV_MAX_STORE_ID_LENGTH + 1];
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        size_t length = strlen(ids[i]);
        CHECK_REFUSED(bad, dkv_manager_get_store(manager, ids[i], length, &options, never_store, NULL));
        CHECK_REFUSED(bad, dkv_manager_close_store(manager, TEXT(BUNDLE_NAME), ids[i], length, NULL, 0, never_done,
                                                   NULL));
        CHECK_REFUSED(bad, dkv_manager_delete_store(manager, TEXT(BUNDLE_NAME), ids[i], length, NULL, 0, never_done,
                                                    NULL));
    }
    memset(id, 'i', sizeof id);
    CHECK_REFUSED(bad, dkv_manager_get_store(manager, id, sizeof id, &options, never_store, NULL));
    CHECK_REFUSED(bad, dkv_manager_get_store(manager, TEXT("a\0b"), &options, never_store, NULL));
    CHECK_REFUSED(bad, dkv_manager_close_store(manager, NULL, 0, TEXT("id"), NULL, 0, never_done, NULL));
    CHECK_REFUSED(bad, dkv_manager_delete_store(manager, "", 0, TEXT("id"), NULL, 0, never_done, NULL));
    CHECK_REFUSED(bad, dkv_manager_get_all_store_ids(manager, "", 0, never_store_ids, NULL));
    waiter opened = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&opened, dkv_manager_get_store(manager, id, DKV_MAX_STORE_ID_LENGTH, &options, on_store,
                                                            &opened)));
    dkv_store_free(opened.store);
    group("store ids and application ids");
}

static void bad_store_options(dkv_manager *manager)
{
    static const int32_t not_a_level[] = { 0, 1, 4, 7, -1 };
    dkv_store_options options = DKV_STORE_OPTIONS_INIT;
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    for (size_t i = 0; i < sizeof not_a_level / sizeof not_a_level[0]; i++) {
        options.security_level = not_a_level[i];
        CHECK_REFUSED(bad, dkv_manager_get_store(manager, TEXT("id"), &options, never_store, NULL));
    }
    group("a security level that is missing or unknown");

    options = test_store_options();
    options.kv_store_type = 2;
    CHECK_REFUSED(bad, dkv_manager_get_store(manager, TEXT("id"), &options, never_store, NULL));
    options.kv_store_type = -1;
    CHECK_REFUSED(bad, dkv_manager_get_store(manager, TEXT("id"), &options, never_store, NULL));
    options = test_store_options();
    options.durability = 2;
    CHECK_REFUSED(bad, dkv_manager_get_store(manager, TEXT("id"), &options, never_store, NULL));
    options = test_store_options();
    options.struct_size = 0;
    CHECK_REFUSED(bad, dkv_manager_get_store(manager, TEXT("id"), &options, never_store, NULL));
    options = test_store_options();
    options.root_dir = (dkv_text){ NULL, 3 };
    CHECK_REFUSED(bad, dkv_manager_get_store(manager, TEXT("id"), &options, never_store, NULL));
    options = test_store_options();
    options.root_dir = DKV_TEXT("\xff");
    CHECK_REFUSED(bad, dkv_manager_get_store(manager, TEXT("id"), &options, never_store, NULL));
    CHECK_REFUSED(bad, dkv_store_options_init(&options, 0));
    group("options of a store that are out of range");
}

static void bad_manager_options(void)
{
    dkv_manager_options options = DKV_MANAGER_OPTIONS_INIT;
    dkv_manager *manager;
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    options.base_dir = DKV_TEXT(test_folder());
    CHECK_REFUSED_UNWRITTEN(bad, manager, dkv_manager_create(&options, &manager));
    options.bundle_name = DKV_TEXT(BUNDLE_NAME);
    options.base_dir = (dkv_text){ NULL, 0 };
    CHECK_REFUSED_UNWRITTEN(bad, manager, dkv_manager_create(&options, &manager));
    options.base_dir = (dkv_text){ NULL, 3 };
    CHECK_REFUSED_UNWRITTEN(bad, manager, dkv_manager_create(&options, &manager));
    options.base_dir = DKV_TEXT(test_folder());
    options.bundle_name = DKV_TEXT("\xff");
    CHECK_REFUSED_UNWRITTEN(bad, manager, dkv_manager_create(&options, &manager));
    options.bundle_name = DKV_TEXT(BUNDLE_NAME);
    options.struct_size = 0;
    CHECK_REFUSED_UNWRITTEN(bad, manager, dkv_manager_create(&options, &manager));
    options.struct_size = sizeof options;
    CHECK_REFUSED(bad, dkv_manager_create(&options, NULL));
    CHECK_REFUSED(bad, dkv_manager_options_init(&options, 0));
    group("options of a manager that are missing or out of range");
}

/* Uses something made up as a handle of every kind. */
static void check_forged(void *handle)
{
    dkv_value value = string_value("value");
    dkv_store_options options = test_store_options();
    dkv_queue *queue = handle;
    dkv_store *view;
    dkv_manager *manager_view;
    intptr_t descriptor;
    uint16_t port;
    size_t written;
    size_t needed = 77;
    const uint8_t *data;
    size_t length = 77;
    uint8_t buffer[8];
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    CHECK_REFUSED(bad, dkv_manager_get_store(handle, TEXT("id"), &options, never_store, NULL));
    CHECK_REFUSED(bad, dkv_manager_get_all_store_ids(handle, TEXT(BUNDLE_NAME), never_store_ids, NULL));
    CHECK_REFUSED(bad, dkv_store_put(handle, TEXT("key"), &value, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_close(handle, never_done, NULL));
    CHECK_REFUSED_UNWRITTEN(bad, value, dkv_store_get_now(handle, TEXT("key"), buffer, sizeof buffer, &value));
    CHECK_REFUSED_UNWRITTEN(bad, view, dkv_store_on_queue(handle, queue, &view));
    CHECK_REFUSED_UNWRITTEN(bad, manager_view, dkv_manager_on_queue(handle, queue, &manager_view));
    CHECK_REFUSED(bad, dkv_queue_wait(queue, 0));
    CHECK_REFUSED_UNWRITTEN(bad, descriptor, dkv_queue_descriptor(queue, &descriptor));
    CHECK_REFUSED_UNWRITTEN(bad, port, dkv_queue_connect(queue, 1, &port));
    CHECK_REFUSED_UNWRITTEN(bad, written, dkv_queue_drain(queue, buffer, sizeof buffer, &written, &needed));
    CHECK_CODE(77, (int64_t)needed);
    CHECK_REFUSED_UNWRITTEN(bad, data, dkv_blob_data(handle, &data, &length));
    CHECK_CODE(77, (int64_t)length);
    dkv_store_free(handle);
    dkv_manager_free(handle);
    dkv_queue_free(handle);
    dkv_blob_free(handle);
}

static void forged_handles(dkv_manager *manager, dkv_store *store)
{
    static const uintptr_t forged[] = { 1, 8, 0x1234, 0x7fffffff, (uintptr_t)1 << 40, UINTPTR_MAX, UINTPTR_MAX - 7 };
    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        check_forged((void *)forged[i]);
    }
    int on_the_stack = 0;
    check_forged(&on_the_stack);
    check_forged((void *)((uintptr_t)store ^ 1));
    check_forged((void *)((uintptr_t)store ^ ((uintptr_t)1 << 20)));
    group("handles that are made up");

    dkv_value value = string_value("value");
    dkv_store_options options = test_store_options();
    dkv_store *view;
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    CHECK_REFUSED(bad, dkv_store_put((dkv_store *)(void *)manager, TEXT("key"), &value, never_done, NULL));
    CHECK_REFUSED(bad, dkv_manager_get_store((dkv_manager *)(void *)store, TEXT("id"), &options, never_store, NULL));
    CHECK_REFUSED(bad, dkv_queue_wait((dkv_queue *)(void *)store, 0));
    CHECK_REFUSED_UNWRITTEN(bad, view, dkv_store_on_queue(store, (dkv_queue *)(void *)manager, &view));
    dkv_store_free((dkv_store *)(void *)manager);
    dkv_manager_free((dkv_manager *)(void *)store);
    dkv_queue_free((dkv_queue *)(void *)store);
    dkv_blob_free((dkv_blob *)(void *)store);
    CHECK_CODE(DKV_OK, put_text(store, "still", "open"));
    group("handles of another kind");
}

static void bad_folders_and_names(void)
{
    dkv_manager_options options = DKV_MANAGER_OPTIONS_INIT;
    dkv_store_options store_options = test_store_options();
    dkv_manager *manager = NULL;
    waiter opened = WAITER_INIT;
    options.bundle_name = DKV_TEXT("no/slashes");
    options.base_dir = DKV_TEXT(test_folder());
    CHECK_CODE(DKV_OK, dkv_manager_create(&options, &manager));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, AWAIT(&opened, dkv_manager_get_store(manager, TEXT("id"), &store_options,
                                                                              on_store, &opened)));
    CHECK(opened.store == NULL && opened.message[0] != '\0');
    dkv_manager_free(manager);
    group("a bundle name with forbidden characters shows when a store is opened");

    options.bundle_name = DKV_TEXT(BUNDLE_NAME);
    options.base_dir = DKV_TEXT("/dev/null/not-a-folder");
    CHECK_CODE(DKV_OK, dkv_manager_create(&options, &manager));
    CHECK_CODE(DKV_ERR_CANNOT_OPEN, AWAIT(&opened, dkv_manager_get_store(manager, TEXT("id"), &store_options, on_store,
                                                                         &opened)));
    CHECK(opened.store == NULL && opened.message[0] != '\0');
    dkv_manager_free(manager);
    group("and so does a folder that cannot be used");
}

int main(void)
{
    null_everything();
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "arguments");
    null_arguments(manager, store);
    bad_lengths(manager, store);
    bad_texts_and_values(manager, store);
    bad_ids(manager);
    bad_store_options(manager);
    bad_manager_options();
    forged_handles(manager, store);
    bad_folders_and_names();
    CHECK_CODE(DKV_OK, close_store(store));
    dkv_manager_free(manager);
    group("after all this the store closes");
    return test_result();
}
