/* The completion queue: answers as records, drained in batches, with a descriptor to wait for. */

#include "records.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

/* ---- the records, one kind after the other ---- */

static void done_and_errors(dkv_store *store)
{
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    dkv_value value = string_value("value");
    CHECK_REFUSED(DKV_ERR_WOULD_BLOCK, dkv_queue_wait(host.queue, 0));
    CHECK_CODE(DKV_OK, put_on(view, "key", &value, 41));
    record record = next_record(&host);
    CHECK(record.kind == DKV_RECORD_DONE && record.tag == 41 && record.code == DKV_OK);
    CHECK_CODE(HEAD_BYTES, (int64_t)record.length);
    CHECK(has_text(store, "key", "value"));
    group("a put is answered by a record with its tag");

    CHECK_CODE(DKV_OK, dkv_store_get(view, TEXT("missing"), NULL, tag(UINTPTR_MAX)));
    record = next_record(&host);
    CHECK(record.kind == DKV_RECORD_VALUE && record.tag == UINTPTR_MAX && record.code == DKV_ERR_NOT_FOUND);
    CHECK(record.count > 0 && record.length == HEAD_BYTES + padded(record.count));
    CHECK(memchr(record.payload, '\0', record.count) == NULL);
    for (size_t i = record.count; i < padded(record.count); i++) {
        CHECK_CODE(0, record.payload[i]);
    }
    group("an error's record carries its message");

    dkv_value now;
    CHECK_CODE(DKV_OK, dkv_store_get_now(view, TEXT("key"), NULL, 0, &now));
    CHECK_CODE(5, (int64_t)now.length);
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_entries(view, "", 0, NULL, NULL));
    group("reads on the caller's thread and refusals are the same through a view");

    CHECK_CODE(DKV_OK, dkv_store_close(view, NULL, tag(42)));
    record = next_record(&host);
    CHECK(record.kind == DKV_RECORD_DONE && record.tag == 42 && record.code == DKV_OK);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_get(view, TEXT("key"), NULL, NULL));
    CHECK(has_text(store, "key", "value"));
    host_free(&host);
    group("closing a view closes that handle only");
}

static void values(dkv_store *store)
{
    static const uint8_t bytes[] = { 7, 0, 255 };
    const dkv_value all[] = {
        string_value("eleven byte"),
        integer_value(INT32_MIN),
        { .type = DKV_VALUE_FLOAT, .real = -1.5 },
        { .type = DKV_VALUE_BYTE_ARRAY, .data = bytes, .length = sizeof bytes },
        { .type = DKV_VALUE_BOOLEAN, .integer = 1 },
        { .type = DKV_VALUE_DOUBLE, .real = 0.1 },
        { .type = DKV_VALUE_LONG, .integer = INT64_MIN },
        { .type = DKV_VALUE_STRING },
    };
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    for (uintptr_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        CHECK_CODE(DKV_OK, put_on(view, "typed", &all[i], 2 * i));
        CHECK_CODE(DKV_OK, dkv_store_get(view, TEXT("typed"), NULL, tag(2 * i + 1)));
        CHECK(next_record(&host).tag == 2 * i);
        record record = next_record(&host);
        CHECK(record.kind == DKV_RECORD_VALUE && record.tag == 2 * i + 1 && record.code == DKV_OK);
        const uint8_t *end = record.payload;
        uint32_t flags;
        dkv_value value = read_value(&end, &flags);
        CHECK_CODE(0, flags);
        CHECK_CODE(all[i].type, value.type);
        CHECK_CODE(all[i].integer, value.integer);
        CHECK(all[i].real == value.real);
        CHECK_CODE((int64_t)all[i].length, (int64_t)value.length);
        CHECK(value.length == 0 || memcmp(all[i].data, value.data, value.length) == 0);
        CHECK(end == record.payload - HEAD_BYTES + record.length);
    }
    dkv_store_free(view);
    host_free(&host);
    group("values of all seven types, byte by byte");
}

