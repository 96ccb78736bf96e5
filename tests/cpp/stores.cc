// The rest of a store: batches, transactions, conditions, walks, devices, backups, settings, maintenance.

#include "harness.hpp"

#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using dkv::entry;
using dkv::value;

std::string keys_of(const std::vector<entry> &entries)
{
    std::string keys;
    for (const entry &one : entries) {
        keys += one.key + " ";
    }
    return keys;
}

void batches_take_every_kind_of_range(dkv::store &store)
{
    store.put_batch({{"a", 1}, {"b", "x"}, {"a", 2}}).get();
    store.put_batch(std::map<std::string, value>{{"c", 1.5}}).get();
    store.put_batch(std::vector<entry>{{"d", dkv::bytes{1}}}).get();
    store.put_batch(std::vector<std::pair<const char *, int>>{{"e", 5}}).get();
    CHECK(keys_of(store.get_entries("^").get()) == "a b c d e ");
    CHECK(store.get("a").get() == value(2) && store.count().get() == 5 && store.count("b").get() == 1);
    CHECK(code_of([&] { store.put_batch({{"f", 1}, {"", 2}}).get(); }) == dkv::errc::invalid_argument);
    CHECK(store.get("f").get() == std::nullopt);
    store.erase_batch({"a", "missing"}).get();
    store.erase_batch(std::vector<std::string>{"b", "c"}).get();
    CHECK(keys_of(store.get_entries("^").get()) == "d e ");
    CHECK(code_of([&] { store.erase_batch(std::vector<std::string>{}).get(); }) == dkv::errc::invalid_argument);
    group("batches take every kind of range, and happen whole");
}

void a_transaction_that_is_not_committed_is_undone(dkv::store &store)
{
    store.start_transaction().get();
    {
        dkv::transaction transaction(store);
        store.put("undone", 1).get();
        CHECK(store.get("undone").get() == value(1));
    }
    CHECK(store.get("undone").get() == std::nullopt);

    store.start_transaction().get();
    {
        dkv::transaction transaction(store);
        store.put("kept", 1).get();
        transaction.commit().get();
    }
    CHECK(store.get("kept").get() == value(1));
    CHECK(code_of([&] { store.commit().get(); }) == dkv::errc::database);

    store.start_transaction().get();
    {
        dkv::transaction transaction(store);
        store.erase("kept").get();
        transaction.rollback().get();
    }
    CHECK(store.get("kept").get() == value(1));
    group("a transaction that nobody commits is undone");
}

void conditional_writes_say_whether_they_happened(dkv::store &store)
{
    CHECK(store.put_if_absent("once", 1).get());
    CHECK(!store.put_if_absent("once", 2).get());
    CHECK(store.put_if_unchanged("once", 1, 3).get());
    CHECK(!store.put_if_unchanged("once", 1, 4).get());
    CHECK(!store.erase_if_unchanged("once", 1).get());
    CHECK(store.erase_if_unchanged("once", 3).get());
    CHECK(store.get("once").get() == std::nullopt);
    group("conditional writes say whether they happened");
}

void a_result_set_moves_as_the_reference_says(dkv::store &store)
{
    store.put_batch({{"set 1", 1}, {"set 2", 2}, {"set 3", 3}}).get();
    dkv::result_set set = store.get_result_set("set").get();
    CHECK(set.count() == 3 && set.position() == -1 && set.is_before_first());
    CHECK(code_of([&] { (void)set.entry(); }) == dkv::errc::not_found);
    CHECK(set.move_to_first() && set.is_first() && set.entry().key == "set 1");
    CHECK(set.move_to_next() && set.entry().value == 2);
    CHECK(set.move_to_last() && set.is_last() && !set.move_to_next() && set.is_after_last());
    CHECK(set.move_to_previous() && set.position() == 2);
    CHECK(set.move(-2) && set.position() == 0 && set.move_to_position(1) && set.position() == 1);
    store.erase("set 2").get();
    CHECK(set.entry().key == "set 2");
    set.close();
    CHECK(code_of([&] { set.close(); }) == dkv::errc::closed);
    CHECK(code_of([&] { (void)set.count(); }) == dkv::errc::closed);
    group("a result set moves as the reference says");
}

