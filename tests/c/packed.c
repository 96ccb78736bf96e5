/* Packed submission: many operations in one call, each checked and answered as a call of its own would be. */

#include "records.h"

/* ---- writing a record, byte by byte as dkv.h draws it ---- */

typedef struct batch {
    uint8_t bytes[1 << 16];
    size_t length;
} batch;

static void write_u32(uint8_t *bytes, uint32_t number)
{
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(number >> 8 * i);
    }
}

static void write_u64(uint8_t *bytes, uint64_t number)
{
    write_u32(bytes, (uint32_t)number);
    write_u32(bytes + 4, (uint32_t)(number >> 32));
}

/* Appends a record; `value` is NULL for the kinds without one. Yields where it begins. */
static uint8_t *append(batch *batch, uint32_t kind, uint64_t tag, const char *key, const dkv_value *value)
{
    uint8_t *record = batch->bytes + batch->length;
    size_t key_length = strlen(key);
    size_t length = HEAD_BYTES + padded(key_length);
    memset(record, 0, length + 64);
    memcpy(record + HEAD_BYTES, key, key_length);
    if (value != NULL) {
        uint8_t *packed = record + length;
        bool has_bytes = value->type == DKV_VALUE_STRING || value->type == DKV_VALUE_BYTE_ARRAY;
        uint64_t content = has_bytes ? value->length : (uint64_t)value->integer;
        if (value->type == DKV_VALUE_FLOAT || value->type == DKV_VALUE_DOUBLE) {
            memcpy(&content, &value->real, sizeof content);
        }
        write_u32(packed, (uint32_t)value->type);
        write_u64(packed + 8, content);
        length += 16;
        if (has_bytes) {
            memset(packed + 16, 0, padded(value->length));
            memcpy(packed + 16, value->data, value->length);
            length += padded(value->length);
        }
    }
    write_u32(record, (uint32_t)length);
    write_u32(record + 4, kind);
    write_u64(record + 8, tag);
    write_u32(record + 20, (uint32_t)key_length);
    batch->length += length;
    return record;
}

static void submit_all(dkv_store *view, const batch *batch)
{
    size_t taken = 77;
    CHECK_CODE(DKV_OK, dkv_store_submit(view, batch->bytes, batch->length, &taken));
    CHECK_CODE((int64_t)batch->length, (int64_t)taken);
}

/* ---- what is accepted ---- */

static void every_kind(dkv_store *store)
{
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    dkv_value text = string_value("value");
    batch batch = { .length = 0 };
    append(&batch, DKV_SUBMIT_PUT, 1, "kind/a", &text);
    append(&batch, DKV_SUBMIT_GET, UINTPTR_MAX, "kind/a", NULL);
    append(&batch, DKV_SUBMIT_GET_ENTRIES, 3, "kind/", NULL);
    append(&batch, DKV_SUBMIT_DELETE, 4, "kind/a", NULL);
    append(&batch, DKV_SUBMIT_GET, 5, "kind/a", NULL);
    submit_all(view, &batch);
    memset(batch.bytes, 0xff, batch.length);

    bool answered[6] = { false };
    for (int i = 0; i < 5; i++) {
        record record = next_record(&host);
        size_t number = record.tag == UINTPTR_MAX ? 2 : (size_t)record.tag;
        if (!CHECK(number >= 1 && number <= 5 && !answered[number])) {
            continue;
        }
        answered[number] = true;
        const uint8_t *payload = record.payload;
        uint32_t flags;
        switch (number) {
        case 2: {
            CHECK(record.kind == DKV_RECORD_VALUE && record.code == DKV_OK);
            dkv_value value = read_value(&payload, &flags);
            CHECK(value.length == 5 && memcmp(value.data, "value", 5) == 0);
            break;
        }
        case 3:
            CHECK(record.kind == DKV_RECORD_ENTRIES && record.code == DKV_OK && record.count == 1);
            break;
        case 5:
            CHECK(record.kind == DKV_RECORD_VALUE && record.code == DKV_ERR_NOT_FOUND);
            break;
        default:
            CHECK(record.kind == DKV_RECORD_DONE && record.code == DKV_OK);
        }
    }
    group("each kind is answered under its tag, in the order of issue, from copies of its bytes");

    size_t taken = 77;
    CHECK_CODE(DKV_OK, dkv_store_submit(view, NULL, 0, &taken));
    CHECK_CODE(0, (int64_t)taken);
    dkv_store_free(view);
    host_free(&host);
    group("nothing to submit is a success");
}

