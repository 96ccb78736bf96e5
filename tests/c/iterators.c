/* Iterators: every bound, both directions, what is borrowed, and handles that are dead, made up or on a queue. */

#include "harness.h"
#include "openings.h"
#include "records.h"

/* ---- what a range selects ---- */

/* One range, and the keys that it visits, with a space behind each. */
typedef struct selection {
    const char *prefix;
    const char *gte;
    const char *gt;
    const char *lt;
    const char *lte;
    int32_t reverse;
    uint64_t limit;
    const char *expected;
} selection;

static const char *const KEYS[] = { "a", "ab", "abc", "b", "ba", "c", "z", "\xc3\xa9" };
#define KEY_COUNT (sizeof KEYS / sizeof KEYS[0])

static const selection SELECTIONS[] = {
    { .expected = "a ab abc b ba c z \xc3\xa9 " },
    { .reverse = 1, .expected = "\xc3\xa9 z c ba b abc ab a " },
    { .prefix = "a", .expected = "a ab abc " },
    { .prefix = "a", .reverse = 1, .expected = "abc ab a " },
    { .prefix = "", .expected = "a ab abc b ba c z \xc3\xa9 " },
    { .prefix = "x", .expected = "" },
    { .prefix = "^", .expected = "" },
    { .prefix = " ab\t", .expected = "ab abc " },
    { .gte = "b", .expected = "b ba c z \xc3\xa9 " },
    { .gt = "b", .expected = "ba c z \xc3\xa9 " },
    { .lt = "b", .expected = "a ab abc " },
    { .lte = "b", .expected = "a ab abc b " },
    { .gte = "", .expected = "a ab abc b ba c z \xc3\xa9 " },
    { .lt = "", .expected = "" },
    { .gte = "aa", .lt = "bb", .expected = "ab abc b ba " },
    { .gt = "ab", .lte = "c", .reverse = 1, .expected = "c ba b abc " },
    { .gte = "b", .gt = "b", .expected = "ba c z \xc3\xa9 " },
    { .lt = "b", .lte = "b", .expected = "a ab abc " },
    { .prefix = "a", .gt = "a", .lt = "abc", .expected = "ab " },
    { .prefix = "b", .lt = "a", .expected = "" },
    { .gte = "z", .lt = "a", .expected = "" },
    { .gt = "b", .lt = "b", .reverse = 1, .expected = "" },
    { .limit = 3, .expected = "a ab abc " },
    { .limit = 3, .reverse = 1, .expected = "\xc3\xa9 z c " },
    { .limit = 100, .gte = "c", .expected = "c z \xc3\xa9 " },
    { .limit = UINT64_MAX, .prefix = "b", .expected = "b ba " },
};

/* A bound of a range; NULL is none. */
static dkv_text bound(const char *text)
{
    return text != NULL ? DKV_TEXT(text) : (dkv_text){ NULL, 0 };
}

static dkv_key_range range_of(const selection *selection)
{
    dkv_key_range range = DKV_KEY_RANGE_INIT;
    range.prefix = bound(selection->prefix);
    range.gte = bound(selection->gte);
    range.gt = bound(selection->gt);
    range.lt = bound(selection->lt);
    range.lte = bound(selection->lte);
    range.reverse = selection->reverse;
    range.limit = selection->limit;
    return range;
}

/* The keys that the iterator still has, with a space behind each. */
static void visit(dkv_iterator *iterator, char *seen, size_t size)
{
    const dkv_entry *entries = NULL;
    size_t count = 1;
    size_t end = 0;
    seen[0] = '\0';
    while (count > 0 && CHECK_CODE(DKV_OK, dkv_iterator_next_page(iterator, &entries, &count))) {
        for (size_t i = 0; i < count && end < size; i++) {
            dkv_text key = entries[i].key;
            end += (size_t)snprintf(seen + end, size - end, "%.*s ", (int)key.length, key.data);
        }
    }
}