static void entries(dkv_store *store)
{
    const dkv_entry batch[] = {
        { DKV_TEXT("entries/a"), integer_value(1) },
        { DKV_TEXT("entries/bc"), string_value("two") },
        { DKV_TEXT("entries/d"), { .type = DKV_VALUE_DOUBLE, .real = 3.0 } },
    };
    const dkv_text keys[] = { DKV_TEXT("entries/a"), DKV_TEXT("entries/d") };
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    CHECK_CODE(DKV_OK, dkv_store_put_batch(view, batch, 3, NULL, tag(1)));
    CHECK_CODE(DKV_OK, dkv_store_get_entries(view, TEXT("entries/"), NULL, tag(2)));
    CHECK_CODE(DKV_OK, dkv_store_delete_batch(view, keys, 2, NULL, tag(3)));
    CHECK_CODE(DKV_OK, dkv_store_get_entries(view, TEXT("entries/a"), NULL, tag(4)));
    record record = next_record(&host);
    CHECK(record.kind == DKV_RECORD_DONE && record.tag == 1 && record.code == DKV_OK);

    bool found[2] = { false, false };
    while (!found[0] || !found[1]) {
        record = next_record(&host);
        if (record.tag == 3) {
            continue; /* a read may overtake the write that follows it, and be overtaken */
        }
        CHECK(record.kind == DKV_RECORD_ENTRIES && record.code == DKV_OK);
        found[record.tag / 2 - 1] = true;
        CHECK_CODE(record.tag == 2 ? 3 : 0, record.count);
        const uint8_t *end = record.payload;
        for (size_t i = 0; i < record.count && i < 3; i++) {
            dkv_text key = { (const char *)end + 8, (size_t)read_u64(end) };
            end += 8 + padded(key.length);
            uint32_t flags;
            dkv_value value = read_value(&end, &flags);
            CHECK(text_is(key, batch[i].key.data));
            CHECK_CODE(batch[i].value.type, value.type);
            CHECK_CODE(batch[i].value.integer, value.integer);
            CHECK(batch[i].value.real == value.real);
            CHECK_CODE((int64_t)batch[i].value.length, (int64_t)value.length);
        }
        CHECK(end == record.payload - HEAD_BYTES + record.length);
    }
    dkv_store_free(view);
    host_free(&host);
    group("entries, byte by byte");
}

static void managers(dkv_manager *manager)
{
    host host = host_create();
    dkv_manager *view = NULL;
    dkv_store_options options = test_store_options();
    CHECK_CODE(DKV_OK, dkv_manager_on_queue(manager, host.queue, &view));
    CHECK_CODE(DKV_OK, dkv_manager_get_store(view, TEXT("through_view"), &options, NULL, tag(7)));
    record record = next_record(&host);
    CHECK(record.kind == DKV_RECORD_STORE && record.tag == 7 && record.code == DKV_OK);
    CHECK_CODE(HEAD_BYTES + 8, (int64_t)record.length);
    dkv_store *store = tag((uintptr_t)read_u64(record.payload));
    dkv_value value = integer_value(1);
    CHECK_CODE(DKV_OK, put_on(store, "key", &value, 8));
    record = next_record(&host);
    CHECK(record.kind == DKV_RECORD_DONE && record.tag == 8 && record.code == DKV_OK);
    group("a store that is opened through a manager's view is a view on the same queue");

    CHECK_CODE(DKV_OK, dkv_manager_get_all_store_ids(view, TEXT(BUNDLE_NAME), NULL, tag(9)));
    record = next_record(&host);
    CHECK(record.kind == DKV_RECORD_STORE_IDS && record.tag == 9 && record.code == DKV_OK);
    CHECK_CODE(2, record.count);
    const uint8_t *end = record.payload;
    for (size_t i = 0; i < record.count; i++) {
        dkv_text id = { (const char *)end + 8, (size_t)read_u64(end) };
        CHECK(text_is(id, i == 0 ? "queue" : "through_view"));
        end += 8 + padded(id.length);
    }
    CHECK(end == record.payload - HEAD_BYTES + record.length);
    group("store ids, byte by byte");

    CHECK_CODE(DKV_OK, dkv_manager_close_store(view, TEXT(BUNDLE_NAME), TEXT("through_view"), NULL, 0, NULL, tag(10)));
    CHECK(next_record(&host).tag == 10);
    CHECK_CODE(DKV_OK, dkv_manager_delete_store(view, TEXT(BUNDLE_NAME), TEXT("through_view"), NULL, 0, NULL, tag(11)));
    record = next_record(&host);
    CHECK(record.kind == DKV_RECORD_DONE && record.tag == 11 && record.code == DKV_OK);
    dkv_store_free(store);
    dkv_manager_free(view);
    host_free(&host);
    group("closing and deleting through a manager's view");
}

