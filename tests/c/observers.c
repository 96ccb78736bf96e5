/* Observers: what a commit has changed, told by a call. changes.c has the same as records of a queue. */

#include "records.h"

#define OBSERVERS_MAX 8
/* Notifications of one entry of 64 KiB that an observer may lag behind: 16 MiB of them. */
#define LAG_MAX 256
#define LAGGING_BYTES (64 * 1024 - sizeof "key00000" + 1)
#define LINES_MAX 512
#define LINE_BYTES 256

/* ---- what was told, as lines of text ---- */

/* `+` for an inserted entry, `~` for an updated one, `-` for a deleted one, `!` for changes that are not told. */
static void write_entries(char *line, char sign, const dkv_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const dkv_value *value = &entries[i].value;
        char *end = line + strlen(line);
        size_t room = LINE_BYTES - (size_t)(end - line);
        int key = (int)entries[i].key.length;
        if (value->type == DKV_VALUE_STRING) {
            snprintf(end, room, "%c%.*s='%.*s' ", sign, key, entries[i].key.data, (int)value->length, value->data);
        } else if (value->type == DKV_VALUE_BYTE_ARRAY) {
            snprintf(end, room, "%c%.*s=%zu bytes ", sign, key, entries[i].key.data, value->length);
        } else if (value->type == DKV_VALUE_FLOAT || value->type == DKV_VALUE_DOUBLE) {
            snprintf(end, room, "%c%.*s=%g/%d ", sign, key, entries[i].key.data, value->real, value->type);
        } else {
            snprintf(end, room, "%c%.*s=%" PRId64 "/%d ", sign, key, entries[i].key.data, value->integer, value->type);
        }
    }
}

static void write_change(char *line, const dkv_change *change)
{
    line[0] = '\0';
    if (change->overflowed) {
        strcpy(line, "!");
    }
    write_entries(line, '+', change->inserted, change->inserted_count);
    write_entries(line, '~', change->updated, change->updated_count);
    write_entries(line, '-', change->deleted, change->deleted_count);
}

/* What callbacks say, one line each. The waiter counts them; only the first LINES_MAX are kept. */
typedef struct journal {
    waiter waiter;
    char lines[LINES_MAX][LINE_BYTES];
    char device_id[65];
    size_t overflows;
    size_t expected;
} journal;

static journal *journal_create(void)
{
    journal *journal = calloc(1, sizeof *journal);
    journal->waiter = (waiter)WAITER_INIT;
    return journal;
}

static void on_change(void *user_data, const dkv_change *change)
{
    journal *journal = user_data;
    pthread_mutex_lock(&journal->waiter.mutex);
    if (journal->waiter.answers < LINES_MAX) {
        write_change(journal->lines[journal->waiter.answers], change);
    }
    snprintf(journal->device_id, sizeof journal->device_id, "%.*s", (int)change->device_id.length, change->device_id.data);
    journal->overflows += change->overflowed == 1;
    waiter_wake(&journal->waiter);
}

static void on_journal_done(void *user_data, const dkv_error *error)
{
    journal *journal = user_data;
    pthread_mutex_lock(&journal->waiter.mutex);
    if (journal->waiter.answers < LINES_MAX) {
        snprintf(journal->lines[journal->waiter.answers], LINE_BYTES, "done %" PRId32, error != NULL ? error->code : DKV_OK);
    }
    waiter_wake(&journal->waiter);
}

/* Checks the next line. */
#define CHECK_LINE(journal, line) check_line((journal), (line), __FILE__, __LINE__)

static void check_line(journal *journal, const char *expected, const char *file, int line)
{
    waiter_wait_for(&journal->waiter, ++journal->expected);
    const char *told = journal->lines[journal->expected - 1];
    if (strcmp(told, expected) != 0) {
        printf("%s:%d: told \"%s\", not \"%s\"\n", file, line, told, expected);
        failed_in_group++;
    }
}

/* Waits until everything issued so far was told, and checks that there are no further lines. */
static void check_no_more(journal *journal, dkv_store *store)
{
    waiter flushed = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&flushed, dkv_store_flush(store, on_done, &flushed)));
    pthread_mutex_lock(&journal->waiter.mutex);
    CHECK_CODE((int64_t)journal->expected, (int64_t)journal->waiter.answers);
    pthread_mutex_unlock(&journal->waiter.mutex);
}

