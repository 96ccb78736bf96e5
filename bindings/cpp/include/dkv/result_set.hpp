/// Result sets: entries that were committed when they were opened, with a position that moves.

#ifndef DKV_RESULT_SET_HPP
#define DKV_RESULT_SET_HPP

#include <cstdint>

#include "answer.hpp"
#include "config.hpp"
#include "error.hpp"
#include "handle.hpp"
#include "value.hpp"

DKV_HPP_BEGIN

/// A result set. The position is -1 before the first entry and the count behind the last; a move that fails goes to
/// that end. Reads on the calling thread. At most 8 of a store are open.
class result_set : public handle<dkv_result_set, dkv_result_set_free> {
public:
    using handle::handle;

    /// How many entries there are. The first call may walk over all keys.
    returns<std::int64_t> count() const { return number(dkv_result_set_get_count); }
    returns<std::int64_t> position() const { return number(dkv_result_set_get_position); }

    // Whether there was an entry to move to.
    returns<bool> move_to_first() { return answer(dkv_result_set_move_to_first); }
    returns<bool> move_to_last() { return answer(dkv_result_set_move_to_last); }
    returns<bool> move_to_next() { return answer(dkv_result_set_move_to_next); }
    returns<bool> move_to_previous() { return answer(dkv_result_set_move_to_previous); }
    returns<bool> move(std::int64_t distance) { return answer(dkv_result_set_move, distance); }
    returns<bool> move_to_position(std::int64_t position)
    {
        return answer(dkv_result_set_move_to_position, position);
    }

    returns<bool> is_first() const { return answer(dkv_result_set_is_first); }
    returns<bool> is_last() const { return answer(dkv_result_set_is_last); }
    /// Also true if there is none.
    returns<bool> is_before_first() const { return answer(dkv_result_set_is_before_first); }
    /// Also true if there is none.
    returns<bool> is_after_last() const { return answer(dkv_result_set_is_after_last); }

    /// The entry at the position, borrowed until the next entry() of this result set, or its end. errc::not_found
    /// before the first one and behind the last.
    returns<entry_view> entry() const
    {
        dkv_entry raw{};
        const std::int32_t status = dkv_result_set_get_entry(this->raw(), &raw);
        if (status != DKV_OK) {
            return detail::give(result<entry_view>(detail::last_error(status)));
        }
        return entry_view{detail::view_of(raw.key), value_view(raw.value)};
    }

    /// Ends the result set. errc::closed if it has ended already.
    returns<void> close() { return detail::give(detail::checked(dkv_result_set_close(raw()))); }

private:
    returns<std::int64_t> number(std::int32_t (*call)(dkv_result_set *, std::int64_t *)) const
    {
        std::int64_t number = 0;
        const std::int32_t status = call(raw(), &number);
        return detail::give(status == DKV_OK ? result<std::int64_t>(number)
                                             : result<std::int64_t>(detail::last_error(status)));
    }

    template <class Call, class... Arguments>
    returns<bool> answer(Call call, Arguments... arguments) const
    {
        std::int32_t answer = 0;
        const std::int32_t status = call(raw(), arguments..., &answer);
        return detail::give(status == DKV_OK ? result<bool>(answer != 0) : result<bool>(detail::last_error(status)));
    }
};

namespace detail {

struct result_set_answer : answer_base<result_set, dkv_result_set_callback> {
    static result<result_set> from(dkv_result_set *raw) { return result_set(raw); }
};

} // namespace detail

DKV_HPP_END

#endif
