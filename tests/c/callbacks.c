/* The completion contract: exactly once, in order, on another thread, and free to call anything. */

#include "harness.h"

#include <sched.h>

/* ---- what a callback may do ---- */

typedef struct chain {
    waiter waiter;
    dkv_store *store;
    pthread_t submitter;
    int32_t submitted;
    bool on_own_thread;
    size_t links;
    size_t links_wanted;
} chain;

static void on_link(void *user_data, const dkv_error *error)
{
    chain *chain = user_data;
    dkv_value value = integer_value((int32_t)chain->links);
    chain->on_own_thread |= pthread_equal(chain->submitter, pthread_self());
    if (error == NULL && ++chain->links < chain->links_wanted) {
        chain->submitted = dkv_store_put(chain->store, TEXT("link"), &value, on_link, chain);
        if (chain->submitted == DKV_OK) {
            return;
        }
    }
    on_done(&chain->waiter, error);
}

static void submitting(dkv_store *store)
{
    chain chain = { .waiter = WAITER_INIT, .store = store, .submitter = pthread_self() };
    dkv_value value = integer_value(0);
    chain.links_wanted = scaled(100, 10);
    CHECK_CODE(DKV_OK, AWAIT(&chain.waiter, dkv_store_put(store, TEXT("link"), &value, on_link, &chain)));
    CHECK_CODE(DKV_OK, chain.submitted);
    CHECK(chain.links == chain.links_wanted);
    CHECK(!chain.on_own_thread);
    group("a callback may submit, and never runs on the submitting thread");
}

static void on_put_close(void *user_data, const dkv_error *error)
{
    chain *chain = user_data;
    CHECK(error == NULL);
    chain->submitted = dkv_store_close(chain->store, on_done, &chain->waiter);
    CHECK_CODE(DKV_OK, chain->submitted);
}

static void closing(dkv_manager *manager)
{
    chain chain = { .waiter = WAITER_INIT, .store = open_store(manager, "closed_inside") };
    dkv_value value = string_value("value");
    CHECK_CODE(DKV_OK, AWAIT(&chain.waiter, dkv_store_put(chain.store, TEXT("key"), &value, on_put_close, &chain)));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get(chain.store, TEXT("key"), never_value, NULL));
    chain.store = open_store(manager, "closed_inside");
    CHECK(has_text(chain.store, "key", "value"));
    CHECK_CODE(DKV_OK, close_store(chain.store));
    group("a callback may close its store");
}

static void on_put_free(void *user_data, const dkv_error *error)
{
    chain *chain = user_data;
    dkv_store_free(chain->store);
    on_done(&chain->waiter, error);
}

static void freeing(dkv_manager *manager)
{
    chain chain = { .waiter = WAITER_INIT, .store = open_store(manager, "freed_inside") };
    dkv_value value = string_value("value");
    CHECK_CODE(DKV_OK, AWAIT(&chain.waiter, dkv_store_put(chain.store, TEXT("key"), &value, on_put_free, &chain)));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get(chain.store, TEXT("key"), never_value, NULL));
    chain.store = open_store(manager, "freed_inside");
    CHECK(has_text(chain.store, "key", "value"));
    dkv_store_free(chain.store);
    group("a callback may free its store");
}

typedef struct opening {
    waiter waiter;
    dkv_manager *manager;
} opening;

static void on_store_free_all(void *user_data, const dkv_error *error, dkv_store *store)
{
    opening *opening = user_data;
    dkv_store_free(store);
    dkv_manager_free(opening->manager);
    on_done(&opening->waiter, error);
}

static void freeing_the_manager(void)
{
    opening opening = { .waiter = WAITER_INIT, .manager = test_manager() };
    dkv_store_options options = test_store_options();
    CHECK_CODE(DKV_OK, AWAIT(&opening.waiter, dkv_manager_get_store(opening.manager, TEXT("manager_freed"), &options,
                                                                    on_store_free_all, &opening)));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_manager_get_store(opening.manager, TEXT("id"), &options, never_store, NULL));
    group("the callback of an opening may free the store and the manager");
}

typedef struct reading {
    waiter waiter;
    dkv_query *query;
    dkv_result_set *result_set;
} reading;