static dkv_subscription *subscribe(dkv_store *store, journal *journal)
{
    dkv_subscription *subscription = NULL;
    CHECK_CODE(DKV_OK, dkv_store_subscribe(store, DKV_SUBSCRIBE_LOCAL, on_change, journal, &subscription));
    CHECK(subscription != NULL);
    return subscription;
}

static void never_change(void *user_data, const dkv_change *change)
{
    (void)change;
    never_done(user_data, NULL);
}

/* ---- holding the callbacks of a store ---- */

typedef struct gate {
    waiter entered;
    pthread_mutex_t closed;
} gate;

static void on_gate(void *user_data, const dkv_error *error)
{
    gate *gate = user_data;
    on_done(&gate->entered, error);
    pthread_mutex_lock(&gate->closed);
    pthread_mutex_unlock(&gate->closed);
}

/* Keeps the callbacks of the store from running until gate_open(). */
static void gate_close(gate *gate, dkv_store *store)
{
    gate->entered = (waiter)WAITER_INIT;
    pthread_mutex_init(&gate->closed, NULL);
    pthread_mutex_lock(&gate->closed);
    CHECK_CODE(DKV_OK, AWAIT(&gate->entered, dkv_store_flush(store, on_gate, gate)));
}

static void gate_open(gate *gate)
{
    pthread_mutex_unlock(&gate->closed);
}

static void ignore_done(void *user_data, const dkv_error *error)
{
    (void)user_data;
    (void)error;
}

/* Puts `count` keys without waiting for callbacks, and returns when all are committed. */
static void put_numbered(dkv_store *store, size_t count)
{
    char key[32];
    dkv_value now;
    for (size_t i = 0; i < count; i++) {
        dkv_value value = integer_value((int32_t)i);
        snprintf(key, sizeof key, "key%05zu", i);
        CHECK_CODE(DKV_OK, dkv_store_put(store, key, strlen(key), &value, ignore_done, NULL));
    }
    CHECK_CODE(DKV_OK, dkv_store_get_now(store, key, strlen(key), NULL, 0, &now));
}

/* ---- callbacks ---- */

static const uint8_t some_bytes[] = { 7, 0, 255 };

/* One value of each type, in the order of their numbers. */
static void all_types(dkv_entry *batch)
{
    batch[0] = (dkv_entry){ DKV_TEXT("a"), string_value("text") };
    batch[1] = (dkv_entry){ DKV_TEXT("b"), integer_value(-1) };
    batch[2] = (dkv_entry){ DKV_TEXT("c"), { .type = DKV_VALUE_FLOAT, .real = 0.5 } };
    batch[3] = (dkv_entry){ DKV_TEXT("d"),
                            { .type = DKV_VALUE_BYTE_ARRAY, .data = some_bytes, .length = sizeof some_bytes } };
    batch[4] = (dkv_entry){ DKV_TEXT("e"), { .type = DKV_VALUE_BOOLEAN, .integer = 1 } };
    batch[5] = (dkv_entry){ DKV_TEXT("f"), { .type = DKV_VALUE_DOUBLE, .real = -2.5 } };
    batch[6] = (dkv_entry){ DKV_TEXT("g"), { .type = DKV_VALUE_LONG, .integer = 1LL << 40 } };
}

