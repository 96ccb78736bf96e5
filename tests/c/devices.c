/* Device stores: the id of this device, reads of one device, removal of what came from one. */

#include "harness.h"
#include "openings.h"
#include "records.h"

static int32_t get_from(dkv_store *store, const char *device, const char *key)
{
    waiter got = WAITER_INIT;
    int32_t code = AWAIT(&got, dkv_store_get_from_device(store, device, strlen(device), key, strlen(key), on_value,
                                                         &got));
    if (code == DKV_OK) {
        CHECK(value_is_string(&got.value, "own"));
    }
    waiter_clear(&got);
    return code;
}

static size_t entries_from(dkv_store *store, const char *device)
{
    waiter found = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&found, dkv_store_get_entries_from_device(store, device, strlen(device), TEXT("^"),
                                                                       on_entries, &found)));
    size_t count = found.count;
    CHECK_CODE(DKV_OK, AWAIT(&found, dkv_store_count_from_device(store, device, strlen(device), NULL, 0, on_count,
                                                                 &found)));
    CHECK_CODE((int64_t)count, (int64_t)found.number);
    waiter_clear(&found);
    return count;
}

static int32_t remove_from(dkv_store *store, const char *device)
{
    waiter done = WAITER_INIT;
    return AWAIT(&done, dkv_store_remove_device_data(store, device, strlen(device), on_done, &done));
}

static void local_id(dkv_manager *manager, char *id)
{
    waiter told = WAITER_INIT;
    host host = host_create();
    dkv_manager *view = NULL;
    CHECK_CODE(DKV_OK, AWAIT(&told, dkv_manager_get_local_device_id(manager, on_text, &told)));
    CHECK(strlen(told.text) == 64 && strspn(told.text, "0123456789abcdef") == 64);
    strcpy(id, told.text);
    CHECK_CODE(DKV_OK, AWAIT(&told, dkv_manager_get_local_device_id(manager, on_text, &told)));
    CHECK(strcmp(id, told.text) == 0);
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_manager_get_local_device_id(manager, NULL, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_manager_get_local_device_id(NULL, on_text, NULL));

    CHECK_CODE(DKV_OK, dkv_manager_on_queue(manager, host.queue, &view));
    CHECK_CODE(DKV_OK, dkv_manager_get_local_device_id(view, NULL, tag(5)));
    record answer = next_record(&host);
    CHECK_CODE(DKV_RECORD_TEXT, answer.kind);
    CHECK_CODE(64, answer.count);
    CHECK(memcmp(answer.payload, id, 64) == 0);
    dkv_manager_free(view);
    host_free(&host);
    group("the device id is 64 hexadecimal digits and stays");
}

static void reads(dkv_store *store, const char *id)
{
    static const char long_id[] = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    CHECK_CODE(DKV_OK, put_text(store, "a", "own"));
    CHECK_CODE(DKV_OK, get_from(store, id, "a"));
    CHECK_CODE(DKV_OK, get_from(store, "", " a "));
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_from(store, id, "missing"));
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_from(store, "unknown", "a"));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, get_from(store, long_id, "a"));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, get_from(store, id, " "));
    CHECK_CODE(1, (int64_t)entries_from(store, id));
    CHECK_CODE(1, (int64_t)entries_from(store, ""));
    CHECK_CODE(0, (int64_t)entries_from(store, "unknown"));
    CHECK_CODE(0, (int64_t)entries_from(store, "^"));
    CHECK_CODE(0, (int64_t)entries_from(store, long_id));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_store_get_entries_from_device(store, TEXT("a"), NULL, 0, never_entries, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_store_get_from_device(store, TEXT("\xff"), TEXT("a"), never_value, NULL));
    group("an unknown device has no entries, the own id and the empty one are this device");

    CHECK_CODE(DKV_OK, remove_from(store, id));
    CHECK_CODE(DKV_OK, remove_from(store, "unknown"));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_remove_device_data(store, NULL, 0, never_done, NULL));
    CHECK(has_text(store, "a", "own"));
    group("remove_device_data leaves what this device wrote");
}

