// dkv.h is valid C++, macros included, and its structs have the layout that other languages compute by themselves.

#include "dkv.h"
#include "dkv.h"

#include <cstddef>

static_assert(sizeof(dkv_error) == 3 * sizeof(void *), "dkv_error");
static_assert(sizeof(dkv_text) == 2 * sizeof(void *), "dkv_text");
static_assert(offsetof(dkv_value, type) == 0, "dkv_value.type");
static_assert(offsetof(dkv_value, reserved) == 4, "dkv_value.reserved");
static_assert(offsetof(dkv_value, integer) == 8, "dkv_value.integer");
static_assert(offsetof(dkv_value, real) == 16, "dkv_value.real");
static_assert(offsetof(dkv_value, data) == 24, "dkv_value.data");
static_assert(offsetof(dkv_value, length) == 24 + sizeof(void *), "dkv_value.length");
static_assert(offsetof(dkv_entry, key) == 0, "dkv_entry.key");
static_assert(offsetof(dkv_entry, value) % 8 == 0, "dkv_entry.value");
static_assert(offsetof(dkv_manager_options, struct_size) == 0, "dkv_manager_options.struct_size");
static_assert(offsetof(dkv_store_options, struct_size) == 0, "dkv_store_options.struct_size");
static_assert(offsetof(dkv_store_options, cache_bytes) == 32, "dkv_store_options.cache_bytes");
static_assert(offsetof(dkv_store_options, root_dir) == 40, "dkv_store_options.root_dir");

namespace {

void on_store(void *, const dkv_error *, dkv_store *) {}

}  // namespace

int32_t open_a_store(const char *base_dir)
{
    dkv_manager_options options = DKV_MANAGER_OPTIONS_INIT;
    options.bundle_name = DKV_TEXT("com.example.cxx");
    options.base_dir = DKV_TEXT(base_dir);
    dkv_manager *manager = nullptr;
    int32_t status = dkv_manager_create(&options, &manager);
    if (status != DKV_OK) {
        return status;
    }
    dkv_store_options store_options = DKV_STORE_OPTIONS_INIT;
    store_options.security_level = DKV_SECURITY_S1;
    return dkv_manager_get_store(manager, "id", 2, &store_options, on_store, nullptr);
}
