/* Values of all seven types come back as they were put, up to the largest one. */

#include "harness.h"

#include <float.h>
#include <math.h>

static int32_t put_value(dkv_store *store, const char *key, size_t key_length, const dkv_value *value, waiter *done)
{
    return AWAIT(done, dkv_store_put(store, key, key_length, value, on_done, done));
}

/* Puts a value, gets it, and compares every field, numbers bit by bit. */
static void check_round_trip(dkv_store *store, const char *key, size_t key_length, dkv_value value)
{
    waiter done = WAITER_INIT;
    waiter got = WAITER_INIT;
    CHECK_CODE(DKV_OK, put_value(store, key, key_length, &value, &done));
    CHECK_CODE(DKV_OK, AWAIT(&got, dkv_store_get(store, key, key_length, on_value, &got)));
    CHECK_CODE(value.type, got.value.type);
    CHECK_CODE(value.integer, got.value.integer);
    CHECK(memcmp(&value.real, &got.value.real, sizeof value.real) == 0);
    if (CHECK(value.length == got.value.length) && value.length > 0) {
        CHECK(memcmp(value.data, got.value.data, value.length) == 0);
    }
    waiter_clear(&got);
}

static void integers(dkv_store *store)
{
    static const int32_t integers[] = { 0, 1, -1, INT32_MAX, INT32_MIN };
    static const int64_t longs[] = { 0, 1, -1, INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        check_round_trip(store, TEXT("integer"), integer_value(integers[i]));
    }
    group("INTEGER round trip");
    for (size_t i = 0; i < sizeof longs / sizeof longs[0]; i++) {
        check_round_trip(store, TEXT("long"), (dkv_value){ .type = DKV_VALUE_LONG, .integer = longs[i] });
    }
    group("LONG round trip");
    check_round_trip(store, TEXT("boolean"), (dkv_value){ .type = DKV_VALUE_BOOLEAN, .integer = 0 });
    check_round_trip(store, TEXT("boolean"), (dkv_value){ .type = DKV_VALUE_BOOLEAN, .integer = 1 });
    group("BOOLEAN round trip");
}

static void reals(dkv_store *store)
{
    static const float floats[] = { 0.0f, -0.0f, 1.5f, FLT_MAX, FLT_MIN, INFINITY, -INFINITY };
    static const double doubles[] = { 0.0, -0.0, 0.1, DBL_MAX, DBL_MIN, INFINITY, -INFINITY, 9007199254740993.0 };
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++) {
        check_round_trip(store, TEXT("float"), (dkv_value){ .type = DKV_VALUE_FLOAT, .real = floats[i] });
    }
    group("FLOAT round trip, bit by bit");
    for (size_t i = 0; i < sizeof doubles / sizeof doubles[0]; i++) {
        check_round_trip(store, TEXT("double"), (dkv_value){ .type = DKV_VALUE_DOUBLE, .real = doubles[i] });
    }
    check_round_trip(store, TEXT("double"), (dkv_value){ .type = DKV_VALUE_DOUBLE, .real = NAN });
    group("DOUBLE round trip, bit by bit");
}

static void texts_and_bytes(dkv_store *store)
{
    static const uint8_t bytes[] = { 0x00, 0xff, 0x80, 0x00 };
    check_round_trip(store, TEXT("string"), string_value("h\xc3\xa9llo w\xc3\xb6rld"));
    check_round_trip(store, TEXT("string"), string_value(" values are never trimmed \n"));
    check_round_trip(store, TEXT("empty"), (dkv_value){ .type = DKV_VALUE_STRING });
    check_round_trip(store, TEXT("empty"), string_value(""));
    group("STRING round trip, the empty one too");
    check_round_trip(store, TEXT("bytes"),
                     (dkv_value){ .type = DKV_VALUE_BYTE_ARRAY, .data = bytes, .length = sizeof bytes });
    group("BYTE_ARRAY round trip");

    check_round_trip(store, TEXT("a\0b"),
                     (dkv_value){ .type = DKV_VALUE_STRING, .data = (const uint8_t *)"x\0y\0", .length = 4 });
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(store, "a"));
    group("U+0000 is legal in keys and values");

    CHECK_CODE(DKV_OK, put_text(store, "changing", "text"));
    check_round_trip(store, TEXT("changing"), integer_value(7));
    group("a key may change its type");
}

static void sizes(dkv_store *store)
{
    waiter done = WAITER_INIT;
    uint8_t *bytes = malloc(DKV_MAX_VALUE_LENGTH + 1);
    for (size_t i = 0; i <= DKV_MAX_VALUE_LENGTH; i++) {
        bytes[i] = (uint8_t)('a' + i % 23);
    }
    for (size_t length = 1; length < DKV_MAX_VALUE_LENGTH; length *= 8) {
        check_round_trip(store, TEXT("sized"),
                         (dkv_value){ .type = DKV_VALUE_BYTE_ARRAY, .data = bytes, .length = length });
    }
    group("values of growing size");

    dkv_value largest = { .type = DKV_VALUE_STRING, .data = bytes, .length = DKV_MAX_VALUE_LENGTH };
    check_round_trip(store, TEXT("largest"), largest);
    largest.type = DKV_VALUE_BYTE_ARRAY;
    check_round_trip(store, TEXT("largest"), largest);
    group("4,194,303 bytes are allowed");

    dkv_value too_large = largest;
    too_large.length = DKV_MAX_VALUE_LENGTH + 1;
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, put_value(store, TEXT("largest"), &too_large, &done));
    CHECK(strstr(done.message, "4194303") != NULL);
    CHECK(strstr(done.message, "4194304") != NULL);
    too_large.type = DKV_VALUE_STRING;
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, put_value(store, TEXT("larger"), &too_large, &done));
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(store, "larger"));
    check_round_trip(store, TEXT("largest"), largest);
    group("one byte more is refused, in a message that names the limit and the size");
    free(bytes);
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "values");
    integers(store);
    reals(store);
    texts_and_bytes(store);
    sizes(store);

    CHECK_CODE(DKV_OK, close_store(store));
    store = open_store(manager, "values");
    CHECK(has_text(store, "empty", ""));
    CHECK_CODE(DKV_OK, get_code(store, "largest"));
    CHECK_CODE(DKV_OK, close_store(store));
    dkv_manager_free(manager);
    group("values outlive the store's closing");
    return test_result();
}