static void selections(dkv_store *store)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        CHECK_CODE(DKV_OK, put_text(store, KEYS[i], KEYS[i]));
    }
    for (size_t i = 0; i < sizeof SELECTIONS / sizeof SELECTIONS[0]; i++) {
        dkv_key_range range = range_of(&SELECTIONS[i]);
        dkv_iterator *iterator = iterator_over(store, &range);
        char seen[256];
        visit(iterator, seen, sizeof seen);
        dkv_iterator_free(iterator);
        if (!CHECK(strcmp(seen, SELECTIONS[i].expected) == 0)) {
            printf("selection %zu visits \"%s\", not \"%s\"\n", i, seen, SELECTIONS[i].expected);
        }
    }
    group("an iterator visits what its range selects, in its direction");
}

static void structs_of_other_sizes(dkv_store *store)
{
    struct {
        dkv_key_range range;
        uint64_t unknown;
    } newer = { .range = DKV_KEY_RANGE_INIT };
    dkv_key_range range;
    dkv_key_range macro = DKV_KEY_RANGE_INIT;
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    char seen[256];
    memset(&range, 0xff, sizeof range);
    CHECK_CODE(DKV_OK, dkv_key_range_init(&range, sizeof range));
    CHECK(memcmp(&range, &macro, sizeof range) == 0);
    CHECK_REFUSED(bad, dkv_key_range_init(NULL, sizeof range));
    CHECK_REFUSED(bad, dkv_key_range_init(&range, 0));

    /* A program that was built before there was a limit. */
    range.struct_size = offsetof(dkv_key_range, limit);
    range.lt = DKV_TEXT("b");
    range.limit = 1;
    dkv_iterator *iterator = iterator_over(store, &range);
    visit(iterator, seen, sizeof seen);
    CHECK(strcmp(seen, "a ab abc ") == 0);
    dkv_iterator_free(iterator);
    /* One that was built later, and does not use what came later. */
    newer.range.struct_size = sizeof newer;
    newer.range.limit = 2;
    iterator = iterator_over(store, &newer.range);
    visit(iterator, seen, sizeof seen);
    CHECK(strcmp(seen, "a ab ") == 0);
    dkv_iterator_free(iterator);
    newer.unknown = 1;
    CHECK_REFUSED(bad, dkv_store_get_iterator(store, &newer.range, never_iterator, NULL));
    range.struct_size = 0;
    CHECK_REFUSED(bad, dkv_store_get_iterator(store, &range, never_iterator, NULL));
    range.struct_size = UINT32_MAX;
    CHECK_REFUSED(bad, dkv_store_get_iterator(store, &range, never_iterator, NULL));
    group("a range may be smaller or larger than this release knows it");
}

static void bad_ranges(dkv_store *store)
{
    char long_bound[1025];
    dkv_key_range range = DKV_KEY_RANGE_INIT;
    dkv_text *const bounds[] = { &range.prefix, &range.gte, &range.gt, &range.lt, &range.lte };
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    memset(long_bound, 'k', sizeof long_bound);
    CHECK_REFUSED(bad, dkv_store_get_iterator(store, NULL, never_iterator, NULL));
    CHECK_REFUSED(bad, dkv_store_get_iterator(NULL, &range, never_iterator, NULL));
    CHECK_REFUSED(bad, dkv_store_get_iterator(store, &range, NULL, NULL));
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        *bounds[i] = DKV_TEXT("a\xff");
        CHECK_REFUSED(bad, dkv_store_get_iterator(store, &range, never_iterator, NULL));
        *bounds[i] = (dkv_text){ NULL, 3 };
        CHECK_REFUSED(bad, dkv_store_get_iterator(store, &range, never_iterator, NULL));
        *bounds[i] = (dkv_text){ "a", SIZE_MAX };
        CHECK_REFUSED(bad, dkv_store_get_iterator(store, &range, never_iterator, NULL));
        *bounds[i] = (dkv_text){ long_bound, sizeof long_bound };
        dkv_iterator *iterator = NULL;
        CHECK_CODE(bad, open_iterator(store, &range, &iterator));
        bounds[i]->length--;
        dkv_iterator_free(iterator_over(store, &range));
        *bounds[i] = (dkv_text){ NULL, 0 };
    }
    range.reverse = 2;
    CHECK_REFUSED(bad, dkv_store_get_iterator(store, &range, never_iterator, NULL));
    range.reverse = -1;
    CHECK_REFUSED(bad, dkv_store_get_iterator(store, &range, never_iterator, NULL));
    group("bad ranges are refused");
}

