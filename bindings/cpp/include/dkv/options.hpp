/// What managers and stores are opened with. Every field has its default except the ones that are said to be required.

#ifndef DKV_OPTIONS_HPP
#define DKV_OPTIONS_HPP

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config.hpp"
#include "value.hpp"

DKV_HPP_BEGIN

enum class store_kind : std::int32_t {
    /// Every device has its own keys.
    device_collaboration = DKV_STORE_DEVICE_COLLABORATION,
    /// One set of keys.
    single_version = DKV_STORE_SINGLE_VERSION,
};

enum class security_level : std::int32_t {
    s1 = DKV_SECURITY_S1,
    s2 = DKV_SECURITY_S2,
    s3 = DKV_SECURITY_S3,
    s4 = DKV_SECURITY_S4,
};

enum class durability : std::int32_t {
    /// A write is answered when it is on the disk.
    durable = DKV_DURABILITY_DURABLE,
    /// A write is answered when it is applied; it is on the disk within a second, at a flush and at close.
    relaxed = DKV_DURABILITY_RELAXED,
};

enum class subscribe_type : std::int32_t {
    local = DKV_SUBSCRIBE_LOCAL,
    remote = DKV_SUBSCRIBE_REMOTE,
    all = DKV_SUBSCRIBE_ALL,
};

enum class sync_mode : std::int32_t {
    pull_only = DKV_SYNC_PULL_ONLY,
    push_only = DKV_SYNC_PUSH_ONLY,
    push_pull = DKV_SYNC_PUSH_PULL,
};

/// What a manager is made with. bundle_name and base_dir are required.
struct manager_options {
    std::string bundle_name;
    /// The folder below which the stores lie, as UTF-8. It must exist when a store is opened.
    std::string base_dir;
    bool is_system_app = false;
    /// Stores that the application may have open at once. 0 means 16.
    std::uint32_t open_stores_max = 0;
    /// The root key of encrypted stores, 32 to 1024 bytes. Without one the key is asked for, or is that of the file
    /// key/root.1 below base_dir, made with the first encrypted store. Without the root key nobody can read the stores.
    std::optional<bytes> root_key;
    /// Asked for the root key when it is needed, as dkv_root_key_callback says; not together with root_key.
    dkv_root_key_callback root_key_callback = nullptr;
    /// Handed to it; it must stay valid as long as an encrypted store is open.
    void *root_key_user_data = nullptr;
    /// Makes the root key in the system's keyring, not in that file; not together with the other two. It needs a library
    /// that was built with the feature `keyring`.
    bool root_key_in_keyring = false;

    manager_options(std::string bundle_name_of, std::string base_dir_of)
        : bundle_name(std::move(bundle_name_of)), base_dir(std::move(base_dir_of))
    {
    }
};

/// What a store is opened with.
struct store_options {
    store_kind kind;
    /// It may be raised by a later opening, never lowered.
    dkv::security_level security_level;
    bool create_if_missing = true;
    /// Fixed when the store is created. The root key is the manager's.
    bool encrypt = false;
    /// Automatic backups, named autoBackup.
    bool backup = true;
    bool auto_sync = false;
    dkv::durability durability = dkv::durability::durable;
    /// Page cache of this store, in bytes. 0 means 8 MiB.
    std::uint64_t cache_bytes = 0;
    /// Another folder than the manager's for this store, as UTF-8; it must exist. Empty for none.
    std::string root_dir;
    /// The schema's JSON text; empty for none.
    std::string schema;
    /// Time without a write after which an automatic backup begins. 0 means 30 seconds.
    std::chrono::milliseconds auto_backup_quiet{0};
    /// Age below which an automatic backup is not replaced. 0 means an hour.
    std::chrono::milliseconds auto_backup_interval{0};
    /// Brings a damaged store back, from its newest backup or from what can still be read, and keeps the damaged file.
    /// store::recovery() tells what happened. Every opening then reads the whole file.
    bool recover = false;
    /// Keeps every commit ready for a fast opening: after a crash the store opens without reading all of its file, about
    /// a second for each gigabyte. A commit flushes twice for it, and writes more, the larger the store is.
    bool fast_recovery = false;

