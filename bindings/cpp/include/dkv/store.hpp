/// Stores: single-version and device stores share one class, as they share one handle in C.

#ifndef DKV_STORE_HPP
#define DKV_STORE_HPP

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "answer.hpp"
#include "config.hpp"
#include "entry_stream.hpp"
#include "error.hpp"
#include "handle.hpp"
#include "options.hpp"
#include "result_set.hpp"
#include "store_answers.hpp"
#include "store_queries.hpp"
#include "subscription.hpp"
#include "value.hpp"

DKV_HPP_BEGIN

/// A handle on an open store; the store closes with its last one. Any thread.
///
/// Where a call has `token`, it is asynchronous: see dkv.hpp for the three ways to get its answer. Each function of
/// dkv.h that it stands for lists the codes of its failures; here are the types of the answers.
class store : public handle<dkv_store, dkv_store_free>, public store_queries<store> {
public:
    using handle::handle;
    using handle::raw;
    // By a query, beside the calls below that are by a prefix.
    using store_queries::get_entries;
    using store_queries::get_entries_from_device;
    using store_queries::get_result_set;
    using store_queries::sync;

    // ---- one key ----

    /// void. Inserts or overwrites a value.
    template <class Token = use_future_t>
    auto put(std::string_view key, const value_view &value, Token &&token = {})
    {
        return detail::launch<detail::done_answer>(
            std::forward<Token>(token), [store = raw(), key, value](auto callback, void *user_data) {
                return dkv_store_put(store, key.data(), key.size(), &value.raw(), callback, user_data);
            });
    }

    /// std::optional<value>: std::nullopt if the key is missing.
    template <class Token = use_future_t>
    auto get(std::string_view key, Token &&token = {})
    {
        return detail::launch<detail::value_answer>(
            std::forward<Token>(token), [store = raw(), key](auto callback, void *user_data) {
                return dkv_store_get(store, key.data(), key.size(), callback, user_data);
            });
    }

    /// void. Removes a key; a missing one is a success. (`delete` is a word of the language.)
    template <class Token = use_future_t>
    auto erase(std::string_view key, Token &&token = {})
    {
        return detail::launch<detail::done_answer>(
            std::forward<Token>(token), [store = raw(), key](auto callback, void *user_data) {
                return dkv_store_delete(store, key.data(), key.size(), callback, user_data);
            });
    }

    /// The value, read on this thread; std::nullopt if the key is missing. Waits where a queued write could change the
    /// answer. May be called in a callback.
    returns<std::optional<value>> get_now(std::string_view key)
    {
        return detail::give(detail::read_now(dkv_store_get_now, raw(), key));
    }

    /// As get_now(), but where it would wait, the result is errc::would_block. Throws nothing of the library's.
    result<std::optional<value>> try_get(std::string_view key)
    {
        return detail::read_now(dkv_store_try_get, raw(), key);
    }

    // ---- several keys ----

    /// void. Puts all entries or none, in order. `entries` is any range of dkv::entry, entry_view or pairs.
    template <class Entries, class Token = use_future_t>
    auto put_batch(const Entries &entries, Token &&token = {})
    {
        return detail::launch<detail::done_answer>(
            std::forward<Token>(token),
            [store = raw(), entries = detail::raw_entries(entries)](auto callback, void *user_data) {
                return dkv_store_put_batch(store, entries.data(), entries.size(), callback, user_data);
            });
    }
    template <class Token = use_future_t>
    auto put_batch(std::initializer_list<entry_view> entries, Token &&token = {})
    {
        return put_batch<std::initializer_list<entry_view>>(entries, std::forward<Token>(token));
    }