static int32_t open_from(dkv_store *store, const char *device, const char *prefix, dkv_result_set **set)
{
    opening opened = OPENING_INIT;
    int32_t code = AWAIT(&opened.waiter, dkv_store_get_result_set_from_device(store, device, strlen(device), prefix,
                                                                              strlen(prefix), on_result_set, &opened));
    *set = opened.result_set;
    return code;
}

static int64_t size_from(dkv_store *store, const char *device, const char *prefix)
{
    dkv_result_set *set = NULL;
    int64_t count = -1;
    CHECK_CODE(DKV_OK, open_from(store, device, prefix, &set));
    CHECK_CODE(DKV_OK, dkv_result_set_get_count(set, &count));
    CHECK_CODE(DKV_OK, dkv_result_set_close(set));
    return count;
}

static void result_sets(dkv_store *store, const char *id)
{
    static const char long_id[] = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    char long_prefix[898];
    dkv_result_set *sets[8];
    dkv_result_set *ninth = NULL;
    waiter done = WAITER_INIT;
    CHECK_CODE(DKV_OK, put_text(store, "ab", "own"));
    CHECK_CODE(2, size_from(store, id, "a"));
    CHECK_CODE(1, size_from(store, id, " ab "));
    CHECK_CODE(2, size_from(store, "", "x^"));
    CHECK_CODE(2, size_from(store, id, " "));
    CHECK_CODE(0, size_from(store, "unknown", "a"));
    CHECK_CODE(0, size_from(store, "^", "a"));
    CHECK_CODE(0, size_from(store, long_id, "^"));
    group("a result set of a device selects what get_entries_from_device reads");

    memset(long_prefix, 'p', sizeof long_prefix - 1);
    long_prefix[sizeof long_prefix - 1] = '\0';
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, open_from(store, id, long_prefix, &ninth));
    CHECK(ninth == NULL);
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_store_get_result_set_from_device(store, TEXT("a"), NULL, 0, never_result_set, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_store_get_result_set_from_device(store, NULL, 3, TEXT("a"), never_result_set, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_store_get_result_set_from_device(store, TEXT("\xff"), TEXT("a"), never_result_set, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_store_get_result_set_from_device(store, NULL, 0, TEXT("a"), NULL, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_store_get_result_set_from_device(NULL, NULL, 0, TEXT("a"), never_result_set, NULL));
    for (size_t i = 0; i < 8; i++) {
        CHECK_CODE(DKV_OK, open_from(store, i % 2 == 0 ? id : "unknown", "a", &sets[i]));
    }
    CHECK_CODE(DKV_ERR_OVER_LIMITS, open_from(store, id, "a", &ninth));
    CHECK(ninth == NULL);
    for (size_t i = 0; i < 8; i++) {
        dkv_result_set_free(sets[i]);
    }
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_start_transaction(store, on_done, &done)));
    CHECK_CODE(DKV_ERR_DATABASE, open_from(store, id, "a", &ninth));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_rollback(store, on_done, &done)));
    group("a result set of a device is refused as any other");
}

static void single_version(dkv_manager *manager)
{
    dkv_store *store = open_store(manager, "single");
    waiter answer = WAITER_INIT;
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, get_from(store, "", "a"));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, AWAIT(&answer, dkv_store_count_from_device(store, NULL, 0, NULL, 0, on_count,
                                                                                    &answer)));
    dkv_result_set *set = NULL;
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, open_from(store, "", "a", &set));
    CHECK(set == NULL);
    CHECK_CODE(DKV_OK, remove_from(store, "unknown"));
    CHECK_CODE(DKV_OK, close_store(store));
    CHECK_REFUSED(DKV_ERR_CLOSED,
                  dkv_store_get_result_set_from_device(store, NULL, 0, TEXT("a"), never_result_set, NULL));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_remove_device_data(store, TEXT("a"), never_done, NULL));
    group("a single-version store refuses reads with a device id");
}

int main(void)
{
    char id[128] = "";
    dkv_manager *manager = test_manager();
    dkv_store_options options = test_store_options();
    options.kv_store_type = DKV_STORE_DEVICE_COLLABORATION;
    local_id(manager, id);
    dkv_store *store = open_with(manager, "devices", &options);
    reads(store, id);
    result_sets(store, id);
    CHECK_CODE(DKV_OK, close_store(store));
    single_version(manager);
    dkv_manager_free(manager);
    return test_result();
}
