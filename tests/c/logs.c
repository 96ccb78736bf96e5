/* The library's log goes to a callback or to a completion queue, and to nobody unless somebody asks. */

#include "harness.h"

#define HEAD_BYTES 24
#define WAIT_MS 60000

/* Makes the library warn: closing a store with the id of another application closes nothing. */
static void provoke_a_warning(dkv_manager *manager)
{
    waiter closed = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&closed, dkv_manager_close_store(manager, TEXT("appId"), TEXT("logged"), NULL, 0, on_done,
                                                              &closed)));
}

static void on_log(void *user_data, int32_t level, const char *message, size_t message_length)
{
    waiter *waiter = user_data;
    if (level == DKV_LOG_WARNING && message_length > 0 && strlen(message) == message_length) {
        on_done(waiter, NULL);
    }
}

static void to_a_callback(dkv_manager *manager)
{
    static waiter logged = WAITER_INIT;
    CHECK_CODE(DKV_OK, dkv_set_logger(on_log, &logged));
    provoke_a_warning(manager);
    waiter_wait_for(&logged, 1);
    group("a callback hears a warning");

    CHECK_CODE(DKV_OK, dkv_set_logger(NULL, NULL));
    provoke_a_warning(manager);
    pthread_mutex_lock(&logged.mutex);
    CHECK_CODE(1, (int64_t)logged.answers);
    pthread_mutex_unlock(&logged.mutex);
    group("a callback that was taken back hears nothing more");
}

static void to_a_queue(dkv_manager *manager)
{
    dkv_queue *queue = NULL;
    uint8_t buffer[1024];
    uint32_t kind;
    uint64_t level;
    uint32_t count;
    size_t written = 0;
    size_t needed = 0;
    CHECK_CODE(DKV_OK, dkv_queue_create(&queue));
    CHECK_CODE(DKV_OK, dkv_set_log_queue(queue));
    provoke_a_warning(manager);
    CHECK_CODE(DKV_OK, dkv_queue_wait(queue, WAIT_MS));
    CHECK_CODE(DKV_OK, dkv_queue_drain(queue, buffer, sizeof buffer, &written, &needed));
    if (CHECK(written > HEAD_BYTES)) {
        memcpy(&kind, buffer + 4, sizeof kind);
        memcpy(&level, buffer + 8, sizeof level);
        memcpy(&count, buffer + 20, sizeof count);
        CHECK_CODE(DKV_RECORD_LOG, kind);
        CHECK_CODE(DKV_LOG_WARNING, (int64_t)level);
        CHECK(count > 0 && count <= written - HEAD_BYTES);
    }
    group("a queue gets a warning as a record");

    dkv_queue_free(queue);
    provoke_a_warning(manager);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_set_log_queue(queue));
    CHECK_CODE(DKV_OK, dkv_set_log_queue(NULL));
    group("a queue that was freed gets nothing more");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "logged");
    to_a_callback(manager);
    to_a_queue(manager);
    CHECK_CODE(DKV_OK, put_text(store, "still", "open"));
    CHECK_CODE(DKV_OK, close_store(store));
    dkv_manager_free(manager);
    group("the store was open all the while");
    return test_result();
}