    /// void. Removes all keys or none. `keys` is any range of texts.
    template <class Keys, class Token = use_future_t>
    auto erase_batch(const Keys &keys, Token &&token = {})
    {
        return detail::launch<detail::done_answer>(
            std::forward<Token>(token),
            [store = raw(), keys = detail::raw_texts(keys)](auto callback, void *user_data) {
                return dkv_store_delete_batch(store, keys.data(), keys.size(), callback, user_data);
            });
    }
    template <class Token = use_future_t>
    auto erase_batch(std::initializer_list<std::string_view> keys, Token &&token = {})
    {
        return erase_batch<std::initializer_list<std::string_view>>(keys, std::forward<Token>(token));
    }

    /// std::vector<std::optional<value>>: one for each key, read at one moment. `keys` is any range of texts.
    template <class Keys, class Token = use_future_t>
    auto get_many(const Keys &keys, Token &&token = {})
    {
        return detail::launch<detail::values_answer>(
            std::forward<Token>(token),
            [store = raw(), keys = detail::raw_texts(keys)](auto callback, void *user_data) {
                return dkv_store_get_many(store, keys.data(), keys.size(), callback, user_data);
            });
    }
    template <class Token = use_future_t>
    auto get_many(std::initializer_list<std::string_view> keys, Token &&token = {})
    {
        return get_many<std::initializer_list<std::string_view>>(keys, std::forward<Token>(token));
    }

    /// std::vector<entry>, in ascending order of the keys' bytes. A prefix that is blank or holds a '^' selects all.
    template <class Token = use_future_t>
    auto get_entries(std::string_view prefix, Token &&token = {})
    {
        return detail::launch<detail::entries_answer>(
            std::forward<Token>(token), [store = raw(), prefix](auto callback, void *user_data) {
                return dkv_store_get_entries(store, prefix.data(), prefix.size(), callback, user_data);
            });
    }

    /// std::uint64_t: entries whose key begins with the prefix.
    template <class Token = use_future_t>
    auto count(std::string_view prefix = {}, Token &&token = {})
    {
        return detail::launch<detail::count_answer>(
            std::forward<Token>(token), [store = raw(), prefix](auto callback, void *user_data) {
                return dkv_store_count(store, prefix.data(), prefix.size(), callback, user_data);
            });
    }

    /// result_set over the entries whose key begins with the prefix.
    template <class Token = use_future_t>
    auto get_result_set(std::string_view prefix, Token &&token = {})
    {
        return detail::launch<detail::result_set_answer>(
            std::forward<Token>(token), [store = raw(), prefix](auto callback, void *user_data) {
                return dkv_store_get_result_set(store, prefix.data(), prefix.size(), callback, user_data);
            });
    }

    /// entry_stream over a range of keys.
    template <class Token = use_future_t>
    auto entries(const key_range &range = {}, Token &&token = {})
    {
        return detail::launch<detail::entry_stream_answer>(
            std::forward<Token>(token), [store = raw(), range](auto callback, void *user_data) {
                const dkv_key_range raw = detail::raw_range(range);
                return dkv_store_get_iterator(store, &raw, callback, user_data);
            });
    }

    // ---- conditional writes: bool, whether it happened ----

    template <class Token = use_future_t>
    auto put_if_absent(std::string_view key, const value_view &value, Token &&token = {})
    {
        return detail::launch<detail::applied_answer>(
            std::forward<Token>(token), [store = raw(), key, value](auto callback, void *user_data) {
                return dkv_store_put_if_absent(store, key.data(), key.size(), &value.raw(), callback, user_data);
            });
    }

    /// Values are compared by type and bits.
    template <class Token = use_future_t>
    auto put_if_unchanged(std::string_view key, const value_view &expected, const value_view &value,
                          Token &&token = {})
    {
        return detail::launch<detail::applied_answer>(
            std::forward<Token>(token), [store = raw(), key, expected, value](auto callback, void *user_data) {
                return dkv_store_put_if_unchanged(store, key.data(), key.size(), &expected.raw(), &value.raw(),
                                                  callback, user_data);
            });
    }

    template <class Token = use_future_t>
    auto erase_if_unchanged(std::string_view key, const value_view &expected, Token &&token = {})
    {
        return detail::launch<detail::applied_answer>(
            std::forward<Token>(token), [store = raw(), key, expected](auto callback, void *user_data) {
                return dkv_store_delete_if_unchanged(store, key.data(), key.size(), &expected.raw(), callback,
                                                     user_data);
            });
    }

