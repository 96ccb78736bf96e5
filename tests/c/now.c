/* Reads on the caller's thread: get_now waits where a queued write could change the answer, try_get says so. */

#include "harness.h"

static void all_types(dkv_store *store)
{
    static const uint8_t bytes[] = { 9, 0, 9 };
    const dkv_value values[] = {
        string_value("text"),
        integer_value(INT32_MIN),
        { .type = DKV_VALUE_FLOAT, .real = 0.5 },
        { .type = DKV_VALUE_BYTE_ARRAY, .data = bytes, .length = sizeof bytes },
        { .type = DKV_VALUE_BOOLEAN, .integer = 1 },
        { .type = DKV_VALUE_DOUBLE, .real = -0.0 },
        { .type = DKV_VALUE_LONG, .integer = INT64_MAX },
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        waiter done = WAITER_INIT;
        dkv_value now = { .type = -1 };
        uint8_t buffer[16];
        CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_put(store, TEXT("typed"), &values[i], on_done, &done)));
        CHECK_CODE(DKV_OK, dkv_store_get_now(store, TEXT("typed"), buffer, sizeof buffer, &now));
        CHECK_CODE(values[i].type, now.type);
        CHECK_CODE(values[i].integer, now.integer);
        CHECK(memcmp(&values[i].real, &now.real, sizeof now.real) == 0);
        CHECK_CODE((int64_t)values[i].length, (int64_t)now.length);
        if (values[i].length > 0 && CHECK(now.data == buffer)) {
            CHECK(memcmp(values[i].data, buffer, now.length) == 0);
        }
    }
    group("get_now reads all seven types");
}

static void buffers(dkv_store *store)
{
    uint8_t buffer[8];
    dkv_value now;
    CHECK_CODE(DKV_OK, put_text(store, "eight", "12345678"));
    memset(buffer, 0xa5, sizeof buffer);
    CHECK_CODE(DKV_OK, dkv_store_get_now(store, TEXT("eight"), buffer, 7, &now));
    CHECK_CODE(DKV_VALUE_STRING, now.type);
    CHECK_CODE(8, (int64_t)now.length);
    CHECK(now.data == NULL);
    CHECK_CODE(0xa5, buffer[7]);
    CHECK_CODE(DKV_OK, dkv_store_get_now(store, TEXT("eight"), NULL, 0, &now));
    CHECK_CODE(8, (int64_t)now.length);
    CHECK(now.data == NULL);
    CHECK_CODE(DKV_OK, dkv_store_get_now(store, TEXT("eight"), buffer, 8, &now));
    CHECK(now.data == buffer && value_is_string(&now, "12345678"));
    CHECK_CODE(DKV_OK, dkv_store_try_get(store, TEXT("eight"), buffer, 0, &now));
    CHECK(now.length == 8 && now.data == NULL);
    group("a buffer that is too small is told the size");

    CHECK_CODE(DKV_OK, put_text(store, "empty", ""));
    CHECK_CODE(DKV_OK, dkv_store_get_now(store, TEXT("empty"), buffer, sizeof buffer, &now));
    CHECK(now.type == DKV_VALUE_STRING && now.length == 0);
    group("an empty string fits into any buffer");

    size_t size = 3000000;
    uint8_t *large = malloc(size);
    uint8_t *read = malloc(size);
    memset(large, 'l', size);
    waiter done = WAITER_INIT;
    dkv_value value = { .type = DKV_VALUE_BYTE_ARRAY, .data = large, .length = size };
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_put(store, TEXT("large"), &value, on_done, &done)));
    CHECK_CODE(DKV_OK, dkv_store_get_now(store, TEXT("large"), buffer, sizeof buffer, &now));
    CHECK(now.length == size && now.data == NULL);
    CHECK_CODE(DKV_OK, dkv_store_get_now(store, TEXT("large"), read, size, &now));
    CHECK(now.length == size && now.data == read && memcmp(large, read, size) == 0);
    memset(read, 'r', size);
    CHECK_CODE(DKV_OK, dkv_store_get_now(store, TEXT("large"), read, size - 1, &now));
    CHECK(now.type == DKV_VALUE_BYTE_ARRAY && now.length == size && now.data == NULL);
    CHECK(read[0] == 'r' && read[size - 1] == 'r');
    group("a large value is read into the caller's memory, or nothing of it");

    /* Three bytes a letter: wherever a long text is cut to be kept, a letter is cut. */
    for (size_t at = 0; at < size; at += 3) {
        memcpy(large + at, "\xe2\x82\xac", 3);
    }
    value.type = DKV_VALUE_STRING;
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_put(store, TEXT("large"), &value, on_done, &done)));
    CHECK_CODE(DKV_OK, dkv_store_get_now(store, TEXT("large"), read, size, &now));
    CHECK(now.type == DKV_VALUE_STRING && now.length == size && now.data == read && memcmp(large, read, size) == 0);
    free(large);
    free(read);
    group("a large text is read into the caller's memory");
}