static void on_result_set_free(void *user_data, const dkv_error *error, dkv_result_set *result_set)
{
    reading *reading = user_data;
    dkv_entry entry;
    int32_t moved = 0;
    reading->result_set = result_set;
    CHECK_CODE(DKV_OK, dkv_result_set_move_to_first(result_set, &moved));
    CHECK(moved == 1);
    CHECK_CODE(DKV_OK, dkv_result_set_get_entry(result_set, &entry));
    CHECK(text_is(entry.key, "key"));
    dkv_query_free(reading->query);
    dkv_result_set_free(result_set);
    on_done(&reading->waiter, error);
}

static void freeing_what_was_read(dkv_manager *manager)
{
    dkv_store *store = open_store(manager, "read_inside");
    reading reading = { .waiter = WAITER_INIT };
    int64_t count = 0;
    CHECK_CODE(DKV_OK, put_text(store, "key", "value"));
    CHECK_CODE(DKV_OK, dkv_query_new(&reading.query));
    CHECK_CODE(DKV_OK, dkv_query_prefix_key(reading.query, TEXT("k")));
    CHECK_CODE(DKV_OK, AWAIT(&reading.waiter, dkv_store_get_result_set_by_query(store, reading.query,
                                                                                on_result_set_free, &reading)));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_result_set_get_count(reading.result_set, &count));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_query_reset(reading.query));
    CHECK_CODE(DKV_OK, close_store(store));
    group("a callback may free the result set that it was given, and the query that was asked");
}

/* ---- many in flight ---- */

typedef struct run {
    waiter waiter;
    size_t next;
    size_t out_of_order;
    size_t failed;
} run;

/* One operation of a run. `answers` tells of a callback that ran twice or not at all. */
typedef struct ticket {
    run *run;
    size_t number;
    size_t answers;
} ticket;

static void on_ticket(void *user_data, const dkv_error *error)
{
    ticket *ticket = user_data;
    run *run = ticket->run;
    pthread_mutex_lock(&run->waiter.mutex);
    ticket->answers++;
    run->failed += error != NULL;
    run->out_of_order += ticket->number != run->next;
    run->next++;
    waiter_wake(&run->waiter);
}

/* Puts `count` entries without waiting in between, except for room in the queue. */
static ticket *put_many(dkv_store *store, run *run, size_t count)
{
    ticket *tickets = calloc(count, sizeof *tickets);
    for (size_t i = 0; i < count; i++) {
        char key[32];
        dkv_value value = integer_value((int32_t)i);
        tickets[i] = (ticket){ .run = run, .number = i };
        snprintf(key, sizeof key, "key/%06zu", i);
        int32_t status = DKV_ERR_QUEUE_FULL;
        while (status == DKV_ERR_QUEUE_FULL) {
            status = dkv_store_put(store, key, strlen(key), &value, on_ticket, &tickets[i]);
            if (status == DKV_ERR_QUEUE_FULL) {
                sched_yield();
            }
        }
        CHECK_CODE(DKV_OK, status);
    }
    return tickets;
}

static void check_tickets(run *run, ticket *tickets, size_t count)
{
    size_t not_once = 0;
    waiter_wait_for(&run->waiter, count);
    for (size_t i = 0; i < count; i++) {
        not_once += tickets[i].answers != 1;
    }
    CHECK_CODE(0, (int64_t)not_once);
    CHECK_CODE(0, (int64_t)run->out_of_order);
    CHECK_CODE(0, (int64_t)run->failed);
    CHECK_CODE((int64_t)count, (int64_t)run->waiter.answers);
    free(tickets);
}

static void many_in_flight(dkv_manager *manager)
{
    size_t count = scaled(10000, 500);
    run run = { .waiter = WAITER_INIT };
    waiter found = WAITER_INIT;
    dkv_store *store = open_store(manager, "many");
    check_tickets(&run, put_many(store, &run, count), count);
    CHECK_CODE(DKV_OK, AWAIT(&found, dkv_store_get_entries(store, TEXT("key/"), on_entries, &found)));
    CHECK_CODE((int64_t)count, (int64_t)found.count);
    waiter_clear(&found);
    CHECK_CODE(DKV_OK, close_store(store));
    group("10,000 puts in flight are answered once each, in the order in which they were issued");
}