    store_options(store_kind kind_of, dkv::security_level level) : kind(kind_of), security_level(level) {}

    /// Of a single-version store.
    static store_options single(dkv::security_level level) { return {store_kind::single_version, level}; }
    /// Of a device store.
    static store_options device(dkv::security_level level) { return {store_kind::device_collaboration, level}; }
};

/// Which entries store::entries() visits: all, unless something is said. Bounds are trimmed as keys are.
struct key_range {
    /// Only keys that begin with this.
    std::string_view prefix;
    /// Only keys at or behind this one. Data nullptr for no bound, as in the others.
    std::string_view gte;
    /// Only keys behind this one.
    std::string_view gt;
    /// Only keys before this one.
    std::string_view lt;
    /// Only keys at or before this one.
    std::string_view lte;
    /// At most so many entries. 0 means all.
    std::uint64_t limit = 0;
    /// Descending order.
    bool reverse = false;
};

namespace detail {

/// The options as C has them. They borrow the texts.
inline dkv_manager_options raw_options(const manager_options &from) noexcept
{
    dkv_manager_options raw = DKV_MANAGER_OPTIONS_INIT;
    raw.is_system_app = from.is_system_app ? 1 : 0;
    raw.bundle_name = raw_text(from.bundle_name);
    raw.base_dir = raw_text(from.base_dir);
    raw.open_stores_max = from.open_stores_max;
    if (from.root_key) {
        // A key of no bytes is refused, as one that is too short; without an address it would be none.
        static constexpr std::uint8_t nothing = 0;
        raw.root_key = from.root_key->empty() ? &nothing : from.root_key->data();
        raw.root_key_length = from.root_key->size();
    }
    raw.root_key_callback = from.root_key_callback;
    raw.root_key_user_data = from.root_key_user_data;
    raw.root_key_in_keyring = from.root_key_in_keyring ? 1 : 0;
    return raw;
}

/// A time below zero becomes the longest there is, which the library refuses by its limit.
inline std::uint64_t raw_milliseconds(std::chrono::milliseconds time) noexcept
{
    return static_cast<std::uint64_t>(time.count());
}

inline dkv_store_options raw_options(const store_options &from) noexcept
{
    dkv_store_options raw = DKV_STORE_OPTIONS_INIT;
    raw.create_if_missing = from.create_if_missing ? 1 : 0;
    raw.encrypt = from.encrypt ? 1 : 0;
    raw.backup = from.backup ? 1 : 0;
    raw.auto_sync = from.auto_sync ? 1 : 0;
    raw.kv_store_type = static_cast<std::int32_t>(from.kind);
    raw.security_level = static_cast<std::int32_t>(from.security_level);
    raw.durability = static_cast<std::int32_t>(from.durability);
    raw.cache_bytes = from.cache_bytes;
    raw.root_dir = from.root_dir.empty() ? dkv_text{nullptr, 0} : raw_text(from.root_dir);
    raw.schema = raw_text(from.schema);
    raw.auto_backup_quiet_ms = raw_milliseconds(from.auto_backup_quiet);
    raw.auto_backup_interval_ms = raw_milliseconds(from.auto_backup_interval);
    raw.recover = from.recover ? 1 : 0;
    raw.fast_recovery = from.fast_recovery ? 1 : 0;
    return raw;
}

inline dkv_key_range raw_range(const key_range &from) noexcept
{
    dkv_key_range raw = DKV_KEY_RANGE_INIT;
    raw.reverse = from.reverse ? 1 : 0;
    raw.prefix = raw_text(from.prefix);
    raw.gte = raw_text(from.gte);
    raw.gt = raw_text(from.gt);
    raw.lt = raw_text(from.lt);
    raw.lte = raw_text(from.lte);
    raw.limit = from.limit;
    return raw;
}

} // namespace detail

DKV_HPP_END

#endif