static void failures(dkv_store *store)
{
    dkv_value now;
    dkv_value before;
    uint8_t buffer[8];
    char long_key[DKV_MAX_KEY_LENGTH + 1];
    memset(long_key, 'k', sizeof long_key);
    memset(&now, 0xa5, sizeof now);
    memcpy(&before, &now, sizeof now);
    CHECK_REFUSED(DKV_ERR_NOT_FOUND, dkv_store_get_now(store, TEXT("missing"), buffer, sizeof buffer, &now));
    CHECK_REFUSED(DKV_ERR_NOT_FOUND, dkv_store_try_get(store, TEXT("missing"), buffer, sizeof buffer, &now));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_now(store, TEXT(" "), buffer, sizeof buffer, &now));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_store_get_now(store, long_key, sizeof long_key, buffer, sizeof buffer, &now));
    CHECK(memcmp(&before, &now, sizeof now) == 0);
    group("a failure writes nothing");
}

/* ---- while writes are queued ---- */

typedef struct reading {
    waiter waiter;
    dkv_store *store;
    int32_t status;
    dkv_value value;
    uint8_t buffer[16];
} reading;

static void on_put_read(void *user_data, const dkv_error *error)
{
    reading *reading = user_data;
    reading->status = dkv_store_get_now(reading->store, TEXT("inside"), reading->buffer, sizeof reading->buffer,
                                        &reading->value);
    on_done(&reading->waiter, error);
}

static void inside_a_callback(dkv_store *store)
{
    reading reading = { .waiter = WAITER_INIT, .store = store };
    dkv_value value = string_value("written");
    CHECK_CODE(DKV_OK, AWAIT(&reading.waiter, dkv_store_put(store, TEXT("inside"), &value, on_put_read, &reading)));
    CHECK_CODE(DKV_OK, reading.status);
    CHECK(value_is_string(&reading.value, "written"));
    group("a callback may use get_now, and sees what it was told of");
}

static void on_put_put_read(void *user_data, const dkv_error *error)
{
    reading *reading = user_data;
    static waiter second_put = WAITER_INIT;
    dkv_value value = string_value("second");
    CHECK(error == NULL);
    waiter_clear(&second_put);
    CHECK_CODE(DKV_OK, dkv_store_put(reading->store, TEXT("inside"), &value, on_done, &second_put));
    reading->status = dkv_store_get_now(reading->store, TEXT("inside"), reading->buffer, sizeof reading->buffer,
                                        &reading->value);
    on_done(&reading->waiter, NULL);
}

static void inside_a_callback_with_a_queued_write(dkv_store *store)
{
    reading reading = { .waiter = WAITER_INIT, .store = store };
    dkv_value value = string_value("first");
    CHECK_CODE(DKV_OK, AWAIT(&reading.waiter, dkv_store_put(store, TEXT("inside"), &value, on_put_put_read, &reading)));
    CHECK_CODE(DKV_OK, reading.status);
    CHECK(value_is_string(&reading.value, "second"));
    group("inside a callback get_now waits for a write that the callback has issued");
}

static void queued_writes(dkv_store *store)
{
    size_t would_block = 0;
    for (size_t round = 0; round < scaled(200, 10); round++) {
        waiter done = WAITER_INIT;
        dkv_value value = integer_value((int32_t)round);
        dkv_value now = { .integer = -1 };
        CHECK_CODE(DKV_OK, dkv_store_put(store, TEXT("queued"), &value, on_done, &done));
        int32_t status = dkv_store_try_get(store, TEXT("queued"), NULL, 0, &now);
        if (status == DKV_ERR_WOULD_BLOCK) {
            would_block++;
        } else {
            CHECK_CODE(DKV_OK, status);
            CHECK_CODE((int64_t)round, now.integer);
        }
        CHECK_CODE(DKV_OK, dkv_store_get_now(store, TEXT("queued"), NULL, 0, &now));
        CHECK_CODE((int64_t)round, now.integer);
        waiter_wait_for(&done, 1);
        CHECK_CODE(DKV_OK, dkv_store_try_get(store, TEXT("queued"), NULL, 0, &now));
        CHECK_CODE((int64_t)round, now.integer);
    }
    CHECK(would_block > 0);
    group("with a write queued, try_get would block and get_now waits for it");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "now");
    all_types(store);
    buffers(store);
    failures(store);
    inside_a_callback(store);
    inside_a_callback_with_a_queued_write(store);
    queued_writes(store);
    CHECK_CODE(DKV_OK, close_store(store));
    dkv_value now;
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get_now(store, TEXT("typed"), NULL, 0, &now));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_try_get(store, TEXT("typed"), NULL, 0, &now));
    dkv_manager_free(manager);
    group("a closed store says so");
    return test_result();
}
