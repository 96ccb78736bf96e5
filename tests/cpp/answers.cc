// The three ways to an answer, who owns a callable, and what happens to those that throw.

#include "harness.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace {

// Counts how many of its kind are alive.
struct counted {
    static inline std::atomic<int> alive{0};

    counted() { ++alive; }
    counted(const counted &) { ++alive; }
    counted(counted &&) noexcept { ++alive; }
    ~counted() { --alive; }
};

// Waits until the callbacks of what was issued before have returned, and their callables are gone. A callable is
// destroyed behind its call, so the second flush is needed to see the first one's.
void settle(dkv::store &store)
{
    store.flush().get();
    std::promise<void> returned;
    store.flush([&](dkv::result<void>) { returned.set_value(); });
    returned.get_future().get();
}

void a_callback_gets_the_answer_or_the_failure(dkv::store &store)
{
    std::promise<std::string> told;
    store.put("key", "value", [&](dkv::result<void> answer) { CHECK(answer); });
    store.get("key", [&](dkv::result<std::optional<dkv::value>> answer) {
        told.set_value((*answer)->get<std::string>());
    });
    CHECK(told.get_future().get() == "value");

    std::promise<dkv::errc> failed;
    store.get("", [&](auto answer) { failed.set_value(answer.error().code()); });
    CHECK(failed.get_future().get() == dkv::errc::invalid_argument);
    group("a callback gets the answer or the failure");
}

void a_callback_runs_on_another_thread(dkv::store &store)
{
    std::promise<std::thread::id> told;
    store.flush([&](dkv::result<void>) { told.set_value(std::this_thread::get_id()); });
    CHECK(told.get_future().get() != std::this_thread::get_id());
    group("a callback never runs inside the call");
}

void every_callable_is_destroyed_once(dkv::store &store)
{
    {
        std::atomic<int> calls{0};
        for (int i = 0; i < 100; i++) {
            store.put("key", i, [&calls, one = counted()](dkv::result<void>) { ++calls; });
            store.get("key", [&calls, owned = std::make_unique<counted>()](auto) { ++calls; });
        }
        settle(store);
        CHECK(calls == 200);
    }
    CHECK(counted::alive == 0);

    dkv::store closed = std::exchange(store, dkv::store());
    CHECK(code_of([&] { store.put("key", 1, [one = counted()](auto) { std::abort(); }); })
          == dkv::errc::invalid_argument);
    store = std::move(closed);
    CHECK(counted::alive == 0);
    group("every callable is destroyed once, that of a refused call too");
}

void what_a_call_refuses_is_told_as_it_was_asked(dkv::manager &manager)
{
    dkv::store store = open_store(manager, "refusing");
    store.close().get();
    CHECK(code_of([&] { store.put("key", 1, [](dkv::result<void>) {}); }) == dkv::errc::closed);
    std::future<void> refused = store.put("key", 1);
    CHECK(code_of([&] { refused.get(); }) == dkv::errc::closed);
    CHECK(code_of([&] { store.close().get(); }) == dkv::errc::closed);
    CHECK(code_of([] { dkv::manager({"", "/tmp"}); }) == dkv::errc::invalid_argument);
    CHECK(!dkv::manager::create({bundle_name, ""}));
    group("a refusal throws beside a callback, and comes by the future");
}

void a_future_may_be_forgotten(dkv::store &store)
{
    for (int i = 0; i < 100; i++) {
        store.put("forgotten", i);
    }
    CHECK(store.get("forgotten").get() == dkv::value(99));
    group("a forgotten future is no loss");
}

void a_callback_may_call_and_close(dkv::manager &manager)
{
    auto *store = new dkv::store(open_store(manager, "inner"));
    std::promise<void> done;
    store->put("key", 1, [&, store](dkv::result<void>) {
        store->get("key", [&, store](auto answer) {
            CHECK(*answer == dkv::value(1));
            store->close([&](dkv::result<void> closed) {
                CHECK(closed);
                done.set_value();
            });
            delete store;
        });
    });
    done.get_future().get();
    group("a callback may call, close and free");
}

void handles_move(dkv::manager &manager)
{
    dkv::store first = open_store(manager, "moved");
    first.put("key", 1).get();
    dkv::store second = std::move(first);
    CHECK(first.raw() == nullptr && second.get_now("key") == dkv::value(1));
    CHECK(code_of([&] { first.put("key", 1).get(); }) == dkv::errc::invalid_argument);
    first = std::move(second);
    CHECK(first.get_now("key") == dkv::value(1));
    dkv_store *raw = first.release();
    const dkv::store taken(raw);
    CHECK(taken.raw() == raw && first.raw() == nullptr);
    group("handles move and are let go once");
}

