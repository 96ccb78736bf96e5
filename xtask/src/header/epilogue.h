#ifdef __cplusplus
}
#endif

/**
 * The options of a manager, as dkv_manager_options_init() sets them: every field has its default, and bundle_name and
 * base_dir remain to be given.
 */
#define DKV_MANAGER_OPTIONS_INIT                                                                                     \
    { sizeof(dkv_manager_options), 0, { NULL, 0 }, { NULL, 0 }, 0, 0, NULL, 0, NULL, NULL }

/**
 * The options of a store, as dkv_store_options_init() sets them: created if missing, not encrypted, backed up, not
 * synchronised by itself, a device store, durable, without a root folder of its own, without a schema, not recovered. The
 * security level has no default and remains to be given.
 */
#define DKV_STORE_OPTIONS_INIT                                                                                       \
    { sizeof(dkv_store_options), 1, 0, 1, 0, DKV_STORE_DEVICE_COLLABORATION, 0, DKV_DURABILITY_DURABLE, 0,           \
      { NULL, 0 }, { NULL, 0 }, 0, 0, 0, 0 }

/**
 * A key range, as dkv_key_range_init() sets it: every key, ascending, all of them.
 */
#define DKV_KEY_RANGE_INIT                                                                                           \
    { sizeof(dkv_key_range), 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0 }

/**
 * Statistics to be filled in by dkv_store_get_statistics_now().
 */
#define DKV_STATISTICS_INIT                                                                                          \
    { sizeof(dkv_statistics), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * A recovery to be filled in by dkv_store_get_recovery_now().
 */
#define DKV_RECOVERY_INIT { sizeof(dkv_recovery), 0, 0, 0, 0, 0 }

/**
 * A dkv_text of a string literal or of any NUL-terminated string. The argument is evaluated twice.
 */
#ifdef __cplusplus
#define DKV_TEXT(string) (dkv_text{ (string), strlen(string) })
#else
#define DKV_TEXT(string) ((dkv_text){ (string), strlen(string) })
#endif

#endif /* DKV_H */