static void every_type(dkv_store *store)
{
    static const uint8_t bytes[] = { 7, 0, 255 };
    const dkv_value all[] = {
        string_value("eleven byte"),
        integer_value(INT32_MIN),
        { .type = DKV_VALUE_FLOAT, .real = -1.5 },
        { .type = DKV_VALUE_BYTE_ARRAY, .data = bytes, .length = sizeof bytes },
        { .type = DKV_VALUE_BOOLEAN, .integer = 1 },
        { .type = DKV_VALUE_DOUBLE, .real = 0.1 },
        { .type = DKV_VALUE_LONG, .integer = INT64_MIN },
        { .type = DKV_VALUE_STRING, .data = bytes },
    };
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        batch batch = { .length = 0 };
        append(&batch, DKV_SUBMIT_PUT, i, "typed", &all[i]);
        submit_all(view, &batch);
        CHECK(next_record(&host).tag == i);
        uint8_t buffer[64];
        dkv_value now;
        CHECK_CODE(DKV_OK, dkv_store_get_now(store, TEXT("typed"), buffer, sizeof buffer, &now));
        CHECK_CODE(all[i].type, now.type);
        CHECK_CODE(all[i].integer, now.integer);
        CHECK(all[i].real == now.real);
        CHECK_CODE((int64_t)all[i].length, (int64_t)now.length);
        CHECK(now.length == 0 || memcmp(all[i].data, now.data, now.length) == 0);
    }
    dkv_store_free(view);
    host_free(&host);
    group("values of all seven types");
}

/* ---- what is refused ---- */

/* Where a good record is spoilt, and how. */
typedef struct spoilt {
    size_t at;
    uint32_t number;
} spoilt;

static void bad_records(dkv_store *store)
{
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    dkv_value text = string_value("text");
    batch good = { .length = 0 };
    append(&good, DKV_SUBMIT_PUT, 9, "bad/key", &text);
    CHECK_CODE(HEAD_BYTES + 8 + 16 + 8, (int64_t)good.length);
    const spoilt all[] = {
        { 0, 0 }, { 0, 16 }, { 0, 24 }, { 0, 48 }, { 0, 55 }, { 0, 64 }, { 0, UINT32_MAX }, { 0, UINT32_MAX - 7 },
        { 4, 0 }, { 4, 5 }, { 4, UINT32_MAX }, { 16, 1 },
        { 20, 0 }, { 20, 9 }, { 20, 40 }, { 20, UINT32_MAX }, { 20, UINT32_MAX - 7 },
        { HEAD_BYTES, 0xffffffff },
        { HEAD_BYTES + 8, 7 }, { HEAD_BYTES + 8, UINT32_MAX }, { HEAD_BYTES + 12, 1 },
        { HEAD_BYTES + 16, 9 }, { HEAD_BYTES + 16, UINT32_MAX }, { HEAD_BYTES + 20, UINT32_MAX },
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        /* A block of its own size, so that a byte that is read behind it shows. */
        uint8_t *block = malloc(good.length);
        memcpy(block, good.bytes, good.length);
        write_u32(block + all[i].at, all[i].number);
        size_t taken = 77;
        if (!CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, dkv_store_submit(view, block, good.length, &taken))) {
            printf("the number %" PRIu32 " at %zu\n", all[i].number, all[i].at);
        }
        CHECK_CODE(77, (int64_t)taken);
        free(block);
    }
    for (size_t length = 1; length < good.length; length++) {
        uint8_t *block = malloc(length);
        memcpy(block, good.bytes, length);
        size_t taken = 77;
        CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, dkv_store_submit(view, block, length, &taken));
        CHECK_CODE(77, (int64_t)taken);
        free(block);
    }
    CHECK_REFUSED(DKV_ERR_WOULD_BLOCK, dkv_queue_wait(host.queue, 20));
    group("a record that is not as drawn is refused, whatever its lengths say");

    size_t taken = 77;
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_submit(store, good.bytes, good.length, &taken));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_submit(view, NULL, good.length, &taken));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_submit(view, good.bytes, good.length, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_submit(NULL, good.bytes, good.length, &taken));
    CHECK_CODE(77, (int64_t)taken);
    dkv_store_free(view);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_submit(view, good.bytes, good.length, &taken));
    host_free(&host);
    group("records are submitted through a view, which is alive");
}

