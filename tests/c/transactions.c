/* Transactions: of the store and not of a handle, visible while they are open, kept whole or undone. */

#include "records.h"

static int32_t start(dkv_store *store)
{
    waiter done = WAITER_INIT;
    return AWAIT(&done, dkv_store_start_transaction(store, on_done, &done));
}

static int32_t commit(dkv_store *store)
{
    waiter done = WAITER_INIT;
    return AWAIT(&done, dkv_store_commit(store, on_done, &done));
}

static int32_t rollback(dkv_store *store)
{
    waiter done = WAITER_INIT;
    return AWAIT(&done, dkv_store_rollback(store, on_done, &done));
}

static int32_t delete_key(dkv_store *store, const char *key)
{
    waiter done = WAITER_INIT;
    return AWAIT(&done, dkv_store_delete(store, key, strlen(key), on_done, &done));
}

static int32_t now_code(dkv_store *store, const char *key)
{
    dkv_value value;
    return dkv_store_get_now(store, key, strlen(key), NULL, 0, &value);
}

static int32_t try_code(dkv_store *store, const char *key)
{
    dkv_value value;
    return dkv_store_try_get(store, key, strlen(key), NULL, 0, &value);
}

static void keeping_and_undoing(dkv_store *store)
{
    for (int kept = 0; kept < 2; kept++) {
        CHECK_CODE(DKV_OK, put_text(store, "updated", "before"));
        CHECK_CODE(DKV_OK, put_text(store, "deleted", "before"));
        CHECK_CODE(DKV_OK, start(store));
        CHECK_CODE(DKV_OK, put_text(store, "inserted", "within"));
        CHECK_CODE(DKV_OK, put_text(store, "updated", "within"));
        CHECK_CODE(DKV_OK, delete_key(store, "deleted"));
        CHECK_CODE(DKV_OK, kept ? commit(store) : rollback(store));
        CHECK(has_text(store, "updated", kept ? "within" : "before"));
        CHECK_CODE(kept ? DKV_OK : DKV_ERR_NOT_FOUND, get_code(store, "inserted"));
        CHECK_CODE(kept ? DKV_ERR_NOT_FOUND : DKV_OK, get_code(store, "deleted"));
    }
    CHECK_CODE(DKV_OK, start(store));
    CHECK_CODE(DKV_OK, commit(store));
    CHECK_CODE(DKV_OK, start(store));
    CHECK_CODE(DKV_OK, rollback(store));
    group("a commit keeps the writes, a rollback undoes them, and an empty transaction is fine");
}

static void sharing(dkv_manager *manager, dkv_store *store)
{
    dkv_store *other = open_store(manager, "transactions");
    CHECK_CODE(DKV_OK, put_text(store, "settled", "value"));
    CHECK_CODE(DKV_OK, start(store));
    CHECK_CODE(DKV_OK, put_text(other, "shared", "value"));
    CHECK(has_text(store, "shared", "value"));
    CHECK(has_text(other, "shared", "value"));
    CHECK_CODE(DKV_OK, now_code(store, "shared"));
    CHECK_CODE(DKV_OK, now_code(other, "settled"));
    CHECK_CODE(DKV_ERR_WOULD_BLOCK, try_code(store, "shared"));
    CHECK_CODE(DKV_ERR_WOULD_BLOCK, try_code(other, "settled"));
    waiter entries = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&entries, dkv_store_get_entries(other, TEXT("s"), on_entries, &entries)));
    CHECK_CODE(2, (int64_t)entries.count);
    waiter_clear(&entries);
    CHECK_CODE(DKV_OK, rollback(other));
    CHECK_CODE(DKV_ERR_NOT_FOUND, now_code(store, "shared"));
    CHECK_CODE(DKV_OK, try_code(store, "settled"));
    CHECK_CODE(DKV_ERR_DATABASE, commit(store));
    group("every handle joins the transaction, sees it and may end it");

    CHECK_CODE(DKV_OK, start(other));
    CHECK_CODE(DKV_OK, put_text(other, "shared", "value"));
    CHECK_CODE(DKV_OK, close_store(other));
    CHECK(has_text(store, "shared", "value"));
    CHECK_CODE(DKV_OK, commit(store));
    CHECK(has_text(store, "shared", "value"));
    group("a transaction goes on when the handle that started it is closed");
}

