/// Schemas: which fields the documents of a store have, and which of them have an index.

#ifndef DKV_SCHEMA_HPP
#define DKV_SCHEMA_HPP

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "builder.hpp"
#include "config.hpp"
#include "error.hpp"
#include "store_answers.hpp"
#include "value.hpp"

DKV_HPP_BEGIN

enum class schema_mode : std::uint32_t {
    /// Values may have fields that are not declared.
    compatible = DKV_SCHEMA_COMPATIBLE,
    /// They may not.
    strict = DKV_SCHEMA_STRICT,
};

/// A field of a schema, or an object with fields inside. New, it has no type, is not nullable and has no default.
class field_node : public builder<dkv_field_node, dkv_field_node_free> {
public:
    using builder::builder;

    explicit field_node(std::string_view name)
    {
        dkv_field_node *made = nullptr;
        const std::int32_t status = dkv_field_node_new(name.data(), name.size(), &made);
        take(status, made);
    }

    /// Makes this an object with another field inside, which is held by reference.
    field_node &append_child(const field_node &child)
    {
        require(dkv_field_node_append_child(raw(), child.raw()));
        return *this;
    }
    field_node &type(value_type type)
    {
        require(dkv_field_node_set_type(raw(), static_cast<std::int32_t>(type)));
        return *this;
    }
    field_node &nullable(bool nullable)
    {
        require(dkv_field_node_set_nullable(raw(), nullable ? 1 : 0));
        return *this;
    }
    /// What the field is when a value lacks it.
    field_node &default_value(const value_view &value)
    {
        require(dkv_field_node_set_default(raw(), &value.raw()));
        return *this;
    }
};

/// A schema. New, it has no fields and no indexes, is compatible and skips nothing.
///
///     dkv::schema schema;
///     schema.root().append_child(dkv::field_node("age").type(dkv::value_type::integer));
///     schema.indexes({"$.age"});
///     options.schema = schema.to_json();
class schema : public builder<dkv_schema, dkv_schema_free> {
public:
    schema()
    {
        dkv_schema *made = nullptr;
        const std::int32_t status = dkv_schema_new(&made);
        take(status, made);
    }

    /// The root, whose children are the outermost fields.
    field_node root()
    {
        dkv_field_node *root = nullptr;
        require(dkv_schema_root(raw(), &root));
        return field_node(root);
    }
    schema &root(const field_node &root)
    {
        require(dkv_schema_set_root(raw(), root.raw()));
        return *this;
    }
    /// The paths of the fields that have an index: at most 32.
    schema &indexes(std::initializer_list<std::string_view> paths)
    {
        return indexes<std::initializer_list<std::string_view>>(paths);
    }
    template <class Paths>
    schema &indexes(const Paths &paths)
    {
        const std::vector<dkv_text> texts = detail::raw_texts(paths);
        require(dkv_schema_set_indexes(raw(), texts.data(), texts.size()));
        return *this;
    }
    schema &mode(schema_mode mode)
    {
        require(dkv_schema_set_mode(raw(), static_cast<std::uint32_t>(mode)));
        return *this;
    }
    /// Bytes of each value that stand before its JSON text.
    schema &skip(std::uint32_t skipped)
    {
        require(dkv_schema_set_skip(raw(), skipped));
        return *this;
    }

    /// The text for store_options::schema.
    returns<std::string> to_json()
    {
        dkv_text json{};
        const std::int32_t status = dkv_schema_to_json(raw(), &json);
        return detail::give(status == DKV_OK ? result<std::string>(std::string(detail::view_of(json)))
                                             : result<std::string>(detail::last_error(status)));
    }
};

DKV_HPP_END

#endif
