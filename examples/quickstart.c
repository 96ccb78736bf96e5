/*
 * The seven steps of a first program: create a manager, get a store, put a value, get it, delete it, close the store,
 * delete the store. Between the third step and the last one it also gets the deleted value again, to show an error.
 *
 *     quickstart [base directory]        (default: a new temporary folder)
 *
 * `cargo xtask quickstart` builds and runs it. By hand, from the root of the checkout and after `cargo build --release`:
 *
 *     cc -std=c11 -I include examples/quickstart.c target/release/libdkv.a -pthread -ldl -lm -o quickstart
 */

#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dkv.h"

#define BUNDLE_NAME "com.example.quickstart"
#define STORE_ID "storeId"
#define KEY "key_test_string"
#define VALUE "value_test_string"

/*
 * Answers arrive on a thread of the library. This program has nothing else to do meanwhile, so it waits for each one;
 * a program with an event loop would go on, or use a completion queue.
 */
typedef struct answer {
    pthread_mutex_t mutex;
    pthread_cond_t arrived;
    bool is_here;
    bool is_error;
    dkv_store *store; /* what dkv_manager_get_store() answers */
} answer;

#define ANSWER_INIT { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false, NULL }

/* Wakes the waiting thread. The last thing that each callback does. */
static void answer_arrives(answer *answer, const dkv_error *error, dkv_store *store)
{
    pthread_mutex_lock(&answer->mutex);
    answer->is_here = true;
    answer->is_error = error != NULL;
    answer->store = store;
    pthread_cond_signal(&answer->arrived);
    pthread_mutex_unlock(&answer->mutex);
}

/* Waits for one answer, and makes the struct ready for the next one. Says whether the answer was a success. */
static bool answer_wait(answer *answer)
{
    pthread_mutex_lock(&answer->mutex);
    while (!answer->is_here) {
        pthread_cond_wait(&answer->arrived, &answer->mutex);
    }
    answer->is_here = false;
    bool succeeded = !answer->is_error;
    pthread_mutex_unlock(&answer->mutex);
    return succeeded;
}

static void print_failure(const char *action, const dkv_error *error)
{
    printf("Failed to %s. Code:%" PRId32 ",message:%s\n", action, error->code, error->message);
}

/* A call that returns something else than DKV_OK has done nothing, and its callback never runs. */
static void require_accepted(const char *action, int32_t status)
{
    if (status != DKV_OK) {
        print_failure(action, dkv_last_error());
        exit(EXIT_FAILURE);
    }
}

/* The callbacks, one per kind of answer. The error is NULL on success; everything is borrowed until they return. */

static void on_store(void *user_data, const dkv_error *error, dkv_store *store)
{
    if (error != NULL) {
        print_failure("get KVStore", error);
    } else {
        printf("Succeeded in getting KVStore.\n");
    }
    answer_arrives(user_data, error, store);
}

static void on_put(void *user_data, const dkv_error *error)
{
    if (error != NULL) {
        print_failure("put data", error);
    } else {
        printf("Succeeded in putting data.\n");
    }
    answer_arrives(user_data, error, NULL);
}

static void on_get(void *user_data, const dkv_error *error, const dkv_value *value)
{
    if (error != NULL) {
        print_failure("get data", error);
    } else {
        printf("Succeeded in getting data. Data:%.*s\n", (int)value->length, (const char *)value->data);
    }
    answer_arrives(user_data, error, NULL);
}

static void on_delete(void *user_data, const dkv_error *error)
{
    if (error != NULL) {
        print_failure("delete data", error);
    } else {
        printf("Succeeded in deleting data.\n");
    }
    answer_arrives(user_data, error, NULL);
}

static void on_close(void *user_data, const dkv_error *error)
{
    if (error != NULL) {
        print_failure("close KVStore", error);
    } else {
        printf("Succeeded in closing KVStore.\n");
    }
    answer_arrives(user_data, error, NULL);
}