    // ---- transactions: void; dkv::transaction rolls back what nobody commits ----

    template <class Token = use_future_t>
    auto start_transaction(Token &&token = {})
    {
        return plain(dkv_store_start_transaction, std::forward<Token>(token));
    }
    template <class Token = use_future_t>
    auto commit(Token &&token = {})
    {
        return plain(dkv_store_commit, std::forward<Token>(token));
    }
    template <class Token = use_future_t>
    auto rollback(Token &&token = {})
    {
        return plain(dkv_store_rollback, std::forward<Token>(token));
    }

    // ---- observers ----

    /// Calls `call(const dkv::change &)` with what each later commit changes, behind the completion of the write.
    template <class Call>
    [[nodiscard]] returns<subscription> subscribe(subscribe_type type, Call &&call)
    {
        return subscription::make(std::forward<Call>(call), [this, type](void *user_data, dkv_subscription **made) {
            return dkv_store_subscribe(raw(), static_cast<std::int32_t>(type),
                                       detail::on_change<std::decay_t<Call>>, user_data, made);
        });
    }

    /// Calls `call(const std::vector<dkv::sync_status> &)` at the end of each synchronisation.
    template <class Call>
    [[nodiscard]] returns<subscription> subscribe_sync_complete(Call &&call)
    {
        return subscription::make(std::forward<Call>(call), [this](void *user_data, dkv_subscription **made) {
            return dkv_store_subscribe_sync_complete(raw(), detail::on_sync_complete<std::decay_t<Call>>, user_data,
                                                     made);
        });
    }

    // ---- device stores ----

    /// std::optional<value>, of a device; an empty id is this one.
    template <class Token = use_future_t>
    auto get_from_device(std::string_view device_id, std::string_view key, Token &&token = {})
    {
        return detail::launch<detail::value_answer>(
            std::forward<Token>(token), [store = raw(), device_id, key](auto callback, void *user_data) {
                return dkv_store_get_from_device(store, device_id.data(), device_id.size(), key.data(), key.size(),
                                                 callback, user_data);
            });
    }

    /// std::vector<entry>, of a device.
    template <class Token = use_future_t>
    auto get_entries_from_device(std::string_view device_id, std::string_view prefix, Token &&token = {})
    {
        return detail::launch<detail::entries_answer>(
            std::forward<Token>(token), [store = raw(), device_id, prefix](auto callback, void *user_data) {
                return dkv_store_get_entries_from_device(store, device_id.data(), device_id.size(), prefix.data(),
                                                         prefix.size(), callback, user_data);
            });
    }

    /// std::uint64_t, of a device.
    template <class Token = use_future_t>
    auto count_from_device(std::string_view device_id, std::string_view prefix = {}, Token &&token = {})
    {
        return detail::launch<detail::count_answer>(
            std::forward<Token>(token), [store = raw(), device_id, prefix](auto callback, void *user_data) {
                return dkv_store_count_from_device(store, device_id.data(), device_id.size(), prefix.data(),
                                                   prefix.size(), callback, user_data);
            });
    }

    /// void. Removes what was received from a device.
    template <class Token = use_future_t>
    auto remove_device_data(std::string_view device_id, Token &&token = {})
    {
        return named(dkv_store_remove_device_data, device_id, std::forward<Token>(token));
    }

    // ---- synchronisation and security ----

    /// dkv::security_level, by the opening that is in effect.
    template <class Token = use_future_t>
    auto get_security_level(Token &&token = {})
    {
        return detail::launch<detail::security_level_answer>(
            std::forward<Token>(token), [store = raw()](auto callback, void *user_data) {
                return dkv_store_get_security_level(store, callback, user_data);
            });
    }