static void large_values(dkv_store *store)
{
    size_t size = 1000003;
    uint8_t *bytes = malloc(size);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(i * 31);
    }
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    dkv_value large = { .type = DKV_VALUE_BYTE_ARRAY, .data = bytes, .length = size };
    CHECK_CODE(DKV_OK, put_on(view, "large", &large, 1));
    CHECK(next_record(&host).tag == 1);
    CHECK_CODE(DKV_OK, dkv_store_get(view, TEXT("large"), NULL, tag(2)));
    record record = next_record(&host);
    CHECK(record.kind == DKV_RECORD_VALUE && record.tag == 2 && record.code == DKV_OK);
    const uint8_t *end = record.payload;
    uint32_t flags;
    dkv_value value = read_value(&end, &flags);
    CHECK(flags == DKV_RECORD_FLAG_BLOB && value.type == DKV_VALUE_BYTE_ARRAY && value.length == size);
    CHECK_CODE(HEAD_BYTES + 24, (int64_t)record.length);

    dkv_blob *blob = tag((uintptr_t)read_u64(value.data));
    const uint8_t *data = NULL;
    size_t length = 0;
    CHECK_CODE(DKV_OK, dkv_blob_data(blob, &data, &length));
    CHECK(length == size && memcmp(data, bytes, size) == 0);
    dkv_store_free(view);
    host_free(&host);
    CHECK_CODE(DKV_OK, dkv_blob_data(blob, &data, &length));
    CHECK(length == size && memcmp(data, bytes, size) == 0);
    dkv_blob_free(blob);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_blob_data(blob, &data, &length));
    dkv_blob_free(blob);
    free(bytes);
    group("a large value travels by handle, which outlives its queue");
}

/* ---- draining and waking ---- */

static void small_buffers(dkv_store *store)
{
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    dkv_value value = string_value("0123456789");
    size_t written = 77;
    size_t needed = 77;
    CHECK_CODE(DKV_OK, dkv_queue_drain(host.queue, host.buffer, host.capacity, &written, &needed));
    CHECK(written == 0 && needed == 0);
    CHECK_CODE(DKV_OK, put_on(view, "small", &value, 1));
    CHECK(next_record(&host).tag == 1);
    CHECK_CODE(DKV_OK, dkv_store_get(view, TEXT("small"), NULL, tag(2)));
    CHECK_CODE(DKV_OK, dkv_queue_wait(host.queue, WAIT_MS));
    CHECK_CODE(DKV_OK, dkv_queue_drain(host.queue, NULL, 0, &written, &needed));
    CHECK_CODE(0, (int64_t)written);
    CHECK_CODE(HEAD_BYTES + 32, (int64_t)needed);
    CHECK_CODE(DKV_OK, dkv_queue_drain(host.queue, host.buffer, needed - 1, &written, &needed));
    CHECK_CODE(0, (int64_t)written);
    CHECK_CODE(HEAD_BYTES + 32, (int64_t)needed);
    CHECK_CODE(DKV_OK, dkv_queue_wait(host.queue, 0));
    CHECK_CODE(DKV_OK, dkv_queue_drain(host.queue, host.buffer, needed, &written, &needed));
    CHECK_CODE(HEAD_BYTES + 32, (int64_t)written);
    CHECK_CODE(0, (int64_t)needed);
    CHECK(read_record(host.buffer, written).tag == 2);
    CHECK_REFUSED(DKV_ERR_WOULD_BLOCK, dkv_queue_wait(host.queue, 1));
    dkv_store_free(view);
    host_free(&host);
    group("a record that does not fit stays queued, and its size is told");
}

static void many_records(dkv_store *store)
{
    size_t count = scaled(10000, 300);
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    host.capacity = 4096;
    size_t submitted = 0;
    size_t answered = 0;
    while (answered < count) {
        dkv_value value = integer_value((int32_t)submitted);
        int32_t status = submitted < count ? put_on(view, "many", &value, submitted) : DKV_ERR_QUEUE_FULL;
        if (status == DKV_OK) {
            submitted++;
            continue;
        }
        CHECK_CODE(DKV_ERR_QUEUE_FULL, status);
        record record = next_record(&host);
        CHECK(record.kind == DKV_RECORD_DONE && record.code == DKV_OK);
        CHECK_CODE((int64_t)answered, (int64_t)record.tag);
        answered++;
    }
    dkv_store_free(view);
    host_free(&host);
    group("10,000 records come in the order of their puts");
}

/* Whether the descriptor is readable within a time; what can be read is then read. */
static bool is_woken(int descriptor, int timeout_ms)
{
    struct pollfd wanted = { .fd = descriptor, .events = POLLIN };
    uint8_t bytes[64];
    if (poll(&wanted, 1, timeout_ms) != 1 || (wanted.revents & POLLIN) == 0) {
        return false;
    }
    while (poll(&wanted, 1, 0) == 1 && (wanted.revents & POLLIN) != 0) {
        if (read(descriptor, bytes, sizeof bytes) <= 0) {
            break;
        }
    }
    return true;
}

