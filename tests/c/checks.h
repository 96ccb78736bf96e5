/*
 * Checks: each says what did not hold and goes on, and a group of them ends in one line of the program's output.
 */
#ifndef DKV_TESTS_CHECKS_H
#define DKV_TESTS_CHECKS_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dkv.h"

static int failed_in_group;
static int failed_groups;

/* Prints what did not hold, and goes on: later checks may say more about the cause. */
#define CHECK(condition) check_holds((condition), #condition, __FILE__, __LINE__)

/* Checks a number, and prints the actual one together with the library's own words when it differs. */
#define CHECK_CODE(expected, actual) check_code((expected), (actual), #actual, __FILE__, __LINE__)

static inline bool check_holds(bool holds, const char *condition, const char *file, int line)
{
    if (!holds) {
        printf("%s:%d: does not hold: %s\n", file, line, condition);
        failed_in_group++;
    }
    return holds;
}

static inline bool check_code(int64_t expected, int64_t actual, const char *expression, const char *file, int line)
{
    if (expected != actual) {
        printf("%s:%d: %s is %" PRId64 ", not %" PRId64 "\n", file, line, expression, actual, expected);
        failed_in_group++;
    }
    return expected == actual;
}

/* Ends a group of checks. */
static inline void group(const char *name)
{
    printf("%s - %s\n", failed_in_group == 0 ? "ok" : "not ok", name);
    fflush(stdout);
    failed_groups += failed_in_group != 0;
    failed_in_group = 0;
}

static inline int test_result(void)
{
    return failed_groups == 0 && failed_in_group == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A count, or a small one for runs that are slowed a hundredfold. */
static inline size_t scaled(size_t full, size_t small)
{
    return getenv("DKV_TEST_SMALL") != NULL ? small : full;
}

/* Checks that a call is refused with this code, and that dkv_last_error() says the same in words. */
#define CHECK_REFUSED(expected, call) check_refused((expected), (call), #call, __FILE__, __LINE__)

static inline void check_refused(int32_t expected, int32_t status, const char *call, const char *file, int line)
{
    if (!check_code(expected, status, call, file, line)) {
        return;
    }
    const dkv_error *error = dkv_last_error();
    if (check_holds(error != NULL, "dkv_last_error() tells of the refused call", file, line)) {
        check_code(expected, error->code, call, file, line);
        check_holds(error->message_length > 0 && strlen(error->message) == error->message_length, call, file, line);
    }
}

#endif /* DKV_TESTS_CHECKS_H */
