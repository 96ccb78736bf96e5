/* Result sets: the moves, the entries, and what is borrowed. */

#include "harness.h"
#include "openings.h"

typedef int32_t (*mover)(dkv_result_set *result_set, int32_t *moved);

/* ---- moves ---- */

/* Where a move led, and what it answered. */
#define CHECK_MOVED(expected_moved, expected_position, set, call)                 \
    do {                                                                          \
        int32_t moved = UNWRITTEN;                                                \
        int64_t position = UNWRITTEN;                                             \
        CHECK_CODE(DKV_OK, (call));                                               \
        CHECK_CODE((expected_moved), moved);                                      \
        CHECK_CODE(DKV_OK, dkv_result_set_get_position((set), &position));        \
        CHECK_CODE((expected_position), position);                                \
    } while (0)

static void check_questions(dkv_result_set *set, int32_t first, int32_t last, int32_t before, int32_t after)
{
    static const mover questions[] = {
        dkv_result_set_is_first,
        dkv_result_set_is_last,
        dkv_result_set_is_before_first,
        dkv_result_set_is_after_last,
    };
    const int32_t expected[] = { first, last, before, after };
    for (size_t i = 0; i < 4; i++) {
        int32_t answer = UNWRITTEN;
        CHECK_CODE(DKV_OK, questions[i](set, &answer));
        CHECK_CODE(expected[i], answer);
    }
}

static void moves(dkv_store *store)
{
    put_numbered(store, "move", 5);
    dkv_result_set *set = set_over(store, "move");
    CHECK_CODE(5, count_of_set(set));
    check_questions(set, 0, 0, 1, 0);
    CHECK_MOVED(0, -1, set, dkv_result_set_move(set, 0, &moved));
    CHECK_MOVED(1, 0, set, dkv_result_set_move_to_next(set, &moved));
    check_questions(set, 1, 0, 0, 0);
    CHECK_MOVED(1, 2, set, dkv_result_set_move(set, 2, &moved));
    CHECK_MOVED(1, 4, set, dkv_result_set_move_to_last(set, &moved));
    check_questions(set, 0, 1, 0, 0);
    CHECK_MOVED(0, 5, set, dkv_result_set_move_to_next(set, &moved));
    check_questions(set, 0, 0, 0, 1);
    CHECK_MOVED(1, 4, set, dkv_result_set_move_to_previous(set, &moved));
    CHECK_MOVED(1, 3, set, dkv_result_set_move_to_position(set, 3, &moved));
    CHECK_MOVED(0, 5, set, dkv_result_set_move_to_position(set, 5, &moved));
    CHECK_MOVED(0, -1, set, dkv_result_set_move_to_position(set, -1, &moved));
    CHECK_MOVED(1, 0, set, dkv_result_set_move_to_first(set, &moved));
    CHECK_MOVED(0, -1, set, dkv_result_set_move_to_previous(set, &moved));
    CHECK_MOVED(0, 5, set, dkv_result_set_move(set, INT64_MAX, &moved));
    CHECK_MOVED(0, -1, set, dkv_result_set_move(set, INT64_MIN, &moved));
    CHECK_MOVED(0, 5, set, dkv_result_set_move_to_position(set, INT64_MAX, &moved));
    CHECK_MOVED(0, -1, set, dkv_result_set_move_to_position(set, INT64_MIN, &moved));
    CHECK_MOVED(0, 5, set, dkv_result_set_move(set, (int64_t)INT32_MAX + 1, &moved));
    CHECK_MOVED(0, -1, set, dkv_result_set_move(set, (int64_t)INT32_MIN - 1, &moved));
    dkv_result_set_free(set);
    group("moves go where the table says");

    set = set_over(store, "no such prefix");
    CHECK_CODE(0, count_of_set(set));
    check_questions(set, 0, 0, 1, 1);
    CHECK_MOVED(0, 0, set, dkv_result_set_move_to_first(set, &moved));
    check_questions(set, 0, 0, 1, 1);
    CHECK_MOVED(0, -1, set, dkv_result_set_move_to_last(set, &moved));
    CHECK_MOVED(0, 0, set, dkv_result_set_move_to_next(set, &moved));
    CHECK_MOVED(0, -1, set, dkv_result_set_move_to_previous(set, &moved));
    CHECK_MOVED(0, 0, set, dkv_result_set_move_to_position(set, 7, &moved));
    CHECK_MOVED(0, -1, set, dkv_result_set_move_to_position(set, -7, &moved));
    dkv_result_set_free(set);
    group("and in an empty result set");
}

/* ---- entries ---- */