/* Closes the host's end. The library notices when it next has something to tell, and there is nobody to answer then. */
static void check_that_views_die(dkv_store *view, int descriptor)
{
    dkv_value value = integer_value(1);
    close(descriptor);
    int32_t status = DKV_OK;
    for (int attempt = 0; attempt < WAIT_MS && status == DKV_OK; attempt++) {
        status = put_on(view, "nobody", &value, 1);
        if (status == DKV_OK) {
            usleep(1000);
        }
    }
    CHECK_CODE(DKV_ERR_CLOSED, status);
}

static void descriptors(dkv_store *store)
{
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    dkv_value value = integer_value(1);
    intptr_t descriptor = -1;
    CHECK_CODE(DKV_OK, dkv_queue_descriptor(host.queue, &descriptor));
    CHECK(!is_woken((int)descriptor, 20));
    for (uintptr_t round = 0; round < 20; round++) {
        CHECK_CODE(DKV_OK, put_on(view, "woken", &value, round));
        CHECK(is_woken((int)descriptor, WAIT_MS));
        size_t written = 0;
        size_t needed = 0;
        CHECK_CODE(DKV_OK, dkv_queue_drain(host.queue, host.buffer, host.capacity, &written, &needed));
        CHECK(written == HEAD_BYTES && read_record(host.buffer, written).tag == round);
    }
    CHECK(!is_woken((int)descriptor, 20));
    group("the descriptor is readable when something is queued");

    intptr_t second = 77;
    CHECK(dkv_queue_descriptor(host.queue, &second) != DKV_OK);
    CHECK_CODE(77, second);
    group("the descriptor is given once");

    check_that_views_die(view, (int)descriptor);
    CHECK_CODE(DKV_OK, put_text(store, "still", "open"));
    dkv_store_free(view);
    host_free(&host);
    group("closing the host's end kills the views, and nothing else");
}

/* A socket that listens on a port of 127.0.0.1, which the system chooses. */
static int listening(uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(listener, 1) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    *port = ntohs(address.sin_port);
    return listener;
}

static void connections(dkv_store *store)
{
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    dkv_value value = integer_value(1);
    uint16_t port;
    uint16_t own_port = 77;
    int listener = listening(&port);
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_queue_connect(host.queue, port, NULL));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_queue_connect(host.queue, 0, &own_port));
    CHECK_CODE(77, own_port);
    /* What is queued before the connection, and before it is accepted, wakes as well. */
    CHECK_CODE(DKV_OK, put_on(view, "woken", &value, 1));
    CHECK_CODE(DKV_OK, dkv_queue_wait(host.queue, WAIT_MS));
    CHECK_CODE(DKV_OK, dkv_queue_connect(host.queue, port, &own_port));
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    int accepted = accept(listener, (struct sockaddr *)&from, &size);
    CHECK_CODE(own_port, ntohs(from.sin_port));
    CHECK(is_woken(accepted, WAIT_MS));
    CHECK(next_record(&host).tag == 1);
    CHECK_CODE(DKV_OK, put_on(view, "woken", &value, 2));
    CHECK(is_woken(accepted, WAIT_MS));
    CHECK(next_record(&host).tag == 2);
    group("a connection to the host is readable when something is queued");

    intptr_t descriptor;
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_queue_connect(host.queue, port, &own_port));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_queue_descriptor(host.queue, &descriptor));
    check_that_views_die(view, accepted);
    close(listener);
    dkv_store_free(view);
    host_free(&host);
    group("a queue is woken in one way, and closing the host's end of a connection kills the views");

    host = host_create();
    CHECK_REFUSED(DKV_ERR_DATABASE, dkv_queue_connect(host.queue, port, &own_port));
    host_free(&host);
    group("a port on which nobody listens is refused");
}

static void freeing_a_queue(dkv_store *store)
{
    host host = host_create();
    dkv_store *view = view_of(store, host.queue);
    dkv_value value = integer_value(1);
    for (uintptr_t i = 0; i < scaled(200, 20); i++) {
        CHECK_CODE(DKV_OK, put_on(view, "freed", &value, i));
    }
    dkv_queue_free(host.queue);
    CHECK_REFUSED(DKV_ERR_CLOSED, put_on(view, "freed", &value, 1));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_queue_wait(host.queue, 0));
    dkv_store_free(view);
    host_free(&host);
    CHECK_CODE(DKV_OK, put_text(store, "still", "open"));
    group("freeing a queue with operations in flight kills its views, and nothing else");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "queue");
    done_and_errors(store);
    values(store);
    entries(store);
    managers(manager);
    large_values(store);
    small_buffers(store);
    many_records(store);
    descriptors(store);
    connections(store);
    freeing_a_queue(store);
    CHECK_CODE(DKV_OK, close_store(store));
    dkv_manager_free(manager);
    group("the store closes");
    return test_result();
}