void a_range_walks_over_every_page(dkv::store &store)
{
    // More than one page of the library's.
    std::vector<entry> many;
    for (int i = 0; i < 3000; i++) {
        many.emplace_back("page " + std::to_string(10000 + i), std::string(200, 'x'));
    }
    store.put_batch(many).get();
    dkv::key_range range;
    range.prefix = "page ";
    std::size_t walked = 0;
    dkv::entry_stream stream = store.entries(range).get();
    for (const dkv::entry_view one : stream) {
        if (walked >= many.size() || one != many[walked]) {
            CHECK(!"the entries come in order");
            break;
        }
        walked++;
    }
    CHECK(walked == many.size());

    range.reverse = true;
    range.limit = 2;
    range.lt = "page 10010";
    std::string keys;
    auto few = store.entries(range).get();
    for (const auto one : few) {
        keys += std::string(one.key) + " ";
    }
    CHECK(keys == "page 10009 page 10008 ");
    range = {};
    range.gte = "page 10001";
    range.lte = "page 10003";
    range.gt = "page 10001";
    auto between = store.entries(range).get();
    const dkv::entries_view page = between.next_page();
    CHECK(page.size() == 2 && page[0].key == "page 10002" && page[1].key == "page 10003");
    CHECK(between.next_page().empty());
    range = {};
    range.prefix = "nothing";
    auto none = store.entries(range).get();
    CHECK(!(none.begin() != none.end()));
    group("a range walks over every page, in both directions");
}

void a_device_store_knows_this_device(dkv::manager &manager)
{
    const std::string id = manager.get_local_device_id().get();
    CHECK(id.size() == 64);
    dkv::store store = manager.get_store("device", dkv::store_options::device(dkv::security_level::s2)).get();
    store.put_batch({{"a", 1}, {"b", 2}}).get();
    CHECK(store.get_from_device(id, "a").get() == value(1));
    CHECK(store.get_from_device("", "b").get() == value(2));
    CHECK(store.get_from_device(id, "c").get() == std::nullopt);
    CHECK(store.get_entries_from_device(id, "^").get().size() == 2);
    CHECK(store.count_from_device(id).get() == 2 && store.count_from_device(id, "a").get() == 1);
    CHECK(store.get_result_set_from_device(id, "^").get().count() == 2);
    dkv::result_set set = store.get_result_set_from_device("", "b").get();
    CHECK(set.count() == 1 && set.move_to_first() && set.entry().key == "b");
    CHECK(store.get_result_set_from_device("unknown", "^").get().count() == 0);
    store.remove_device_data(id).get();
    CHECK(store.count().get() == 2);
    CHECK(store.get_security_level().get() == dkv::security_level::s2);
    store.close().get();
    group("a device store knows this device");
}

void a_backup_comes_back(dkv::store &store, const std::string &folder)
{
    store.put("backed up", 1).get();
    store.backup("first").get();
    store.backup_ex("other", folder).get();
    store.put("backed up", 2).get();
    store.restore("first").get();
    CHECK(store.get("backed up").get() == value(1));
    store.put("backed up", 3).get();
    store.restore_ex("other", folder).get();
    CHECK(store.get("backed up").get() == value(1));
    const auto results = store.delete_backup({"missing", "first"}).get();
    CHECK(results.size() == 2 && results[0].name == "first" && results[0].status == 0);
    CHECK(results[1].name == "missing" && results[1].status == 27459591);
    store.delete_backup_ex("other", folder).get();
    CHECK(code_of([&] { store.restore("first").get(); }) == dkv::errc::invalid_argument);
    CHECK(code_of([&] { store.backup_ex("x", folder + "/none").get(); }) == dkv::errc::parameter);
    group("a backup comes back");
}

void settings_of_synchronisation_are_checked(dkv::store &store)
{
    store.enable_sync(true).get();
    store.set_sync_range({"a", "b"}, {"c"}).get();
    store.set_sync_param(std::chrono::milliseconds(100)).get();
    CHECK(code_of([&] { store.set_sync_param(std::chrono::milliseconds(1)).get(); }) == dkv::errc::invalid_argument);
    CHECK(code_of([&] { store.set_sync_param(std::chrono::milliseconds(-1)).get(); }) == dkv::errc::invalid_argument);
    CHECK(code_of([&] { store.set_sync_range({}, {"c"}).get(); }) == dkv::errc::invalid_argument);
    group("settings of synchronisation are checked");
}