static void on_delete_store(void *user_data, const dkv_error *error)
{
    if (error != NULL) {
        print_failure("delete KVStore", error);
    } else {
        printf("Succeeded in deleting KVStore.\n");
    }
    answer_arrives(user_data, error, NULL);
}

/* Step 1. A manager stands for one application and the folder that its stores lie in. */
static dkv_manager *create_manager(const char *base_dir)
{
    dkv_manager_options options = DKV_MANAGER_OPTIONS_INIT;
    options.bundle_name = DKV_TEXT(BUNDLE_NAME);
    options.base_dir = DKV_TEXT(base_dir);

    dkv_manager *manager = NULL;
    require_accepted("create KVManager", dkv_manager_create(&options, &manager));
    printf("Succeeded in creating KVManager.\n");
    return manager;
}

/* Step 2. The store is created the first time. Its security level has no default: it must be given. */
static dkv_store *get_store(dkv_manager *manager, answer *answer)
{
    dkv_store_options options = DKV_STORE_OPTIONS_INIT;
    options.kv_store_type = DKV_STORE_SINGLE_VERSION;
    options.security_level = DKV_SECURITY_S1;

    require_accepted("get KVStore",
                     dkv_manager_get_store(manager, STORE_ID, strlen(STORE_ID), &options, on_store, answer));
    if (!answer_wait(answer)) {
        exit(EXIT_FAILURE);
    }
    return answer->store;
}

/* Step 3. The key and the value are copied before the call returns. */
static void put_value(dkv_store *store, answer *answer)
{
    dkv_value value = { .type = DKV_VALUE_STRING, .data = (const uint8_t *)VALUE, .length = strlen(VALUE) };
    require_accepted("put data", dkv_store_put(store, KEY, strlen(KEY), &value, on_put, answer));
    answer_wait(answer);
}

/* Step 4, and once more after the delete: a key that is not there is an error, 15100004. */
static void get_value(dkv_store *store, answer *answer)
{
    require_accepted("get data", dkv_store_get(store, KEY, strlen(KEY), on_get, answer));
    answer_wait(answer);
}

/* Step 5. */
static void delete_value(dkv_store *store, answer *answer)
{
    require_accepted("delete data", dkv_store_delete(store, KEY, strlen(KEY), on_delete, answer));
    answer_wait(answer);
}

/* Step 6. The handle is dead from now on; the store closes with its last handle. */
static void close_store(dkv_store *store, answer *answer)
{
    require_accepted("close KVStore", dkv_store_close(store, on_close, answer));
    answer_wait(answer);
}

/* Step 7. The application id is the bundle name; (NULL, 0) says that the store has no root folder of its own. */
static void delete_store(dkv_manager *manager, answer *answer)
{
    require_accepted("delete KVStore",
                     dkv_manager_delete_store(manager, BUNDLE_NAME, strlen(BUNDLE_NAME), STORE_ID, strlen(STORE_ID),
                                              NULL, 0, on_delete_store, answer));
    answer_wait(answer);
}

/* Where the store lies if nobody says so. Windows has a temporary folder for each user. */
static const char *default_folder(void)
{
#ifdef _WIN32
    return getenv("TEMP");
#else
    static char temporary[] = "/tmp/dkv-quickstart-XXXXXX";
    return mkdtemp(temporary);
#endif
}

int main(int argument_count, char **arguments)
{
    const char *base_dir = argument_count > 1 ? arguments[1] : default_folder();
    if (base_dir == NULL) {
        perror("no temporary folder");
        return EXIT_FAILURE;
    }

    answer answer = ANSWER_INIT;
    dkv_manager *manager = create_manager(base_dir);
    dkv_store *store = get_store(manager, &answer);
    put_value(store, &answer);
    get_value(store, &answer);
    delete_value(store, &answer);
    get_value(store, &answer);
    close_store(store, &answer);
    delete_store(manager, &answer);
    dkv_manager_free(manager);
    return EXIT_SUCCESS;
}
