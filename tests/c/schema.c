/* Schemas: putting one together, what it asks of values, and the refusals. */

#include "harness.h"

#define SCHEMA                                                                                                         \
    "{\"SCHEMA_DEFINE\":{\"age\":\"INTEGER, DEFAULT 7\",\"home\":{\"city\":\"STRING, NOT NULL, DEFAULT ''\"}},"         \
    "\"SCHEMA_INDEXES\":[\"$.age\",\"$.home.city\"],\"SCHEMA_MODE\":\"STRICT\",\"SCHEMA_SKIPSIZE\":0,"                  \
    "\"SCHEMA_VERSION\":\"1.0\"}"

static dkv_field_node *field(const char *name, int32_t type)
{
    dkv_field_node *node = NULL;
    CHECK_CODE(DKV_OK, dkv_field_node_new(name, strlen(name), &node));
    CHECK_CODE(DKV_OK, dkv_field_node_set_type(node, type));
    return node;
}

/* The schema of this program. */
static dkv_schema *build(void)
{
    const dkv_text paths[] = { DKV_TEXT("$.age"), DKV_TEXT("$.home.city") };
    const dkv_value seven = integer_value(7);
    dkv_schema *schema = NULL;
    dkv_field_node *root = NULL;
    dkv_field_node *age = field("age", DKV_VALUE_INTEGER);
    dkv_field_node *home = field("home", DKV_VALUE_BYTE_ARRAY);
    dkv_field_node *city = field("city", DKV_VALUE_STRING);
    CHECK_CODE(DKV_OK, dkv_schema_new(&schema));
    CHECK_CODE(DKV_OK, dkv_schema_root(schema, &root));
    CHECK_CODE(DKV_OK, dkv_field_node_append_child(root, age));
    CHECK_CODE(DKV_OK, dkv_field_node_append_child(root, home));
    CHECK_CODE(DKV_OK, dkv_field_node_append_child(home, city));
    /* Held by reference: what comes later counts. */
    CHECK_CODE(DKV_OK, dkv_field_node_set_nullable(age, 1));
    CHECK_CODE(DKV_OK, dkv_field_node_set_default(age, &seven));
    CHECK_CODE(DKV_OK, dkv_schema_set_indexes(schema, paths, 2));
    CHECK_CODE(DKV_OK, dkv_schema_set_mode(schema, DKV_SCHEMA_STRICT));
    CHECK_CODE(DKV_OK, dkv_schema_set_skip(schema, 0));
    dkv_field_node_free(age);
    dkv_field_node_free(home);
    dkv_field_node_free(city);
    dkv_field_node_free(root);
    return schema;
}

static void building(void)
{
    dkv_schema *schema = build();
    dkv_schema *other = NULL;
    dkv_field_node *root = NULL;
    dkv_text text = { NULL, 0 };
    CHECK_CODE(DKV_OK, dkv_schema_to_json(schema, &text));
    CHECK(text_is(text, SCHEMA));
    CHECK_CODE(DKV_OK, dkv_schema_to_json(schema, &text));
    CHECK(text_is(text, SCHEMA));
    CHECK_CODE(DKV_OK, dkv_schema_new(&other));
    CHECK_CODE(DKV_OK, dkv_schema_root(schema, &root));
    CHECK_CODE(DKV_OK, dkv_schema_set_root(other, root));
    CHECK_CODE(DKV_OK, dkv_schema_set_mode(other, 7));
    CHECK_CODE(DKV_OK, dkv_schema_to_json(other, &text));
    CHECK(text.length > 0 && strstr(text.data, "\"SCHEMA_MODE\":\"COMPATIBLE\"") != NULL);
    group("a schema is written as the text that options take");

    CHECK_CODE(DKV_OK, dkv_field_node_append_child(root, root));
    CHECK_REFUSED(DKV_ERR_INVALID_ARGUMENT, dkv_schema_to_json(schema, &text));
    group("a field that contains itself is refused");
    dkv_field_node_free(root);
    dkv_schema_free(other);
    dkv_schema_free(schema);
}

