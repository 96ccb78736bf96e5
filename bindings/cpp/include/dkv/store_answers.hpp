/// What a store answers, and what it is asked with, between C and C++.

#ifndef DKV_STORE_ANSWERS_HPP
#define DKV_STORE_ANSWERS_HPP

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "answer.hpp"
#include "config.hpp"
#include "error.hpp"
#include "options.hpp"
#include "value.hpp"

DKV_HPP_BEGIN

/// What came of the deletion of one backup: 0, or 27459591 if there was none, 27459585 for the automatic one, 27459584
/// if it could not be removed.
struct backup_result {
    std::string name;
    std::int32_t status;
};

/// What a store has done since it was opened, and what it holds now. dkv.h says what each field counts.
using statistics = dkv_statistics;

/// Where the content of a store came from that was damaged when it was opened.
enum class recovery_source : std::int32_t {
    none = DKV_RECOVERY_NONE,
    backup = DKV_RECOVERY_BACKUP,
    salvage = DKV_RECOVERY_SALVAGE,
};

/// What became of a store that was damaged when it was opened with the option recover.
struct recovery {
    recovery_source source;
    /// When the backup was made, in milliseconds since 1970.
    std::uint64_t backup_time_ms;
    /// Of a salvage: entries that were kept and lost, and damaged pages that were left out with what lay below them.
    std::uint64_t kept_entries;
    std::uint64_t lost_entries;
    std::uint64_t damaged_regions;
    /// The backup, the name under which the damaged file is kept, and the damage, a line each.
    std::string description;
};

namespace detail {

struct value_answer : answer_base<std::optional<value>, dkv_value_callback> {
    static result<type> from(const dkv_value *raw) { return type(value(value_view(*raw))); }

    /// A missing key is an answer.
    static result<type> failed(const dkv_error &raw)
    {
        return raw.code == DKV_ERR_NOT_FOUND ? result<type>(std::nullopt) : result<type>(error(raw));
    }
};

struct values_answer : answer_base<std::vector<std::optional<value>>, dkv_values_callback> {
    static result<type> from(const dkv_value *const *raw, std::size_t count)
    {
        type values;
        values.reserve(count);
        for (std::size_t i = 0; i < count; i++) {
            if (raw[i] != nullptr) {
                values.emplace_back(value(value_view(*raw[i])));
            } else {
                values.emplace_back(std::nullopt);
            }
        }
        return values;
    }
};

struct entries_answer : answer_base<std::vector<entry>, dkv_entries_callback> {
    static result<type> from(const dkv_entry *raw, std::size_t count)
    {
        const entries_view borrowed(raw, count);
        return type(borrowed.begin(), borrowed.end());
    }
};

struct count_answer : answer_base<std::uint64_t, dkv_count_callback> {
    static result<type> from(std::uint64_t count) { return count; }
};

struct applied_answer : answer_base<bool, dkv_applied_callback> {
    static result<type> from(std::int32_t applied) { return applied != 0; }
};

struct security_level_answer : answer_base<security_level, dkv_security_level_callback> {
    static result<type> from(std::int32_t level) { return static_cast<security_level>(level); }
};

struct backup_results_answer : answer_base<std::vector<backup_result>, dkv_backup_results_callback> {
    static result<type> from(const dkv_backup_result *raw, std::size_t count)
    {
        type results;
        results.reserve(count);
        for (std::size_t i = 0; i < count; i++) {
            results.push_back({std::string(view_of(raw[i].name)), raw[i].status});
        }
        return results;
    }
};

/// Texts as C takes them. They borrow.
template <class Texts>
std::vector<dkv_text> raw_texts(const Texts &texts)
{
    std::vector<dkv_text> raw;
    for (const auto &text : texts) {
        raw.push_back(raw_text(text));
    }
    return raw;
}

inline dkv_entry raw_entry(const entry_view &from) noexcept
{
    return {raw_text(from.key), from.value.raw()};
}
inline dkv_entry raw_entry(const entry &from) noexcept
{
    return raw_entry(entry_view(from));
}
template <class Key, class Value>
dkv_entry raw_entry(const std::pair<Key, Value> &from) noexcept
{
    return raw_entry(entry_view{from.first, from.second});
}

/// Entries as C takes them. They borrow.
template <class Entries>
std::vector<dkv_entry> raw_entries(const Entries &entries)
{
    std::vector<dkv_entry> raw;
    for (const auto &entry : entries) {
        raw.push_back(raw_entry(entry));
    }
    return raw;
}

/// Values as C takes them. They borrow.
template <class Values>
std::vector<dkv_value> raw_values(const Values &values)
{
    std::vector<dkv_value> raw;
    for (const auto &value : values) {
        raw.push_back(value_view(value).raw());
    }
    return raw;
}

/// A time that no 32 bits hold, also one below zero, becomes the longest there is, which the library refuses.
inline std::uint32_t clamped_milliseconds(std::chrono::milliseconds time) noexcept
{
    constexpr std::uint32_t longest = std::numeric_limits<std::uint32_t>::max();
    return time.count() < 0 || time.count() > longest ? longest : static_cast<std::uint32_t>(time.count());
}

/// Bytes of a value that are read without an allocation for the buffer.
inline constexpr std::size_t inline_bytes = 512;

/// A value read on this thread by `call`, which is get_now or try_get.
template <class Call>
result<std::optional<value>> read_now(Call call, dkv_store *store, std::string_view key)
{
    std::array<std::uint8_t, inline_bytes> few;
    bytes many;
    std::uint8_t *buffer = few.data();
    std::size_t capacity = few.size();
    for (;;) {
        dkv_value raw{};
        const std::int32_t status = call(store, key.data(), key.size(), buffer, capacity, &raw);
        if (status == DKV_ERR_NOT_FOUND) {
            return std::optional<value>();
        }
        if (status != DKV_OK) {
            return last_error(status);
        }
        if (raw.length <= capacity) {
            return std::optional<value>(value_view(raw));
        }
        // It may have grown again meanwhile.
        many.resize(raw.length);
        buffer = many.data();
        capacity = many.size();
    }
}

/// A text that `call` writes into a buffer, whose length it tells.
template <class Call>
result<std::string> read_text(Call call)
{
    std::string text;
    for (;;) {
        std::size_t length = 0;
        const std::int32_t status = call(text.data(), text.size(), &length);
        if (status != DKV_OK) {
            return last_error(status);
        }
        const bool fitted = length <= text.size();
        text.resize(length);
        if (fitted) {
            return text;
        }
    }
}

inline result<dkv::statistics> read_statistics(dkv_store *store)
{
    dkv::statistics now = DKV_STATISTICS_INIT;
    const std::int32_t status = dkv_store_get_statistics_now(store, &now);
    return status == DKV_OK ? result<dkv::statistics>(now) : result<dkv::statistics>(last_error(status));
}

inline result<dkv::recovery> read_recovery(dkv_store *store)
{
    dkv_recovery raw = DKV_RECOVERY_INIT;
    const std::int32_t status = dkv_store_get_recovery_now(store, &raw);
    if (status != DKV_OK) {
        return last_error(status);
    }
    result<std::string> text = read_text([store](char *to, std::size_t capacity, std::size_t *length) {
        return dkv_store_describe_recovery_now(store, to, capacity, length);
    });
    if (!text) {
        return text.error();
    }
    return dkv::recovery{static_cast<recovery_source>(raw.source), raw.backup_time_ms, raw.kept_entries,
                         raw.lost_entries, raw.damaged_regions, *text};
}

} // namespace detail

DKV_HPP_END

#endif
