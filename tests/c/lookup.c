/* Several values in one answer, and how many entries there are. */

#include "harness.h"
#include "records.h"

static uint64_t count_of(dkv_store *store, const char *prefix)
{
    waiter counted = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&counted, dkv_store_count(store, prefix, strlen(prefix), on_count, &counted)));
    return counted.number;
}

static void many(dkv_store *store)
{
    const dkv_text keys[] = { DKV_TEXT("b"), DKV_TEXT("missing"), DKV_TEXT(" a "), DKV_TEXT("b") };
    waiter found = WAITER_INIT;
    CHECK_CODE(DKV_OK, put_text(store, "a", "one"));
    CHECK_CODE(DKV_OK, put_text(store, "b", ""));
    CHECK_CODE(DKV_OK, AWAIT(&found, dkv_store_get_many(store, keys, 4, on_values, &found)));
    if (CHECK(found.count == 4)) {
        CHECK(value_is_string(&found.values[0], ""));
        CHECK_CODE(-1, found.values[1].type);
        CHECK(value_is_string(&found.values[2], "one"));
        CHECK(value_is_string(&found.values[3], ""));
    }
    CHECK_CODE(DKV_OK, AWAIT(&found, dkv_store_get_many(store, NULL, 0, on_values, &found)));
    CHECK(found.count == 0);
    waiter_clear(&found);
    group("get_many answers each key in its order, NULL where it is missing");

    const dkv_text with_blank[] = { DKV_TEXT("a"), DKV_TEXT(" ") };
    const dkv_text not_utf8[] = { DKV_TEXT("a"), DKV_TEXT("\xff") };
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, AWAIT(&found, dkv_store_get_many(store, with_blank, 2, on_values, &found)));
    CHECK(found.values == NULL);
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_many(store, not_utf8, 2, never_values, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_many(store, NULL, 1, never_values, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_many(store, keys, 4, NULL, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_many(NULL, keys, 4, never_values, NULL));
    group("one bad key refuses the whole get_many");
}

static void counts(dkv_store *store)
{
    CHECK_CODE(DKV_OK, put_text(store, "count/1", "x"));
    CHECK_CODE(DKV_OK, put_text(store, "count/2", "x"));
    CHECK_CODE(4, (int64_t)count_of(store, ""));
    CHECK_CODE(4, (int64_t)count_of(store, "^"));
    CHECK_CODE(2, (int64_t)count_of(store, " count/"));
    CHECK_CODE(0, (int64_t)count_of(store, "none"));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_count(store, TEXT("\xff"), never_count, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_count(store, TEXT("a"), NULL, NULL));
    group("count counts what begins with a prefix");
}

static void records(dkv_store *store)
{
    const dkv_text keys[] = { DKV_TEXT("large"), DKV_TEXT("missing"), DKV_TEXT("a") };
    static char large[DKV_RECORD_INLINE_MAX + 2];
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    uint32_t flags = 0;
    memset(large, 'x', sizeof large - 1);
    CHECK_CODE(DKV_OK, put_text(store, "large", large));

    CHECK_CODE(DKV_OK, dkv_store_get_many(view, keys, 3, NULL, tag(7)));
    record answer = next_record(&host);
    CHECK_CODE(DKV_RECORD_VALUES, answer.kind);
    CHECK_CODE(7, (int64_t)answer.tag);
    CHECK_CODE(3, answer.count);
    const uint8_t *payload = answer.payload;
    dkv_value value = read_value(&payload, &flags);
    CHECK_CODE(DKV_RECORD_FLAG_BLOB, flags);
    CHECK_CODE(sizeof large - 1, (int64_t)value.length);
    dkv_blob_free((dkv_blob *)(uintptr_t)read_u64(value.data));
    read_value(&payload, &flags);
    CHECK_CODE(DKV_RECORD_FLAG_MISSING, flags);
    value = read_value(&payload, &flags);
    CHECK_CODE(0, flags);
    CHECK(value_is_string(&value, "one"));
    CHECK(payload == answer.payload - HEAD_BYTES + answer.length);

    CHECK_CODE(DKV_OK, dkv_store_count(view, TEXT("count/"), NULL, tag(8)));
    answer = next_record(&host);
    CHECK_CODE(DKV_RECORD_NUMBER, answer.kind);
    CHECK_CODE(8, (int64_t)answer.tag);
    CHECK_CODE(2, (int64_t)read_u64(answer.payload));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_count(view, TEXT("a"), never_count, NULL));
    dkv_store_free(view);
    host_free(&host);
    group("through a view the answers are records");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "lookup");
    many(store);
    counts(store);
    records(store);
    CHECK_CODE(DKV_OK, close_store(store));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_count(store, TEXT(""), never_count, NULL));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get_many(store, NULL, 0, never_values, NULL));
    dkv_manager_free(manager);
    group("the closed store refuses them");
    return test_result();
}
