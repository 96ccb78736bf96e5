/// Values and entries: views that borrow, and classes that own.

#ifndef DKV_VALUE_HPP
#define DKV_VALUE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "config.hpp"
#include "error.hpp"

DKV_HPP_BEGIN

/// The seven types of a value. They are compared as well as their bits: INTEGER 1 is not LONG 1.
enum class value_type : std::int32_t {
    string = DKV_VALUE_STRING,
    integer = DKV_VALUE_INTEGER,
    float_number = DKV_VALUE_FLOAT,
    byte_array = DKV_VALUE_BYTE_ARRAY,
    boolean = DKV_VALUE_BOOLEAN,
    double_number = DKV_VALUE_DOUBLE,
    long_integer = DKV_VALUE_LONG,
};

/// Bytes that are owned.
using bytes = std::vector<std::uint8_t>;

namespace detail {

template <class T>
using element_of = std::remove_cv_t<std::remove_pointer_t<decltype(std::declval<const T &>().data())>>;

/// Whether T is a contiguous range of std::uint8_t or std::byte: a vector, an array, a span.
template <class T, class = void>
struct holds_bytes : std::false_type {};
template <class T>
struct holds_bytes<T, std::void_t<element_of<T>, decltype(std::declval<const T &>().size())>>
    : std::bool_constant<std::is_same_v<element_of<T>, std::uint8_t> || std::is_same_v<element_of<T>, std::byte>> {};

template <class T>
inline constexpr bool is_character = std::is_same_v<T, char> || std::is_same_v<T, wchar_t>
#if defined(__cpp_char8_t)
    || std::is_same_v<T, char8_t>
#endif
    || std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;

/// Whether T is a whole number that an INTEGER (32 bits) or a LONG (64 bits) holds whatever it is.
template <class T>
inline constexpr bool is_whole_number = std::is_integral_v<T> && !std::is_same_v<T, bool> && !is_character<T>
    && (std::is_signed_v<T> ? sizeof(T) <= sizeof(std::int64_t) : sizeof(T) < sizeof(std::int64_t));

template <class T>
inline constexpr bool fits_integer = sizeof(T) < sizeof(std::int32_t)
    || (sizeof(T) == sizeof(std::int32_t) && std::is_signed_v<T>);

inline dkv_text raw_text(std::string_view text) noexcept
{
    return {text.data(), text.size()};
}

inline std::string_view view_of(const dkv_text &text) noexcept
{
    return {text.data, text.length};
}

} // namespace detail

/// Bytes that somebody else owns: from a vector, an array or a span of std::uint8_t or std::byte.
class bytes_view {
public:
    constexpr bytes_view() noexcept = default;
    constexpr bytes_view(const std::uint8_t *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <class Bytes, class = std::enable_if_t<detail::holds_bytes<Bytes>::value>>
    bytes_view(const Bytes &held) noexcept
        : data_(reinterpret_cast<const std::uint8_t *>(held.data())), size_(held.size())
    {
    }

    constexpr const std::uint8_t *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr const std::uint8_t *begin() const noexcept { return data_; }
    constexpr const std::uint8_t *end() const noexcept { return data_ + size_; }

private:
    const std::uint8_t *data_ = nullptr;
    std::size_t size_ = 0;
};

/// A value whose text or bytes somebody else owns: what calls take, and what they lend.
///
/// Made from text, bool, whole numbers (up to 32 bits an INTEGER, up to 64 a LONG), float, double, and bytes.
class value_view {
public:
    value_view(std::string_view text) noexcept : value_view(value_type::string, text.data(), text.size()) {}
    value_view(const std::string &text) noexcept : value_view(std::string_view(text)) {}
    value_view(const char *text) noexcept : value_view(std::string_view(text)) {}
    value_view(bytes_view held) noexcept : value_view(value_type::byte_array, held.data(), held.size()) {}

    template <class Bytes, std::enable_if_t<detail::holds_bytes<Bytes>::value, int> = 0>
    value_view(const Bytes &held) noexcept : value_view(bytes_view(held))
    {
    }

    template <class Number, std::enable_if_t<detail::is_whole_number<Number>, int> = 0>
    value_view(Number number) noexcept
    {
        raw_.type = detail::fits_integer<Number> ? DKV_VALUE_INTEGER : DKV_VALUE_LONG;
        raw_.integer = static_cast<std::int64_t>(number);
    }

    // A template, so that a pointer does not become a truth.
    template <class Bool, std::enable_if_t<std::is_same_v<Bool, bool>, int> = 0, class = void>
    value_view(Bool truth) noexcept
    {
        raw_.type = DKV_VALUE_BOOLEAN;
        raw_.integer = truth ? 1 : 0;
    }

    template <class Real, std::enable_if_t<std::is_same_v<Real, float> || std::is_same_v<Real, double>, int> = 0,
              class = void, class = void>
    value_view(Real real) noexcept
    {
        raw_.type = std::is_same_v<Real, float> ? DKV_VALUE_FLOAT : DKV_VALUE_DOUBLE;
        raw_.real = static_cast<double>(real);
    }

    /// A value of C. It is borrowed.
    explicit value_view(const dkv_value &raw) noexcept : raw_(raw) {}

    value_type type() const noexcept { return static_cast<value_type>(raw_.type); }

