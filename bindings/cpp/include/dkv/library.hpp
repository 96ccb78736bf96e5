/// The library as a whole: its version, its log, its end.

#ifndef DKV_LIBRARY_HPP
#define DKV_LIBRARY_HPP

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <type_traits>
#include <utility>

#include "config.hpp"
#include "error.hpp"
#include "store_answers.hpp"
#include "subscription.hpp"

DKV_HPP_BEGIN

/// The library's release, such as "0.1.0". Constant.
inline std::string_view version() noexcept
{
    return dkv_version();
}

/// Closes every open store of the process and waits until the library's threads have ended. Everything accepted before
/// is done and answered. errc::would_block if a callback has not returned in time, or if this is one.
inline returns<void> shutdown(std::chrono::milliseconds timeout)
{
    return detail::give(detail::checked(dkv_shutdown(detail::clamped_milliseconds(timeout))));
}

enum class log_level : std::int32_t {
    error = DKV_LOG_ERROR,
    warning = DKV_LOG_WARNING,
    information = DKV_LOG_INFORMATION,
};

namespace detail {

/// Which registration receives the log. The lock keeps two changes apart.
struct logger {
    std::mutex changing;
    std::uintptr_t number = 0;

    static logger &only()
    {
        static logger *const only = new logger;
        return *only;
    }

    returns<void> replace(dkv_log_callback callback, std::uintptr_t next)
    {
        std::uintptr_t gone = next;
        const std::unique_lock<std::mutex> lock(changing);
        const std::int32_t status = dkv_set_logger(callback, reinterpret_cast<void *>(next));
        if (status == DKV_OK) {
            gone = std::exchange(number, next);
        }
        registrations::all().end(gone);
        return give(checked(status));
    }
};

template <class Call>
void on_log(void *user_data, std::int32_t level, const char *message, std::size_t length) noexcept
{
    registrations::all().run<Call>(user_data, [&](Call &call) {
        call(static_cast<log_level>(level), std::string_view(message, length));
    });
}

} // namespace detail

/// Sends the lines of the library's log to `call(dkv::log_level, std::string_view)`, in place of whoever received them.
/// The one before does not run any more when this returns. Not from the callable itself.
template <class Call>
returns<void> set_logger(Call &&call)
{
    const std::uintptr_t number = detail::registrations::all().add(std::forward<Call>(call));
    return detail::logger::only().replace(detail::on_log<std::decay_t<Call>>, number);
}

/// Ends the log.
inline returns<void> set_logger(std::nullptr_t)
{
    return detail::logger::only().replace(nullptr, 0);
}

DKV_HPP_END

#endif
