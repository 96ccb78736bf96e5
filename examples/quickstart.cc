/*
 * The seven steps of a first program in C++: create a manager, get a store, put a value, get it, delete it, close the
 * store, delete the store.
 *
 *     quickstart [base directory]        (default: a new temporary folder)
 *
 * `cargo xtask quickstart` builds and runs it. By hand, from the root of the checkout and after `cargo build --release`:
 *
 *     c++ -std=c++17 -I include -I bindings/cpp/include examples/quickstart.cc target/release/libdkv.a -pthread -ldl -lm
 */

#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>

#include "dkv.hpp"

namespace {

constexpr const char *bundle_name = "com.example.quickstart";
constexpr const char *store_id = "storeId";
constexpr const char *key = "key_test_string";

void seven_steps(const std::string &base_dir)
{
    // A manager stands for one application and the folder that its stores lie in.
    dkv::manager manager({bundle_name, base_dir});
    std::puts("Succeeded in creating KVManager.");

    // The store is created the first time. Every call gives a std::future, unless it is told to do otherwise.
    const auto options = dkv::store_options::single(dkv::security_level::s1);
    dkv::store store = manager.get_store(store_id, options).get();
    std::puts("Succeeded in getting KVStore.");

    store.put(key, "value_test_string").get(); // on the disk when this returns
    std::puts("Succeeded in putting data.");

    const std::optional<dkv::value> found = store.get(key).get();
    std::printf("Succeeded in getting data. Data:%s\n", found.value().get<std::string>().c_str());

    store.erase(key).get();
    std::puts("Succeeded in deleting data.");
    if (!store.get(key).get()) {
        std::puts("There is no data any more.");
    }

    // The handle is dead from now on; the store closes with its last handle.
    store.close().get();
    std::puts("Succeeded in closing KVStore.");

    manager.delete_store(bundle_name, store_id).get();
    std::puts("Succeeded in deleting KVStore.");
}

} // namespace

int main(int argument_count, char **arguments)
{
    try {
        const auto temporary = std::filesystem::temp_directory_path() / "dkv-quickstart";
        std::filesystem::create_directories(temporary);
        seven_steps(argument_count > 1 ? arguments[1] : temporary.string());
    } catch (const dkv::error &failure) {
        std::printf("Failed. Code:%d,message:%s\n", static_cast<int>(failure.code()), failure.what());
        return 1;
    }
    return 0;
}