/* ---- pages ---- */

static void pages(dkv_manager *manager)
{
    size_t total = scaled(20000, 500);
    dkv_store *store = open_store(manager, "pages");
    put_numbered(store, "key", total);
    for (int32_t reverse = 0; reverse < 2; reverse++) {
        dkv_key_range range = DKV_KEY_RANGE_INIT;
        range.reverse = reverse;
        dkv_iterator *iterator = iterator_over(store, &range);
        CHECK_CODE(DKV_OK, put_text(store, "key00000a", "later"));
        const dkv_entry *entries = NULL;
        size_t count = 0;
        size_t visited = 0;
        do {
            CHECK_CODE(DKV_OK, dkv_iterator_next_page(iterator, &entries, &count));
            for (size_t i = 0; i < count; i++, visited++) {
                CHECK(entry_is_numbered(&entries[i], "key", reverse == 1 ? total - 1 - visited : visited));
            }
        } while (count > 0);
        CHECK_CODE((int64_t)total, (int64_t)visited);
        CHECK_CODE(DKV_OK, dkv_iterator_next_page(iterator, &entries, &count));
        CHECK_CODE(0, (int64_t)count);
        dkv_iterator_free(iterator);
        waiter done = WAITER_INIT;
        CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_delete(store, TEXT("key00000a"), on_done, &done)));
    }
    CHECK_CODE(DKV_OK, close_store(store));
    group("pages bring every entry once, in order, and then none");
}

static void borrowed(dkv_manager *manager)
{
    size_t size = scaled(1000000, 100000);
    uint8_t *bytes = malloc(size);
    dkv_store *store = open_store(manager, "borrowed");
    waiter done = WAITER_INIT;
    dkv_value large = { .type = DKV_VALUE_BYTE_ARRAY, .data = bytes, .length = size };
    memset(bytes, 0x5a, size);
    put_numbered(store, "key", 10);
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_put(store, TEXT("key00003"), &large, on_done, &done)));
    dkv_iterator *iterator = iterator_over(store, NULL);
    dkv_iterator *other = iterator_over(store, NULL);
    const dkv_entry *entries = NULL;
    const dkv_entry *others = NULL;
    size_t count = 0;
    size_t count_of_others = 0;
    CHECK_CODE(DKV_OK, dkv_iterator_next_page(iterator, &entries, &count));
    CHECK(count >= 4);
    /* Nothing of this is a call on the same iterator. */
    CHECK_CODE(DKV_OK, dkv_iterator_next_page(other, &others, &count_of_others));
    dkv_iterator_free(other);
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_iterator_next_page(iterator, NULL, &count_of_others));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_delete(store, TEXT("key00003"), on_done, &done)));
    CHECK_CODE(DKV_OK, close_store(store));
    CHECK(entry_is_numbered(&entries[0], "key", 0));
    CHECK(text_is(entries[3].key, "key00003"));
    CHECK(entries[3].value.length == size && memcmp(entries[3].value.data, bytes, size) == 0);
    size_t visited = count;
    while (count > 0) {
        CHECK_CODE(DKV_OK, dkv_iterator_next_page(iterator, &entries, &count));
        visited += count;
    }
    CHECK_CODE(10, (int64_t)visited);
    dkv_iterator_free(iterator);
    free(bytes);
    group("a page stays readable until the next call on its iterator");
}

/* ---- limits and ends ---- */

static void many_at_once(dkv_store *store)
{
    enum { ITERATORS = 1024 };
    static dkv_iterator *iterators[ITERATORS];
    dkv_iterator *too_many = NULL;
    const dkv_entry *entries = NULL;
    size_t count = 0;
    for (size_t i = 0; i < ITERATORS; i++) {
        iterators[i] = iterator_over(store, NULL);
    }
    CHECK_CODE(DKV_ERR_OVER_LIMITS, open_iterator(store, NULL, &too_many));
    CHECK_CODE(8, (int64_t)room_for_sets(store));
    dkv_iterator_free(iterators[17]);
    iterators[17] = iterator_over(store, NULL);
    CHECK_CODE(DKV_ERR_OVER_LIMITS, open_iterator(store, NULL, &too_many));
    for (size_t i = 0; i < ITERATORS; i++) {
        CHECK_CODE(DKV_OK, dkv_iterator_next_page(iterators[i], &entries, &count));
        CHECK(count == KEY_COUNT && text_is(entries[0].key, "a"));
        dkv_iterator_free(iterators[i]);
    }
    group("1,024 may be open, and they do not count among the result sets");
}

