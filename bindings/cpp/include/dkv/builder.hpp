/// What is put together by many small calls, of which any may fail.

#ifndef DKV_BUILDER_HPP
#define DKV_BUILDER_HPP

#include <cstdint>
#include <optional>

#include "config.hpp"
#include "error.hpp"
#include "handle.hpp"

DKV_HPP_BEGIN

/// A handle whose calls give itself, so that they can be chained. A call that fails throws. Built without exceptions,
/// the first failure is kept and the handle let go: whoever is given it afterwards refuses it.
template <class Raw, void (*Free)(Raw *)>
class builder : public handle<Raw, Free> {
public:
    using handle<Raw, Free>::handle;

    /// The first failure, where nothing is thrown.
    const std::optional<error> &failure() const noexcept { return failure_; }

protected:
    /// Looks at what a call of C returned.
    void require(std::int32_t status)
    {
        if (status == DKV_OK || failure_) {
            return;
        }
#if DKV_HPP_EXCEPTIONS
        throw detail::last_error(status);
#else
        failure_ = detail::last_error(status);
        handle<Raw, Free>::operator=(handle<Raw, Free>());
#endif
    }

    /// Takes what a call of C has made.
    void take(std::int32_t status, Raw *made)
    {
        require(status);
        if (status == DKV_OK) {
            handle<Raw, Free>::operator=(handle<Raw, Free>(made));
        }
    }

private:
    std::optional<error> failure_;
};

DKV_HPP_END

#endif