static void closing_with_operations_in_flight(dkv_manager *manager)
{
    size_t count = scaled(2000, 100);
    run run = { .waiter = WAITER_INIT };
    waiter closed = WAITER_INIT;
    dkv_store *store = open_store(manager, "busy");
    ticket *tickets = put_many(store, &run, count);
    CHECK_CODE(DKV_OK, dkv_store_close(store, on_done, &closed));
    dkv_value value = string_value("late");
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_put(store, TEXT("late"), &value, never_done, NULL));
    waiter_wait_for(&closed, 1);
    CHECK_CODE(DKV_OK, closed.code);
    pthread_mutex_lock(&run.waiter.mutex);
    CHECK_CODE((int64_t)count, (int64_t)run.waiter.answers);
    pthread_mutex_unlock(&run.waiter.mutex);
    check_tickets(&run, tickets, count);
    store = open_store(manager, "busy");
    CHECK_CODE(DKV_OK, get_code(store, "key/000000"));
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(store, "late"));
    group("closing answers what is in flight first, each exactly once");

    run = (struct run){ .waiter = WAITER_INIT };
    tickets = put_many(store, &run, count);
    dkv_store_free(store);
    check_tickets(&run, tickets, count);
    group("and so does freeing");

    waiter deleted = WAITER_INIT;
    run = (struct run){ .waiter = WAITER_INIT };
    store = open_store(manager, "busy");
    tickets = put_many(store, &run, count);
    CHECK_CODE(DKV_OK, AWAIT(&deleted, dkv_manager_delete_store(manager, TEXT(BUNDLE_NAME), TEXT("busy"), NULL, 0,
                                                                on_done, &deleted)));
    check_tickets(&run, tickets, count);
    dkv_store_free(store);
    group("and so does deleting the store");
}

/* ---- the order of different operations ---- */

static void reads_after_writes(dkv_manager *manager)
{
    waiter put = WAITER_INIT;
    waiter first = WAITER_INIT;
    waiter deleted = WAITER_INIT;
    waiter second = WAITER_INIT;
    waiter entries = WAITER_INIT;
    dkv_store *store = open_store(manager, "order");
    dkv_value value = string_value("value");
    for (size_t round = 0; round < scaled(100, 5); round++) {
        waiter_clear(&put);
        waiter_clear(&first);
        waiter_clear(&deleted);
        waiter_clear(&second);
        waiter_clear(&entries);
        CHECK_CODE(DKV_OK, dkv_store_put(store, TEXT("key"), &value, on_done, &put));
        CHECK_CODE(DKV_OK, dkv_store_get(store, TEXT("key"), on_value, &first));
        CHECK_CODE(DKV_OK, dkv_store_delete(store, TEXT("key"), on_done, &deleted));
        CHECK_CODE(DKV_OK, dkv_store_get(store, TEXT("key"), on_value, &second));
        CHECK_CODE(DKV_OK, dkv_store_get_entries(store, TEXT("k"), on_entries, &entries));
        waiter_wait_for(&put, 1);
        waiter_wait_for(&first, 1);
        waiter_wait_for(&deleted, 1);
        waiter_wait_for(&second, 1);
        waiter_wait_for(&entries, 1);
        CHECK_CODE(DKV_OK, first.code);
        CHECK(value_is_string(&first.value, "value"));
        CHECK_CODE(DKV_ERR_NOT_FOUND, second.code);
        CHECK_CODE(DKV_OK, entries.code);
        CHECK_CODE(0, (int64_t)entries.count);
    }
    waiter_clear(&first);
    waiter_clear(&second);
    waiter_clear(&entries);
    CHECK_CODE(DKV_OK, close_store(store));
    group("each operation sees the effect of those issued before it");
}

/* ---- arguments ---- */

static void copies(dkv_manager *manager)
{
    char key[] = "copied";
    char text[] = "before";
    waiter done = WAITER_INIT;
    dkv_store *store = open_store(manager, "copies");
    dkv_value value = string_value(text);
    CHECK_CODE(DKV_OK, dkv_store_put(store, key, strlen(key), &value, on_done, &done));
    memset(key, 'x', strlen(key));
    memset(text, 'x', strlen(text));
    memset(&value, 0, sizeof value);
    waiter_wait_for(&done, 1);
    CHECK(has_text(store, "copied", "before"));
    CHECK_CODE(DKV_OK, close_store(store));
    group("arguments are copied before the call returns");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "callbacks");
    submitting(store);
    CHECK_CODE(DKV_OK, close_store(store));
    closing(manager);
    freeing(manager);
    freeing_what_was_read(manager);
    freeing_the_manager();
    many_in_flight(manager);
    closing_with_operations_in_flight(manager);
    reads_after_writes(manager);
    copies(manager);
    dkv_manager_free(manager);
    return test_result();
}
