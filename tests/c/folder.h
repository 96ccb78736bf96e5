/*
 * A folder of the program's own.
 */
#ifndef DKV_TESTS_FOLDER_H
#define DKV_TESTS_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char test_folder_path[4096];

static inline int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *position)
{
    (void)status;
    (void)kind;
    (void)position;
    return remove(path);
}

static inline void remove_test_folder(void)
{
    nftw(test_folder_path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The folder of this run, removed when the program ends. */
static inline const char *test_folder(void)
{
    if (test_folder_path[0] == '\0') {
        const char *parent = getenv("TMPDIR");
        snprintf(test_folder_path, sizeof test_folder_path, "%s/dkv-test-XXXXXX", parent != NULL ? parent : "/tmp");
        if (mkdtemp(test_folder_path) == NULL) {
            perror("no folder for the test");
            exit(EXIT_FAILURE);
        }
        atexit(remove_test_folder);
    }
    return test_folder_path;
}

#endif /* DKV_TESTS_FOLDER_H */