static void bad_ones_among_good_ones(dkv_store *store)
{
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    dkv_value text = string_value("text");
    dkv_value nothing = { .type = DKV_VALUE_BYTE_ARRAY, .data = host.buffer, .length = 0 };
    batch batch = { .length = 0 };
    append(&batch, DKV_SUBMIT_PUT, 1, "among/a", &text);
    size_t bad = batch.length;
    append(&batch, DKV_SUBMIT_PUT, 2, "among/b", &nothing);
    size_t behind = batch.length;
    append(&batch, DKV_SUBMIT_PUT, 3, "among/c", &text);
    append(&batch, DKV_SUBMIT_PUT, 4, "", &text);

    size_t taken = 77;
    CHECK_CODE(DKV_OK, dkv_store_submit(view, batch.bytes, batch.length, &taken));
    CHECK_CODE((int64_t)bad, (int64_t)taken);
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_submit(view, batch.bytes + bad, batch.length - bad, &taken));
    CHECK_CODE((int64_t)bad, (int64_t)taken);
    CHECK_CODE(DKV_OK, dkv_store_submit(view, batch.bytes + behind, batch.length - behind, &taken));
    CHECK_CODE((int64_t)(batch.length - behind), (int64_t)taken);
    CHECK(next_record(&host).tag == 1);
    CHECK(next_record(&host).tag == 3);
    record record = next_record(&host);
    CHECK(record.tag == 4 && record.code == DKV_ERR_INVALID_ARGUMENT);
    dkv_store_free(view);
    host_free(&host);
    group("what a call of its own would return stops the submission, what it would answer is answered");
}

static void a_full_queue(dkv_store *store)
{
    enum { RECORDS = 1000 };
    size_t total = 20 * RECORDS;
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    static batch batch;
    size_t submitted = 0;
    size_t answered = 0;
    bool was_full = false;
    /* Nothing is drained until the queue is full, for a place is held until the record is taken. */
    while (answered < total) {
        batch.length = 0;
        for (size_t i = 0; i < RECORDS && submitted + i < total; i++) {
            append(&batch, DKV_SUBMIT_GET, submitted + i, "full/missing", NULL);
        }
        size_t taken = 0;
        int32_t status = dkv_store_submit(view, batch.bytes, batch.length, &taken);
        was_full = was_full || status == DKV_ERR_QUEUE_FULL || taken < batch.length;
        CHECK(status == DKV_OK || (status == DKV_ERR_QUEUE_FULL && taken == 0));
        CHECK_CODE(0, (int64_t)(taken % (HEAD_BYTES + 16)));
        submitted += taken / (HEAD_BYTES + 16);
        while (was_full && answered < submitted) {
            record record = next_record(&host);
            CHECK(record.code == DKV_ERR_NOT_FOUND);
            answered++;
        }
    }
    CHECK(was_full);
    CHECK_CODE((int64_t)total, (int64_t)answered);
    dkv_store_free(view);
    host_free(&host);
    group("a full queue takes the records that it has room for, and the rest later");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "packed");
    every_kind(store);
    every_type(store);
    bad_records(store);
    bad_ones_among_good_ones(store);
    a_full_queue(store);
    CHECK_CODE(DKV_OK, close_store(store));
    dkv_manager_free(manager);
    group("the store closes");
    return test_result();
}