void maintenance_and_statistics(dkv::store &store)
{
    store.check_integrity(false).get();
    store.check_integrity(true).get();
    store.compact().get();
    CHECK(code_of([&] { store.rekey().get(); }) == dkv::errc::corrupted);
    store.flush().get();
    const dkv::statistics now = store.statistics();
    CHECK(now.entries == store.count().get() && now.file_bytes > 0 && now.handles == 1 && now.result_sets == 0);
    CHECK(store.describe_holders().empty());
    const dkv::result_set set = store.get_result_set("set").get();
    CHECK(store.describe_holders().find("result set of \"set\"") == 0);
    CHECK(code_of([&] { store.compact().get(); }) == dkv::errc::database);
    group("maintenance and statistics");
}

void managers_close_delete_and_list(dkv::manager &manager, const std::string &folder)
{
    dkv::store listed = open_store(manager, "listed");
    const auto ids = manager.get_all_store_ids(bundle_name).get();
    CHECK(ids == std::vector<std::string>{"device", "listed", "stores"});
    manager.close_store(bundle_name, "listed").get();
    CHECK(code_of([&] { listed.put("a", 1).get(); }) == dkv::errc::closed);
    manager.delete_store(bundle_name, "listed").get();
    CHECK(code_of([&] { manager.delete_store(bundle_name, "listed").get(); }) == dkv::errc::not_found);

    dkv::store_options options = test_options();
    options.root_dir = folder + "/root";
    std::filesystem::create_directory(options.root_dir);
    dkv::store elsewhere = manager.get_store("listed", options).get();
    elsewhere.put("a", 1).get();
    manager.delete_store(bundle_name, "listed", options.root_dir).get();

    options = test_options();
    options.create_if_missing = false;
    CHECK(code_of([&] { manager.get_store("missing", options).get(); }) == dkv::errc::invalid_argument);
    options.security_level = static_cast<dkv::security_level>(4);
    CHECK(code_of([&] { manager.get_store("missing", options).get(); }) == dkv::errc::invalid_argument);
    group("managers close, delete and list");
}

/// Changes a byte of a large value in the file of a closed store.
void damage(const std::string &path)
{
    std::ifstream from(path, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(from), std::istreambuf_iterator<char>()};
    content[content.find(std::string(64, 'm')) + 32] ^= 1;
    std::ofstream(path, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
}

void a_damaged_store_is_salvaged_where_that_is_asked_for(dkv::manager &manager, const std::string &folder)
{
    dkv::store whole = open_store(manager, "damaged");
    whole.put("large", std::string(100'000, 'm')).get();
    whole.put("kept", 1).get();
    CHECK(whole.recovery().source == dkv::recovery_source::none);
    whole.close().get();
    damage(folder + "/kvdb/s.damaged/store.dkv");

    dkv::store_options options = test_options();
    options.recover = true;
    dkv::store store = manager.get_store("damaged", options).get();
    const dkv::recovery told = store.recovery();
    CHECK(told.source == dkv::recovery_source::salvage);
    CHECK(told.kept_entries == 1 && told.lost_entries == 1);
    CHECK(told.description.find("damaged file: store.dkv.corrupt.") != std::string::npos);
    CHECK(store.get("kept").get() == 1);
    manager.delete_store(bundle_name, "damaged").get();
    group("a damaged store is salvaged where that is asked for");
}

} // namespace

int main()
{
    const test_folder folder;
    dkv::manager manager({bundle_name, folder.path});
    dkv::store store = open_store(manager, "stores");
    batches_take_every_kind_of_range(store);
    a_transaction_that_is_not_committed_is_undone(store);
    conditional_writes_say_whether_they_happened(store);
    a_result_set_moves_as_the_reference_says(store);
    a_range_walks_over_every_page(store);
    a_device_store_knows_this_device(manager);
    a_backup_comes_back(store, folder.path);
    settings_of_synchronisation_are_checked(store);
    maintenance_and_statistics(store);
    managers_close_delete_and_list(manager, folder.path);
    a_damaged_store_is_salvaged_where_that_is_asked_for(manager, folder.path);
    CHECK(!dkv::version().empty());
    return test_result();
}