static void contents(dkv_manager *manager)
{
    journal *journal = journal_create();
    waiter done = WAITER_INIT;
    dkv_entry batch[7];
    const dkv_text keys[] = { DKV_TEXT("missing"), DKV_TEXT("d"), DKV_TEXT("a") };
    dkv_store *store = open_store(manager, "contents");
    dkv_subscription *subscription = subscribe(store, journal);
    all_types(batch);
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_put_batch(store, batch, 7, on_done, &done)));
    CHECK_LINE(journal, "+a='text' +b=-1/1 +c=0.5/2 +d=3 bytes +e=1/4 +f=-2.5/5 +g=1099511627776/6 ");
    CHECK_CODE(DKV_OK, put_text(store, " a ", "text"));
    CHECK_LINE(journal, "~a='text' ");
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_delete_batch(store, keys, 3, on_done, &done)));
    CHECK_LINE(journal, "-d=3 bytes -a='text' ");
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_delete(store, TEXT("missing"), on_done, &done)));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_put_batch(store, NULL, 0, on_done, &done)));
    check_no_more(journal, store);
    CHECK(strcmp(journal->device_id, "") == 0);
    group("inserts, updates and deletes are told with their values, and nothing where nothing changed");

    for (int kept = 0; kept < 2; kept++) {
        CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_start_transaction(store, on_done, &done)));
        CHECK_REFUSED(DKV_ERR_DATABASE,
                      dkv_store_subscribe(store, DKV_SUBSCRIBE_ALL, never_change, NULL, &subscription));
        CHECK_CODE(DKV_OK, put_text(store, "new", "1"));
        CHECK_CODE(DKV_OK, put_text(store, "b", "2"));
        CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_delete(store, TEXT("c"), on_done, &done)));
        CHECK_CODE(DKV_OK, put_text(store, "new", "3"));
        check_no_more(journal, store);
        CHECK_CODE(DKV_OK, AWAIT(&done, kept ? dkv_store_commit(store, on_done, &done)
                                             : dkv_store_rollback(store, on_done, &done)));
    }
    CHECK_LINE(journal, "+new='3' ~b='2' -c=0.5/2 ");
    check_no_more(journal, store);
    dkv_subscription_free(subscription);
    CHECK_CODE(DKV_OK, put_text(store, "b", "3"));
    check_no_more(journal, store);
    CHECK_CODE(DKV_OK, close_store(store));
    free(journal);
    group("a transaction is told once, at its commit, and a rollback is not told");
}

static void order(dkv_manager *manager)
{
    journal *journal = journal_create();
    size_t rounds = scaled(100, 10);
    dkv_store *store = open_store(manager, "order");
    dkv_subscription *subscription = subscribe(store, journal);
    for (size_t i = 0; i < rounds; i++) {
        dkv_value value = integer_value((int32_t)i);
        CHECK_CODE(DKV_OK, dkv_store_put(store, TEXT("key"), &value, on_journal_done, journal));
        CHECK_CODE(DKV_OK, dkv_store_put(store, TEXT(""), &value, on_journal_done, journal));
    }
    for (size_t i = 0; i < rounds; i++) {
        char line[LINE_BYTES];
        snprintf(line, sizeof line, "%ckey=%zu/1 ", i == 0 ? '+' : '~', i);
        CHECK_LINE(journal, "done 0");
        CHECK_LINE(journal, line);
        CHECK_LINE(journal, "done 401");
    }
    check_no_more(journal, store);
    dkv_subscription_free(subscription);
    CHECK_CODE(DKV_OK, close_store(store));
    free(journal);
    group("the completion of a write comes first, then what it changed, then the next completion");
}

static void devices(dkv_manager *manager)
{
    journal *journal = journal_create();
    dkv_store_options options = test_store_options();
    options.kv_store_type = DKV_STORE_DEVICE_COLLABORATION;
    dkv_store *store = open_with(manager, "device", &options);
    dkv_subscription *subscription = subscribe(store, journal);
    CHECK_CODE(DKV_OK, put_text(store, "key", "value"));
    CHECK_LINE(journal, "+key='value' ");
    CHECK_CODE(64, (int64_t)strspn(journal->device_id, "0123456789abcdef"));
    dkv_subscription_free(subscription);
    CHECK_CODE(DKV_OK, close_store(store));
    free(journal);
    group("a device store tells the id of this device, and keys without it");
}

