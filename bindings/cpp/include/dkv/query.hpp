/// Queries: predicates on the fields of documents, a key prefix, an order, a limit.

#ifndef DKV_QUERY_HPP
#define DKV_QUERY_HPP

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

/// A query. A new one selects everything; each call adds to it:
///
///     dkv::query query;
///     query.greater_than("$.age", 17).and_also().like("$.name", "A%").order_by_asc("$.age").limit(10, 0);
///
/// dkv.h says what each call means and when it does nothing. A query may be used from any thread, one call at a time;
/// a store copies it.
class query : public builder<dkv_query, dkv_query_free> {
public:
    query()
    {
        dkv_query *made = nullptr;
        const std::int32_t status = dkv_query_new(&made);
        take(status, made);
    }

    /// Makes the query as it was when new.
    query &reset() { return with(dkv_query_reset(raw())); }

    // The first word alone would be one of the language.
    query &and_also() { return with(dkv_query_and(raw())); }
    query &or_else() { return with(dkv_query_or(raw())); }
    query &begin_group() { return with(dkv_query_begin_group(raw())); }
    query &end_group() { return with(dkv_query_end_group(raw())); }

    query &equal_to(std::string_view field, const value_view &value) { return compare(dkv_query_equal_to, field, value); }
    query &not_equal_to(std::string_view field, const value_view &value)
    {
        return compare(dkv_query_not_equal_to, field, value);
    }
    query &greater_than(std::string_view field, const value_view &value)
    {
        return compare(dkv_query_greater_than, field, value);
    }
    query &less_than(std::string_view field, const value_view &value)
    {
        return compare(dkv_query_less_than, field, value);
    }
    query &greater_than_or_equal_to(std::string_view field, const value_view &value)
    {
        return compare(dkv_query_greater_than_or_equal_to, field, value);
    }
    query &less_than_or_equal_to(std::string_view field, const value_view &value)
    {
        return compare(dkv_query_less_than_or_equal_to, field, value);
    }

    query &is_null(std::string_view field) { return name(dkv_query_is_null, field); }
    query &is_not_null(std::string_view field) { return name(dkv_query_is_not_null, field); }

    /// 1 to 128 numbers of one type.
    query &in_number(std::string_view field, std::initializer_list<value_view> numbers)
    {
        return among(dkv_query_in_number, field, detail::raw_values(numbers));
    }
    template <class Numbers>
    query &in_number(std::string_view field, const Numbers &numbers)
    {
        return among(dkv_query_in_number, field, detail::raw_values(numbers));
    }
    query &not_in_number(std::string_view field, std::initializer_list<value_view> numbers)
    {
        return among(dkv_query_not_in_number, field, detail::raw_values(numbers));
    }
    template <class Numbers>
    query &not_in_number(std::string_view field, const Numbers &numbers)
    {
        return among(dkv_query_not_in_number, field, detail::raw_values(numbers));
    }
    /// 1 to 128 texts.
    query &in_string(std::string_view field, std::initializer_list<std::string_view> texts)
    {
        return among(dkv_query_in_string, field, detail::raw_texts(texts));
    }
    template <class Texts>
    query &in_string(std::string_view field, const Texts &texts)
    {
        return among(dkv_query_in_string, field, detail::raw_texts(texts));
    }
    query &not_in_string(std::string_view field, std::initializer_list<std::string_view> texts)
    {
        return among(dkv_query_not_in_string, field, detail::raw_texts(texts));
    }
    template <class Texts>
    query &not_in_string(std::string_view field, const Texts &texts)
    {
        return among(dkv_query_not_in_string, field, detail::raw_texts(texts));
    }

    query &like(std::string_view field, std::string_view pattern) { return match(dkv_query_like, field, pattern); }
    query &unlike(std::string_view field, std::string_view pattern) { return match(dkv_query_unlike, field, pattern); }

    query &order_by_asc(std::string_view field) { return name(dkv_query_order_by_asc, field); }
    query &order_by_desc(std::string_view field) { return name(dkv_query_order_by_desc, field); }
    /// Skips `offset` entries of the ordered answer and takes at most `total`.
    query &limit(std::int32_t total, std::int32_t offset) { return with(dkv_query_limit(raw(), total, offset)); }
    query &prefix_key(std::string_view prefix) { return name(dkv_query_prefix_key, prefix); }
    query &set_suggest_index(std::string_view index) { return name(dkv_query_set_suggest_index, index); }
    query &device_id(std::string_view device_id) { return name(dkv_query_device_id, device_id); }

    /// The query as the reference's text.
    returns<std::string> get_sql_like() const
    {
        return detail::give(detail::read_text([this](char *text, std::size_t capacity, std::size_t *length) {
            return dkv_query_get_sql_like(raw(), text, capacity, length);
        }));
    }

private:
    query &with(std::int32_t status)
    {
        require(status);
        return *this;
    }
    query &name(std::int32_t (*call)(dkv_query *, const char *, std::size_t), std::string_view name)
    {
        return with(call(raw(), name.data(), name.size()));
    }
    query &compare(std::int32_t (*call)(dkv_query *, const char *, std::size_t, const dkv_value *),
                   std::string_view field, const value_view &value)
    {
        return with(call(raw(), field.data(), field.size(), &value.raw()));
    }
    query &match(std::int32_t (*call)(dkv_query *, const char *, std::size_t, const char *, std::size_t),
                 std::string_view field, std::string_view pattern)
    {
        return with(call(raw(), field.data(), field.size(), pattern.data(), pattern.size()));
    }
    template <class Raw>
    query &among(std::int32_t (*call)(dkv_query *, const char *, std::size_t, const Raw *, std::size_t),
                 std::string_view field, const std::vector<Raw> &raw_ones)
    {
        return with(call(raw(), field.data(), field.size(), raw_ones.data(), raw_ones.size()));
    }
};

DKV_HPP_END

#endif
