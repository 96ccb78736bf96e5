// What the programs of this folder share: checks that print, and a folder of each program's own.

#ifndef DKV_TESTS_HARNESS_HPP
#define DKV_TESTS_HARNESS_HPP

#include "dkv.hpp"
#include "dkv.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include <stdlib.h>

inline constexpr const char *bundle_name = "com.example.tests";

inline int failed_in_group = 0;
inline int failed_groups = 0;

// Prints what did not hold, and goes on: later checks may say more about the cause.
#define CHECK(...) check_holds(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)

inline bool check_holds(bool holds, const char *condition, const char *file, int line)
{
    if (!holds) {
        std::printf("%s:%d: does not hold: %s\n", file, line, condition);
        failed_in_group++;
    }
    return holds;
}

// Ends a group of checks.
inline void group(const char *name)
{
    std::printf("%s - %s\n", failed_in_group == 0 ? "ok" : "not ok", name);
    std::fflush(stdout);
    failed_groups += failed_in_group != 0 ? 1 : 0;
    failed_in_group = 0;
}

inline int test_result()
{
    return failed_groups == 0 && failed_in_group == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

// A folder that goes with this object. The stores in it are closed before.
class test_folder {
public:
    test_folder()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "dkv-test-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) {
            std::perror("no folder for the test");
            std::exit(EXIT_FAILURE);
        }
        path = pattern;
    }
    test_folder(const test_folder &) = delete;
    test_folder &operator=(const test_folder &) = delete;
    ~test_folder()
    {
        const std::int32_t ended = dkv_shutdown(60'000);
        if (ended != DKV_OK) {
            std::printf("not ok - the library ends its threads (%d)\n", static_cast<int>(ended));
        }
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }

    std::string path;
};

inline dkv::store_options test_options()
{
    return dkv::store_options::single(dkv::security_level::s1);
}

#if DKV_HPP_EXCEPTIONS
// The code that a call throws, or errc::ok.
template <class Call>
dkv::errc code_of(Call &&call)
{
    try {
        std::forward<Call>(call)();
    } catch (const dkv::error &failure) {
        if (std::string(failure.what()).empty()) {
            std::printf("a failure without a sentence\n");
            failed_in_group++;
        }
        return failure.code();
    }
    return dkv::errc::ok;
}

inline dkv::store open_store(dkv::manager &manager, const char *id)
{
    return manager.get_store(id, test_options()).get();
}
#endif

#endif
