/* Backups are made, restored and deleted, with their results by name; a view gets the results as a record. */

#include "harness.h"

typedef struct results {
    waiter done;
    size_t count;
    char names[8][32];
    int32_t statuses[8];
} results;

static void on_results(void *user_data, const dkv_error *error, const dkv_backup_result *found, size_t count)
{
    results *results = user_data;
    pthread_mutex_lock(&results->done.mutex);
    waiter_take_error(&results->done, error);
    results->count = count;
    for (size_t i = 0; i < count && i < 8; i++) {
        snprintf(results->names[i], sizeof results->names[i], "%.*s", (int)found[i].name.length, found[i].name.data);
        results->statuses[i] = found[i].status;
    }
    waiter_wake(&results->done);
}

static void never_results(void *user_data, const dkv_error *error, const dkv_backup_result *found, size_t count)
{
    (void)found;
    (void)count;
    never_done(user_data, error);
}

static int32_t backup(dkv_store *store, const char *name)
{
    waiter done = WAITER_INIT;
    return AWAIT(&done, dkv_store_backup(store, name, strlen(name), on_done, &done));
}

static int32_t restore(dkv_store *store, const char *name)
{
    waiter done = WAITER_INIT;
    return AWAIT(&done, dkv_store_restore(store, name, strlen(name), on_done, &done));
}

static void make_and_restore(dkv_store *store)
{
    CHECK_CODE(DKV_OK, put_text(store, "key", "before"));
    CHECK_CODE(DKV_OK, backup(store, "first"));
    CHECK_CODE(DKV_OK, put_text(store, "key", "after"));
    CHECK_CODE(DKV_OK, put_text(store, "further", "entry"));
    CHECK_CODE(DKV_OK, restore(store, "first"));
    CHECK(has_text(store, "key", "before"));
    CHECK_CODE(DKV_ERR_NOT_FOUND, get_code(store, "further"));
    CHECK_CODE(DKV_OK, put_text(store, "key", "after"));
    CHECK_CODE(DKV_OK, backup(store, "first"));
    CHECK_CODE(DKV_OK, restore(store, "first"));
    CHECK(has_text(store, "key", "after"));
    group("a restore brings back what was backed up last, and nothing else");
}

