/// How the answer of an asynchronous call reaches its caller: by a callback, a std::future or co_await.

#ifndef DKV_ANSWER_HPP
#define DKV_ANSWER_HPP

#include <cstring>
#include <future>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "config.hpp"
#include "error.hpp"

#if DKV_HPP_COROUTINES
#include <coroutine>
#endif

#if DKV_HPP_THREAD_SANITIZER
extern "C" void __tsan_acquire(void *address);
extern "C" void __tsan_release(void *address);
#endif

DKV_HPP_BEGIN

/// Asks for a std::future. The default.
struct use_future_t {};
inline constexpr use_future_t use_future{};

#if DKV_HPP_COROUTINES
/// Asks for something to co_await. The call happens then, and no sooner.
struct use_awaitable_t {};
inline constexpr use_awaitable_t use_awaitable{};
#endif

namespace detail {

// A library that was not built for ThreadSanitizer hands answers over unseen by it; these say that it did.
inline void hand_over([[maybe_unused]] void *address) noexcept
{
#if DKV_HPP_THREAD_SANITIZER
    __tsan_release(address);
#endif
}
inline void take_over([[maybe_unused]] void *address) noexcept
{
#if DKV_HPP_THREAD_SANITIZER
    __tsan_acquire(address);
#endif
}

/// Keeps a sink behind the user_data of C: inside the pointer where it fits, else on the heap.
template <class Sink>
struct slot {
    static constexpr bool fits = sizeof(Sink) <= sizeof(void *) && alignof(Sink) <= alignof(void *)
        && std::is_trivially_copyable_v<Sink> && !DKV_HPP_THREAD_SANITIZER;

    template <class From>
    static void *put(From &&from)
    {
        void *user_data = nullptr;
        if constexpr (fits) {
            const Sink sink(std::forward<From>(from));
            std::memcpy(&user_data, static_cast<const void *>(&sink), sizeof(Sink));
        } else {
            user_data = new Sink(std::forward<From>(from));
        }
        hand_over(user_data);
        return user_data;
    }

    /// Calls `use` with the sink, which is gone afterwards. Once for each put.
    template <class Use>
    static void take(void *user_data, Use &&use)
    {
        take_over(user_data);
        if constexpr (fits) {
            alignas(Sink) unsigned char place[sizeof(Sink)];
            std::memcpy(place, &user_data, sizeof(Sink));
            use(*std::launder(reinterpret_cast<Sink *>(place)));
        } else {
            Sink *sink = static_cast<Sink *>(user_data);
            use(*sink);
            delete sink;
        }
    }

    /// For a call that was refused: its callback never runs.
    static void drop(void *user_data) noexcept
    {
        if constexpr (!fits) {
            delete static_cast<Sink *>(user_data);
        }
    }
};

/// An answer as C gives it, as an answer of C++. Without memory for it, that is the failure.
template <class Answer, class... Raw>
result<typename Answer::type> received(const dkv_error *raw_error, Raw... raw)
{
#if DKV_HPP_EXCEPTIONS
    try {
#endif
        if (raw_error != nullptr) {
            return Answer::failed(*raw_error);
        }
        return Answer::from(raw...);
#if DKV_HPP_EXCEPTIONS
    } catch (const std::bad_alloc &) {
        return error(errc::general, "There is no memory for the answer.");
    }
#endif
}

/// The callback that C is given. Nothing leaves it: an exception of the sink ends the program.
template <class Answer, class Sink, class... Raw>
void arrive(void *user_data, const dkv_error *raw_error, Raw... raw) noexcept
{
    slot<Sink>::take(user_data, [&](Sink &sink) { sink(received<Answer>(raw_error, raw...)); });
}

/// The pointer to the callback, of the type that C declares.
template <class Answer, class Sink, class... Raw>
constexpr auto callback_for(void (*)(void *, const dkv_error *, Raw...)) noexcept
{
    return static_cast<void (*)(void *, const dkv_error *, Raw...)>(&arrive<Answer, Sink, Raw...>);
}

/// What the answers of most calls have in common.
template <class T, class Raw>
struct answer_base {
    using type = T;
    using callback = Raw;

