/* Queries: building them, their text, the calls that take them, and the refusals. */

#include "harness.h"
#include "openings.h"
#include "records.h"

#define SCHEMA                                                                                    \
    "{\"SCHEMA_VERSION\":\"1.0\",\"SCHEMA_MODE\":\"COMPATIBLE\","                                 \
    "\"SCHEMA_DEFINE\":{\"n\":\"LONG\",\"t\":\"STRING\",\"b\":\"BOOL\"},\"SCHEMA_INDEXES\":[\"$.n\"]}"

static dkv_query *new_query(void)
{
    dkv_query *query = NULL;
    CHECK_CODE(DKV_OK, dkv_query_new(&query));
    return query;
}

static bool has_sql_like(const dkv_query *query, const char *expected)
{
    char text[1024];
    size_t length = 0;
    CHECK_CODE(DKV_OK, dkv_query_get_sql_like(query, text, sizeof text, &length));
    if (length == strlen(expected) && memcmp(text, expected, length) == 0) {
        return true;
    }
    printf("the text is '%.*s'\n", (int)length, text);
    return false;
}

/* ---- building ---- */

static void building(void)
{
    dkv_query *query = new_query();
    const dkv_value five = { .type = DKV_VALUE_DOUBLE, .real = 5.0 };
    const dkv_value yes = { .type = DKV_VALUE_BOOLEAN, .integer = 1 };
    const dkv_value numbers[] = { integer_value(1), integer_value(-2) };
    const dkv_text texts[] = { DKV_TEXT("a b"), { NULL, 0 } };
    const dkv_value text = string_value("a^b");
    CHECK(has_sql_like(query, ""));
    CHECK_CODE(DKV_OK, dkv_query_begin_group(query));
    CHECK_CODE(DKV_OK, dkv_query_equal_to(query, TEXT("n"), &five));
    CHECK_CODE(DKV_OK, dkv_query_or(query));
    CHECK_CODE(DKV_OK, dkv_query_not_equal_to(query, TEXT("b"), &yes));
    CHECK_CODE(DKV_OK, dkv_query_end_group(query));
    CHECK_CODE(DKV_OK, dkv_query_and(query));
    CHECK_CODE(DKV_OK, dkv_query_greater_than(query, TEXT("n"), &yes));
    CHECK(has_sql_like(query, " ^BEGIN_GROUP ^EQUAL DOUBLE n 5 ^OR ^NOT_EQUAL BOOL b true ^END_GROUP ^AND"
                              " ^GREATER INTEGER n 1"));
    CHECK_CODE(DKV_OK, dkv_query_reset(query));
    CHECK_CODE(DKV_OK, dkv_query_less_than(query, TEXT("n"), &numbers[1]));
    CHECK_CODE(DKV_OK, dkv_query_greater_than_or_equal_to(query, TEXT("n"), &five));
    CHECK_CODE(DKV_OK, dkv_query_less_than_or_equal_to(query, TEXT("t"), &text));
    CHECK_CODE(DKV_OK, dkv_query_is_null(query, TEXT("t")));
    CHECK_CODE(DKV_OK, dkv_query_is_not_null(query, TEXT("t")));
    CHECK(has_sql_like(query, " ^LESS INTEGER n -2 ^GREATER_EQUAL DOUBLE n 5 ^LESS_EQUAL STRING t a(^)b"
                              " ^IS_NULL t ^IS_NOT_NULL t"));
    CHECK_CODE(DKV_OK, dkv_query_reset(query));
    CHECK_CODE(DKV_OK, dkv_query_in_number(query, TEXT("n"), numbers, 2));
    CHECK_CODE(DKV_OK, dkv_query_not_in_number(query, TEXT("n"), &five, 1));
    CHECK_CODE(DKV_OK, dkv_query_in_string(query, TEXT("t"), texts, 2));
    CHECK_CODE(DKV_OK, dkv_query_not_in_string(query, TEXT("t"), texts, 1));
    CHECK_CODE(DKV_OK, dkv_query_like(query, TEXT("t"), TEXT("a%")));
    CHECK_CODE(DKV_OK, dkv_query_unlike(query, TEXT("t"), NULL, 0));
    CHECK(has_sql_like(query, " ^IN INTEGER n ^START 1 -2 ^END ^NOT_IN DOUBLE n ^START 5 ^END"
                              " ^IN STRING t ^START a^^b (^)EMPTY_STRING ^END ^NOT_IN STRING t ^START a^^b ^END"
                              " ^LIKE t a% ^NOT_LIKE t (^)EMPTY_STRING"));
    CHECK_CODE(DKV_OK, dkv_query_reset(query));
    CHECK_CODE(DKV_OK, dkv_query_prefix_key(query, TEXT("p")));
    CHECK_CODE(DKV_OK, dkv_query_order_by_asc(query, TEXT("n")));
    CHECK_CODE(DKV_OK, dkv_query_order_by_desc(query, TEXT("t")));
    CHECK_CODE(DKV_OK, dkv_query_limit(query, 3, 1));
    CHECK_CODE(DKV_OK, dkv_query_set_suggest_index(query, TEXT("$.n")));
    CHECK_CODE(DKV_OK, dkv_query_device_id(query, TEXT("d")));
    CHECK(has_sql_like(query, " ^DEVICE_ID d ^KEY_PREFIX p ^ASC n ^DESC t ^LIMIT 3 1 ^SUGGEST_INDEX $.n"));
    group("every call has the text of the reference");

    CHECK_CODE(DKV_OK, dkv_query_reset(query));
    CHECK_CODE(DKV_OK, dkv_query_equal_to(query, TEXT("a^"), &five));
    CHECK_CODE(DKV_OK, dkv_query_prefix_key(query, NULL, 0));
    CHECK_CODE(DKV_OK, dkv_query_limit(query, -1, 0));
    CHECK(has_sql_like(query, ""));
    group("a name with a caret, an empty one and a negative limit do nothing");

    size_t length = 0;
    char small[3] = { 'x', 'x', 'x' };
    CHECK_CODE(DKV_OK, dkv_query_is_null(query, TEXT("t")));
    CHECK_CODE(DKV_OK, dkv_query_get_sql_like(query, small, sizeof small, &length));
    CHECK_CODE(11, (int64_t)length);
    CHECK(small[0] == 'x');
    dkv_query_free(query);
    group("a buffer that is too small is told the size and stays as it was");
}

