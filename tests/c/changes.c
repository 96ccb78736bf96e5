/* What a commit has changed, as a record of a completion queue. observers.c has the same as calls. */

#include "records.h"

/* Notifications of one entry of 64 KiB that an observer may lag behind: 16 MiB of them. */
#define LAG_MAX 256
#define LAGGING_BYTES (64 * 1024 - sizeof "key00000" + 1)
#define CHANGE_TAG 77

static dkv_subscription *subscribe(dkv_store *view, uintptr_t number)
{
    dkv_subscription *subscription = NULL;
    CHECK_CODE(DKV_OK, dkv_store_subscribe(view, DKV_SUBSCRIBE_LOCAL, NULL, tag(number), &subscription));
    CHECK(subscription != NULL);
    return subscription;
}

/* ---- taking a change apart ---- */

typedef struct change {
    dkv_text device_id;
    uint64_t overflowed;
    uint64_t counts[3]; /* inserted, updated, deleted */
    const uint8_t *entries;
} change;

static change read_change(record record)
{
    const uint8_t *end = record.payload;
    change change = { .device_id = { (const char *)end + 8, (size_t)read_u64(end) } };
    CHECK_CODE(DKV_RECORD_CHANGE, record.kind);
    CHECK_CODE(DKV_OK, record.code);
    end += 8 + padded(change.device_id.length);
    change.overflowed = read_u64(end);
    for (size_t i = 0; i < 3; i++) {
        change.counts[i] = read_u64(end + 8 + 8 * i);
    }
    change.entries = end + 32;
    CHECK_CODE(record.count, (int64_t)(change.counts[0] + change.counts[1] + change.counts[2]));
    return change;
}

/* Reads one entry; `*bytes` then points behind it. */
static dkv_entry read_entry(const uint8_t **bytes)
{
    uint32_t flags;
    dkv_entry entry = { .key = { (const char *)*bytes + 8, (size_t)read_u64(*bytes) } };
    *bytes += 8 + padded(entry.key.length);
    entry.value = read_value(bytes, &flags);
    CHECK_CODE(0, flags);
    return entry;
}

static change next_change(host *host, uint64_t number)
{
    record record = next_record(host);
    CHECK_CODE((int64_t)number, (int64_t)record.tag);
    return read_change(record);
}

static void next_done(host *host, uint64_t number)
{
    record record = next_record(host);
    CHECK(record.kind == DKV_RECORD_DONE && record.tag == number && record.code == DKV_OK);
}

/* ---- the bytes ---- */

static void put_u64(uint8_t **end, uint64_t number)
{
    for (size_t i = 0; i < 8; i++) {
        *(*end)++ = (uint8_t)(number >> 8 * i);
    }
}

static void put_padded(uint8_t **end, const char *text)
{
    size_t length = strlen(text);
    memset(*end, 0, padded(length));
    memcpy(*end, text, length);
    *end += padded(length);
}

static void put_entry(uint8_t **end, const char *key, uint64_t type, uint64_t length_or_bits, const char *bytes)
{
    put_u64(end, strlen(key));
    put_padded(end, key);
    put_u64(end, type); /* and no flags */
    put_u64(end, length_or_bits);
    put_padded(end, bytes);
}

static void bytes(dkv_manager *manager)
{
    host host = host_create();
    dkv_store *store = open_store(manager, "bytes");
    dkv_store *view = view_of(store, host.queue);
    waiter done = WAITER_INIT;
    dkv_value number = integer_value(-2);
    dkv_value real = { .type = DKV_VALUE_DOUBLE, .real = 1.0 };
    CHECK_CODE(DKV_OK, put_text(store, "gone", "old text"));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_put(store, TEXT("updated"), &number, on_done, &done)));
    dkv_subscription *subscription = subscribe(view, UINTPTR_MAX);
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_start_transaction(store, on_done, &done)));
    CHECK_CODE(DKV_OK, put_text(store, "ninebytes", "three"));
    CHECK_CODE(DKV_OK, put_text(store, "empty", ""));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_put(store, TEXT("updated"), &real, on_done, &done)));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_delete(store, TEXT("gone"), on_done, &done)));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_commit(store, on_done, &done)));

    uint8_t expected[512];
    uint8_t *end = expected + 4;
    put_u64(&end, DKV_RECORD_CHANGE | (uint64_t)UINT32_MAX << 32); /* with the tag's first half */
    put_u64(&end, UINT32_MAX);                                     /* with the code */
    *end++ = 4, *end++ = 0, *end++ = 0, *end++ = 0;
    put_u64(&end, 0); /* the device id of a single-version store */
    put_u64(&end, 0); /* not overflowed */
    put_u64(&end, 2);
    put_u64(&end, 1);
    put_u64(&end, 1);
    put_entry(&end, "ninebytes", DKV_VALUE_STRING, 5, "three");
    put_entry(&end, "empty", DKV_VALUE_STRING, 0, "");
    put_entry(&end, "updated", DKV_VALUE_DOUBLE, 0x3ff0000000000000, "");
    put_entry(&end, "gone", DKV_VALUE_STRING, 8, "old text");
    uint8_t *behind = end;
    size_t length = (size_t)(behind - expected);
    end = expected;
    for (size_t i = 0; i < 4; i++) {
        *end++ = (uint8_t)(length >> 8 * i);
    }
    record record = next_record(&host);
    CHECK_CODE((int64_t)length, (int64_t)record.length);
    CHECK(record.length == length && memcmp(record.payload - HEAD_BYTES, expected, length) == 0);
    dkv_subscription_free(subscription);
    dkv_store_free(view);
    CHECK_CODE(DKV_OK, close_store(store));
    host_free(&host);
    group("the record of a change, byte by byte");
}