static void refusals(void)
{
    const int32_t bad = DKV_ERR_INVALID_ARGUMENT;
    const dkv_value no_type = { .type = 7 };
    const dkv_text not_utf8 = { "\xff", 1 };
    dkv_text many[33] = { { NULL, 0 } };
    dkv_text text;
    dkv_field_node *node = NULL;
    dkv_schema *schema = NULL;
    CHECK_REFUSED(bad, dkv_field_node_new(NULL, 0, &node));
    CHECK_REFUSED(bad, dkv_field_node_new(NULL, 1, &node));
    CHECK_REFUSED(bad, dkv_field_node_new("\xff", 1, &node));
    CHECK_REFUSED(bad, dkv_field_node_new("a", 1, NULL));
    CHECK_REFUSED(bad, dkv_schema_new(NULL));
    CHECK(node == NULL && schema == NULL);
    node = field("a", DKV_VALUE_LONG);
    CHECK_CODE(DKV_OK, dkv_schema_new(&schema));
    CHECK_REFUSED(bad, dkv_field_node_append_child(node, NULL));
    CHECK_REFUSED(bad, dkv_field_node_append_child(NULL, node));
    CHECK_REFUSED(bad, dkv_field_node_append_child(node, (dkv_field_node *)schema));
    CHECK_REFUSED(bad, dkv_field_node_set_type(node, 7));
    CHECK_REFUSED(bad, dkv_field_node_set_type(node, -1));
    CHECK_REFUSED(bad, dkv_field_node_set_type(NULL, DKV_VALUE_LONG));
    CHECK_REFUSED(bad, dkv_field_node_set_nullable(node, 2));
    CHECK_REFUSED(bad, dkv_field_node_set_nullable(NULL, 1));
    CHECK_REFUSED(bad, dkv_field_node_set_default(node, NULL));
    CHECK_REFUSED(bad, dkv_field_node_set_default(node, &no_type));
    CHECK_REFUSED(bad, dkv_schema_root(schema, NULL));
    CHECK_REFUSED(bad, dkv_schema_root(NULL, &node));
    CHECK_REFUSED(bad, dkv_schema_set_root(schema, NULL));
    CHECK_REFUSED(bad, dkv_schema_set_root((dkv_schema *)node, node));
    CHECK_REFUSED(bad, dkv_schema_set_indexes(schema, NULL, 1));
    CHECK_REFUSED(bad, dkv_schema_set_indexes(schema, &not_utf8, 1));
    CHECK_REFUSED(bad, dkv_schema_set_indexes(schema, many, 33));
    CHECK_REFUSED(bad, dkv_schema_set_mode(NULL, 1));
    CHECK_REFUSED(bad, dkv_schema_set_skip(NULL, 1));
    CHECK_REFUSED(bad, dkv_schema_to_json(schema, NULL));
    CHECK_REFUSED(bad, dkv_schema_to_json(NULL, &text));
    group("bad arguments are refused and nothing is written");

    dkv_field_node_free(node);
    dkv_schema_free(schema);
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_field_node_set_type(node, DKV_VALUE_LONG));
    CHECK_REFUSED(DKV_ERR_CLOSED, dkv_schema_to_json(schema, &text));
    dkv_field_node_free(node);
    dkv_field_node_free(NULL);
    dkv_schema_free(schema);
    dkv_schema_free(NULL);
    group("freed handles are closed");
}

static int32_t open_code(dkv_manager *manager, dkv_text schema, dkv_store **store)
{
    waiter opened = WAITER_INIT;
    dkv_store_options options = test_store_options();
    options.schema = schema;
    int32_t code = AWAIT(&opened, dkv_manager_get_store(manager, TEXT("schemas"), &options, on_store, &opened));
    *store = opened.store;
    return code;
}

static int32_t put(dkv_store *store, const char *text)
{
    waiter done = WAITER_INIT;
    const dkv_value value = string_value(text);
    return AWAIT(&done, dkv_store_put(store, TEXT("k"), &value, on_done, &done));
}

static void values(dkv_manager *manager)
{
    const dkv_value number = integer_value(1);
    waiter done = WAITER_INIT;
    dkv_text text = { NULL, 0 };
    dkv_store *store = NULL;
    dkv_schema *schema = build();
    CHECK_CODE(DKV_OK, dkv_schema_to_json(schema, &text));
    CHECK_CODE(DKV_OK, open_code(manager, text, &store));
    dkv_schema_free(schema);
    CHECK_CODE(DKV_OK, put(store, "{\"age\":1}"));
    CHECK(has_text(store, "k", "{\"age\":1,\"home\":{\"city\":\"\"}}"));
    CHECK_CODE(DKV_ERR_INVALID_FORMAT, put(store, "no JSON"));
    CHECK_CODE(DKV_ERR_INVALID_VALUE_FIELDS, put(store, "{\"more\":1}"));
    CHECK_CODE(DKV_ERR_CONSTRAINT_VIOLATION, put(store, "{\"home\":{\"city\":null}}"));
    CHECK_CODE(DKV_ERR_INVALID_FIELD_TYPE, put(store, "{\"age\":1.0}"));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, AWAIT(&done, dkv_store_put(store, TEXT("k"), &number, on_done, &done)));
    group("values are held against the schema");

    CHECK_CODE(DKV_OK, close_store(store));
    CHECK_CODE(DKV_OK, open_code(manager, (dkv_text){ NULL, 0 }, &store));
    CHECK_CODE(DKV_ERR_READ_ONLY, put(store, "{}"));
    CHECK(has_text(store, "k", "{\"age\":1,\"home\":{\"city\":\"\"}}"));
    CHECK_CODE(DKV_OK, close_store(store));
    CHECK_CODE(DKV_ERR_INVALID_ARGUMENT, open_code(manager, DKV_TEXT("{}"), &store));
    CHECK_CODE(DKV_ERR_OPTIONS_CHANGED,
               open_code(manager, DKV_TEXT("{\"SCHEMA_VERSION\":\"1.0\",\"SCHEMA_MODE\":\"STRICT\","
                                           "\"SCHEMA_DEFINE\":{\"age\":\"LONG\"}}"),
                         &store));
    group("a store opens with its schema, or to be read");
}

int main(void)
{
    dkv_manager *manager = test_manager();
    building();
    refusals();
    values(manager);
    dkv_manager_free(manager);
    return test_result();
}
