/* Synchronisation without a transport: settings, sync and its completion; the end of a service that there is not. */

#include "harness.h"
#include "records.h"

/* What the last synchronisation told. */
typedef struct completion {
    waiter waiter;
    char devices[256];
    bool all_offline;
} completion;

static void on_complete(void *user_data, const dkv_sync_status *statuses, size_t count)
{
    completion *completion = user_data;
    pthread_mutex_lock(&completion->waiter.mutex);
    completion->devices[0] = '\0';
    completion->all_offline = true;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(completion->devices);
        snprintf(completion->devices + length, sizeof completion->devices - length, "%.*s;",
                 (int)statuses[i].device_id.length, statuses[i].device_id.data);
        completion->all_offline = completion->all_offline && statuses[i].code == DKV_ERR_DEVICE_NOT_ONLINE;
    }
    waiter_wake(&completion->waiter);
}

static void never_complete(void *user_data, const dkv_sync_status *statuses, size_t count)
{
    (void)statuses;
    (void)count;
    never_done(user_data, NULL);
}

static void never_dies(void *user_data)
{
    never_done(user_data, NULL);
}

static void synchronisation(dkv_store *store)
{
    const dkv_text devices[] = { DKV_TEXT("b"), DKV_TEXT("a"), DKV_TEXT("b") };
    completion first = { .waiter = WAITER_INIT };
    completion second = { .waiter = WAITER_INIT };
    dkv_subscription *subscriptions[3] = { NULL };
    CHECK_CODE(DKV_OK, dkv_store_subscribe_sync_complete(store, on_complete, &first, &subscriptions[0]));
    CHECK_CODE(DKV_OK, dkv_store_subscribe_sync_complete(store, on_complete, &second, &subscriptions[1]));
    CHECK_CODE(DKV_OK, dkv_store_subscribe_sync_complete(store, never_complete, NULL, &subscriptions[2]));
    dkv_subscription_free(subscriptions[2]);
    for (int32_t mode = DKV_SYNC_PULL_ONLY; mode <= DKV_SYNC_PUSH_PULL; mode++) {
        CHECK_CODE(DKV_OK, dkv_store_sync(store, devices, 3, mode, 0));
        waiter_wait_for(&first.waiter, (size_t)mode + 1);
        waiter_wait_for(&second.waiter, (size_t)mode + 1);
        CHECK(strcmp(first.devices, "a;b;") == 0 && first.all_offline);
        CHECK(strcmp(second.devices, "a;b;") == 0 && second.all_offline);
    }
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_sync(store, devices, 0, DKV_SYNC_PUSH_PULL, 0));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_sync(store, NULL, 0, DKV_SYNC_PUSH_PULL, 0));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_sync(store, devices, 3, 3, 0));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_sync(store, devices, 3, -1, 0));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_store_subscribe_sync_complete(store, NULL, NULL, &subscriptions[2]));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_subscribe_sync_complete(store, never_complete, NULL, NULL));
    CHECK(first.waiter.answers == 3 && second.waiter.answers == 3);
    dkv_subscription_free(subscriptions[0]);
    dkv_subscription_free(subscriptions[1]);
    dkv_subscription_free(subscriptions[1]);
    group("each callback is told once of each sync that every device is offline");
}