static void types(dkv_manager *manager)
{
    static const uint8_t some[] = { 7, 0, 255 };
    const dkv_entry batch[] = {
        { DKV_TEXT("a"), string_value("eleven byte") },
        { DKV_TEXT("b"), integer_value(INT32_MIN) },
        { DKV_TEXT("c"), { .type = DKV_VALUE_FLOAT, .real = -1.5 } },
        { DKV_TEXT("d"), { .type = DKV_VALUE_BYTE_ARRAY, .data = some, .length = sizeof some } },
        { DKV_TEXT("e"), { .type = DKV_VALUE_BOOLEAN, .integer = 1 } },
        { DKV_TEXT("f"), { .type = DKV_VALUE_DOUBLE, .real = 0.1 } },
        { DKV_TEXT("g"), { .type = DKV_VALUE_LONG, .integer = INT64_MIN } },
    };
    const size_t count = sizeof batch / sizeof batch[0];
    dkv_text keys[sizeof batch / sizeof batch[0]];
    host host = host_create();
    dkv_store_options options = test_store_options();
    options.kv_store_type = DKV_STORE_DEVICE_COLLABORATION;
    dkv_store *store = open_with(manager, "types", &options);
    dkv_store *view = view_of(store, host.queue);
    dkv_subscription *subscription = subscribe(view, CHANGE_TAG);
    for (size_t i = 0; i < count; i++) {
        keys[i] = batch[i].key;
    }
    CHECK_CODE(DKV_OK, dkv_store_put_batch(view, batch, count, NULL, tag(0)));
    CHECK_CODE(DKV_OK, dkv_store_put_batch(view, batch, count, NULL, tag(1)));
    CHECK_CODE(DKV_OK, dkv_store_delete_batch(view, keys, count, NULL, tag(2)));
    for (size_t list = 0; list < 3; list++) {
        next_done(&host, list);
        change change = next_change(&host, CHANGE_TAG);
        const uint8_t *end = change.entries;
        CHECK_CODE(64, (int64_t)change.device_id.length);
        CHECK_CODE(0, (int64_t)change.overflowed);
        for (size_t i = 0; i < 3; i++) {
            CHECK_CODE(i == list ? (int64_t)count : 0, (int64_t)change.counts[i]);
        }
        for (size_t i = 0; i < count; i++) {
            dkv_entry entry = read_entry(&end);
            CHECK(text_is(entry.key, batch[i].key.data));
            CHECK_CODE(batch[i].value.type, entry.value.type);
            CHECK_CODE(batch[i].value.integer, entry.value.integer);
            CHECK(batch[i].value.real == entry.value.real);
            CHECK_CODE((int64_t)batch[i].value.length, (int64_t)entry.value.length);
            CHECK(entry.value.length == 0 || memcmp(batch[i].value.data, entry.value.data, entry.value.length) == 0);
        }
    }
    dkv_subscription_free(subscription);
    dkv_store_free(view);
    CHECK_CODE(DKV_OK, close_store(store));
    host_free(&host);
    group("values of all types, inserted, updated and deleted, each behind the record of its write");
}

