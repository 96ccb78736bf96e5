/* dkv_shutdown closes everything, answers what is in flight, and leaves no thread behind; then all begins anew. */

#include "harness.h"

#include <dirent.h>

#define TIMEOUT_MS 60000

/* The threads of this process, or 0 where the system does not list them. */
static size_t thread_count(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/task");
    if (folder == NULL) {
        return 0;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        count += entry->d_name[0] != '.';
    }
    closedir(folder);
    return count;
}

/* The number of threads once it has come down to `expected`. A joined thread is listed for a moment longer. */
static size_t settled_thread_count(size_t expected)
{
    for (int attempt = 0; attempt < 1000 && thread_count() > expected; attempt++) {
        usleep(1000);
    }
    return thread_count();
}

static void nothing_is_open(void)
{
    CHECK_CODE(DKV_OK, dkv_shutdown(TIMEOUT_MS));
    CHECK_CODE(DKV_OK, dkv_shutdown(0));
    group("a shutdown with nothing open succeeds");
}

static void stores_are_open(size_t threads_before)
{
    size_t count = scaled(500, 50);
    dkv_manager *manager = test_manager();
    dkv_store *first = open_store(manager, "first");
    dkv_store *second = open_store(manager, "second");
    waiter done = WAITER_INIT;
    size_t accepted = 0;
    for (size_t i = 0; i < count; i++) {
        dkv_value value = integer_value((int32_t)i);
        accepted += dkv_store_put(first, TEXT("key"), &value, on_done, &done) == DKV_OK;
        accepted += dkv_store_put(second, TEXT("key"), &value, on_done, &done) == DKV_OK;
    }
    CHECK(accepted == 2 * count);
    CHECK_CODE(DKV_OK, dkv_shutdown(TIMEOUT_MS));
    CHECK_CODE((int64_t)accepted, (int64_t)done.answers);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get(first, TEXT("key"), never_value, NULL));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get(second, TEXT("key"), never_value, NULL));
    CHECK_CODE((int64_t)threads_before, (int64_t)settled_thread_count(threads_before));
    dkv_store_free(first);
    dkv_store_free(second);
    dkv_manager_free(manager);
    group("a shutdown closes every store, answers everything before it returns, and ends every thread");
}

static void opening_again(void)
{
    dkv_value now = { .integer = -1 };
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "first");
    CHECK_CODE(DKV_OK, dkv_store_get_now(store, TEXT("key"), NULL, 0, &now));
    CHECK_CODE((int64_t)scaled(500, 50) - 1, now.integer);
    CHECK_CODE(DKV_OK, put_text(store, "again", "works"));
    CHECK(has_text(store, "again", "works"));
    CHECK_CODE(DKV_OK, close_store(store));
    dkv_manager_free(manager);
    CHECK_CODE(DKV_OK, dkv_shutdown(TIMEOUT_MS));
    group("after a shutdown stores can be opened again, and have their data");
}

int main(void)
{
    size_t threads_before = thread_count();
    nothing_is_open();
    stores_are_open(threads_before);
    opening_again();
    stores_are_open(threads_before);
    return test_result();
}