static void limits(dkv_manager *manager)
{
    dkv_subscription *subscriptions[OBSERVERS_MAX + 1] = { NULL };
    host host = host_create();
    dkv_store *store = open_store(manager, "limits");
    dkv_store *view = view_of(store, host.queue);
    const int32_t types[] = { DKV_SUBSCRIBE_LOCAL, DKV_SUBSCRIBE_REMOTE, DKV_SUBSCRIBE_ALL };
    for (size_t i = 0; i < OBSERVERS_MAX; i++) {
        bool on_queue = i % 2 == 1;
        CHECK_CODE(DKV_OK, dkv_store_subscribe(on_queue ? view : store, types[i % 3], on_queue ? NULL : never_change,
                                               NULL, &subscriptions[i]));
    }
    CHECK_REFUSED(DKV_ERR_OVER_LIMITS,
                  dkv_store_subscribe(store, DKV_SUBSCRIBE_LOCAL, never_change, NULL, &subscriptions[OBSERVERS_MAX]));
    CHECK(subscriptions[OBSERVERS_MAX] == NULL);
    dkv_subscription_free(subscriptions[0]);
    dkv_subscription_free(subscriptions[0]);
    dkv_subscription_free(NULL);
    dkv_subscription_free((dkv_subscription *)store);
    CHECK_CODE(DKV_OK, dkv_store_subscribe(store, DKV_SUBSCRIBE_LOCAL, never_change, NULL, &subscriptions[0]));
    CHECK_REFUSED(DKV_ERR_OVER_LIMITS,
                  dkv_store_subscribe(view, DKV_SUBSCRIBE_LOCAL, NULL, NULL, &subscriptions[OBSERVERS_MAX]));
    group("a store has eight observers, over all handles, and one that ends makes room");

    host_free(&host);
    for (size_t i = 1; i < OBSERVERS_MAX; i += 2) {
        CHECK_CODE(DKV_OK, dkv_store_subscribe(store, DKV_SUBSCRIBE_REMOTE, never_change, NULL, &subscriptions[i]));
    }
    CHECK_REFUSED(DKV_ERR_OVER_LIMITS,
                  dkv_store_subscribe(store, DKV_SUBSCRIBE_ALL, never_change, NULL, &subscriptions[OBSERVERS_MAX]));
    for (size_t i = 0; i < OBSERVERS_MAX; i++) {
        dkv_subscription_free(subscriptions[i]);
    }
    dkv_store_free(view);
    CHECK_CODE(DKV_OK, close_store(store));
    group("freeing a queue ends the registrations on it");
}

static void arguments(dkv_manager *manager)
{
    static char mark;
    dkv_subscription *const untouched = (dkv_subscription *)&mark;
    dkv_subscription *subscription = untouched;
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    host host = host_create();
    dkv_store *store = open_store(manager, "arguments");
    dkv_store *view = view_of(store, host.queue);
    const int32_t types[] = { -1, 3, 256, INT32_MAX, INT32_MIN };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        CHECK_REFUSED(bad, dkv_store_subscribe(store, types[i], never_change, NULL, &subscription));
    }
    CHECK_REFUSED(bad, dkv_store_subscribe(NULL, DKV_SUBSCRIBE_LOCAL, never_change, NULL, &subscription));
    CHECK_REFUSED(bad, dkv_store_subscribe(store, DKV_SUBSCRIBE_LOCAL, NULL, NULL, &subscription));
    CHECK_REFUSED(bad, dkv_store_subscribe(view, DKV_SUBSCRIBE_LOCAL, never_change, NULL, &subscription));
    CHECK_REFUSED(bad, dkv_store_subscribe(store, DKV_SUBSCRIBE_LOCAL, never_change, NULL, NULL));
    CHECK_CODE(DKV_OK, put_text(store, "key", "value"));
    dkv_store_free(view);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_subscribe(view, DKV_SUBSCRIBE_LOCAL, NULL, NULL, &subscription));
    CHECK_CODE(DKV_OK, close_store(store));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_subscribe(store, DKV_SUBSCRIBE_ALL, never_change, NULL, &subscription));
    CHECK(subscription == untouched);
    host_free(&host);
    group("mistakes in the arguments are returned, register nobody and write nothing");
}

/* ---- what a callback may do, and how long it may take ---- */

typedef struct ending {
    waiter waiter;
    dkv_subscription *subscription;
    dkv_store *store;
    size_t calls;
} ending;

static void on_change_end(void *user_data, const dkv_change *change)
{
    ending *ending = user_data;
    CHECK_CODE(1, (int64_t)(change->inserted_count + change->updated_count));
    ending->calls++;
    dkv_subscription_free(ending->subscription);
    CHECK_CODE(DKV_OK, dkv_store_flush(ending->store, on_done, &ending->waiter));
}

