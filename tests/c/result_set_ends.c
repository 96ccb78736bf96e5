/* Result sets: how many a store has, how they end, and handles that are dead, made up or on a queue. */

#include "harness.h"
#include "openings.h"
#include "records.h"

/* ---- handles that stand for nothing ---- */

/* Every function of a result set is refused, and writes nothing. */
static void check_set_refused(int32_t expected, dkv_result_set *set)
{
    int64_t count = UNWRITTEN;
    int32_t answer = UNWRITTEN;
    dkv_entry entry = { .key = { NULL, UNWRITTEN } };
    CHECK_REFUSED(expected, dkv_result_set_get_count(set, &count));
    CHECK_REFUSED(expected, dkv_result_set_get_position(set, &count));
    CHECK_REFUSED(expected, dkv_result_set_move_to_first(set, &answer));
    CHECK_REFUSED(expected, dkv_result_set_move_to_last(set, &answer));
    CHECK_REFUSED(expected, dkv_result_set_move_to_next(set, &answer));
    CHECK_REFUSED(expected, dkv_result_set_move_to_previous(set, &answer));
    CHECK_REFUSED(expected, dkv_result_set_move(set, 0, &answer));
    CHECK_REFUSED(expected, dkv_result_set_move_to_position(set, 0, &answer));
    CHECK_REFUSED(expected, dkv_result_set_is_first(set, &answer));
    CHECK_REFUSED(expected, dkv_result_set_is_last(set, &answer));
    CHECK_REFUSED(expected, dkv_result_set_is_before_first(set, &answer));
    CHECK_REFUSED(expected, dkv_result_set_is_after_last(set, &answer));
    CHECK_REFUSED(expected, dkv_result_set_get_entry(set, &entry));
    CHECK_CODE(UNWRITTEN, count);
    CHECK_CODE(UNWRITTEN, answer);
    CHECK(entry.key.data == NULL && entry.key.length == UNWRITTEN);
}

static void bad_handles(dkv_store *store)
{
    static const uintptr_t made_up[] = { 0, 1, 6, 0x16, 0x1234, 0x7fffffff, (uintptr_t)1 << 40, UINTPTR_MAX };
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    for (size_t i = 0; i < sizeof made_up / sizeof made_up[0]; i++) {
        check_set_refused(bad, tag(made_up[i]));
        CHECK_REFUSED(bad, dkv_result_set_close(tag(made_up[i])));
        dkv_result_set_free(tag(made_up[i]));
    }
    dkv_result_set *set = set_over(store, "^");
    uintptr_t bits = (uintptr_t)set;
    check_set_refused(bad, tag(bits ^ 1));
    check_set_refused(bad, tag(bits + 16));
    check_set_refused(bad, tag(bits + ((uintptr_t)1 << 24)));
    check_set_refused(bad, (dkv_result_set *)(void *)store);
    group("made up handles are refused");

    CHECK_REFUSED(bad, dkv_store_get((dkv_store *)(void *)set, TEXT("key"), never_value, NULL));
    CHECK_REFUSED(bad, dkv_store_get_result_set((dkv_store *)(void *)set, TEXT("key"), never_result_set, NULL));
    CHECK_REFUSED(bad, dkv_iterator_next_page((dkv_iterator *)(void *)set, NULL, NULL));
    dkv_store_free((dkv_store *)(void *)set);
    dkv_iterator_free((dkv_iterator *)(void *)set);
    dkv_queue_free((dkv_queue *)(void *)set);
    dkv_result_set_free((dkv_result_set *)(void *)store);
    CHECK_CODE(300, count_of_set(set));
    group("a result set is no handle of another kind, and no other is a result set");

    CHECK_REFUSED(bad, dkv_result_set_get_count(set, NULL));
    CHECK_REFUSED(bad, dkv_result_set_get_position(set, NULL));
    CHECK_REFUSED(bad, dkv_result_set_move_to_next(set, NULL));
    CHECK_REFUSED(bad, dkv_result_set_move(set, 7, NULL));
    CHECK_REFUSED(bad, dkv_result_set_is_first(set, NULL));
    CHECK_REFUSED(bad, dkv_result_set_get_entry(set, NULL));
    int64_t position = UNWRITTEN;
    CHECK_CODE(DKV_OK, dkv_result_set_get_position(set, &position));
    CHECK_CODE(-1, position);
    dkv_result_set_free(set);
    group("a move whose answer has no place moves nothing");
}

/* ---- ends ---- */

