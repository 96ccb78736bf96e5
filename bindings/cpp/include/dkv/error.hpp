/// Failures: a number, a sentence, and the type that holds either an answer or a failure.

#ifndef DKV_ERROR_HPP
#define DKV_ERROR_HPP

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "config.hpp"

DKV_HPP_BEGIN

/// The numbers of dkv.h. A positive one means the same in the reference API.
enum class errc : std::int32_t {
    ok = DKV_OK,
    permission_denied = DKV_ERR_PERMISSION_DENIED,
    invalid_argument = DKV_ERR_INVALID_ARGUMENT,
    log_over_limits = DKV_ERR_LOG_OVER_LIMITS,
    parameter = DKV_ERR_PARAMETER,
    over_limits = DKV_ERR_OVER_LIMITS,
    options_changed = DKV_ERR_OPTIONS_CHANGED,
    corrupted = DKV_ERR_CORRUPTED,
    not_found = DKV_ERR_NOT_FOUND,
    closed = DKV_ERR_CLOSED,
    key_unavailable = DKV_ERR_KEY_UNAVAILABLE,
    general = DKV_ERR_GENERAL,
    database = DKV_ERR_DATABASE,
    not_supported = DKV_ERR_NOT_SUPPORTED,
    read_only = DKV_ERR_READ_ONLY,
    invalid_value_fields = DKV_ERR_INVALID_VALUE_FIELDS,
    invalid_field_type = DKV_ERR_INVALID_FIELD_TYPE,
    constraint_violation = DKV_ERR_CONSTRAINT_VIOLATION,
    invalid_format = DKV_ERR_INVALID_FORMAT,
    invalid_query_format = DKV_ERR_INVALID_QUERY_FORMAT,
    invalid_query_field = DKV_ERR_INVALID_QUERY_FIELD,
    cannot_open = DKV_ERR_CANNOT_OPEN,
    device_not_online = DKV_ERR_DEVICE_NOT_ONLINE,
    queue_full = DKV_ERR_QUEUE_FULL,
    would_block = DKV_ERR_WOULD_BLOCK,
    outcome_unknown = DKV_ERR_OUTCOME_UNKNOWN,
    forked = DKV_ERR_FORKED,
    internal = DKV_ERR_INTERNAL,
};

/// The name of a number, such as "DKV_ERR_NOT_FOUND". Constant.
inline std::string_view name(errc code) noexcept
{
    return dkv_status_name(static_cast<std::int32_t>(code));
}

/// A failure. what() is a sentence that says what was wrong and names the limit and the actual size where there is one.
class error : public std::runtime_error {
public:
    error(errc code, const std::string &message) : std::runtime_error(message), code_(code) {}

    explicit error(const dkv_error &raw)
        : error(static_cast<errc>(raw.code), std::string(raw.message, raw.message_length))
    {
    }

    errc code() const noexcept { return code_; }

private:
    errc code_;
};

/// An answer or the failure in its place.
template <class T>
class [[nodiscard]] result {
public:
    using value_type = T;

    result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    result(dkv::error failure) : held_(std::in_place_index<1>, std::move(failure)) {}

    bool has_value() const noexcept { return held_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /// The failure. Only where there is one.
    const dkv::error &error() const noexcept
    {
        const dkv::error *failure = std::get_if<1>(&held_);
        if (failure == nullptr) {
            std::abort();
        }
        return *failure;
    }

    /// The answer. Throws the failure in its place; without exceptions it ends the program then.
    T &value() &
    {
        require();
        return *std::get_if<0>(&held_);
    }
    const T &value() const &
    {
        require();
        return *std::get_if<0>(&held_);
    }
    T value() &&
    {
        require();
        return std::move(*std::get_if<0>(&held_));
    }

    T &operator*() & { return value(); }
    const T &operator*() const & { return value(); }
    T operator*() && { return std::move(*this).value(); }
    T *operator->() { return &value(); }
    const T *operator->() const { return &value(); }

private:
    void require() const
    {
        if (!has_value()) {
#if DKV_HPP_EXCEPTIONS
            throw error();
#else
            std::abort();
#endif
        }
    }

    std::variant<T, dkv::error> held_;
};

/// Success or a failure.
template <>
class [[nodiscard]] result<void> {
public:
    using value_type = void;

    result() = default;
    result(dkv::error failure) : held_(std::in_place_index<1>, std::move(failure)) {}

    bool has_value() const noexcept { return held_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /// The failure. Only where there is one.
    const dkv::error &error() const noexcept
    {
        const dkv::error *failure = std::get_if<1>(&held_);
        if (failure == nullptr) {
            std::abort();
        }
        return *failure;
    }

    /// Does nothing, or throws the failure; without exceptions it ends the program then.
    void value() const
    {
        if (!has_value()) {
#if DKV_HPP_EXCEPTIONS
            throw error();
#else
            std::abort();
#endif
        }
    }

private:
    std::variant<std::monostate, dkv::error> held_;
};

/// What a call yields that has its answer at once: T, and it throws; without exceptions a result.
#if DKV_HPP_EXCEPTIONS
template <class T>
using returns = T;
#else
template <class T>
using returns = result<T>;
#endif

namespace detail {

/// The failure of this thread's last call, which returned `status`.
inline error last_error(std::int32_t status)
{
    const dkv_error *raw = dkv_last_error();
    const errc code = static_cast<errc>(status);
    return error(code, raw != nullptr ? std::string(raw->message, raw->message_length) : std::string(name(code)));
}

/// The answer as a call yields it.
template <class T>
returns<T> give(result<T> answer)
{
#if DKV_HPP_EXCEPTIONS
    return std::move(answer).value();
#else
    return answer;
#endif
}

inline result<void> checked(std::int32_t status)
{
    return status == DKV_OK ? result<void>() : result<void>(last_error(status));
}

} // namespace detail

DKV_HPP_END

#endif