static void on_change_close(void *user_data, const dkv_change *change)
{
    ending *ending = user_data;
    (void)change;
    CHECK_CODE(DKV_OK, dkv_store_close(ending->store, on_done, &ending->waiter));
}

static void ending_inside(dkv_manager *manager)
{
    ending ending = { .waiter = WAITER_INIT, .store = open_store(manager, "inside") };
    gate gate;
    gate_close(&gate, ending.store);
    CHECK_CODE(DKV_OK, dkv_store_subscribe(ending.store, DKV_SUBSCRIBE_ALL, on_change_end, &ending,
                                           &ending.subscription));
    put_numbered(ending.store, 20);
    gate_open(&gate);
    waiter_wait_for(&ending.waiter, 1);
    CHECK_CODE(DKV_OK, put_text(ending.store, "key", "value"));
    CHECK_CODE(1, (int64_t)ending.calls);
    group("an observer may end itself, and what was queued for it is dropped");

    waiter_clear(&ending.waiter);
    CHECK_CODE(DKV_OK, dkv_store_subscribe(ending.store, DKV_SUBSCRIBE_LOCAL, on_change_close, &ending,
                                           &ending.subscription));
    CHECK_CODE(DKV_OK, put_text(ending.store, "key", "last"));
    waiter_wait_for(&ending.waiter, 1);
    CHECK_CODE(DKV_OK, ending.waiter.code);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get(ending.store, TEXT("key"), never_value, NULL));
    dkv_subscription_free(ending.subscription);
    ending.store = open_store(manager, "inside");
    CHECK(has_text(ending.store, "key", "last"));
    CHECK_CODE(DKV_OK, close_store(ending.store));
    group("an observer may close its store");
}

static void free_user_data(void *user_data, const dkv_error *error)
{
    CHECK(error == NULL);
    free(user_data);
}

static void freeing_user_data(dkv_manager *manager)
{
    dkv_store *store = open_store(manager, "freed");
    for (size_t round = 0; round < scaled(50, 5); round++) {
        journal *journal = journal_create();
        dkv_subscription *subscription = subscribe(store, journal);
        put_numbered(store, 20);
        dkv_subscription_free(subscription);
        CHECK_CODE(DKV_OK, dkv_store_flush(store, free_user_data, journal));
    }
    CHECK_CODE(DKV_OK, close_store(store));
    group("user data may be freed in the completion of an operation issued after the end");
}

static void lagging(dkv_manager *manager)
{
    journal *journal = journal_create();
    gate gate;
    static uint8_t bytes[LAGGING_BYTES];
    dkv_value large = { .type = DKV_VALUE_BYTE_ARRAY, .data = bytes, .length = sizeof bytes };
    dkv_value now;
    dkv_store *store = open_store(manager, "lagging");
    gate_close(&gate, store);
    dkv_subscription *subscription = subscribe(store, journal);
    for (size_t i = 0; i < LAG_MAX + 30; i++) {
        char key[32];
        snprintf(key, sizeof key, "key%05zu", i);
        CHECK_CODE(DKV_OK, dkv_store_put(store, key, strlen(key), &large, ignore_done, NULL));
    }
    CHECK_CODE(DKV_OK, dkv_store_get_now(store, TEXT("key00285"), bytes, sizeof bytes, &now));
    gate_open(&gate);
    journal->expected = LAG_MAX + 1;
    check_no_more(journal, store);
    CHECK_CODE(1, (int64_t)journal->overflows);
    CHECK_CODE(DKV_OK, put_text(store, "later", "value"));
    journal->expected++;
    check_no_more(journal, store);
    CHECK_CODE(1, (int64_t)journal->overflows);
    dkv_subscription_free(subscription);
    CHECK_CODE(DKV_OK, close_store(store));
    free(journal);
    group("an observer that blocks holds up no commit; once behind it is told so once, and then goes on");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    contents(manager);
    order(manager);
    devices(manager);
    limits(manager);
    arguments(manager);
    ending_inside(manager);
    freeing_user_data(manager);
    lagging(manager);
    dkv_manager_free(manager);
    return test_result();
}
