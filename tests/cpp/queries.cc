// Schemas and queries.

#include "harness.hpp"

#include <string>
#include <utility>
#include <vector>

namespace {

using dkv::value_type;

std::string schema_text()
{
    dkv::schema schema;
    dkv::field_node address("address");
    address.append_child(dkv::field_node("city").type(value_type::string).nullable(true));
    schema.root()
        .append_child(dkv::field_node("name").type(value_type::string).default_value("nobody"))
        .append_child(dkv::field_node("age").type(value_type::integer))
        .append_child(address);
    schema.indexes({"$.age"}).mode(dkv::schema_mode::strict).skip(0);
    return schema.to_json();
}

dkv::store open_with_schema(dkv::manager &manager)
{
    dkv::store_options options = test_options();
    options.schema = schema_text();
    return manager.get_store("people", options).get();
}

std::string keys_of(const std::vector<dkv::entry> &entries)
{
    std::string keys;
    for (const dkv::entry &one : entries) {
        keys += one.key + " ";
    }
    return keys;
}

void a_schema_is_put_together()
{
    const std::string text = schema_text();
    for (const char *part : {"\"STRICT\"", "\"age\"", "\"city\"", "\"$.age\"", "nobody"}) {
        CHECK(text.find(part) != std::string::npos);
    }
    CHECK(code_of([] { dkv::field_node(""); }) == dkv::errc::invalid_argument);
    CHECK(code_of([] { dkv::field_node("x").type(static_cast<value_type>(99)); }) == dkv::errc::invalid_argument);
    CHECK(code_of([] { dkv::schema().indexes(std::vector<std::string>(33, "$.x")); }) == dkv::errc::invalid_argument);
    group("a schema is put together from fields");
}

void values_are_held_to_the_schema(dkv::store &store)
{
    store.put("a", R"({"name":"Ann","age":30,"address":{"city":"Ulm"}})").get();
    store.put("b", R"({"name":"Bob","age":17,"address":{"city":null}})").get();
    store.put("c", R"({"name":"Cid","age":65,"address":{"city":"Ulm"}})").get();
    CHECK(code_of([&] { store.put("d", R"({"name":"Dot","age":"old","address":{"city":"Ulm"}})").get(); })
          == dkv::errc::invalid_field_type);
    CHECK(code_of([&] { store.put("d", "text").get(); }) == dkv::errc::invalid_format);
    group("values are held to the schema");
}

void a_query_selects_and_orders(dkv::store &store)
{
    dkv::query query;
    CHECK(keys_of(store.get_entries(query).get()) == "a b c ");
    query.greater_than("$.age", 17).and_also().equal_to("$.address.city", "Ulm");
    CHECK(store.get_result_size(query).get() == 2);
    query.order_by_desc("$.age");
    CHECK(keys_of(store.get_entries(query).get()) == "c a ");
    query.limit(1, 1);
    CHECK(keys_of(store.get_entries(query).get()) == "a ");
    CHECK(query.get_sql_like().find("^GREATER") != std::string::npos);
    CHECK(!store.explain_query(query).empty());

    query.reset().in_number("$.age", {17, 65}).or_else().in_string("$.name", std::vector<std::string>{"Ann"});
    CHECK(keys_of(store.get_entries(query).get()) == "a b c ");
    query.reset().not_in_number("$.age", std::vector<int>{17}).and_also().not_in_string("$.name", {"Cid", "Dot"});
    CHECK(keys_of(store.get_entries(query).get()) == "a ");
    query.reset().begin_group().like("$.name", "B%").or_else().unlike("$.name", "%i%").end_group();
    query.and_also().is_not_null("$.address.city");
    CHECK(keys_of(store.get_entries(query).get()) == "a ");
    query.reset().is_null("$.address.city");
    CHECK(keys_of(store.get_entries(query).get()) == "b ");
    query.reset().less_than("$.age", 30).or_else().greater_than_or_equal_to("$.age", 65);
    CHECK(keys_of(store.get_entries(query).get()) == "b c ");
    query.reset().less_than_or_equal_to("$.age", 30).and_also().not_equal_to("$.name", "Bob").prefix_key("a");
    query.order_by_asc("$.age").set_suggest_index("$.age");
    CHECK(keys_of(store.get_entries(query).get()) == "a ");
    group("a query selects and orders");
}

void a_query_is_copied_and_reused(dkv::store &store)
{
    auto *query = new dkv::query;
    query->equal_to("$.name", "Ann");
    auto entries = store.get_entries(*query);
    auto opened = store.get_result_set(*query);
    delete query;
    CHECK(keys_of(entries.get()) == "a ");
    const dkv::result_set set = opened.get();
    CHECK(set.count() == 1);
    group("a query is copied by the call that it is given to");
}

void bad_queries_are_told(dkv::store &store)
{
    dkv::query query;
    CHECK(code_of([&] { query.in_string("$.name", std::vector<std::string>{}); }) == dkv::errc::invalid_argument);
    query.equal_to("$.nothing", 1);
    CHECK(code_of([&] { store.get_entries(query).get(); }) == dkv::errc::invalid_query_field);
    query.reset().begin_group();
    CHECK(code_of([&] { store.get_result_size(query).get(); }) == dkv::errc::invalid_query_format);
    const dkv::query moved = std::move(query);
    CHECK(code_of([&] { store.get_entries(query).get(); }) == dkv::errc::invalid_argument);
    CHECK(code_of([&] { store.sync({"device"}, moved, dkv::sync_mode::push_pull); })
          == dkv::errc::invalid_query_format);
    group("a bad query is told by the call");
}

void devices_are_asked(dkv::manager &manager)
{
    const std::string id = manager.get_local_device_id().get();
    dkv::store store = manager.get_store("devices", dkv::store_options::device(dkv::security_level::s1)).get();
    store.put_batch({{"a", 1}, {"b", 2}}).get();
    dkv::query query;
    query.prefix_key("b");
    CHECK(keys_of(store.get_entries_from_device(id, query).get()) == "b ");
    CHECK(store.get_result_size_from_device(id, query).get() == 1);
    CHECK(store.get_result_set_from_device(id, query).get().count() == 1);
    query.device_id(id);
    CHECK(keys_of(store.get_entries(query).get()) == "b ");
    group("devices are asked by queries");
}

} // namespace

int main()
{
    const test_folder folder;
    dkv::manager manager({bundle_name, folder.path});
    a_schema_is_put_together();
    dkv::store store = open_with_schema(manager);
    values_are_held_to_the_schema(store);
    a_query_selects_and_orders(store);
    a_query_is_copied_and_reused(store);
    bad_queries_are_told(store);
    devices_are_asked(manager);
    return test_result();
}