    static result<T> failed(const dkv_error &raw) { return error(raw); }
};

struct done_answer : answer_base<void, dkv_void_callback> {
    static result<void> from() { return {}; }
};

/// Fulfils a promise.
template <class T>
struct promise_sink {
    std::promise<returns<T>> promise;

    void operator()(result<T> answer)
    {
#if DKV_HPP_EXCEPTIONS
        if (!answer) {
            promise.set_exception(std::make_exception_ptr(answer.error()));
        } else if constexpr (std::is_void_v<T>) {
            promise.set_value();
        } else {
            promise.set_value(std::move(answer).value());
        }
#else
        promise.set_value(std::move(answer));
#endif
    }
};

/// Submits with a sink; says what the call returned. A refused sink is gone.
template <class Answer, class Sink, class Submit>
std::int32_t submit_with(Sink &&sink, Submit &submit)
{
    using kept = std::decay_t<Sink>;
    void *user_data = slot<kept>::put(std::forward<Sink>(sink));
    const std::int32_t status
        = submit(callback_for<Answer, kept>(static_cast<typename Answer::callback>(nullptr)), user_data);
    if (status != DKV_OK) {
        slot<kept>::drop(user_data);
    }
    return status;
}

template <class Answer, class Submit>
auto submit_for_future(Submit &submit)
{
    using type = typename Answer::type;
    promise_sink<type> sink;
    auto future = sink.promise.get_future();
    // The promise stays here until the call is accepted, for a refused one is told by the future.
    auto *kept = new promise_sink<type>(std::move(sink));
    const auto forward = [kept](result<type> answer) {
        (*kept)(std::move(answer));
        delete kept;
    };
    const std::int32_t status = submit_with<Answer>(forward, submit);
    if (status != DKV_OK) {
        forward(last_error(status));
    }
    return future;
}

#if DKV_HPP_COROUTINES
template <class Answer, class Submit>
class [[nodiscard]] awaitable {
public:
    explicit awaitable(Submit submit) : submit_(std::move(submit)) {}

    bool await_ready() const noexcept { return false; }

    bool await_suspend(std::coroutine_handle<> continuation)
    {
        continuation_ = continuation;
        // Once the call is accepted, another thread may go on with the coroutine and end it, and this object too: what
        // is needed until the call returns is taken out of it.
        Submit submit = std::move(submit_);
        const std::int32_t status = submit_with<Answer>(sink{this}, submit);
        if (status == DKV_OK) {
            return true;
        }
        answer_.emplace(last_error(status));
        return false;
    }

    returns<typename Answer::type> await_resume() { return give(std::move(*answer_)); }

private:
    struct sink {
        awaitable *waiting;

        void operator()(result<typename Answer::type> answer)
        {
            waiting->answer_.emplace(std::move(answer));
            waiting->continuation_.resume();
        }
    };

    Submit submit_;
    std::coroutine_handle<> continuation_;
    std::optional<result<typename Answer::type>> answer_;
};
#endif

/// Makes an asynchronous call in the way that the token asks for. `submit` makes the call of C.
template <class Answer, class Token, class Submit>
auto launch(Token &&token, Submit submit)
{
    using kind = std::decay_t<Token>;
    if constexpr (std::is_same_v<kind, use_future_t>) {
        return submit_for_future<Answer>(submit);
#if DKV_HPP_COROUTINES
    } else if constexpr (std::is_same_v<kind, use_awaitable_t>) {
        return awaitable<Answer, Submit>(std::move(submit));
#endif
    } else {
        static_assert(std::is_invocable_v<kind &, result<typename Answer::type>>,
                      "The last argument is dkv::use_future, dkv::use_awaitable, or callable with a dkv::result<T> "
                      "of what this call answers.");
        const std::int32_t status = submit_with<Answer>(std::forward<Token>(token), submit);
        return give(checked(status));
    }
}

} // namespace detail

DKV_HPP_END

#endif
