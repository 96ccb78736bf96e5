/// A transaction that is not forgotten.

#ifndef DKV_TRANSACTION_HPP
#define DKV_TRANSACTION_HPP

#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>

#include "answer.hpp"
#include "config.hpp"
#include "store.hpp"

DKV_HPP_BEGIN

/// Rolls the store's open transaction back, unless it was committed or rolled back through this object.
///
///     store.start_transaction().get();
///     dkv::transaction transaction(store);
///     store.put("a", 1).get();
///     transaction.commit().get();
///
/// The transaction is the store's: writes of every handle join it. The destructor does not wait for the rollback, which
/// comes behind what was issued before. If the store's queue is full it tries for a second; the last close of the store
/// rolls back in any case.
class transaction {
public:
    explicit transaction(const store &open) noexcept : store_(open.raw()) {}
    transaction(const transaction &) = delete;
    transaction &operator=(const transaction &) = delete;

    ~transaction()
    {
        using namespace std::chrono;
        const auto deadline = steady_clock::now() + retry_time;
        const auto ignore = [](void *, const dkv_error *) {};
        while (!ended_ && dkv_store_rollback(store_, ignore, nullptr) == DKV_ERR_QUEUE_FULL) {
            if (steady_clock::now() >= deadline) {
                break;
            }
            std::this_thread::sleep_for(milliseconds(1));
        }
    }

    /// void. Keeps the writes: they are durable when this is answered.
    template <class Token = use_future_t>
    auto commit(Token &&token = {})
    {
        return end_by(dkv_store_commit, std::forward<Token>(token));
    }

    /// void. Undoes the writes.
    template <class Token = use_future_t>
    auto rollback(Token &&token = {})
    {
        return end_by(dkv_store_rollback, std::forward<Token>(token));
    }

private:
    static constexpr std::chrono::seconds retry_time{1};

    template <class Token>
    auto end_by(std::int32_t (*call)(dkv_store *, dkv_void_callback, void *), Token &&token)
    {
        return detail::launch<detail::done_answer>(
            std::forward<Token>(token), [this, call](auto callback, void *user_data) {
                // Set before the call: once it is accepted, a coroutine may go on and end this object.
                ended_ = true;
                const std::int32_t status = call(store_, callback, user_data);
                if (status != DKV_OK) {
                    ended_ = false;
                }
                return status;
            });
    }

    dkv_store *store_;
    bool ended_ = false;
};

DKV_HPP_END

#endif
