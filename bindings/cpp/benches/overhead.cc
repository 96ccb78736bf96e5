/*
 * What dkv.hpp adds to the calls of dkv.h: processor time of this thread for the submission of a put with a callback, and
 * for a read on this thread. Each in turns, many rounds, the least of each counts.
 *
 *     c++ -std=c++17 -O2 -I include -I bindings/cpp/include bindings/cpp/benches/overhead.cc \
 *         -L target/release -ldkv -Wl,-rpath,target/release -pthread -o target/overhead && target/overhead
 */

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

#include <time.h>

#include "dkv.hpp"

namespace {

constexpr int operations = 2'000;
constexpr int rounds = 40;
constexpr const char *key = "a key of usual length";
constexpr const char *text = "a value that is longer than a small string, so that it is copied to the heap";

double nanoseconds_of_this_thread()
{
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Nanoseconds for one operation.
template <class Operation>
double time_of(Operation operation)
{
    const double before = nanoseconds_of_this_thread();
    for (int i = 0; i < operations; i++) {
        operation();
    }
    return (nanoseconds_of_this_thread() - before) / operations;
}

std::atomic<int> answered{0};

void wait_for(int answers)
{
    while (answered < answers) {
        std::this_thread::yield();
    }
    answered = 0;
}

void on_done(void *, const dkv_error *)
{
    ++answered;
}

} // namespace

int main()
{
    const auto folder = std::filesystem::temp_directory_path() / "dkv-overhead";
    std::filesystem::create_directories(folder);
    dkv::manager manager({"com.example.overhead", folder.string()});
    dkv::store store = manager.get_store("overhead", dkv::store_options::single(dkv::security_level::s1)).get();
    dkv_store *raw = store.raw();
    const std::string_view key_view = key;
    const dkv::value_view value = text;

    double put_c = 1e9, put_cxx = 1e9, get_c = 1e9, get_cxx = 1e9;
    std::uint64_t bytes_read = 0;
    for (int round = 0; round < rounds; round++) {
        put_c = std::min(put_c, time_of([&] {
            dkv_store_put(raw, key_view.data(), key_view.size(), &value.raw(), on_done, nullptr);
        }));
        wait_for(operations);
        put_cxx = std::min(put_cxx, time_of([&] { store.put(key_view, value, [](dkv::result<void>) { ++answered; }); }));
        wait_for(operations);
        // What a program in C does with the answer to keep it: it copies the bytes.
        get_c = std::min(get_c, time_of([&] {
            std::uint8_t buffer[512];
            dkv_value found{};
            dkv_store_get_now(raw, key_view.data(), key_view.size(), buffer, sizeof buffer, &found);
            const std::string kept(reinterpret_cast<const char *>(found.data), found.length);
            bytes_read += kept.size();
        }));
        get_cxx = std::min(get_cxx, time_of([&] { bytes_read += store.get_now(key_view)->get<std::string>().size(); }));
    }
    std::printf("put, submitted with a callback   C %.0f ns   C++ %.0f ns\n", put_c, put_cxx);
    std::printf("get_now, and the value kept      C %.0f ns   C++ %.0f ns\n", get_c, get_cxx);
    store.close().get();
    manager.delete_store("com.example.overhead", "overhead").get();
    return bytes_read > 0 ? 0 : 1;
}
