// Encrypted stores: the root key of a manager, what is on the disk, and a new key.

#include "harness.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <future>
#include <iterator>
#include <string>

namespace {

using dkv::value;

const std::string secret = "a text that nobody else may read";

dkv::store_options encrypted()
{
    dkv::store_options options = test_options();
    options.encrypt = true;
    return options;
}

dkv::manager manager_of(const std::string &folder, const dkv::bytes &root_key)
{
    dkv::manager_options options(bundle_name, folder);
    options.root_key = root_key;
    return dkv::manager(options);
}

bool is_on_disk(const std::string &folder)
{
    for (const auto &found : std::filesystem::recursive_directory_iterator(folder)) {
        if (found.is_regular_file()) {
            std::ifstream file(found.path(), std::ios::binary);
            const std::string content{std::istreambuf_iterator<char>(file), {}};
            if (content.find(secret) != std::string::npos) {
                return true;
            }
        }
    }
    return false;
}

std::string fresh_folder(const test_folder &folder, const char *name)
{
    const std::string path = folder.path + "/" + name;
    std::filesystem::create_directory(path);
    return path;
}

void nothing_can_be_read_on_the_disk(const test_folder &folder)
{
    for (const bool encrypts : {true, false}) {
        const std::string path = fresh_folder(folder, encrypts ? "encrypted" : "plain");
        dkv::manager manager = manager_of(path, dkv::bytes(32, 1));
        dkv::store store = manager.get_store("notes", encrypts ? encrypted() : test_options()).get();
        store.put("secret", secret).get();
        store.backup("safe").get();
        store.close().get();
        CHECK(is_on_disk(path) == !encrypts);
    }
    group("nothing of an encrypted store and its backup can be read on the disk");
}

void another_root_key_is_refused(const test_folder &folder)
{
    const std::string path = folder.path + "/encrypted";
    dkv::manager wrong = manager_of(path, dkv::bytes(32, 2));
    CHECK(code_of([&] { wrong.get_store("notes", encrypted()).get(); }) == dkv::errc::corrupted);
    dkv::manager none({bundle_name, path});
    CHECK(code_of([&] { none.get_store("notes", encrypted()).get(); }) == dkv::errc::corrupted);
    CHECK(code_of([&] { none.get_store("notes", test_options()).get(); }) == dkv::errc::options_changed);
    dkv::manager right = manager_of(path, dkv::bytes(32, 1));
    CHECK(right.get_store("notes", encrypted()).get().get("secret").get() == value(secret));
    for (const std::size_t length : {0, 31, 1025}) {
        CHECK(code_of([&] { manager_of(path, dkv::bytes(length, 1)); }) == dkv::errc::invalid_argument);
    }
    group("another root key, none, and one of a wrong length are refused");
}

std::size_t give_key(void *user_data, std::uint8_t *buffer, std::size_t)
{
    std::fill_n(buffer, 32, *static_cast<const std::uint8_t *>(user_data));
    return 32;
}

void the_root_key_may_be_asked_for_or_lie_in_a_file(const test_folder &folder)
{
    static std::uint8_t repeated = 1;
    dkv::manager_options asking(bundle_name, folder.path + "/encrypted");
    asking.root_key_callback = give_key;
    asking.root_key_user_data = &repeated;
    {
        dkv::store store = dkv::manager(asking).get_store("notes", encrypted()).get();
        CHECK(store.get("secret").get() == value(secret));
        store.close().get();
    }
    asking.root_key = dkv::bytes(32, repeated);
    CHECK(code_of([&] { dkv::manager both(asking); }) == dkv::errc::invalid_argument);

    const std::string path = fresh_folder(folder, "file");
    for (int opening = 0; opening < 2; opening++) {
        dkv::store store = dkv::manager({bundle_name, path}).get_store("notes", encrypted()).get();
        store.put("secret", secret).get();
        store.close().get();
        CHECK(std::filesystem::file_size(path + "/key/root.1") == 32 && !is_on_disk(path));
    }
    group("the root key may be asked for, or lie in a file");
}

void rekey_keeps_the_content(const test_folder &folder)
{
    const std::string path = folder.path + "/encrypted";
    dkv::manager manager = manager_of(path, dkv::bytes(32, 1));
    dkv::store store = manager.get_store("notes", encrypted()).get();
    store.rekey().get();
    std::promise<dkv::errc> told;
    store.rekey([&](dkv::result<void> answer) { told.set_value(answer ? dkv::errc::ok : answer.error().code()); });
    CHECK(told.get_future().get() == dkv::errc::ok);
    CHECK(store.get("secret").get() == value(secret));
    store.put("secret", "changed").get();
    store.restore("safe").get();
    CHECK(store.get("secret").get() == value(secret));
    {
        const dkv::result_set set = store.get_result_set("^").get();
        CHECK(code_of([&] { store.rekey().get(); }) == dkv::errc::database);
    }
    store.start_transaction().get();
    CHECK(code_of([&] { store.rekey().get(); }) == dkv::errc::database);
    store.rollback().get();
    store.close().get();
    CHECK(code_of([&] { store.rekey().get(); }) != dkv::errc::ok);
    CHECK(!is_on_disk(path));
    CHECK(manager.get_store("notes", encrypted()).get().get("secret").get() == value(secret));
    group("rekey keeps the content and the backups");
}

} // namespace

int main()
{
    const test_folder folder;
    nothing_can_be_read_on_the_disk(folder);
    another_root_key_is_refused(folder);
    the_root_key_may_be_asked_for_or_lie_in_a_file(folder);
    rekey_keeps_the_content(folder);
    return test_result();
}
