/*
 * Completion queues for the C programs of this folder: a host that waits for records and takes them apart, byte by byte
 * as dkv.h draws them.
 */
#ifndef DKV_TESTS_RECORDS_H
#define DKV_TESTS_RECORDS_H

#include "harness.h"

#define HEAD_BYTES 24
#define WAIT_MS 60000

/* ---- reading a record ---- */

static inline uint32_t read_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static inline uint64_t read_u64(const uint8_t *bytes)
{
    return read_u32(bytes) | (uint64_t)read_u32(bytes + 4) << 32;
}

static inline size_t padded(size_t length)
{
    return (length + 7) & ~(size_t)7;
}

typedef struct record {
    size_t length;
    uint32_t kind;
    uint64_t tag;
    int32_t code;
    uint32_t count;
    const uint8_t *payload;
} record;

static inline record read_record(const uint8_t *bytes, size_t available)
{
    record record = { 0 };
    if (!CHECK(available >= HEAD_BYTES)) {
        return record;
    }
    record.length = read_u32(bytes);
    record.kind = read_u32(bytes + 4);
    record.tag = read_u64(bytes + 8);
    record.code = (int32_t)read_u32(bytes + 16);
    record.count = read_u32(bytes + 20);
    record.payload = bytes + HEAD_BYTES;
    CHECK(record.length % 8 == 0 && record.length >= HEAD_BYTES && record.length <= available);
    return record;
}

/* Reads one packed value; `*bytes` then points behind it. */
static inline dkv_value read_value(const uint8_t **bytes, uint32_t *flags)
{
    const uint8_t *head = *bytes;
    dkv_value value = { .type = (int32_t)read_u32(head) };
    uint64_t content = read_u64(head + 8);
    *flags = read_u32(head + 4);
    *bytes += 16;
    switch (value.type) {
    case DKV_VALUE_STRING:
    case DKV_VALUE_BYTE_ARRAY:
        value.length = (size_t)content;
        value.data = *bytes;
        *bytes += *flags & DKV_RECORD_FLAG_BLOB ? 8 : padded(value.length);
        break;
    case DKV_VALUE_FLOAT:
    case DKV_VALUE_DOUBLE:
        memcpy(&value.real, &content, sizeof content);
        break;
    default:
        value.integer = (int64_t)content;
    }
    return value;
}

/* ---- waiting and draining ---- */

/* A queue and the memory that it is drained into. */
typedef struct host {
    dkv_queue *queue;
    uint8_t *buffer;
    size_t capacity;
    size_t written;
    size_t consumed;
} host;

/* The next record. Its payload is valid until the call after this one. */
static inline record next_record(host *host)
{
    size_t needed = 0;
    while (host->consumed == host->written) {
        host->consumed = host->written = 0;
        if (!CHECK_CODE(DKV_OK, dkv_queue_wait(host->queue, WAIT_MS))) {
            exit(EXIT_FAILURE);
        }
        CHECK_CODE(DKV_OK, dkv_queue_drain(host->queue, host->buffer, host->capacity, &host->written, &needed));
        if (host->written == 0 && !CHECK(needed <= host->capacity)) {
            exit(EXIT_FAILURE);
        }
    }
    record record = read_record(host->buffer + host->consumed, host->written - host->consumed);
    if (record.length == 0) {
        exit(EXIT_FAILURE);
    }
    host->consumed += record.length;
    return record;
}

static inline host host_create(void)
{
    host host = { .capacity = 1 << 20 };
    host.buffer = malloc(host.capacity);
    CHECK_CODE(DKV_OK, dkv_queue_create(&host.queue));
    return host;
}

static inline void host_free(host *host)
{
    dkv_queue_free(host->queue);
    free(host->buffer);
}

static inline void *tag(uintptr_t number)
{
    return (void *)number;
}

static inline int32_t put_on(dkv_store *view, const char *key, const dkv_value *value, uintptr_t number)
{
    return dkv_store_put(view, key, strlen(key), value, NULL, tag(number));
}

static inline dkv_store *view_of(dkv_store *store, dkv_queue *queue)
{
    dkv_store *view = NULL;
    CHECK_CODE(DKV_OK, dkv_store_on_queue(store, queue, &view));
    CHECK(view != NULL && view != store);
    return view;
}

#endif /* DKV_TESTS_RECORDS_H */