// Run in a process of its own, which it ends.
[[noreturn]] void throw_in_a_callback()
{
    std::set_terminate([] { _exit(42); });
    const test_folder folder;
    dkv::manager manager({bundle_name, folder.path});
    dkv::store store = open_store(manager, "throwing");
    store.put("key", 1, [](dkv::result<void>) { throw 1; });
    std::this_thread::sleep_for(std::chrono::seconds(60));
    _exit(1);
}

void an_exception_in_a_callback_ends_the_program()
{
    const pid_t child = fork();
    if (child == 0) {
        throw_in_a_callback();
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 42);
    group("an exception in a callback ends the program by std::terminate");
}

void many_threads_share_a_store(dkv::store &store)
{
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; thread++) {
        threads.emplace_back([&store, thread] {
            const std::string key = "thread" + std::to_string(thread);
            for (int i = 0; i < 200; i++) {
                store.put(key, i, [text = std::string(100, 'x')](dkv::result<void> answer) { CHECK(answer); });
                if (i % 20 == 0) {
                    CHECK(store.get(key).get() == dkv::value(i));
                }
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    settle(store);
    CHECK(store.count("thread").get() == 4);
    group("many threads share a store");
}

#if DKV_HPP_COROUTINES

// The least that a coroutine needs: it starts at once, and tells of its end.
struct task {
    struct promise_type {
        std::promise<void> ended;

        task get_return_object() { return {ended.get_future()}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() { ended.set_value(); }
        void unhandled_exception() { ended.set_exception(std::current_exception()); }
    };

    std::future<void> ended;
};

task put_and_get(dkv::store &store, int &sum)
{
    for (int i = 1; i <= 100; i++) {
        co_await store.put("awaited " + std::to_string(i), i, dkv::use_awaitable);
        const auto found = co_await store.get("awaited " + std::to_string(i), dkv::use_awaitable);
        sum += found->get<std::int32_t>();
    }
    const std::vector<dkv::entry> batch{{"awaited 1", "one"}, {"awaited 2", "two"}};
    co_await store.put_batch(batch, dkv::use_awaitable);
    auto entries = co_await store.get_entries("awaited 1", dkv::use_awaitable);
    CHECK(entries.size() == 12 && entries[0] == dkv::entry_view{"awaited 1", "one"});
}

task fail(dkv::store &store)
{
    co_await store.put("", 1, dkv::use_awaitable);
}

task open_put_and_close(dkv::manager &manager)
{
    dkv::store store = co_await manager.get_store("coroutine", test_options(), dkv::use_awaitable);
    co_await store.start_transaction(dkv::use_awaitable);
    dkv::transaction transaction(store);
    co_await store.put("key", 1, dkv::use_awaitable);
    co_await transaction.commit(dkv::use_awaitable);
    CHECK(co_await store.get("key", dkv::use_awaitable) == dkv::value(1));
    co_await store.close(dkv::use_awaitable);
}

void coroutines_wait_for_answers(dkv::manager &manager, dkv::store &store)
{
    int sum = 0;
    put_and_get(store, sum).ended.get();
    CHECK(sum == 5050);
    CHECK(code_of([&] { fail(store).ended.get(); }) == dkv::errc::invalid_argument);
    open_put_and_close(manager).ended.get();
    dkv::store none;
    CHECK(code_of([&] { fail(none).ended.get(); }) == dkv::errc::invalid_argument);
    group("coroutines wait for answers, and failures and refusals are thrown there");
}

void an_awaitable_that_nobody_awaits_does_nothing(dkv::store &store)
{
    (void)store.put("never", 1, dkv::use_awaitable);
    CHECK(store.get("never").get() == std::nullopt);
    group("an awaitable that nobody awaits does nothing");
}

#endif

} // namespace

int main()
{
    // First, while this process has not used the library: a child of a process that has may not.
    an_exception_in_a_callback_ends_the_program();
    const test_folder folder;
    dkv::manager manager({bundle_name, folder.path});
    dkv::store store = open_store(manager, "answers");
    a_callback_gets_the_answer_or_the_failure(store);
    a_callback_runs_on_another_thread(store);
    every_callable_is_destroyed_once(store);
    what_a_call_refuses_is_told_as_it_was_asked(manager);
    a_future_may_be_forgotten(store);
    a_callback_may_call_and_close(manager);
    handles_move(manager);
    many_threads_share_a_store(store);
#if DKV_HPP_COROUTINES
    coroutines_wait_for_answers(manager, store);
    an_awaitable_that_nobody_awaits_does_nothing(store);
#endif
    return test_result();
}
