/// Registrations: callables that the library calls again and again, until they end.

#ifndef DKV_SUBSCRIPTION_HPP
#define DKV_SUBSCRIPTION_HPP

#include <cstdint>
#include <memory>
#include <mutex>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config.hpp"
#include "error.hpp"
#include "handle.hpp"
#include "value.hpp"

DKV_HPP_BEGIN

/// What one commit changed, borrowed for the call of an observer. Each key is in one list at most, in the order of its
/// last write.
class change {
public:
    explicit change(const dkv_change &raw) noexcept : raw_(&raw) {}

    /// The device whose change it is: empty for changes of this device in a single-version store.
    std::string_view device_id() const noexcept { return detail::view_of(raw_->device_id); }
    entries_view inserted() const noexcept { return {raw_->inserted, raw_->inserted_count}; }
    entries_view updated() const noexcept { return {raw_->updated, raw_->updated_count}; }
    /// With the values that they had.
    entries_view deleted() const noexcept { return {raw_->deleted, raw_->deleted_count}; }
    /// Whether some changes are not told: then the lists are empty, and what matters is to be read again.
    bool overflowed() const noexcept { return raw_->overflowed != 0; }

private:
    const dkv_change *raw_;
};

/// What came of a synchronisation with one device.
struct sync_status {
    std::string device_id;
    errc code;
};

namespace detail {

/// A callable and the lock that is held while it runs.
struct registration {
    // Recursive, so that a registration can end inside its own call.
    std::recursive_mutex running;
    bool ended = false;

    registration() = default;
    registration(const registration &) = delete;
    registration &operator=(const registration &) = delete;
    virtual ~registration() = default;
};

template <class Call>
struct registration_of final : registration {
    Call call;

    explicit registration_of(Call call_of) : call(std::move(call_of)) {}
};

/// The registrations of the process, by number.
///
/// C is given the number and never a pointer: a call may begin after its registration has ended, when the library had
/// it in hand already, and then finds nothing.
class registrations {
public:
    /// Never destroyed: threads of the library may call until the process has ended.
    static registrations &all()
    {
        static registrations *const all = new registrations;
        return *all;
    }

    template <class Call>
    std::uintptr_t add(Call &&call)
    {
        auto added = std::make_shared<registration_of<std::decay_t<Call>>>(std::forward<Call>(call));
        const std::lock_guard<std::mutex> lock(mutex_);
        const std::uintptr_t number = ++last_number_;
        by_number_.emplace(number, std::move(added));
        return number;
    }

    /// After this the callable does not run and does not begin to, except where this is its own call.
    void end(std::uintptr_t number) noexcept
    {
        std::shared_ptr<registration> ending;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            const auto found = by_number_.find(number);
            if (found == by_number_.end()) {
                return;
            }
            ending = std::move(found->second);
            by_number_.erase(found);
        }
        const std::lock_guard<std::recursive_mutex> lock(ending->running);
        ending->ended = true;
    }

    template <class Call, class Use>
    void run(void *user_data, Use &&use)
    {
        const std::shared_ptr<registration> found = find(reinterpret_cast<std::uintptr_t>(user_data));
        if (found == nullptr) {
            return;
        }
        const std::lock_guard<std::recursive_mutex> lock(found->running);
        if (!found->ended) {
            use(static_cast<registration_of<Call> &>(*found).call);
        }
    }

private:
    std::shared_ptr<registration> find(std::uintptr_t number)
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = by_number_.find(number);
        return found == by_number_.end() ? nullptr : found->second;
    }

    std::mutex mutex_;
    std::unordered_map<std::uintptr_t, std::shared_ptr<registration>> by_number_;
    std::uintptr_t last_number_ = 0;
};

// The callbacks that C is given. An exception that leaves a callable ends the program.

template <class Call>
void on_change(void *user_data, const dkv_change *raw) noexcept
{
    registrations::all().run<Call>(user_data, [raw](Call &call) { call(change(*raw)); });
}

template <class Call>
void on_sync_complete(void *user_data, const dkv_sync_status *raw, std::size_t count) noexcept
{
    registrations::all().run<Call>(user_data, [raw, count](Call &call) {
        std::vector<sync_status> statuses;
        statuses.reserve(count);
        for (std::size_t i = 0; i < count; i++) {
            statuses.push_back({std::string(view_of(raw[i].device_id)), static_cast<errc>(raw[i].code)});
        }
        call(statuses);
    });
}

template <class Call>
void on_service_death(void *user_data) noexcept
{
    registrations::all().run<Call>(user_data, [](Call &call) { call(); });
}

} // namespace detail

/// A registration. It ends with this object, or with the store.
///
/// As that of a std::stop_callback, the destructor waits for a call that is under way on another thread, so that what
/// the callable refers to may go away next. Hold no lock then that the callable takes. In the callable itself it does
/// not wait.
class subscription {
public:
    subscription() noexcept = default;
    subscription(subscription &&other) noexcept
        : handle_(std::move(other.handle_)), number_(std::exchange(other.number_, 0))
    {
    }
    subscription &operator=(subscription &&other) noexcept
    {
        if (this != &other) {
            end();
            handle_ = std::move(other.handle_);
            number_ = std::exchange(other.number_, 0);
        }
        return *this;
    }
    ~subscription() { end(); }

    /// Ends the registration now. What is queued for it is dropped.
    void end() noexcept
    {
        handle_ = {};
        detail::registrations::all().end(std::exchange(number_, 0));
    }

    /// Registers a callable by a call of C: `subscribe(user_data, &handle)`.
    template <class Call, class Subscribe>
    static returns<subscription> make(Call &&call, Subscribe &&subscribe)
    {
        subscription made;
        made.number_ = detail::registrations::all().add(std::forward<Call>(call));
        dkv_subscription *raw = nullptr;
        const std::int32_t status = subscribe(reinterpret_cast<void *>(made.number_), &raw);
        if (status != DKV_OK) {
            return detail::give(result<subscription>(detail::last_error(status)));
        }
        made.handle_ = handle<dkv_subscription, dkv_subscription_free>(raw);
        return made;
    }

private:
    handle<dkv_subscription, dkv_subscription_free> handle_;
    std::uintptr_t number_ = 0;
};

DKV_HPP_END

#endif
