/// Walking over a range of keys, a page at a time.

#ifndef DKV_ENTRY_STREAM_HPP
#define DKV_ENTRY_STREAM_HPP

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>

#include "answer.hpp"
#include "config.hpp"
#include "error.hpp"
#include "handle.hpp"
#include "value.hpp"

DKV_HPP_BEGIN

/// The entries of a range as they were committed when it was opened, each told once: for (auto entry : stream).
///
/// Reads on the calling thread, by pages. While it is open, the space of what later writes replace is not used again.
class entry_stream : public handle<dkv_iterator, dkv_iterator_free> {
public:
    using handle::handle;

    /// The next entries, borrowed until the next call; none at the end.
    returns<entries_view> next_page() { return detail::give(read_page()); }

    /// What ended a walk by begin() early, where nothing is thrown.
    const std::optional<error> &failure() const noexcept { return failure_; }

    struct sentinel {};

    /// Walks over what is left. What it refers to is borrowed until it moves on.
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = entry_view;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = entry_view;

        explicit iterator(entry_stream &stream) : stream_(&stream) { turn_page(); }

        entry_view operator*() const noexcept { return page_[index_]; }
        iterator &operator++()
        {
            if (++index_ == page_.size()) {
                turn_page();
            }
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(sentinel) const noexcept { return page_.empty(); }
        bool operator!=(sentinel) const noexcept { return !page_.empty(); }

    private:
        void turn_page()
        {
            index_ = 0;
            page_ = {};
            result<entries_view> page = stream_->read_page();
            if (page) {
                page_ = *page;
                return;
            }
#if DKV_HPP_EXCEPTIONS
            throw page.error();
#else
            stream_->failure_ = page.error();
#endif
        }

        entry_stream *stream_;
        entries_view page_;
        std::size_t index_ = 0;
    };

    iterator begin() { return iterator(*this); }
    sentinel end() const noexcept { return {}; }

private:
    result<entries_view> read_page()
    {
        const dkv_entry *entries = nullptr;
        std::size_t count = 0;
        const std::int32_t status = dkv_iterator_next_page(raw(), &entries, &count);
        if (status != DKV_OK) {
            return detail::last_error(status);
        }
        return entries_view(entries, count);
    }

    std::optional<error> failure_;
};

namespace detail {

struct entry_stream_answer : answer_base<entry_stream, dkv_iterator_callback> {
    static result<entry_stream> from(dkv_iterator *raw) { return entry_stream(raw); }
};

} // namespace detail

DKV_HPP_END

#endif
