// Observers and the other registrations: what they are told, and how they end.

#include "harness.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

std::string in_one_line(const dkv::change &change)
{
    std::string line = change.overflowed() ? "!" : "";
    const auto add = [&line](char sign, const dkv::entries_view &entries) {
        for (const dkv::entry_view entry : entries) {
            line += sign + std::string(entry.key) + "=" + std::string(entry.value.as_string()) + " ";
        }
    };
    add('+', change.inserted());
    add('~', change.updated());
    add('-', change.deleted());
    return line;
}

void an_observer_is_told_of_each_commit(dkv::store &store)
{
    std::mutex mutex;
    std::vector<std::string> told;
    const dkv::subscription subscription = store.subscribe(dkv::subscribe_type::all, [&](const dkv::change &change) {
        const std::lock_guard<std::mutex> lock(mutex);
        CHECK(change.device_id().empty());
        told.push_back(in_one_line(change));
    });
    store.put("a", "1").get();
    store.put_batch({{"a", "2"}, {"b", "3"}}).get();
    store.erase("a").get();
    // The answer of what is issued behind it comes behind the last change.
    store.flush().get();
    const std::lock_guard<std::mutex> lock(mutex);
    CHECK(told == std::vector<std::string>{"+a=1 ", "+b=3 ~a=2 ", "-a=2 "});
    group("an observer is told of each commit");
}

void nobody_is_told_after_the_end(dkv::store &store)
{
    std::atomic<int> calls{0};
    auto counting = std::make_shared<int>(0);
    {
        const dkv::subscription subscription
            = store.subscribe(dkv::subscribe_type::local, [&calls, counting](const dkv::change &) { ++calls; });
        CHECK(counting.use_count() == 2);
    }
    CHECK(counting.use_count() == 1);
    store.put("a", "1").get();
    store.flush().get();
    CHECK(calls == 0);

    for (int i = 0; i < 9; i++) {
        std::vector<dkv::subscription> eight;
        for (int one = 0; one < 8; one++) {
            eight.push_back(store.subscribe(dkv::subscribe_type::all, [](const dkv::change &) {}));
        }
        CHECK(code_of([&] {
                  (void)store.subscribe(dkv::subscribe_type::all, [counting](const dkv::change &) {});
              }) == dkv::errc::over_limits);
        CHECK(counting.use_count() == 1);
    }
    group("an observer that ended is not told, and its callable is gone");
}

void the_end_waits_for_a_call_under_way(dkv::store &store)
{
    std::promise<void> entered;
    std::promise<void> leave;
    std::shared_future<void> may_leave = leave.get_future().share();
    std::atomic<bool> returned{false};
    std::optional<dkv::subscription> subscription
        = store.subscribe(dkv::subscribe_type::local, [&](const dkv::change &) {
              entered.set_value();
              may_leave.wait();
              std::this_thread::sleep_for(std::chrono::milliseconds(20));
              returned = true;
          });
    store.put("slow", "1").get();
    entered.get_future().get();
    leave.set_value();
    subscription.reset();
    CHECK(returned);
    store.erase("slow").get();
    group("the end waits for a call that is under way");
}

void an_observer_may_end_itself(dkv::store &store)
{
    dkv::subscription subscription;
    std::promise<void> ready;
    std::shared_future<void> is_ready = ready.get_future().share();
    std::promise<void> told;
    std::atomic<int> calls{0};
    auto kept = std::make_shared<std::string>("alive to the end of the call");
    subscription = store.subscribe(dkv::subscribe_type::local, [&, is_ready, kept](const dkv::change &) {
        is_ready.wait();
        ++calls;
        subscription.end();
        CHECK(kept->size() == 28);
        told.set_value();
    });
    ready.set_value();
    store.put("once", "1").get();
    told.get_future().get();
    store.put("once", "2").get();
    store.flush().get();
    CHECK(calls == 1);
    group("an observer may end itself in its call");
}

void registrations_end_while_commits_arrive(dkv::store &store)
{
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        for (int i = 0; !stop; i++) {
            store.put("busy", std::to_string(i)).get();
        }
    });
    for (int i = 0; i < 50; i++) {
        auto alive = std::make_unique<std::atomic<int>>(0);
        {
            std::atomic<int> &calls = *alive;
            const dkv::subscription subscription
                = store.subscribe(dkv::subscribe_type::local, [&calls](const dkv::change &) { ++calls; });
            std::this_thread::sleep_for(std::chrono::microseconds(500));
        }
        // A call now would touch freed memory, which the sanitizers see.
        alive.reset();
    }
    stop = true;
    writer.join();
    group("registrations end while commits arrive");
}

void a_subscription_outlives_its_store(dkv::manager &manager)
{
    dkv::subscription subscription;
    {
        dkv::store store = open_store(manager, "shortlived");
        subscription = store.subscribe(dkv::subscribe_type::all, [](const dkv::change &) {});
        store.close().get();
    }
    subscription.end();
    subscription.end();
    group("a subscription may outlive its store");
}

void the_end_of_a_synchronisation_is_told(dkv::store &store)
{
    std::promise<std::vector<dkv::sync_status>> told;
    const dkv::subscription subscription = store.subscribe_sync_complete(
        [&](const std::vector<dkv::sync_status> &statuses) { told.set_value(statuses); });
    store.sync({"b", "a"}, dkv::sync_mode::push_pull);
    const auto statuses = told.get_future().get();
    CHECK(statuses.size() == 2 && statuses[0].device_id == "a" && statuses[1].device_id == "b");
    CHECK(statuses[0].code == dkv::errc::device_not_online);
    CHECK(code_of([&] { store.sync(std::vector<std::string>{}, dkv::sync_mode::pull_only); })
          == dkv::errc::invalid_argument);
    group("the end of a synchronisation is told");
}

void the_end_of_the_service_is_never_told(dkv::manager &manager)
{
    const dkv::subscription subscription = manager.subscribe_service_death([] { std::abort(); });
    group("the end of the service can be waited for");
}

void the_log_goes_where_it_was_sent_last()
{
    auto first = std::make_shared<int>(0);
    dkv::set_logger([first](dkv::log_level, std::string_view) {});
    CHECK(first.use_count() == 2);
    auto second = std::make_shared<int>(0);
    dkv::set_logger([second](dkv::log_level level, std::string_view message) {
        CHECK(level >= dkv::log_level::error && !message.empty());
    });
    CHECK(first.use_count() == 1 && second.use_count() == 2);
    dkv::set_logger(nullptr);
    CHECK(second.use_count() == 1);
    group("a logger that is replaced is let go");
}

} // namespace

int main()
{
    const test_folder folder;
    the_log_goes_where_it_was_sent_last();
    dkv::manager manager({bundle_name, folder.path});
    dkv::store store = open_store(manager, "observers");
    an_observer_is_told_of_each_commit(store);
    nobody_is_told_after_the_end(store);
    the_end_waits_for_a_call_under_way(store);
    an_observer_may_end_itself(store);
    registrations_end_while_commits_arrive(store);
    a_subscription_outlives_its_store(manager);
    the_end_of_a_synchronisation_is_told(store);
    the_end_of_the_service_is_never_told(manager);
    return test_result();
}