static void wrong_states(dkv_store *store)
{
    waiter refused = WAITER_INIT;
    CHECK_CODE(DKV_ERR_DATABASE, AWAIT(&refused, dkv_store_commit(store, on_done, &refused)));
    CHECK(strstr(refused.message, "transaction") != NULL);
    CHECK_CODE(DKV_ERR_DATABASE, AWAIT(&refused, dkv_store_rollback(store, on_done, &refused)));
    CHECK(strstr(refused.message, "transaction") != NULL);
    CHECK_CODE(DKV_OK, start(store));
    CHECK_CODE(DKV_OK, put_text(store, "outer", "value"));
    CHECK_CODE(DKV_ERR_DATABASE, AWAIT(&refused, dkv_store_start_transaction(store, on_done, &refused)));
    CHECK(strstr(refused.message, "transaction") != NULL);
    dkv_value nothing = { .type = DKV_VALUE_STRING };
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, AWAIT(&refused, dkv_store_put(store, TEXT(" "), &nothing, on_done, &refused)));
    CHECK_CODE(DKV_OK, put_text(store, "outer too", "value"));
    CHECK_CODE(DKV_OK, commit(store));
    CHECK_CODE(DKV_ERR_DATABASE, commit(store));
    CHECK(has_text(store, "outer", "value"));
    CHECK(has_text(store, "outer too", "value"));
    group("nested starts, ends without a start and refused writes fail, and leave the transaction as it is");
}

static void a_chain(dkv_store *store)
{
    enum { START, PUT, GET, DELETE, GONE, COMMIT, LATE, LINKS };
    for (size_t round = 0; round < scaled(100, 5); round++) {
        waiter links[LINKS];
        for (size_t i = 0; i < LINKS; i++) {
            links[i] = (waiter)WAITER_INIT;
        }
        dkv_value value = string_value("chained");
        CHECK_CODE(DKV_OK, dkv_store_start_transaction(store, on_done, &links[START]));
        CHECK_CODE(DKV_OK, dkv_store_put(store, TEXT("chain"), &value, on_done, &links[PUT]));
        CHECK_CODE(DKV_OK, dkv_store_get(store, TEXT("chain"), on_value, &links[GET]));
        CHECK_CODE(DKV_OK, dkv_store_delete(store, TEXT("chain"), on_done, &links[DELETE]));
        CHECK_CODE(DKV_OK, dkv_store_get(store, TEXT("chain"), on_value, &links[GONE]));
        CHECK_CODE(DKV_OK, dkv_store_commit(store, on_done, &links[COMMIT]));
        CHECK_CODE(DKV_OK, dkv_store_rollback(store, on_done, &links[LATE]));
        for (size_t i = 0; i < LINKS; i++) {
            waiter_wait_for(&links[i], 1);
            CHECK_CODE(i == GONE ? DKV_ERR_NOT_FOUND : i == LATE ? DKV_ERR_DATABASE : DKV_OK, links[i].code);
        }
        CHECK(value_is_string(&links[GET].value, "chained"));
        waiter_clear(&links[GET]);
    }
    group("a chain that nobody waits for takes effect in its order");
}

static void last_close(dkv_manager *manager)
{
    for (int way = 0; way < 3; way++) {
        dkv_store *store = open_store(manager, "closed");
        CHECK_CODE(DKV_OK, put_text(store, "kept", "value"));
        CHECK_CODE(DKV_OK, start(store));
        CHECK_CODE(DKV_OK, put_text(store, "undone", "value"));
        waiter closed = WAITER_INIT;
        if (way == 0) {
            CHECK_CODE(DKV_OK, close_store(store));
        } else if (way == 1) {
            dkv_store_free(store);
        } else {
            CHECK_CODE(DKV_OK, AWAIT(&closed, dkv_manager_close_store(manager, TEXT(BUNDLE_NAME), TEXT("closed"), NULL,
                                                                      0, on_done, &closed)));
        }
        CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_start_transaction(store, never_done, NULL));
        CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_commit(store, never_done, NULL));
        CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_rollback(store, never_done, NULL));
        dkv_store_free(store);
        store = open_store(manager, "closed");
        CHECK(has_text(store, "kept", "value"));
        CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(store, "undone"));
        CHECK_CODE(DKV_ERR_DATABASE, rollback(store));
        CHECK_CODE(DKV_OK, close_store(store));
    }
    dkv_store *store = open_store(manager, "closed");
    waiter deleted = WAITER_INIT;
    CHECK_CODE(DKV_OK, start(store));
    CHECK_CODE(DKV_OK, AWAIT(&deleted, dkv_manager_delete_store(manager, TEXT(BUNDLE_NAME), TEXT("closed"), NULL, 0,
                                                                on_done, &deleted)));
    dkv_store_free(store);
    group("the last close, the last free and a deletion undo the open transaction");
}