static void names(dkv_store *store)
{
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    char long_name[1025];
    memset(long_name, 'x', sizeof long_name);
    const dkv_text refused[] = { DKV_TEXT("a/b"), DKV_TEXT("a\\b"), { "a\0b", 3 }, DKV_TEXT("."), DKV_TEXT(".."),
                                 { long_name, sizeof long_name }, { "\xff", 1 }, { NULL, 1 } };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *name = refused[i].data;
        size_t length = refused[i].length;
        CHECK_REFUSED(bad, dkv_store_backup(store, name, length, never_done, NULL));
        CHECK_REFUSED(bad, dkv_store_restore(store, name, length, never_done, NULL));
        CHECK_REFUSED(bad, dkv_store_delete_backup(store, &refused[i], 1, never_results, NULL));
        CHECK_REFUSED(DKV_ERR_PARAMETER, dkv_store_backup_ex(store, name, length, TEXT("/"), never_done, NULL));
        CHECK_REFUSED(DKV_ERR_PARAMETER, dkv_store_restore_ex(store, name, length, TEXT("/"), never_done, NULL));
        CHECK_REFUSED(DKV_ERR_PARAMETER, dkv_store_delete_backup_ex(store, name, length, TEXT("/"), never_done, NULL));
    }
    group("a name that is no bare name is refused, in the forms with a folder by their own number");

    CHECK_REFUSED(bad, dkv_store_backup(store, "", 0, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_backup(store, NULL, 0, never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_backup(store, TEXT("autoBackup"), never_done, NULL));
    CHECK_REFUSED(bad, dkv_store_delete_backup(store, NULL, 0, never_results, NULL));
    CHECK_REFUSED(bad, dkv_store_delete_backup(store, NULL, 1, never_results, NULL));
    CHECK_REFUSED(bad, dkv_store_backup(store, TEXT("a"), NULL, NULL));
    CHECK_REFUSED(bad, dkv_store_delete_backup(store, refused, 1, NULL, NULL));
    CHECK_REFUSED(bad, dkv_store_backup(NULL, TEXT("a"), never_done, NULL));
    CHECK_CODE(bad, restore(store, ""));
    CHECK_CODE(bad, restore(store, "missing"));
    group("an empty or reserved name is refused for a backup, and answered for a restore");
}

static void in_a_folder(dkv_store *store)
{
    waiter done = WAITER_INIT;
    char folder[4200];
    snprintf(folder, sizeof folder, "%s/elsewhere", test_folder());
    CHECK(mkdir(folder, 0700) == 0);
    size_t length = strlen(folder);
    CHECK_CODE(DKV_OK, put_text(store, "key", "elsewhere"));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_backup_ex(store, TEXT("b"), folder, length, on_done, &done)));
    CHECK_CODE(DKV_OK, put_text(store, "key", "changed"));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_restore_ex(store, TEXT("b"), folder, length, on_done, &done)));
    CHECK(has_text(store, "key", "elsewhere"));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_delete_backup_ex(store, TEXT("b"), folder, length, on_done, &done)));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_delete_backup_ex(store, TEXT("b"), folder, length, on_done, &done)));
    const int32_t bad = DKV_ERR_PARAMETER;
    CHECK_CODE(bad, AWAIT(&done, dkv_store_restore_ex(store, TEXT("b"), folder, length, on_done, &done)));
    CHECK_CODE(bad, AWAIT(&done, dkv_store_backup_ex(store, "", 0, folder, length, on_done, &done)));
    CHECK_CODE(bad, AWAIT(&done, dkv_store_backup_ex(store, TEXT("autoBackup"), folder, length, on_done, &done)));
    CHECK_CODE(bad, AWAIT(&done, dkv_store_backup_ex(store, TEXT("b"), "", 0, on_done, &done)));
    CHECK_CODE(bad, AWAIT(&done, dkv_store_backup_ex(store, TEXT("b"), TEXT("/no/such/folder"), on_done, &done)));
    group("the forms with a folder use that folder, and answer 15100000");
}

static void refusals(dkv_store *store)
{
    waiter done = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_start_transaction(store, on_done, &done)));
    CHECK_CODE(DKV_ERR_DATABASE, backup(store, "first"));
    CHECK_CODE(DKV_ERR_DATABASE, restore(store, "first"));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_rollback(store, on_done, &done)));
    group("a transaction refuses both");
    CHECK_CODE(DKV_OK, backup(store, "second"));
    CHECK_CODE(DKV_OK, backup(store, "third"));
    CHECK_CODE(DKV_OK, backup(store, "fourth"));
    CHECK_CODE(DKV_ERR_GENERAL, backup(store, "fifth"));
    CHECK_CODE(DKV_OK, backup(store, "first"));
    group("with automatic backups there is room for four others");
}

static void deletions(dkv_manager *manager, dkv_store *store)
{
    results found = { .done = WAITER_INIT };
    const dkv_text files[] = { DKV_TEXT("third"), DKV_TEXT("missing"), DKV_TEXT("first"), DKV_TEXT("third") };
    CHECK_CODE(DKV_OK, AWAIT(&found.done, dkv_store_delete_backup(store, files, 4, on_results, &found)));
    if (CHECK(found.count == 3)) {
        CHECK(strcmp(found.names[0], "first") == 0 && found.statuses[0] == DKV_OK);
        CHECK(strcmp(found.names[1], "missing") == 0 && found.statuses[1] == 27459591);
        CHECK(strcmp(found.names[2], "third") == 0 && found.statuses[2] == DKV_OK);
    }
    group("deletions are told by name, in order and once");

    waiter closed = WAITER_INIT;
    CHECK_CODE(DKV_OK, AWAIT(&closed, dkv_manager_close_store(manager, TEXT(BUNDLE_NAME), TEXT("backups"), NULL, 0,
                                                              on_done, &closed)));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_backup(store, TEXT("a"), never_done, NULL));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_restore(store, TEXT("a"), never_done, NULL));
    const dkv_text second = DKV_TEXT("second");
    CHECK_CODE(DKV_OK, AWAIT(&found.done, dkv_store_delete_backup(store, &second, 1, on_results, &found)));
    CHECK(found.count == 1 && found.statuses[0] == DKV_OK);
    group("a store that was closed by its id still deletes its backups");
    dkv_store_free(store);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_store_delete_backup(store, &second, 1, never_results, NULL));
    group("a dead handle does not");
}

