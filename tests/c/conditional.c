/* Writes that depend on what is there. */

#include "harness.h"
#include "records.h"

#include <math.h>

static int64_t put_if_absent(dkv_store *store, const char *key, dkv_value value)
{
    waiter done = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_put_if_absent(store, key, strlen(key), &value, on_number, &done)));
    return (int64_t)done.number;
}

static int64_t put_if_unchanged(dkv_store *store, const char *key, dkv_value expected, dkv_value value)
{
    waiter done = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_put_if_unchanged(store, key, strlen(key), &expected, &value, on_number,
                                                               &done)));
    return (int64_t)done.number;
}

static int64_t delete_if_unchanged(dkv_store *store, const char *key, dkv_value expected)
{
    waiter done = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_delete_if_unchanged(store, key, strlen(key), &expected, on_number,
                                                                  &done)));
    return (int64_t)done.number;
}

static void conditions(dkv_store *store)
{
    const dkv_value not_a_number = { .type = DKV_VALUE_DOUBLE, .real = NAN };
    const dkv_value zero = { .type = DKV_VALUE_DOUBLE, .real = 0.0 };
    const dkv_value minus_zero = { .type = DKV_VALUE_DOUBLE, .real = -0.0 };
    const dkv_value one = { .type = DKV_VALUE_LONG, .integer = 1 };
    CHECK_CODE(1, put_if_absent(store, "a", string_value("first")));
    CHECK_CODE(0, put_if_absent(store, " a ", string_value("second")));
    CHECK(has_text(store, "a", "first"));
    group("put_if_absent happens once");

    CHECK_CODE(0, put_if_unchanged(store, "a", string_value("other"), string_value("new")));
    CHECK_CODE(1, put_if_unchanged(store, "a", string_value("first"), not_a_number));
    CHECK_CODE(1, put_if_unchanged(store, "a", not_a_number, zero));
    CHECK_CODE(0, put_if_unchanged(store, "a", minus_zero, not_a_number));
    CHECK_CODE(1, put_if_unchanged(store, "a", zero, integer_value(1)));
    CHECK_CODE(0, put_if_unchanged(store, "a", one, zero));
    CHECK_CODE(0, put_if_unchanged(store, "missing", one, zero));
    CHECK_CODE(0, delete_if_unchanged(store, "a", one));
    CHECK_CODE(1, delete_if_unchanged(store, "a", integer_value(1)));
    CHECK_CODE(0, delete_if_unchanged(store, "a", integer_value(1)));
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(store, "a"));
    group("values are compared by type and bits");
}

static void refusals(dkv_store *store)
{
    const dkv_value value = integer_value(1);
    const dkv_value no_type = { .type = 7 };
    waiter done = WAITER_INIT;
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT,
               AWAIT(&done, dkv_store_put_if_absent(store, TEXT(" "), &value, on_number, &done)));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_put_if_absent(store, TEXT("a"), NULL, never_number, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_put_if_absent(store, TEXT("a"), &no_type, never_number, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_put_if_absent(store, TEXT("a"), &value, NULL, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_store_put_if_unchanged(store, TEXT("a"), NULL, &value, never_number, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_store_put_if_unchanged(store, TEXT("a"), &value, NULL, never_number, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_delete_if_unchanged(store, TEXT("a"), NULL, never_number, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_store_delete_if_unchanged(store, TEXT("\xff"), &value, never_number, NULL));
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(store, "a"));
    group("bad arguments write nothing");
}

static void records(dkv_store *store)
{
    const dkv_value value = integer_value(1);
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    for (uintptr_t attempt = 0; attempt < 2; attempt++) {
        CHECK_CODE(DKV_OK, dkv_store_put_if_absent(view, TEXT("record"), &value, NULL, tag(attempt)));
        record answer = next_record(&host);
        CHECK_CODE(DKV_RECORD_NUMBER, answer.kind);
        CHECK_CODE((int64_t)attempt, (int64_t)answer.tag);
        CHECK_CODE(1 - (int64_t)attempt, (int64_t)read_u64(answer.payload));
    }
    CHECK_CODE(DKV_OK, dkv_store_put_if_absent(view, TEXT(" "), &value, NULL, tag(3)));
    record answer = next_record(&host);
    CHECK_CODE(DKV_RECORD_NUMBER, answer.kind);
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, answer.code);
    dkv_store_free(view);
    host_free(&host);
    group("through a view the answers are records");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "conditional");
    conditions(store);
    refusals(store);
    records(store);
    CHECK_CODE(DKV_OK, close_store(store));
    dkv_manager_free(manager);
    group("the store closes");
    return test_result();
}
