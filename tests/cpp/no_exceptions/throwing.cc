// The other file of quiet.cc, built with exceptions.

#include "dkv.hpp"

static_assert(DKV_HPP_EXCEPTIONS);

int put_with_exceptions(dkv_store *raw);

int put_with_exceptions(dkv_store *raw)
{
    dkv::store store(raw);
    int code = DKV_OK;
    try {
        store.put("from the other file", 1).get();
        store.put("", 1).get();
    } catch (const dkv::error &failure) {
        code = static_cast<int>(failure.code());
    }
    store.release();
    return code;
}