static void arguments(dkv_store *store)
{
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_start_transaction(store, NULL, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_commit(store, NULL, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_rollback(store, NULL, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_start_transaction(NULL, never_done, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_commit(NULL, never_done, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_rollback(NULL, never_done, NULL));
    CHECK_CODE(DKV_ERR_DATABASE, rollback(store));
    group("a call without a callback or a store starts and ends nothing");
}

static void on_a_queue(dkv_store *store)
{
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    dkv_value value = string_value("queued");
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_start_transaction(view, never_done, NULL));
    CHECK_CODE(DKV_OK, dkv_store_start_transaction(view, NULL, tag(1)));
    CHECK_CODE(DKV_OK, dkv_store_start_transaction(view, NULL, tag(2)));
    CHECK_CODE(DKV_OK, put_on(view, "queued", &value, 3));
    CHECK_CODE(DKV_OK, dkv_store_commit(view, NULL, tag(4)));
    CHECK_CODE(DKV_OK, dkv_store_rollback(view, NULL, tag(5)));
    for (uint64_t i = 1; i <= 5; i++) {
        record record = next_record(&host);
        CHECK(record.kind == DKV_RECORD_DONE && record.tag == i);
        CHECK_CODE(i == 2 || i == 5 ? DKV_ERR_DATABASE : DKV_OK, record.code);
        CHECK_CODE((int64_t)(HEAD_BYTES + padded(record.count)), (int64_t)record.length);
    }
    CHECK(has_text(store, "queued", "queued"));
    dkv_store_free(view);
    host_free(&host);
    group("through a view, starts and ends are answered by records in their order");
}

/* Ends a queue with a transaction that was begun through it, in one of the two ways. */
static void end_queue_inside(dkv_store *store, bool by_descriptor)
{
    host host = host_create();
    intptr_t descriptor = -1;
    CHECK_CODE(DKV_OK, dkv_queue_descriptor(host.queue, &descriptor));
    dkv_store *view = view_of(store, host.queue);
    dkv_value value = string_value("orphaned");
    CHECK_CODE(DKV_OK, dkv_store_start_transaction(view, NULL, tag(1)));
    CHECK_CODE(DKV_OK, put_on(view, "orphaned", &value, 2));
    CHECK_CODE(DKV_OK, next_record(&host).code);
    CHECK_CODE(DKV_OK, next_record(&host).code);
    CHECK(has_text(store, "orphaned", "orphaned"));
    if (by_descriptor) {
        close((int)descriptor);
    }
    host_free(&host);
    if (!by_descriptor) {
        close((int)descriptor);
    }
}

static void ends_of_queues(dkv_store *store)
{
    for (int by_descriptor = 0; by_descriptor < 2; by_descriptor++) {
        end_queue_inside(store, by_descriptor);
        CHECK_CODE(DKV_OK, start(store));
        CHECK_CODE(DKV_ERR_NOT_FOUND, now_code(store, "orphaned"));
        CHECK_CODE(DKV_OK, rollback(store));
    }
    group("a transaction of a queue ends with the queue");

    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    CHECK_CODE(DKV_OK, dkv_store_start_transaction(view, NULL, tag(1)));
    CHECK_CODE(DKV_OK, next_record(&host).code);
    CHECK_CODE(DKV_OK, commit(store));
    CHECK_CODE(DKV_OK, start(store));
    CHECK_CODE(DKV_OK, put_text(store, "another", "one"));
    host_free(&host);
    CHECK_CODE(DKV_OK, commit(store));
    CHECK(has_text(store, "another", "one"));
    group("a transaction of another handle does not end with a queue");
}

/* What a host held that closed its end while it had nothing under way is free for others. */
static void idle_hosts(dkv_store *store)
{
    host host = host_create();
    intptr_t descriptor = -1;
    CHECK_CODE(DKV_OK, dkv_queue_descriptor(host.queue, &descriptor));
    dkv_store *view = view_of(store, host.queue);
    for (uintptr_t i = 0; i < 8; i++) {
        dkv_subscription *subscription = NULL;
        CHECK_CODE(DKV_OK, dkv_store_get_result_set(view, TEXT("^"), NULL, tag(i)));
        CHECK_CODE(DKV_OK, next_record(&host).code);
        CHECK_CODE(DKV_OK, dkv_store_subscribe(view, DKV_SUBSCRIBE_ALL, NULL, tag(i), &subscription));
    }
    CHECK_CODE(DKV_OK, dkv_store_start_transaction(view, NULL, tag(9)));
    CHECK_CODE(DKV_OK, next_record(&host).code);
    close((int)descriptor);
    CHECK_CODE(DKV_OK, start(store));
    CHECK_CODE(DKV_OK, rollback(store));
    dkv_statistics statistics = DKV_STATISTICS_INIT;
    CHECK_CODE(DKV_OK, dkv_store_get_statistics_now(store, &statistics));
    CHECK_CODE(0, (int64_t)statistics.result_sets);
    CHECK_CODE(0, (int64_t)statistics.observers);
    host_free(&host);
    group("what an idle host held is free when its end is closed");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "transactions");
    keeping_and_undoing(store);
    sharing(manager, store);
    wrong_states(store);
    a_chain(store);
    arguments(store);
    on_a_queue(store);
    ends_of_queues(store);
    idle_hosts(store);
    CHECK_CODE(DKV_OK, close_store(store));
    last_close(manager);
    dkv_manager_free(manager);
    return test_result();
}