static void queued(dkv_manager *manager)
{
    dkv_queue *queue = NULL;
    dkv_store *view = NULL;
    uint8_t record[512];
    size_t written = 0;
    size_t needed = 0;
    dkv_store *store = open_store(manager, "queued");
    CHECK_CODE(DKV_OK, dkv_queue_create(&queue));
    CHECK_CODE(DKV_OK, dkv_store_on_queue(store, queue, &view));
    const dkv_text missing = DKV_TEXT("missing");
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_store_delete_backup(view, &missing, 1, never_results, NULL));
    CHECK_CODE(DKV_OK, dkv_store_delete_backup(view, &missing, 1, NULL, (void *)(uintptr_t)77));
    CHECK_CODE(DKV_OK, dkv_queue_wait(queue, 60000));
    CHECK_CODE(DKV_OK, dkv_queue_drain(queue, record, sizeof record, &written, &needed));
    uint32_t words[6];
    uint64_t length = 0;
    int64_t status = 0;
    memcpy(words, record, sizeof words);
    memcpy(&length, record + 24, sizeof length);
    memcpy(&status, record + 40, sizeof status);
    CHECK(written == 48 && words[0] == 48);
    CHECK_CODE(DKV_RECORD_BACKUP_RESULTS, words[1]);
    CHECK_CODE(77, words[2]);
    CHECK_CODE(DKV_OK, (int32_t)words[4]);
    CHECK_CODE(1, words[5]);
    CHECK(length == 7 && memcmp(record + 32, "missing", 7) == 0 && record[39] == 0);
    CHECK_CODE(27459591, status);
    dkv_store_free(view);
    dkv_queue_free(queue);
    CHECK_CODE(DKV_OK, close_store(store));
    group("a view gets the results as a record");
}

static void options(dkv_manager *manager)
{
    dkv_store_options options = test_store_options();
    CHECK(options.auto_backup_quiet_ms == 0 && options.auto_backup_interval_ms == 0);
    options.auto_backup_quiet_ms = UINT64_MAX;
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_manager_get_store(manager, TEXT("options"), &options, never_store, NULL));
    options.auto_backup_quiet_ms = 1;
    options.auto_backup_interval_ms = 1;
    dkv_store *store = open_with(manager, "options", &options);
    CHECK_CODE(DKV_OK, put_text(store, "key", "value"));
    results found = { .done = WAITER_INIT };
    const dkv_text automatic = DKV_TEXT("autoBackup");
    do {
        usleep(1000);
        CHECK_CODE(DKV_OK, AWAIT(&found.done, dkv_store_delete_backup(store, &automatic, 1, on_results, &found)));
    } while (found.statuses[0] == 27459591);
    CHECK_CODE(27459585, found.statuses[0]);
    CHECK_CODE(DKV_OK, restore(store, "autoBackup"));
    CHECK_CODE(DKV_OK, close_store(store));
    group("an automatic backup is made, restored, and not deleted");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = open_store(manager, "backups");
    make_and_restore(store);
    names(store);
    in_a_folder(store);
    refusals(store);
    deletions(manager, store);
    queued(manager);
    options(manager);
    dkv_manager_free(manager);
    return test_result();
}