/* A refused call writes neither of its outputs. */
static void check_refused_page(int32_t expected, dkv_iterator *iterator)
{
    const dkv_entry *entries = tag(UNWRITTEN);
    size_t count = UNWRITTEN;
    CHECK_REFUSED(expected, dkv_iterator_next_page(iterator, &entries, &count));
    CHECK(entries == tag(UNWRITTEN) && count == UNWRITTEN);
}

static void bad_handles(dkv_store *store)
{
    static const uintptr_t made_up[] = { 0, 1, 7, 0x17, 0x1234, 0x7fffffff, (uintptr_t)1 << 40, UINTPTR_MAX };
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    const dkv_entry *entries = NULL;
    size_t count = UNWRITTEN;
    for (size_t i = 0; i < sizeof made_up / sizeof made_up[0]; i++) {
        check_refused_page(bad, tag(made_up[i]));
        dkv_iterator_free(tag(made_up[i]));
    }
    dkv_iterator *iterator = iterator_over(store, NULL);
    check_refused_page(bad, tag((uintptr_t)iterator ^ 1));
    check_refused_page(bad, tag((uintptr_t)iterator + ((uintptr_t)1 << 24)));
    check_refused_page(bad, (dkv_iterator *)(void *)store);
    dkv_result_set_free((dkv_result_set *)(void *)iterator);
    CHECK_REFUSED(bad, dkv_result_set_close((dkv_result_set *)(void *)iterator));
    CHECK_REFUSED(bad, dkv_iterator_next_page(iterator, NULL, &count));
    CHECK_REFUSED(bad, dkv_iterator_next_page(iterator, &entries, NULL));
    CHECK_CODE(DKV_OK, dkv_iterator_next_page(iterator, &entries, &count));
    CHECK(count == KEY_COUNT && text_is(entries[0].key, "a"));
    group("made up handles are refused, and a page without a place is not lost");

    dkv_iterator_free(iterator);
    check_refused_page(DKV_ERR_CLOSED, iterator);
    dkv_iterator_free(iterator);
    dkv_iterator_free(NULL);
    dkv_iterator *next = iterator_over(store, NULL);
    CHECK(next != iterator);
    check_refused_page(DKV_ERR_CLOSED, iterator);
    dkv_iterator_free(next);
    group("a freed iterator stays dead, also when its place is taken again");
}

static void transactions_and_ends(dkv_manager *manager)
{
    dkv_store *store = open_store(manager, "outlived");
    dkv_iterator *iterator = NULL;
    waiter done = WAITER_INIT;
    char seen[64];
    CHECK_CODE(DKV_OK, put_text(store, "key", "value"));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_start_transaction(store, on_done, &done)));
    CHECK_CODE(DKV_ERR_DATABASE, open_iterator(store, NULL, &iterator));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_commit(store, on_done, &done)));
    iterator = iterator_over(store, NULL);
    CHECK_CODE(DKV_OK, close_store(store));
    const dkv_key_range everything = DKV_KEY_RANGE_INIT;
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get_iterator(store, &everything, never_iterator, NULL));
    CHECK_CODE(DKV_ERR_DATABASE, delete_store(manager, "outlived"));
    visit(iterator, seen, sizeof seen);
    CHECK(strcmp(seen, "key ") == 0);
    dkv_iterator_free(iterator);
    CHECK_CODE(DKV_OK, delete_store(manager, "outlived"));
    group("an iterator is refused in a transaction, outlives its store, and keeps it from being deleted");
}

/* ---- on a queue ---- */

