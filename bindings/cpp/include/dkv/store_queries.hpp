/// What a store answers to a query, and the result sets of a device.

#ifndef DKV_STORE_QUERIES_HPP
#define DKV_STORE_QUERIES_HPP

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "answer.hpp"
#include "config.hpp"
#include "error.hpp"
#include "options.hpp"
#include "query.hpp"
#include "result_set.hpp"
#include "store_answers.hpp"

DKV_HPP_BEGIN

/// A part of dkv::store. A query is copied by each call; `token` is as in dkv.hpp.
template <class Store>
class store_queries {
public:
    /// std::vector<entry> that the query selects, in its order.
    template <class Token = use_future_t>
    auto get_entries(const query &query, Token &&token = {})
    {
        return detail::launch<detail::entries_answer>(
            std::forward<Token>(token), [store = raw(), query = query.raw()](auto callback, void *user_data) {
                return dkv_store_get_entries_by_query(store, query, callback, user_data);
            });
    }
    /// As above, of a device, which goes before the one that the query names.
    template <class Token = use_future_t>
    auto get_entries_from_device(std::string_view device_id, const query &query, Token &&token = {})
    {
        return detail::launch<detail::entries_answer>(
            std::forward<Token>(token),
            [store = raw(), device_id, query = query.raw()](auto callback, void *user_data) {
                return dkv_store_get_entries_from_device_by_query(store, device_id.data(), device_id.size(), query,
                                                                  callback, user_data);
            });
    }

    /// result_set over the entries that the query selects.
    template <class Token = use_future_t>
    auto get_result_set(const query &query, Token &&token = {})
    {
        return detail::launch<detail::result_set_answer>(
            std::forward<Token>(token), [store = raw(), query = query.raw()](auto callback, void *user_data) {
                return dkv_store_get_result_set_by_query(store, query, callback, user_data);
            });
    }
    /// As above, of a device, which goes before the one that the query names.
    template <class Token = use_future_t>
    auto get_result_set_from_device(std::string_view device_id, const query &query, Token &&token = {})
    {
        return detail::launch<detail::result_set_answer>(
            std::forward<Token>(token),
            [store = raw(), device_id, query = query.raw()](auto callback, void *user_data) {
                return dkv_store_get_result_set_from_device_by_query(store, device_id.data(), device_id.size(), query,
                                                                     callback, user_data);
            });
    }

    /// result_set over the entries of a device whose key begins with a prefix.
    template <class Token = use_future_t>
    auto get_result_set_from_device(std::string_view device_id, std::string_view prefix, Token &&token = {})
    {
        return detail::launch<detail::result_set_answer>(
            std::forward<Token>(token), [store = raw(), device_id, prefix](auto callback, void *user_data) {
                return dkv_store_get_result_set_from_device(store, device_id.data(), device_id.size(), prefix.data(),
                                                            prefix.size(), callback, user_data);
            });
    }

    /// std::uint64_t: how many entries the query selects.
    template <class Token = use_future_t>
    auto get_result_size(const query &query, Token &&token = {})
    {
        return detail::launch<detail::count_answer>(
            std::forward<Token>(token), [store = raw(), query = query.raw()](auto callback, void *user_data) {
                return dkv_store_get_result_size(store, query, callback, user_data);
            });
    }
    template <class Token = use_future_t>
    auto get_result_size_from_device(std::string_view device_id, const query &query, Token &&token = {})
    {
        return detail::launch<detail::count_answer>(
            std::forward<Token>(token),
            [store = raw(), device_id, query = query.raw()](auto callback, void *user_data) {
                return dkv_store_get_result_size_from_device(store, device_id.data(), device_id.size(), query, callback,
                                                             user_data);
            });
    }

    /// How the store would answer a query, in lines for people. Answers on this thread.
    returns<std::string> explain_query(const query &query)
    {
        return detail::give(detail::read_text([&](char *text, std::size_t capacity, std::size_t *length) {
            return dkv_store_explain_query(raw(), query.raw(), text, capacity, length);
        }));
    }

    /// Starts a synchronisation of what the query selects, and returns at once.
    template <class Devices>
    returns<void> sync(const Devices &device_ids, const query &query, sync_mode mode,
                       std::chrono::milliseconds delay = {})
    {
        const std::vector<dkv_text> ids = detail::raw_texts(device_ids);
        return detail::give(detail::checked(
            dkv_store_sync_by_query(raw(), ids.data(), ids.size(), query.raw(), static_cast<std::int32_t>(mode),
                                    detail::clamped_milliseconds(delay))));
    }
    returns<void> sync(std::initializer_list<std::string_view> device_ids, const query &query, sync_mode mode,
                       std::chrono::milliseconds delay = {})
    {
        return sync<std::initializer_list<std::string_view>>(device_ids, query, mode, delay);
    }

private:
    dkv_store *raw() const noexcept { return static_cast<const Store *>(this)->raw(); }
};

DKV_HPP_END

#endif
