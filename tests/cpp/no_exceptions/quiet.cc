// Built with -fno-exceptions, and linked with a file that is built with them: calls yield dkv::result and futures carry
// it.

#include "harness.hpp"

#include <future>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

static_assert(!DKV_HPP_EXCEPTIONS);

// In throwing.cc.
int put_with_exceptions(dkv_store *store);

namespace {

using dkv::result;
using dkv::value;

static_assert(std::is_same_v<decltype(std::declval<dkv::store &>().get("key")),
                             std::future<result<std::optional<value>>>>);
static_assert(std::is_same_v<decltype(std::declval<dkv::store &>().put("key", 1, std::declval<void (*)(result<void>)>())),
                             result<void>>);

void calls_yield_results(dkv::store &store)
{
    CHECK(store.put("key", "value").get());
    const result<std::optional<value>> found = store.get("key").get();
    CHECK(found && *found == "value");
    CHECK(store.get("missing").get().value() == std::nullopt);
    CHECK(store.get_now("key").value() == "value");

    const result<void> failed = store.put("", 1).get();
    CHECK(!failed && failed.error().code() == dkv::errc::invalid_argument);
    CHECK(std::string(failed.error().what()).size() > 10);
    CHECK(store.get_now("").error().code() == dkv::errc::invalid_argument);

    std::promise<bool> told;
    CHECK(store.erase("key", [&](result<void> answer) { told.set_value(answer.has_value()); }));
    CHECK(told.get_future().get());
    group("without exceptions calls yield results");
}

void refusals_are_results(dkv::store &store)
{
    CHECK(store.close().get());
    CHECK(store.put("key", 1).get().error().code() == dkv::errc::closed);
    CHECK(store.put("key", 1, [](result<void>) { std::abort(); }).error().code() == dkv::errc::closed);
    CHECK(store.statistics().error().code() == dkv::errc::closed);
    CHECK(store.subscribe(dkv::subscribe_type::all, [](const dkv::change &) {}).error().code() == dkv::errc::closed);
    CHECK(dkv::manager::create({"", ""}).error().code() == dkv::errc::invalid_argument);
    group("without exceptions refusals are results");
}

void a_walk_tells_what_ended_it(dkv::store &store)
{
    CHECK(store.put_batch({{"a", 1}, {"b", 2}}).get());
    dkv::entry_stream stream = store.entries().get().value();
    int walked = 0;
    for (const dkv::entry_view one : stream) {
        walked += static_cast<int>(one.value.as_integer());
    }
    CHECK(walked == 3 && !stream.failure());
    dkv::entry_stream ended;
    CHECK(!(ended.begin() != ended.end()) && ended.failure()->code() == dkv::errc::invalid_argument);
    dkv::result_set set = store.get_result_set("^").get().value();
    CHECK(set.move_to_next().value() && set.entry()->key == "a");
    CHECK(set.move_to_last().value() && set.close());
    CHECK(set.entry().error().code() == dkv::errc::closed);
    CHECK(store.erase_batch({"a", "b"}).get());
    group("without exceptions a walk tells what ended it");
}

} // namespace

int main()
{
    const test_folder folder;
    dkv::manager manager = dkv::manager::create({bundle_name, folder.path}).value();
    dkv::store store = manager.get_store("quiet", test_options()).get().value();
    a_walk_tells_what_ended_it(store);
    CHECK(put_with_exceptions(store.raw()) == DKV_ERR_INVALID_ARGUMENT);
    CHECK(store.erase("from the other file").get());
    group("files with and without exceptions share a program and a store");
    calls_yield_results(store);
    refusals_are_results(store);
    return test_result();
}
