/*
 * A shopping list that two parts of a program share: one writes, the other observes what each commit has changed.
 *
 *     shopping_list <base directory>
 *
 * `cargo xtask test` builds and runs it.
 */

#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

#include "dkv.hpp"

namespace {

// Shows the list as it stands. It is told by a thread of the library, so it has a lock of its own.
class display {
public:
    explicit display(dkv::store &store)
        : subscription_(store.subscribe(dkv::subscribe_type::all,
                                        [this](const dkv::change &change) { show(change); }))
    {
    }
    // The destructor of the subscription waits for a call that is under way: nothing calls a display that is gone.

    int lines() const
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        return lines_;
    }

private:
    void show(const dkv::change &change)
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (change.overflowed()) {
            std::puts("Some changes were missed: read the list again.");
        }
        print("+", change.inserted());
        print("~", change.updated());
        print("-", change.deleted());
    }

    void print(const char *sign, const dkv::entries_view &entries)
    {
        for (const dkv::entry_view entry : entries) {
            std::printf("%s %.*s: %lld\n", sign, static_cast<int>(entry.key.size()), entry.key.data(),
                        static_cast<long long>(entry.value.as_integer()));
            lines_++;
        }
    }

    mutable std::mutex mutex_;
    int lines_ = 0;
    // Last, so that it ends before what its callable uses.
    dkv::subscription subscription_;
};

// One more of something, whoever else counts too.
void add_one(dkv::store &store, std::string_view what)
{
    for (;;) {
        const auto now = store.get(what).get();
        const bool done = now ? store.put_if_unchanged(what, *now, now->get<std::int32_t>() + 1).get()
                              : store.put_if_absent(what, 1).get();
        if (done) {
            return;
        }
    }
}

int run(const std::string &base_dir)
{
    dkv::manager manager({"com.example.shopping", base_dir});
    dkv::store store = manager.get_store("list", dkv::store_options::single(dkv::security_level::s1)).get();
    int lines = 0;
    {
        const display display(store);
        store.put_batch({{"apples", 6}, {"bread", 1}}).get();
        add_one(store, "bread");
        add_one(store, "milk");

        // All or nothing: observers are told of a transaction once, by what it changed in the end.
        store.start_transaction().get();
        dkv::transaction shopping(store);
        for (const dkv::entry &entry : store.get_entries("^").get()) {
            store.erase(entry.key);
        }
        shopping.commit().get();
        // The answer of what is issued now comes behind what the display is told.
        store.flush().get();
        lines = display.lines();
    }
    store.close().get();
    std::printf("%d lines were shown\n", lines);
    return lines == 7 ? 0 : 1;
}

} // namespace

int main(int argument_count, char **arguments)
{
    if (argument_count != 2) {
        std::puts("Name a folder for the list.");
        return 1;
    }
    try {
        return run(arguments[1]);
    } catch (const dkv::error &failure) {
        std::printf("Code:%d,message:%s\n", static_cast<int>(failure.code()), failure.what());
        return 1;
    }
}