static void large_values(dkv_manager *manager)
{
    size_t size = DKV_RECORD_INLINE_MAX + 5;
    uint8_t *content = malloc(size);
    memset(content, 'x', size);
    host host = host_create();
    dkv_store *store = open_store(manager, "large");
    dkv_store *view = view_of(store, host.queue);
    dkv_subscription *subscriptions[2] = { subscribe(view, 1), subscribe(view, 2) };
    dkv_value value = { .type = DKV_VALUE_BYTE_ARRAY, .data = content, .length = size };
    CHECK_CODE(DKV_OK, put_on(view, "key", &value, 0));
    next_done(&host, 0);
    for (uint64_t i = 1; i <= 2; i++) {
        change change = next_change(&host, i);
        const uint8_t *end = change.entries + 16;
        uint32_t flags;
        dkv_value told = read_value(&end, &flags);
        CHECK(flags == DKV_RECORD_FLAG_BLOB && told.length == size);
        dkv_blob *blob = tag((uintptr_t)read_u64(told.data));
        const uint8_t *data = NULL;
        size_t length = 0;
        CHECK_CODE(DKV_OK, dkv_blob_data(blob, &data, &length));
        CHECK(length == size && memcmp(data, content, size) == 0);
        dkv_blob_free(blob);
    }
    /* What is not drained is the queue's, and goes with it. */
    CHECK_CODE(DKV_OK, put_on(view, "key", &value, 3));
    CHECK_CODE(DKV_OK, put_text(store, "behind", "value"));
    dkv_subscription_free(subscriptions[0]);
    dkv_store_free(view);
    host_free(&host);
    dkv_subscription_free(subscriptions[1]);
    CHECK_CODE(DKV_OK, close_store(store));
    free(content);
    group("a large value travels by a handle of each observer's own");
}

static void ends(dkv_manager *manager)
{
    host host = host_create();
    dkv_store *store = open_store(manager, "ends");
    dkv_store *view = view_of(store, host.queue);
    dkv_subscription *subscription = subscribe(view, CHANGE_TAG);
    CHECK_CODE(DKV_OK, put_text(store, "key", "told"));
    CHECK_CODE(1, (int64_t)next_change(&host, CHANGE_TAG).counts[0]);
    dkv_store_free(view);
    CHECK_CODE(DKV_OK, put_text(store, "key", "told too"));
    CHECK_CODE(1, (int64_t)next_change(&host, CHANGE_TAG).counts[1]);
    dkv_subscription_free(subscription);
    CHECK_CODE(DKV_OK, put_text(store, "key", "not told"));
    CHECK_REFUSED(DKV_ERR_WOULD_BLOCK, dkv_queue_wait(host.queue, 0));
    host_free(&host);
    CHECK_CODE(DKV_OK, close_store(store));
    group("a registration outlives its view, and ends when it is freed");
}

/* Puts keys through callbacks, which nobody drains, and waits until all that is told of them is in the queue. Each value
 * begins with its number. */
static void put_numbered(dkv_store *store, size_t count)
{
    static uint8_t bytes[LAGGING_BYTES];
    waiter done = WAITER_INIT;
    for (size_t i = 0; i < count; i++) {
        char key[32];
        uint8_t *end = bytes;
        dkv_value value = { .type = DKV_VALUE_BYTE_ARRAY, .data = bytes, .length = sizeof bytes };
        put_u64(&end, i);
        snprintf(key, sizeof key, "key%05zu", i);
        CHECK_CODE(DKV_OK, dkv_store_put(store, key, strlen(key), &value, on_done, &done));
    }
    waiter_wait_for(&done, count);
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_flush(store, on_done, &done)));
}

static void lagging(dkv_manager *manager)
{
    host host = host_create();
    dkv_store *store = open_store(manager, "lagging");
    dkv_store *view = view_of(store, host.queue);
    dkv_subscription *subscription = subscribe(view, CHANGE_TAG);
    for (int round = 0; round < 2; round++) {
        put_numbered(store, LAG_MAX + 30);
        for (size_t i = 0; i < 50; i++) {
            CHECK_CODE(DKV_OK, put_text(store, "one by one", "value"));
        }
        for (size_t i = 0; i < LAG_MAX; i++) {
            change change = next_change(&host, CHANGE_TAG);
            CHECK_CODE(0, (int64_t)change.overflowed);
            CHECK_CODE(1, (int64_t)change.counts[round]);
            const uint8_t *end = change.entries;
            CHECK_CODE((int64_t)i, (int64_t)read_u64(read_entry(&end).value.data));
        }
        record record = next_record(&host);
        CHECK_CODE(1, (int64_t)read_change(record).overflowed);
        CHECK_CODE(HEAD_BYTES + 40, (int64_t)record.length);
        size_t more = 0;
        while (dkv_queue_wait(host.queue, 0) == DKV_OK || host.consumed < host.written) {
            next_record(&host);
            more++;
        }
        CHECK_CODE(0, (int64_t)more);
        CHECK_CODE(DKV_OK, put_text(store, "later", "value"));
        CHECK_CODE(0, (int64_t)next_change(&host, CHANGE_TAG).overflowed);
    }
    dkv_subscription_free(subscription);
    dkv_store_free(view);
    host_free(&host);
    CHECK_CODE(DKV_OK, close_store(store));
    group("a host that does not drain is told once that it fell behind, and goes on when it drains again");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    bytes(manager);
    types(manager);
    large_values(manager);
    ends(manager);
    lagging(manager);
    dkv_manager_free(manager);
    return test_result();
}