static void records(dkv_store *store)
{
    const dkv_text devices[] = { DKV_TEXT("b"), DKV_TEXT("a") };
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    dkv_subscription *subscription = NULL;
    CHECK_CODE(DKV_OK, dkv_store_subscribe_sync_complete(view, NULL, tag(9), &subscription));
    CHECK_CODE(DKV_OK, dkv_store_sync(view, devices, 2, DKV_SYNC_PUSH_ONLY, 100));
    record answer = next_record(&host);
    CHECK_CODE(DKV_RECORD_SYNC_COMPLETE, answer.kind);
    CHECK_CODE(9, (int64_t)answer.tag);
    CHECK_CODE(2, answer.count);
    for (size_t i = 0; i < 2; i++) {
        const uint8_t *status = answer.payload + 24 * i;
        CHECK_CODE(1, (int64_t)read_u64(status));
        CHECK_CODE("ab"[i], status[8]);
        CHECK_CODE(DKV_ERR_DEVICE_NOT_ONLINE, (int64_t)read_u64(status + 16));
    }
    CHECK_CODE(DKV_OK, dkv_store_get_security_level(view, NULL, tag(10)));
    answer = next_record(&host);
    CHECK_CODE(DKV_RECORD_NUMBER, answer.kind);
    CHECK_CODE(DKV_SECURITY_S1, (int64_t)read_u64(answer.payload));
    dkv_subscription_free(subscription);
    dkv_store_free(view);
    host_free(&host);
    group("through a view completions are records");
}

static int32_t set_param(dkv_store *store, uint32_t delay_ms)
{
    waiter done = WAITER_INIT;
    return AWAIT(&done, dkv_store_set_sync_param(store, delay_ms, on_done, &done));
}

static void settings(dkv_store *store)
{
    const dkv_text labels[] = { DKV_TEXT("a"), DKV_TEXT("b") };
    waiter done = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_get_security_level(store, on_number, &done)));
    CHECK_CODE(DKV_SECURITY_S1, (int64_t)done.number);
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_enable_sync(store, 0, on_done, &done)));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_enable_sync(store, 1, on_done, &done)));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_enable_sync(store, 2, never_done, NULL));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_set_sync_range(store, labels, 2, labels, 1, on_done, &done)));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_set_sync_range(store, labels, 0, labels, 1, never_done, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_set_sync_range(store, labels, 1, NULL, 0, never_done, NULL));
    CHECK_CODE(DKV_OK, set_param(store, 0));
    CHECK_CODE(DKV_OK, set_param(store, 100));
    CHECK_CODE(DKV_OK, set_param(store, 86400000));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, set_param(store, 99));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, set_param(store, 86400001));
    group("settings are checked");
}

static void closed_by_id(dkv_manager *manager)
{
    const dkv_text label = DKV_TEXT("a");
    dkv_store *store = open_store(manager, "closed");
    dkv_subscription *subscription = NULL;
    waiter done = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_manager_close_store(manager, TEXT(BUNDLE_NAME), TEXT("closed"), NULL, 0,
                                                            on_done, &done)));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_enable_sync(store, 0, on_done, &done)));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_set_sync_range(store, &label, 1, &label, 1, on_done, &done)));
    CHECK_CODE(DKV_OK, set_param(store, 100));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, set_param(store, 1));
    CHECK_CODE(DKV_OK, dkv_store_subscribe_sync_complete(store, never_complete, NULL, &subscription));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_sync(store, &label, 1, DKV_SYNC_PULL_ONLY, 0));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get_security_level(store, never_number, NULL));
    dkv_subscription_free(subscription);
    dkv_store_free(store);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_enable_sync(store, 0, never_done, NULL));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_subscribe_sync_complete(store, never_complete, NULL, &subscription));
    group("settings succeed on a store that was closed by its id, and not on a dead handle");
}

static void service(dkv_manager *manager)
{
    dkv_subscription *subscription = NULL;
    CHECK_CODE(DKV_OK, dkv_manager_subscribe_service_death(manager, never_dies, NULL, &subscription));
    CHECK(subscription != NULL);
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_manager_subscribe_service_death(manager, NULL, NULL, &subscription));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_manager_subscribe_service_death(manager, never_dies, NULL, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_manager_subscribe_service_death(NULL, never_dies, NULL, &subscription));
    dkv_subscription_free(subscription);
    group("the end of the service can be waited for, and never comes");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "sync");
    synchronisation(store);
    records(store);
    settings(store);
    CHECK_CODE(DKV_OK, close_store(store));
    closed_by_id(manager);
    service(manager);
    dkv_manager_free(manager);
    return test_result();
}