    /// void. Turns the synchronisation of the store on or off, for good.
    template <class Token = use_future_t>
    auto enable_sync(bool enabled, Token &&token = {})
    {
        return detail::launch<detail::done_answer>(
            std::forward<Token>(token), [store = raw(), enabled](auto callback, void *user_data) {
                return dkv_store_enable_sync(store, enabled ? 1 : 0, callback, user_data);
            });
    }

    /// void. Sets the labels of this device and those that it wants of others, for good.
    template <class Local, class Remote, class Token = use_future_t>
    auto set_sync_range(const Local &local, const Remote &remote, Token &&token = {})
    {
        return detail::launch<detail::done_answer>(
            std::forward<Token>(token),
            [store = raw(), local = detail::raw_texts(local), remote = detail::raw_texts(remote)](
                auto callback, void *user_data) {
                return dkv_store_set_sync_range(store, local.data(), local.size(), remote.data(), remote.size(),
                                                callback, user_data);
            });
    }
    template <class Token = use_future_t>
    auto set_sync_range(std::initializer_list<std::string_view> local, std::initializer_list<std::string_view> remote,
                        Token &&token = {})
    {
        using texts = std::initializer_list<std::string_view>;
        return set_sync_range<texts, texts>(local, remote, std::forward<Token>(token));
    }

    /// void. Sets the delay of a synchronisation that names none, until the store closes: 0, or 100 ms to a day.
    template <class Token = use_future_t>
    auto set_sync_param(std::chrono::milliseconds delay, Token &&token = {})
    {
        return detail::launch<detail::done_answer>(
            std::forward<Token>(token), [store = raw(), delay](auto callback, void *user_data) {
                return dkv_store_set_sync_param(store, detail::clamped_milliseconds(delay), callback, user_data);
            });
    }

    /// Starts a synchronisation and returns at once. What came of it is told to subscribe_sync_complete().
    template <class Devices>
    returns<void> sync(const Devices &device_ids, sync_mode mode, std::chrono::milliseconds delay = {})
    {
        const std::vector<dkv_text> ids = detail::raw_texts(device_ids);
        return detail::give(detail::checked(dkv_store_sync(raw(), ids.data(), ids.size(),
                                                           static_cast<std::int32_t>(mode),
                                                           detail::clamped_milliseconds(delay))));
    }
    returns<void> sync(std::initializer_list<std::string_view> device_ids, sync_mode mode,
                       std::chrono::milliseconds delay = {})
    {
        return sync<std::initializer_list<std::string_view>>(device_ids, mode, delay);
    }

    // ---- backups ----

    /// void. Backs up what is committed now, under a name in the manager's folder.
    template <class Token = use_future_t>
    auto backup(std::string_view file, Token &&token = {})
    {
        return named(dkv_store_backup, file, std::forward<Token>(token));
    }
    /// void. Replaces the whole content of the store by that of a backup.
    template <class Token = use_future_t>
    auto restore(std::string_view file, Token &&token = {})
    {
        return named(dkv_store_restore, file, std::forward<Token>(token));
    }
    /// std::vector<backup_result>, in ascending order of the names. `files` is any range of texts.
    template <class Files, class Token = use_future_t>
    auto delete_backup(const Files &files, Token &&token = {})
    {
        return detail::launch<detail::backup_results_answer>(
            std::forward<Token>(token),
            [store = raw(), files = detail::raw_texts(files)](auto callback, void *user_data) {
                return dkv_store_delete_backup(store, files.data(), files.size(), callback, user_data);
            });
    }
    template <class Token = use_future_t>
    auto delete_backup(std::initializer_list<std::string_view> files, Token &&token = {})
    {
        return delete_backup<std::initializer_list<std::string_view>>(files, std::forward<Token>(token));
    }
    /// void, as the three that follow: below a folder of the caller's, which must exist.
    template <class Token = use_future_t>
    auto backup_ex(std::string_view file_name, std::string_view file_path, Token &&token = {})
    {
        return in_folder(dkv_store_backup_ex, file_name, file_path, std::forward<Token>(token));
    }
    template <class Token = use_future_t>
    auto restore_ex(std::string_view file_name, std::string_view file_path, Token &&token = {})
    {
        return in_folder(dkv_store_restore_ex, file_name, file_path, std::forward<Token>(token));
    }
    template <class Token = use_future_t>
    auto delete_backup_ex(std::string_view file_name, std::string_view file_path, Token &&token = {})
    {
        return in_folder(dkv_store_delete_backup_ex, file_name, file_path, std::forward<Token>(token));
    }

