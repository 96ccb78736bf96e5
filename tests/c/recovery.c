/* A damaged store comes back where the caller asks for it, and says what became of it. */

#include "harness.h"

static int32_t open_notes(dkv_manager *manager, int32_t recover, dkv_store **store)
{
    dkv_store_options options = test_store_options();
    waiter opened = WAITER_INIT;
    options.recover = recover;
    int32_t code = AWAIT(&opened, dkv_manager_get_store(manager, "notes", 5, &options, on_store, &opened));
    *store = opened.store;
    return code;
}

/* Changes a byte of both copies of the superblock. */
static void damage(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/kvdb/s.notes/store.dkv", test_folder());
    FILE *file = fopen(path, "r+b");
    CHECK(file != NULL);
    for (long at = 100; at < 8192; at += 4096) {
        CHECK(fseek(file, at, SEEK_SET) == 0);
        CHECK(fputc(0xEE, file) == 0xEE);
    }
    CHECK(fclose(file) == 0);
}

static dkv_recovery recovery_of(dkv_store *store)
{
    dkv_recovery recovery = DKV_RECOVERY_INIT;
    CHECK_CODE(DKV_OK, dkv_store_get_recovery_now(store, &recovery));
    CHECK(recovery.struct_size == sizeof recovery);
    return recovery;
}

static void whole(dkv_store *store)
{
    size_t length = 77;
    CHECK(recovery_of(store).source == DKV_RECOVERY_NONE);
    CHECK_CODE(DKV_OK, dkv_store_describe_recovery_now(store, NULL, 0, &length));
    CHECK(length == 0);
    group("a store that was whole was not recovered");
}

static void recovered(dkv_store *store)
{
    char text[512] = { 0 };
    size_t length = 0;
    dkv_recovery recovery = recovery_of(store);
    CHECK(recovery.source == DKV_RECOVERY_BACKUP);
    CHECK(recovery.backup_time_ms > 0 && recovery.kept_entries == 0 && recovery.lost_entries == 0);
    CHECK_CODE(DKV_OK, dkv_store_describe_recovery_now(store, text, 3, &length));
    CHECK(text[0] == '\0' && length > 3 && length < sizeof text);
    CHECK_CODE(DKV_OK, dkv_store_describe_recovery_now(store, text, sizeof text - 1, &length));
    CHECK(strncmp(text, "backup: mine\ndamaged file: store.dkv.corrupt.", 45) == 0);
    CHECK(has_text(store, "key", "value"));
    group("a damaged store comes back from its backup, and tells so");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    dkv_store *store = NULL;
    dkv_recovery recovery = DKV_RECOVERY_INIT;
    waiter done = WAITER_INIT;
    CHECK_CODE(DKV_OK, open_notes(manager, 1, &store));
    whole(store);
    CHECK_CODE(DKV_OK, put_text(store, "key", "value"));
    CHECK_CODE(DKV_OK, AWAIT(&done, dkv_store_backup(store, "mine", 4, on_done, &done)));
    CHECK_CODE(DKV_OK, close_store(store));
    CHECK_CODE(DKV_ERR_CLOSED, dkv_store_get_recovery_now(store, &recovery));
    damage();
    CHECK_CODE(DKV_ERR_CORRUPTED, open_notes(manager, 0, &store));
    dkv_store_options options = test_store_options();
    options.recover = 2;
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT,
                  dkv_manager_get_store(manager, "notes", 5, &options, never_store, NULL));
    CHECK_CODE(DKV_OK, open_notes(manager, 1, &store));
    recovered(store);
    recovery.struct_size = 0;
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_recovery_now(store, &recovery));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, dkv_store_get_recovery_now(store, NULL));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, dkv_store_describe_recovery_now(store, NULL, 0, NULL));
    CHECK_CODE(DKV_OK, close_store(store));
    dkv_manager_free(manager);
    return test_result();
}