static void refusals(void)
{
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    const dkv_value bytes = { .type = DKV_VALUE_BYTE_ARRAY, .data = (const uint8_t *)"a", .length = 1 };
    const dkv_value mixed[] = { integer_value(1), { .type = DKV_VALUE_LONG, .integer = 1 } };
    const dkv_value text = string_value("a");
    dkv_query *query = new_query();
    size_t length = 0;
    CHECK_REFUSED(bad, dkv_query_new(NULL));
    CHECK_REFUSED(bad, dkv_query_equal_to(query, TEXT("n"), NULL));
    CHECK_REFUSED(bad, dkv_query_equal_to(query, TEXT("n"), &bytes));
    CHECK_REFUSED(bad, dkv_query_equal_to(query, NULL, 1, &text));
    CHECK_REFUSED(bad, dkv_query_equal_to(query, "\xff", 1, &text));
    CHECK_REFUSED(bad, dkv_query_is_null(query, "a\0", 2));
    CHECK_REFUSED(bad, dkv_query_like(query, TEXT("t"), "\0", 1));
    CHECK_REFUSED(bad, dkv_query_in_number(query, TEXT("n"), NULL, 0));
    CHECK_REFUSED(bad, dkv_query_in_number(query, TEXT("n"), NULL, 1));
    CHECK_REFUSED(bad, dkv_query_in_number(query, TEXT("n"), mixed, 2));
    CHECK_REFUSED(bad, dkv_query_in_number(query, TEXT("n"), &text, 1));
    CHECK_REFUSED(bad, dkv_query_not_in_string(query, TEXT("t"), NULL, 0));
    CHECK_REFUSED(bad, dkv_query_get_sql_like(query, NULL, 0, NULL));
    CHECK_REFUSED(bad, dkv_query_and(NULL));
    CHECK_REFUSED(bad, dkv_query_limit((dkv_query *)(uintptr_t)0x1234, 1, 1));
    CHECK(has_sql_like(query, ""));
    dkv_query_free(query);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_query_or(query));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_query_get_sql_like(query, NULL, 0, &length));
    dkv_query_free(query);
    dkv_query_free(NULL);
    group("bad arguments are refused, and nothing is added");
}

/* ---- asking ---- */

static bool are_entries(waiter *waiter, const char *first, const char *last, size_t count)
{
    return CHECK_CODE((int64_t)count, (int64_t)waiter->count) && text_is(waiter->entries[0].key, first)
        && text_is(waiter->entries[count - 1].key, last);
}