static void closing(dkv_store *store)
{
    dkv_result_set *set = set_over(store, "^");
    int32_t moved = 0;
    dkv_entry entry;
    CHECK_CODE(DKV_OK, dkv_result_set_move_to_first(set, &moved));
    CHECK_CODE(DKV_OK, dkv_result_set_get_entry(set, &entry));
    CHECK_CODE(DKV_OK, dkv_result_set_close(set));
    check_set_refused(DKV_ERR_CLOSED, set);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_result_set_close(set));
    dkv_result_set_free(set);
    dkv_result_set_free(set);
    dkv_result_set_free(NULL);
    dkv_result_set *next = set_over(store, "^");
    CHECK(next != set);
    check_set_refused(DKV_ERR_CLOSED, set);
    CHECK_CODE(300, count_of_set(next));
    dkv_result_set_free(next);
    check_set_refused(DKV_ERR_CLOSED, next);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_result_set_close(next));
    group("a closed or freed result set stays dead, also when its place is taken again");
}

static void eight_of_a_store(dkv_manager *manager, dkv_store *store)
{
    dkv_store *second = open_store(manager, "ends");
    dkv_result_set *sets[8];
    dkv_result_set *ninth = NULL;
    for (size_t i = 0; i < 8; i++) {
        sets[i] = set_over(i % 2 == 0 ? store : second, "^");
    }
    CHECK_CODE(DKV_ERR_OVER_LIMITS, open_set(store, "^", &ninth));
    CHECK_CODE(DKV_ERR_OVER_LIMITS, open_set(second, "^", &ninth));
    CHECK_CODE(DKV_OK, dkv_result_set_close(sets[2]));
    CHECK_CODE(1, (int64_t)room_for_sets(second));
    dkv_result_set_free(sets[5]);
    CHECK_CODE(2, (int64_t)room_for_sets(store));
    CHECK_CODE(DKV_OK, close_store(second));
    CHECK_CODE(2, (int64_t)room_for_sets(store));
    for (size_t i = 0; i < 8; i++) {
        dkv_result_set_free(sets[i]);
    }
    CHECK_CODE(8, (int64_t)room_for_sets(store));
    group("a store has eight over all its handles; closing one and freeing one make room");
}

static void transactions(dkv_store *store)
{
    waiter done = WAITER_INIT;
    dkv_result_set *set = NULL;
    opening opened[3] = { OPENING_INIT, OPENING_INIT, OPENING_INIT };
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_start_transaction(store, on_done, &done)));
    CHECK_CODE(DKV_ERR_DATABASE, open_set(store, "^", &set));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_rollback(store, on_done, &done)));

    waiter_clear(&done);
    CHECK_CODE(DKV_OK, dkv_store_get_result_set(store, TEXT("^"), on_result_set, &opened[0]));
    CHECK_CODE(DKV_OK, dkv_store_start_transaction(store, on_done, &done));
    CHECK_CODE(DKV_OK, dkv_store_get_result_set(store, TEXT("^"), on_result_set, &opened[1]));
    CHECK_CODE(DKV_OK, dkv_store_commit(store, on_done, &done));
    CHECK_CODE(DKV_OK, dkv_store_get_result_set(store, TEXT("^"), on_result_set, &opened[2]));
    waiter_wait_for(&done, 2);
    CHECK_CODE(DKV_OK, done.code);
    for (size_t i = 0; i < 3; i++) {
        waiter_wait_for(&opened[i].waiter, 1);
        CHECK_CODE(i == 1 ? DKV_ERR_DATABASE : DKV_OK, opened[i].waiter.code);
        CHECK((opened[i].result_set == NULL) == (i == 1));
        dkv_result_set_free(opened[i].result_set);
    }
    group("between start and commit a result set is refused, at its place in the order");
}

static void outliving_the_store(dkv_manager *manager)
{
    dkv_store *store = open_store(manager, "outlived");
    put_numbered(store, "key", 300);
    dkv_result_set *set = set_over(store, "key");
    CHECK_CODE(DKV_OK, close_store(store));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get_result_set(store, TEXT("key"), never_result_set, NULL));
    CHECK_CODE(300, count_of_set(set));
    CHECK_CODE(DKV_ERR_DATABASE, delete_store(manager, "outlived"));
    store = open_store(manager, "outlived");
    CHECK_CODE(7, (int64_t)room_for_sets(store));
    CHECK_CODE(DKV_ERR_DATABASE, delete_store(manager, "outlived"));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get(store, TEXT("key00000"), never_value, NULL));
    dkv_store_free(store);
    int32_t moved = 0;
    dkv_entry entry;
    CHECK_CODE(DKV_OK, dkv_result_set_move_to_last(set, &moved));
    CHECK_CODE(DKV_OK, dkv_result_set_get_entry(set, &entry));
    CHECK(entry_is_numbered(&entry, "key", 299));
    CHECK_CODE(DKV_OK, dkv_result_set_close(set));
    CHECK_CODE(DKV_OK, delete_store(manager, "outlived"));
    CHECK_CODE(DKV_ERR_NOT_FOUND, delete_store(manager, "outlived"));
    group("a result set outlives its store's handles, and until it ends the store is not deleted");
}

/* ---- on a queue ---- */