    // ---- maintenance ----

    /// void. Makes everything acknowledged so far durable. Only a relaxed store has anything to do.
    template <class Token = use_future_t>
    auto flush(Token &&token = {})
    {
        return plain(dkv_store_flush, std::forward<Token>(token));
    }
    /// void. Checks that every entry can be read; a deep check looks at every page and needs the store for itself.
    template <class Token = use_future_t>
    auto check_integrity(bool deep, Token &&token = {})
    {
        return detail::launch<detail::done_answer>(
            std::forward<Token>(token), [store = raw(), deep](auto callback, void *user_data) {
                return dkv_store_check_integrity(store, deep ? 1 : 0, callback, user_data);
            });
    }
    /// void. Gives unused space of the file back. Needs the store for itself.
    template <class Token = use_future_t>
    auto compact(Token &&token = {})
    {
        return plain(dkv_store_compact, std::forward<Token>(token));
    }
    /// void. Encrypts the store anew under a new key; backups keep theirs. Needs the store for itself.
    template <class Token = use_future_t>
    auto rekey(Token &&token = {})
    {
        return plain(dkv_store_rekey, std::forward<Token>(token));
    }
    returns<dkv::statistics> statistics() const
    {
        return detail::give(detail::read_statistics(raw()));
    }
    /// What became of the store if it was damaged when it was opened.
    returns<dkv::recovery> recovery() const { return detail::give(detail::read_recovery(raw())); }
    /// Who holds a snapshot of the store, one line for each, the oldest first.
    returns<std::string> describe_holders() const
    {
        return detail::give(detail::read_text([this](char *text, std::size_t capacity, std::size_t *length) {
            return dkv_store_describe_holders_now(raw(), text, capacity, length);
        }));
    }

    // ---- the end ----
    /// void. Closes this handle: it is dead as soon as the call is accepted. The answer comes when everything issued
    /// before is done; with the last handle, when the file is closed and durable.
    template <class Token = use_future_t>
    auto close(Token &&token = {})
    {
        return plain(dkv_store_close, std::forward<Token>(token));
    }

private:
    /// A call without arguments whose answer is void.
    template <class Token>
    auto plain(std::int32_t (*call)(dkv_store *, dkv_void_callback, void *), Token &&token)
    {
        return detail::launch<detail::done_answer>(
            std::forward<Token>(token),
            [store = raw(), call](auto callback, void *user_data) { return call(store, callback, user_data); });
    }

    /// A call with one text whose answer is void.
    template <class Token>
    auto named(std::int32_t (*call)(dkv_store *, const char *, std::size_t, dkv_void_callback, void *),
               std::string_view name, Token &&token)
    {
        return detail::launch<detail::done_answer>(
            std::forward<Token>(token), [store = raw(), call, name](auto callback, void *user_data) {
                return call(store, name.data(), name.size(), callback, user_data);
            });
    }

    /// A call with a name and a folder whose answer is void.
    template <class Token>
    auto in_folder(std::int32_t (*call)(dkv_store *, const char *, std::size_t, const char *, std::size_t,
                                        dkv_void_callback, void *),
                   std::string_view name, std::string_view folder, Token &&token)
    {
        return detail::launch<detail::done_answer>(
            std::forward<Token>(token), [store = raw(), call, name, folder](auto callback, void *user_data) {
                return call(store, name.data(), name.size(), folder.data(), folder.size(), callback, user_data);
            });
    }
};

DKV_HPP_END

#endif