static void entries(dkv_store *store)
{
    size_t count = scaled(2000, 200);
    put_numbered(store, "entry", count);
    CHECK_CODE(DKV_OK, put_text(store, "entry/text", "a text"));
    dkv_result_set *set = set_over(store, "entry");
    dkv_entry entry;
    int32_t moved = 0;
    CHECK_REFUSED(DKV_ERR_NOT_FOUND, dkv_result_set_get_entry(set, &entry));
    CHECK_CODE(DKV_OK, dkv_result_set_move_to_first(set, &moved));
    CHECK_CODE(DKV_OK, dkv_result_set_get_entry(set, &entry));
    CHECK(text_is(entry.key, "entry/text") && value_is_string(&entry.value, "a text"));
    for (size_t i = 0; i < count; i++) {
        CHECK_CODE(DKV_OK, dkv_result_set_move_to_next(set, &moved));
        CHECK_CODE(1, moved);
        CHECK_CODE(DKV_OK, dkv_result_set_get_entry(set, &entry));
        CHECK(entry_is_numbered(&entry, "entry", i));
    }
    CHECK_CODE(DKV_OK, dkv_result_set_move_to_next(set, &moved));
    CHECK_CODE(0, moved);
    CHECK_REFUSED(DKV_ERR_NOT_FOUND, dkv_result_set_get_entry(set, &entry));
    dkv_result_set_free(set);
    group("a walk visits every entry in the order of the keys");
}

static void borrowed(dkv_manager *manager)
{
    size_t size = scaled(2000000, 100000);
    dkv_store *store = open_store(manager, "borrowed");
    uint8_t *bytes = malloc(size);
    memset(bytes, 0x5a, size);
    waiter done = WAITER_INIT;
    dkv_value large = { .type = DKV_VALUE_BYTE_ARRAY, .data = bytes, .length = size };
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_put(store, TEXT("a large one"), &large, on_done, &done)));
    put_numbered(store, "key", 300);
    dkv_result_set *set = set_over(store, "^");
    dkv_result_set *other = set_over(store, "^");
    int32_t moved = 0;
    dkv_entry entry;
    dkv_entry further;
    CHECK_CODE(DKV_OK, dkv_result_set_move_to_first(set, &moved));
    CHECK_CODE(DKV_OK, dkv_result_set_get_entry(set, &entry));
    /* Nothing of this is a get_entry on the same result set. */
    CHECK_CODE(DKV_OK, dkv_result_set_move_to_last(set, &moved));
    CHECK_CODE(301, count_of_set(set));
    CHECK_CODE(DKV_OK, dkv_result_set_move_to_last(other, &moved));
    CHECK_CODE(DKV_OK, dkv_result_set_get_entry(other, &further));
    CHECK_CODE(DKV_OK, dkv_result_set_move_to_next(other, &moved));
    CHECK_REFUSED(DKV_ERR_NOT_FOUND, dkv_result_set_get_entry(other, &further));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_delete(store, TEXT("a large one"), on_done, &done)));
    CHECK_CODE(DKV_OK, close_store(store));
    CHECK_CODE(DKV_OK, dkv_result_set_close(other));
    CHECK(text_is(entry.key, "a large one"));
    CHECK(entry.value.length == size && memcmp(entry.value.data, bytes, size) == 0);
    CHECK_CODE(DKV_OK, dkv_result_set_get_entry(set, &further));
    CHECK(entry_is_numbered(&further, "key", 299));
    dkv_result_set_free(set);
    free(bytes);
    group("an entry stays readable until the next one is asked for");
}

static void snapshots(dkv_store *store)
{
    put_numbered(store, "shot", 10);
    dkv_result_set *before = set_over(store, "shot");
    waiter done = WAITER_INIT;
    dkv_value value = string_value("later");
    CHECK_CODE(DKV_OK, put_text(store, "shot00003", "later"));
    CHECK_CODE(DKV_OK, put_text(store, "shot00003a", "later"));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_delete(store, TEXT("shot00007"), on_done, &done)));
    for (size_t i = 0; i < 10; i++) {
        int32_t moved = 0;
        dkv_entry entry;
        CHECK_CODE(DKV_OK, dkv_result_set_move_to_next(before, &moved));
        CHECK_CODE(DKV_OK, dkv_result_set_get_entry(before, &entry));
        CHECK(entry_is_numbered(&entry, "shot", i));
    }
    CHECK_CODE(10, count_of_set(before));
    dkv_result_set_free(before);

    /* Issued without waiting: each result set shows what was issued before it. */
    opening opened[3] = { OPENING_INIT, OPENING_INIT, OPENING_INIT };
    waiter puts = WAITER_INIT;
    for (size_t i = 0; i < 3; i++) {
        char key[] = { 'o', 'r', 'd', 'e', 'r', (char)('a' + i), '\0' };
        CHECK_CODE(DKV_OK, dkv_store_put(store, key, 6, &value, on_done, &puts));
        CHECK_CODE(DKV_OK, dkv_store_get_result_set(store, TEXT("order"), on_result_set, &opened[i]));
    }
    for (size_t i = 0; i < 3; i++) {
        waiter_wait_for(&opened[i].waiter, 1);
        CHECK_CODE((int64_t)i + 1, count_of_set(opened[i].result_set));
        dkv_result_set_free(opened[i].result_set);
    }
    waiter_wait_for(&puts, 3);
    group("a result set shows what was issued before it, and nothing later");
}