static dkv_result_set *taken_from(host *host, uint64_t expected_tag)
{
    record answer = next_record(host);
    CHECK_CODE(DKV_RECORD_RESULT_SET, answer.kind);
    CHECK_CODE((int64_t)expected_tag, (int64_t)answer.tag);
    CHECK_CODE(DKV_OK, answer.code);
    CHECK_CODE(1, answer.count);
    CHECK_CODE(HEAD_BYTES + 8, (int64_t)answer.length);
    return tag((uintptr_t)read_u64(answer.payload));
}

static void records(dkv_store *store)
{
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_result_set(view, TEXT("^"), never_result_set, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_result_set(view, "", 0, NULL, NULL));
    CHECK_CODE(DKV_OK, dkv_store_get_result_set(view, TEXT("key"), NULL, tag(41)));
    dkv_result_set *set = taken_from(&host, 41);
    CHECK_CODE(300, count_of_set(set));
    group("through a view the answer is a record with the handle");

    dkv_result_set *others[7];
    for (size_t i = 0; i < 7; i++) {
        others[i] = set_over(store, "^");
    }
    CHECK_CODE(DKV_OK, dkv_store_get_result_set(view, TEXT("key"), NULL, tag(42)));
    record answer = next_record(&host);
    CHECK_CODE(DKV_RECORD_RESULT_SET, answer.kind);
    CHECK_CODE(42, (int64_t)answer.tag);
    CHECK_CODE(DKV_ERR_OVER_LIMITS, answer.code);
    CHECK(answer.count > 0 && answer.length == HEAD_BYTES + padded(answer.count));
    for (size_t i = 0; i < 7; i++) {
        dkv_result_set_free(others[i]);
    }
    group("a failure's record has the same kind, and a message");

    dkv_store_free(view);
    CHECK_CODE(300, count_of_set(set));
    dkv_result_set *callers = set_over(store, "^");
    host_free(&host);
    check_set_refused(DKV_ERR_CLOSED, set);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_result_set_close(set));
    CHECK_CODE(300, count_of_set(callers));
    dkv_result_set_free(callers);
    CHECK_CODE(8, (int64_t)room_for_sets(store));
    group("it outlives its view and ends with its queue, and nothing else does");
}

static void records_that_nobody_takes(dkv_store *store)
{
    for (int32_t round = 0; round < 10; round++) {
        host host = host_create();
        dkv_store *view = view_of(store, host.queue);
        for (uintptr_t i = 0; i < 8; i++) {
            CHECK_CODE(DKV_OK, dkv_store_get_result_set(view, TEXT("key"), NULL, tag(i)));
        }
        if (round % 2 == 0) {
            CHECK_CODE(DKV_OK, dkv_queue_wait(host.queue, WAIT_MS));
        }
        dkv_store_free(view);
        host_free(&host);
        /* The answer of a flush comes behind theirs, wherever they went. */
        waiter flushed = WAITER_INIT;
        CHECK_CODE(DKV_OK, AWAIT(&flushed, dkv_store_flush(store, on_done, &flushed)));
        CHECK_CODE(8, (int64_t)room_for_sets(store));
    }
    group("result sets whose records nobody drained end with the queue");
}

/* ---- the end of the process's use ---- */

static bool refused_in_a_fork(void *argument)
{
    int64_t count = UNWRITTEN;
    bool refused = dkv_result_set_get_count(argument, &count) == DKV_ERR_FORKED && count == UNWRITTEN;
    dkv_result_set_free(argument);
    return refused && dkv_result_set_close(argument) == DKV_ERR_FORKED;
}

static void fork_and_shutdown(dkv_manager *manager, dkv_store *store)
{
    dkv_store *closed = open_store(manager, "closed_before");
    dkv_result_set *set = set_over(store, "^");
    dkv_result_set *of_closed = set_over(closed, "^");
    CHECK(holds_in_a_fork(refused_in_a_fork, set));
    CHECK_CODE(300, count_of_set(set));
    group("in a fork its calls say so, and the parent goes on");

    CHECK_CODE(DKV_OK, close_store(closed));
    CHECK_CODE(DKV_OK, dkv_shutdown(WAIT_MS));
    check_set_refused(DKV_ERR_CLOSED, set);
    check_set_refused(DKV_ERR_CLOSED, of_closed);
    CHECK_CODE(DKV_OK, dkv_result_set_close(set));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_result_set_close(set));
    dkv_result_set_free(of_closed);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get_result_set(store, TEXT("^"), never_result_set, NULL));
    dkv_store_free(store);
    group("a shutdown ends every result set, also those of closed stores");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "ends");
    put_numbered(store, "key", 300);
    bad_handles(store);
    closing(store);
    eight_of_a_store(manager, store);
    transactions(store);
    outliving_the_store(manager);
    records(store);
    records_that_nobody_takes(store);
    fork_and_shutdown(manager, store);
    dkv_manager_free(manager);
    return test_result();
}
