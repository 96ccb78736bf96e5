// Values of all seven types, what they are made from, and what is missing.

#include "harness.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <type_traits>
#include <vector>
#if __cplusplus >= 202002L
#include <span>
#endif

namespace {

using dkv::value;
using dkv::value_type;
using dkv::value_view;

static_assert(!std::is_copy_constructible_v<dkv::manager> && std::is_nothrow_move_constructible_v<dkv::manager>);
static_assert(!std::is_copy_constructible_v<dkv::store> && std::is_nothrow_move_assignable_v<dkv::store>);
static_assert(!std::is_copy_constructible_v<dkv::result_set> && !std::is_copy_constructible_v<dkv::subscription>);
static_assert(std::is_nothrow_copy_constructible_v<dkv::error>);

// What would lose something, or mean something else, does not compile.
static_assert(!std::is_constructible_v<value_view, const void *>, "a pointer is no truth");
static_assert(!std::is_constructible_v<value_view, char>, "a character is no number");
static_assert(!std::is_constructible_v<value_view, unsigned long long>, "a LONG does not hold it");
static_assert(!std::is_constructible_v<value_view, long double>, "a DOUBLE does not hold it");

void types_of_c_plus_plus_have_their_type()
{
    CHECK(value_view("text").type() == value_type::string);
    CHECK(value_view(std::string("text")).type() == value_type::string);
    CHECK(value_view(std::string_view("text")).type() == value_type::string);
    CHECK(value_view(1).type() == value_type::integer);
    CHECK(value_view(short{1}).type() == value_type::integer);
    CHECK(value_view(std::uint32_t{4'000'000'000u}).type() == value_type::long_integer);
    CHECK(value_view(std::uint32_t{4'000'000'000u}).as_integer() == 4'000'000'000);
    CHECK(value_view(std::int64_t{1}).type() == value_type::long_integer);
    CHECK(value_view(1LL).type() == value_type::long_integer);
    CHECK(value_view(1.5f).type() == value_type::float_number);
    CHECK(value_view(1.5).type() == value_type::double_number);
    CHECK(value_view(true).type() == value_type::boolean);
    CHECK(value_view(dkv::bytes{1}).type() == value_type::byte_array);
    CHECK(value_view(std::array<std::byte, 2>{}).type() == value_type::byte_array);
#if __cplusplus >= 202002L
    const std::array<std::uint8_t, 3> three{1, 2, 3};
    CHECK(value_view(std::span<const std::uint8_t>(three)).as_bytes().size() == 3);
#endif
    group("what a value is made from decides its type");
}

void values_are_compared_by_type_and_bits()
{
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(value(nan) == value(nan));
    CHECK(value(-0.0) != value(0.0));
    CHECK(value(1) != value(std::int64_t{1}));
    CHECK(value("a") == "a" && value("a") != "b" && value("1") != 1);
    CHECK(value(dkv::bytes{1, 2}) == value(dkv::bytes{1, 2}));
    CHECK(value(dkv::bytes{'a'}) != value("a"));
    group("values are compared by type and bits");
}

void every_type_comes_back(dkv::store &store)
{
    const std::map<std::string, value> put{
        {"string", std::string("a\0b\xc3\xa4", 5)},
        {"empty", ""},
        {"integer", std::numeric_limits<std::int32_t>::min()},
        {"long", std::numeric_limits<std::int64_t>::max()},
        {"float", 1.25f},
        {"double", -0.0},
        {"nan", std::numeric_limits<double>::quiet_NaN()},
        {"boolean", true},
        {"bytes", dkv::bytes{0, 255, 0}},
    };
    for (const auto &[key, value] : put) {
        store.put(key, value).get();
    }
    for (const auto &[key, value] : put) {
        CHECK(store.get(key).get() == value);
        CHECK(store.get_now(key) == value);
        CHECK(store.try_get(key).value() == value);
    }
    CHECK(store.get("integer").get()->get<std::int32_t>() == std::numeric_limits<std::int32_t>::min());
    CHECK(store.get("bytes").get()->get_if<std::string>() == nullptr);
    CHECK(code_of([&] { (void)store.get("bytes").get()->get<std::string>(); }) == dkv::errc::invalid_field_type);
    group("every type comes back with its bits");
}

void a_missing_key_is_no_failure(dkv::store &store)
{
    CHECK(store.get("missing").get() == std::nullopt);
    CHECK(store.get_now("missing") == std::nullopt);
    CHECK(store.try_get("missing").value() == std::nullopt);
    store.erase("missing").get();
    const auto many = store.get_many({"boolean", "missing", "empty"}).get();
    CHECK(many.size() == 3 && many[0] == value(true) && many[1] == std::nullopt && many[2] == "");
    CHECK(store.get_many(std::vector<std::string>{}).get().empty());
    group("a missing key is std::nullopt");
}

void large_values_are_read_on_this_thread(dkv::store &store)
{
    // Around the size that needs no buffer on the heap, and the longest.
    for (const std::size_t size : {511u, 512u, 513u, 70'000u, 4'194'303u}) {
        const std::string text(size, 'x');
        store.put("large", text).get();
        CHECK(store.get_now("large") == text);
        CHECK(store.get("large").get() == text);
    }
    CHECK(code_of([&] { store.put("large", std::string(4'194'304, 'x')).get(); }) == dkv::errc::invalid_argument);
    store.erase("large").get();
    group("values of every size are read on this thread");
}

void failures_have_their_code_and_a_sentence(dkv::store &store)
{
    CHECK(code_of([&] { store.put("", 1).get(); }) == dkv::errc::invalid_argument);
    CHECK(code_of([&] { store.put("\xff", 1).get(); }) == dkv::errc::invalid_argument);
    CHECK(code_of([&] { (void)store.get_now(""); }) == dkv::errc::invalid_argument);
    CHECK(store.try_get("").error().code() == dkv::errc::invalid_argument);
    CHECK(code_of([&] { store.put("empty bytes", dkv::bytes{}).get(); }) == dkv::errc::invalid_argument);
    try {
        store.put(std::string(1025, 'k'), 1).get();
        CHECK(false);
    } catch (const dkv::error &failure) {
        const std::string sentence = failure.what();
        CHECK(sentence.find("1024") != std::string::npos && sentence.find("1025") != std::string::npos);
    }
    CHECK(dkv::name(dkv::errc::not_found) == "DKV_ERR_NOT_FOUND");
    group("a failure has its code and a sentence");
}

} // namespace

int main()
{
    const test_folder folder;
    dkv::manager manager({bundle_name, folder.path});
    dkv::store store = open_store(manager, "values");
    types_of_c_plus_plus_have_their_type();
    values_are_compared_by_type_and_bits();
    every_type_comes_back(store);
    a_missing_key_is_no_failure(store);
    large_values_are_read_on_this_thread(store);
    failures_have_their_code_and_a_sentence(store);
    return test_result();
}
