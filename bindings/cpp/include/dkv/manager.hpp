/// Managers: they give, close, delete and list the stores of one application below one folder.

#ifndef DKV_MANAGER_HPP
#define DKV_MANAGER_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "answer.hpp"
#include "config.hpp"
#include "error.hpp"
#include "handle.hpp"
#include "options.hpp"
#include "store.hpp"
#include "subscription.hpp"

DKV_HPP_BEGIN

namespace detail {

struct store_answer : answer_base<store, dkv_store_callback> {
    static result<type> from(dkv_store *raw) { return store(raw); }
};

struct store_ids_answer : answer_base<std::vector<std::string>, dkv_store_ids_callback> {
    static result<type> from(const dkv_text *raw, std::size_t count)
    {
        type ids;
        ids.reserve(count);
        for (std::size_t i = 0; i < count; i++) {
            ids.emplace_back(view_of(raw[i]));
        }
        return ids;
    }
};

struct text_answer : answer_base<std::string, dkv_text_callback> {
    static result<type> from(const dkv_text *raw) { return std::string(view_of(*raw)); }
};

/// Makes a manager, with a library that has the ABI of this header.
inline result<dkv_manager *> make_manager(const manager_options &options)
{
    if (dkv_abi_version() != DKV_ABI_VERSION) {
        return error(errc::not_supported,
                     "The library has version " + std::to_string(dkv_abi_version())
                         + " of the ABI, and this program was built for version " + std::to_string(DKV_ABI_VERSION)
                         + ". Install the library that belongs to the header.");
    }
    const dkv_manager_options raw = raw_options(options);
    dkv_manager *made = nullptr;
    const std::int32_t status = dkv_manager_create(&raw, &made);
    if (status != DKV_OK) {
        return last_error(status);
    }
    return made;
}

} // namespace detail

/// A manager. It touches no disk; its stores stay open when it is gone. Any thread.
class manager : public handle<dkv_manager, dkv_manager_free> {
public:
    using handle::handle;

#if DKV_HPP_EXCEPTIONS
    explicit manager(const manager_options &options) : handle(detail::make_manager(options).value()) {}
#endif

    /// The constructor for those who build without exceptions.
    static result<manager> create(const manager_options &options)
    {
        result<dkv_manager *> made = detail::make_manager(options);
        if (!made) {
            return made.error();
        }
        return manager(*made);
    }

    /// store. Opens it, creating it unless the options say otherwise. Every answer is a handle of its own.
    template <class Token = use_future_t>
    auto get_store(std::string_view store_id, const store_options &options, Token &&token = {})
    {
        return detail::launch<detail::store_answer>(
            std::forward<Token>(token),
            [manager = raw(), store_id, raw = detail::raw_options(options)](auto callback, void *user_data) {
                return dkv_manager_get_store(manager, store_id.data(), store_id.size(), &raw, callback, user_data);
            });
    }

    /// void. Lets go of one handle of a store, by the store's id. `app_id` is the bundle name, `root_dir` that of the
    /// opening.
    template <class Token = use_future_t>
    auto close_store(std::string_view app_id, std::string_view store_id, std::string_view root_dir = {},
                     Token &&token = {})
    {
        return by_id(dkv_manager_close_store, app_id, store_id, root_dir, std::forward<Token>(token));
    }

    /// void. Deletes a store and its data; an open one is closed first.
    template <class Token = use_future_t>
    auto delete_store(std::string_view app_id, std::string_view store_id, std::string_view root_dir = {},
                      Token &&token = {})
    {
        return by_id(dkv_manager_delete_store, app_id, store_id, root_dir, std::forward<Token>(token));
    }

    /// std::vector<std::string>: the ids of an application's stores, in ascending order of their bytes.
    template <class Token = use_future_t>
    auto get_all_store_ids(std::string_view app_id, Token &&token = {})
    {
        return detail::launch<detail::store_ids_answer>(
            std::forward<Token>(token), [manager = raw(), app_id](auto callback, void *user_data) {
                return dkv_manager_get_all_store_ids(manager, app_id.data(), app_id.size(), callback, user_data);
            });
    }

    /// std::string: 64 lower-case hexadecimal digits, made once and kept.
    template <class Token = use_future_t>
    auto get_local_device_id(Token &&token = {})
    {
        return detail::launch<detail::text_answer>(
            std::forward<Token>(token), [manager = raw()](auto callback, void *user_data) {
                return dkv_manager_get_local_device_id(manager, callback, user_data);
            });
    }

    /// Registers `call()` for the end of the service that holds the stores, which is this process: it never runs.
    template <class Call>
    [[nodiscard]] returns<subscription> subscribe_service_death(Call &&call)
    {
        return subscription::make(std::forward<Call>(call), [this](void *user_data, dkv_subscription **made) {
            return dkv_manager_subscribe_service_death(raw(), detail::on_service_death<std::decay_t<Call>>,
                                                       user_data, made);
        });
    }

private:
    template <class Call, class Token>
    auto by_id(Call call, std::string_view app_id, std::string_view store_id, std::string_view root_dir,
               Token &&token)
    {
        return detail::launch<detail::done_answer>(
            std::forward<Token>(token),
            [manager = raw(), call, app_id, store_id, root_dir](auto callback, void *user_data) {
                return call(manager, app_id.data(), app_id.size(), store_id.data(), store_id.size(),
                            root_dir.data(), root_dir.size(), callback, user_data);
            });
    }
};

DKV_HPP_END

#endif