static void asking(dkv_store *store)
{
    waiter waiter = WAITER_INIT;
    dkv_query *query = new_query();
    const dkv_value three = integer_value(3);
    CHECK_CODE(DKV_OK, dkv_query_greater_than(query, TEXT("n"), &three));
    CHECK_CODE(DKV_OK, AWAIT(&waiter, dkv_store_get_entries_by_query(store, query, on_entries, &waiter)));
    CHECK(are_entries(&waiter, "k4", "k9", 6));
    CHECK_CODE(DKV_OK, AWAIT(&waiter, dkv_store_get_result_size(store, query, on_count, &waiter)));
    CHECK_CODE(6, (int64_t)waiter.number);
    char text[512];
    size_t length = 0;
    CHECK_CODE(DKV_OK, dkv_store_explain_query(store, query, text, sizeof text - 1, &length));
    text[length < sizeof text ? length : 0] = '\0';
    CHECK(strstr(text, "index 0 ($.n), > 3") != NULL);
    CHECK_CODE(DKV_OK, dkv_query_order_by_desc(query, TEXT("t")));
    CHECK_CODE(DKV_OK, dkv_query_limit(query, 2, 1));
    opening opened = OPENING_INIT;
    CHECK_CODE(DKV_OK,
               AWAIT(&opened.waiter, dkv_store_get_result_set_by_query(store, query, on_result_set, &opened)));
    CHECK_CODE(2, count_of_set(opened.result_set));
    dkv_result_set_free(opened.result_set);
    CHECK_CODE(DKV_ERR_INVALID_QUERY_FORMAT, AWAIT(&waiter, dkv_store_get_result_size(store, query, on_count, &waiter)));
    group("a store answers entries, a size and a result set");

    CHECK_CODE(DKV_OK, dkv_query_reset(query));
    CHECK_CODE(DKV_OK, dkv_query_equal_to(query, TEXT("n"), &three));
    waiter_clear(&waiter);
    CHECK_CODE(DKV_OK, dkv_store_get_entries_by_query(store, query, on_entries, &waiter));
    dkv_query_free(query);
    waiter_wait_for(&waiter, 1);
    CHECK(are_entries(&waiter, "k3", "k3", 1));
    group("a query may be freed when it was given");

    query = new_query();
    CHECK_CODE(DKV_OK, dkv_query_is_null(query, TEXT("none")));
    CHECK_CODE(DKV_ERR_INVALID_QUERY_FIELD,
               AWAIT(&waiter, dkv_store_get_entries_by_query(store, query, on_entries, &waiter)));
    CHECK_REFUSED(DKV_ERR_INVALID_QUERY_FIELD, dkv_store_explain_query(store, query, NULL, 0, &length));
    const dkv_text devices[] = { DKV_TEXT("x") };
    CHECK_REFUSED(DKV_ERR_INVALID_QUERY_FIELD, dkv_store_sync_by_query(store, devices, 1, query, DKV_SYNC_PULL_ONLY, 0));
    CHECK_CODE(DKV_OK, dkv_query_reset(query));
    CHECK_CODE(DKV_OK, dkv_store_sync_by_query(store, devices, 1, query, DKV_SYNC_PULL_ONLY, 0));
    CHECK_CODE(DKV_OK, dkv_query_prefix_key(query, TEXT("none")));
    CHECK_CODE(DKV_ERR_NOT_FOUND, AWAIT(&waiter, dkv_store_get_result_size(store, query, on_count, &waiter)));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, AWAIT(&waiter, dkv_store_get_entries_from_device_by_query(
                                                            store, TEXT("x"), query, on_entries, &waiter)));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, AWAIT(&waiter, dkv_store_get_result_size_from_device(
                                                            store, TEXT("x"), query, on_count, &waiter)));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, AWAIT(&opened.waiter, dkv_store_get_result_set_from_device_by_query(
                                                                   store, TEXT("x"), query, on_result_set, &opened)));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_entries_by_query(store, NULL, never_entries, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_result_size(NULL, query, never_count, NULL));
    dkv_query_free(query);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get_result_set_by_query(store, query, never_result_set, NULL));
    group("what makes no sense is refused by the store");
    waiter_clear(&waiter);
    waiter_clear(&opened.waiter);
}

static void through_a_queue(dkv_store *store)
{
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    dkv_query *query = new_query();
    CHECK_CODE(DKV_OK, dkv_query_prefix_key(query, TEXT("k")));
    CHECK_CODE(DKV_OK, dkv_store_get_entries_by_query(view, query, NULL, tag(1)));
    record record = next_record(&host);
    CHECK(record.kind == DKV_RECORD_ENTRIES && record.tag == 1 && record.code == DKV_OK);
    CHECK_CODE(10, record.count);
    CHECK_CODE(DKV_OK, dkv_store_get_result_size(view, query, NULL, tag(2)));
    record = next_record(&host);
    CHECK(record.kind == DKV_RECORD_NUMBER && record.tag == 2 && record.code == DKV_OK);
    CHECK_CODE(DKV_OK, dkv_store_get_result_set_by_query(view, query, NULL, tag(3)));
    record = next_record(&host);
    CHECK(record.kind == DKV_RECORD_RESULT_SET && record.tag == 3 && record.code == DKV_OK);
    dkv_query_free(query);
    CHECK_CODE(DKV_OK, dkv_store_close(view, NULL, tag(4)));
    host_free(&host);
    group("answers come as records of a queue, too");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store_options options = test_store_options();
    options.schema = DKV_TEXT(SCHEMA);
    building();
    refusals();
    dkv_store *store = open_with(manager, "queries", &options);
    for (int i = 0; i < 10; i++) {
        char key[16], document[64];
        snprintf(key, sizeof key, "k%d", i);
        snprintf(document, sizeof document, "{\"n\":%d,\"t\":\"text %d\",\"b\":true}", i, i);
        CHECK_CODE(DKV_OK, put_text(store, key, document));
    }
    asking(store);
    through_a_queue(store);
    close_store(store);
    dkv_manager_free(manager);
    return test_result();
}
