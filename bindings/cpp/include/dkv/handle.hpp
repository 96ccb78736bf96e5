/// Ownership of one handle of the C interface.

#ifndef DKV_HANDLE_HPP
#define DKV_HANDLE_HPP

#include <utility>

#include "config.hpp"

DKV_HPP_BEGIN

/// Owns a handle: moves, does not copy, frees it at the end. Any thread.
///
/// A handle that was moved from or closed is refused by every call with errc::invalid_argument or errc::closed.
template <class Raw, void (*Free)(Raw *)>
class handle {
public:
    handle() noexcept = default;
    /// Takes a handle of C over.
    explicit handle(Raw *raw) noexcept : raw_(raw) {}
    handle(handle &&other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
    handle &operator=(handle &&other) noexcept
    {
        if (this != &other) {
            Free(std::exchange(raw_, std::exchange(other.raw_, nullptr)));
        }
        return *this;
    }
    handle(const handle &) = delete;
    handle &operator=(const handle &) = delete;
    ~handle() { Free(raw_); }

    /// The handle for calls of dkv.h. It stays owned here.
    Raw *raw() const noexcept { return raw_; }

    /// The handle, which is the caller's from now on.
    Raw *release() noexcept { return std::exchange(raw_, nullptr); }

private:
    Raw *raw_ = nullptr;
};

DKV_HPP_END

#endif