static void prefixes(dkv_store *store)
{
    char long_prefix[1025];
    dkv_result_set *set = NULL;
    memset(long_prefix, 'p', sizeof long_prefix);
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_result_set(store, "", 0, never_result_set, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_result_set(store, NULL, 3, never_result_set, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_result_set(store, TEXT("\xff"), never_result_set, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_result_set(store, TEXT("a"), NULL, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_result_set(NULL, TEXT("a"), never_result_set, NULL));
    opening opened = OPENING_INIT;
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT,
               AWAIT(&opened.waiter, dkv_store_get_result_set(store, long_prefix, sizeof long_prefix, on_result_set,
                                                              &opened)));
    CHECK(opened.result_set == NULL);
    CHECK_CODE(DKV_OK, put_text(store, "prefix/1", "x"));
    CHECK_CODE(DKV_OK, put_text(store, "prefix/2", "x"));
    CHECK_CODE(DKV_OK, open_set(store, " prefix/ ", &set));
    CHECK_CODE(2, count_of_set(set));
    dkv_result_set_free(set);
    dkv_result_set *all = set_over(store, "prefix^");
    set = set_over(store, " \t ");
    CHECK(count_of_set(all) > 2);
    CHECK_CODE(count_of_set(all), count_of_set(set));
    dkv_result_set_free(set);
    dkv_result_set_free(all);
    group("prefixes are those of get_entries");
}

/* ---- from several threads ---- */

#define WALKERS 4

static void *walk(void *argument)
{
    dkv_result_set *set = argument;
    size_t steps = 0;
    int32_t moved = 1;
    while (dkv_result_set_move_to_next(set, &moved) == DKV_OK && moved == 1) {
        steps++;
    }
    return (void *)steps;
}

static void threads(dkv_store *store)
{
    size_t count = scaled(5000, 200);
    pthread_t walkers[WALKERS];
    size_t steps = 0;
    put_numbered(store, "thread", count);
    dkv_result_set *set = set_over(store, "thread");
    for (size_t i = 0; i < WALKERS; i++) {
        CHECK(pthread_create(&walkers[i], NULL, walk, set) == 0);
    }
    for (size_t i = 0; i < WALKERS; i++) {
        void *own = NULL;
        CHECK(pthread_join(walkers[i], &own) == 0);
        steps += (size_t)own;
    }
    CHECK_CODE((int64_t)count, (int64_t)steps);
    check_questions(set, 0, 0, 0, 1);
    dkv_result_set_free(set);
    group("threads share one position");
}

/* ---- in a callback ---- */

typedef struct use {
    waiter waiter;
    int64_t count;
    bool first_is_right;
} use;

static void on_result_set_use(void *user_data, const dkv_error *error, dkv_result_set *result_set)
{
    use *use = user_data;
    int32_t moved = 0;
    dkv_entry entry;
    bool usable = error == NULL && dkv_result_set_get_count(result_set, &use->count) == DKV_OK
        && dkv_result_set_move_to_first(result_set, &moved) == DKV_OK
        && dkv_result_set_get_entry(result_set, &entry) == DKV_OK;
    use->first_is_right = usable && entry_is_numbered(&entry, "callback", 0);
    dkv_result_set_free(result_set);
    on_done(&use->waiter, error);
}

static void in_a_callback(dkv_store *store)
{
    put_numbered(store, "callback", 100);
    for (int32_t round = 0; round < 20; round++) {
        use use = { .waiter = WAITER_INIT, .count = -1 };
        CHECK_CODE(DKV_OK, AWAIT(&use.waiter, dkv_store_get_result_set(store, TEXT("callback"), on_result_set_use,
                                                                       &use)));
        CHECK(use.count == 100 && use.first_is_right);
    }
    group("a callback may use the result set that it is given, and end it");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "result_sets");
    moves(store);
    entries(store);
    borrowed(manager);
    snapshots(store);
    prefixes(store);
    threads(store);
    in_a_callback(store);
    CHECK_CODE(8, (int64_t)room_for_sets(store));
    CHECK_CODE(DKV_OK, close_store(store));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get_result_set(store, TEXT("a"), never_result_set, NULL));
    dkv_manager_free(manager);
    group("the store closes, and none of them is left open");
    return test_result();
}