static void records(dkv_store *store)
{
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    dkv_key_range range = DKV_KEY_RANGE_INIT;
    char seen[256];
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_iterator(view, &range, never_iterator, NULL));
    range.prefix = DKV_TEXT("a");
    CHECK_CODE(DKV_OK, dkv_store_get_iterator(view, &range, NULL, tag(51)));
    record answer = next_record(&host);
    CHECK_CODE(DKV_RECORD_ITERATOR, answer.kind);
    CHECK_CODE(51, (int64_t)answer.tag);
    CHECK(answer.code == DKV_OK && answer.count == 1 && answer.length == HEAD_BYTES + 8);
    dkv_iterator *iterator = tag((uintptr_t)read_u64(answer.payload));
    CHECK_CODE(DKV_OK, dkv_store_get_iterator(view, &range, NULL, tag(52)));
    answer = next_record(&host);
    dkv_iterator *second = tag((uintptr_t)read_u64(answer.payload));
    visit(iterator, seen, sizeof seen);
    CHECK(strcmp(seen, "a ab abc ") == 0);

    static char long_bound[1025];
    memset(long_bound, 'k', sizeof long_bound);
    range.lt = (dkv_text){ long_bound, sizeof long_bound };
    CHECK_CODE(DKV_OK, dkv_store_get_iterator(view, &range, NULL, tag(53)));
    answer = next_record(&host);
    CHECK_CODE(DKV_RECORD_ITERATOR, answer.kind);
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, answer.code);
    CHECK(answer.tag == 53 && answer.count > 0 && answer.length == HEAD_BYTES + padded(answer.count));
    group("through a view the answer is a record with the handle, or with the error");

    dkv_iterator_free(iterator);
    dkv_store_free(view);
    visit(second, seen, sizeof seen);
    CHECK(strcmp(seen, "a ab abc ") == 0);
    host_free(&host);
    check_refused_page(DKV_ERR_CLOSED, second);
    group("it outlives its view and ends with its queue");
}

static void records_that_nobody_takes(dkv_manager *manager)
{
    for (int32_t round = 0; round < 10; round++) {
        dkv_store *store = open_store(manager, "untaken");
        host host = host_create();
        dkv_store *view = view_of(store, host.queue);
        dkv_key_range range = DKV_KEY_RANGE_INIT;
        for (uintptr_t i = 0; i < 20; i++) {
            CHECK_CODE(DKV_OK, dkv_store_get_iterator(view, &range, NULL, tag(i)));
        }
        if (round % 2 == 0) {
            CHECK_CODE(DKV_OK, dkv_queue_wait(host.queue, WAIT_MS));
        }
        host_free(&host);
        dkv_store_free(view);
        /* The answer of a flush comes behind theirs, wherever they went. */
        waiter flushed = WAITER_INIT;
        CHECK_CODE(DKV_OK, AWAIT(&flushed, dkv_store_flush(store, on_done, &flushed)));
        CHECK_CODE(DKV_OK, close_store(store));
        CHECK_CODE(DKV_OK, delete_store(manager, "untaken"));
    }
    group("iterators whose records nobody drained end with the queue");
}

static void shutdown_ends_them(dkv_store *store)
{
    dkv_iterator *iterator = iterator_over(store, NULL);
    const dkv_entry *entries = NULL;
    size_t count = 0;
    CHECK_CODE(DKV_OK, dkv_iterator_next_page(iterator, &entries, &count));
    CHECK_CODE(DKV_OK, dkv_shutdown(WAIT_MS));
    /* What was read before is still the caller's. */
    CHECK(count == KEY_COUNT && text_is(entries[KEY_COUNT - 1].key, KEYS[KEY_COUNT - 1]));
    check_refused_page(DKV_ERR_CLOSED, iterator);
    CHECK(text_is(entries[0].key, "a"));
    dkv_iterator_free(iterator);
    dkv_store_free(store);
    group("a shutdown ends every iterator");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "iterators");
    selections(store);
    structs_of_other_sizes(store);
    bad_ranges(store);
    pages(manager);
    borrowed(manager);
    many_at_once(store);
    bad_handles(store);
    transactions_and_ends(manager);
    records(store);
    records_that_nobody_takes(manager);
    shutdown_ends_them(store);
    dkv_manager_free(manager);
    return test_result();
}