    /// Of STRING; empty for other types.
    std::string_view as_string() const noexcept
    {
        return type() == value_type::string
            ? std::string_view(reinterpret_cast<const char *>(raw_.data), raw_.length) : std::string_view();
    }
    /// Of BYTE_ARRAY; empty for other types.
    bytes_view as_bytes() const noexcept
    {
        return type() == value_type::byte_array ? bytes_view(raw_.data, raw_.length) : bytes_view();
    }
    /// Of INTEGER, LONG and BOOLEAN; 0 for other types.
    std::int64_t as_integer() const noexcept { return raw_.integer; }
    /// Of BOOLEAN; false for other types.
    bool as_boolean() const noexcept { return type() == value_type::boolean && raw_.integer != 0; }
    /// Of FLOAT and DOUBLE; 0 for other types.
    double as_real() const noexcept { return raw_.real; }

    /// The value as C has it. It borrows what this one borrows.
    const dkv_value &raw() const noexcept { return raw_; }

private:
    value_view(value_type type, const void *data, std::size_t size) noexcept
    {
        raw_.type = static_cast<std::int32_t>(type);
        raw_.data = static_cast<const std::uint8_t *>(data);
        raw_.length = size;
    }

    dkv_value raw_{};
};

/// Whether two values have the same type and the same bits: a NaN is the same as itself, -0 is not 0.
inline bool operator==(const value_view &left, const value_view &right) noexcept
{
    const dkv_value &a = left.raw();
    const dkv_value &b = right.raw();
    return a.type == b.type && a.integer == b.integer && std::memcmp(&a.real, &b.real, sizeof a.real) == 0
        && a.length == b.length && (a.length == 0 || std::memcmp(a.data, b.data, a.length) == 0);
}
inline bool operator!=(const value_view &left, const value_view &right) noexcept
{
    return !(left == right);
}

/// A value that owns its text or bytes.
class value {
public:
    using variant = std::variant<std::string, std::int32_t, float, bytes, bool, double, std::int64_t>;

    /// From whatever a value_view is made from.
    template <class T, std::enable_if_t<std::is_constructible_v<value_view, const T &> && !std::is_same_v<T, value>,
                                        int> = 0>
    value(const T &from) : held_(copied(value_view(from)))
    {
    }
    value(std::string text) noexcept : held_(std::move(text)) {}
    value(bytes held) noexcept : held_(std::move(held)) {}

    /// In the order of the types' numbers, so that the index is the number.
    value_type type() const noexcept { return static_cast<value_type>(held_.index()); }

    /// What is held, for std::visit.
    const variant &held() const & noexcept { return held_; }
    variant &&held() && noexcept { return std::move(held_); }

    /// What is held if it is a T: std::string, std::int32_t, float, dkv::bytes, bool, double or std::int64_t.
    template <class T>
    const T *get_if() const noexcept
    {
        return std::get_if<T>(&held_);
    }

    /// What is held as a T. Throws errc::invalid_field_type if it is something else; without exceptions it ends the
    /// program then.
    template <class T>
    const T &get() const
    {
        const T *found = get_if<T>();
        if (found == nullptr) {
#if DKV_HPP_EXCEPTIONS
            throw error(errc::invalid_field_type, "The value is of another type. Look at its type() first.");
#else
            std::abort();
#endif
        }
        return *found;
    }

    operator value_view() const noexcept
    {
        return std::visit([](const auto &held) { return value_view(held); }, held_);
    }

private:
    static variant copied(const value_view &from)
    {
        switch (from.type()) {
        case value_type::string: return std::string(from.as_string());
        case value_type::integer: return static_cast<std::int32_t>(from.as_integer());
        case value_type::float_number: return static_cast<float>(from.as_real());
        case value_type::byte_array: return bytes(from.as_bytes().begin(), from.as_bytes().end());
        case value_type::boolean: return from.as_boolean();
        case value_type::double_number: return from.as_real();
        case value_type::long_integer: break;
        }
        return from.as_integer();
    }

    variant held_;
};

/// A key with its value, both borrowed.
struct entry_view {
    std::string_view key;
    value_view value;
};

/// A key with its value, both owned.
struct entry {
    std::string key;
    dkv::value value;

    entry(std::string key_of, dkv::value value_of) : key(std::move(key_of)), value(std::move(value_of)) {}
    entry(const entry_view &view) : key(view.key), value(view.value) {}

    operator entry_view() const noexcept { return {key, value}; }
};

inline bool operator==(const entry_view &left, const entry_view &right) noexcept
{
    return left.key == right.key && left.value == right.value;
}
inline bool operator!=(const entry_view &left, const entry_view &right) noexcept
{
    return !(left == right);
}

/// Entries that somebody else owns, to be walked over.
class entries_view {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = entry_view;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = entry_view;

        explicit iterator(const dkv_entry *at) noexcept : at_(at) {}
        entry_view operator*() const noexcept { return {detail::view_of(at_->key), value_view(at_->value)}; }
        iterator &operator++() noexcept
        {
            ++at_;
            return *this;
        }
        iterator operator++(int) noexcept { return iterator(at_++); }
        bool operator==(const iterator &other) const noexcept { return at_ == other.at_; }
        bool operator!=(const iterator &other) const noexcept { return at_ != other.at_; }

    private:
        const dkv_entry *at_;
    };

    entries_view() noexcept = default;
    entries_view(const dkv_entry *entries, std::size_t size) noexcept : entries_(entries), size_(size) {}

    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    entry_view operator[](std::size_t index) const noexcept { return *iterator(entries_ + index); }
    iterator begin() const noexcept { return iterator(entries_); }
    iterator end() const noexcept { return iterator(entries_ + size_); }

private:
    const dkv_entry *entries_ = nullptr;
    std::size_t size_ = 0;
};

DKV_HPP_END

#endif
