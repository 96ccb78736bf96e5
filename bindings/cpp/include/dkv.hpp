/// dkv.hpp - the C++ face of dkv, an embedded, typed, ordered, observable, asynchronous key-value store.
///
/// Header-only, C++17; co_await where the compiler has coroutines. Link the library of dkv.h, whose contract holds
/// here too. What this layer adds:
///
/// * Handles are classes that move and do not copy; a destructor lets go.
/// * Every asynchronous call answers in one of three ways, by its last argument:
///
///       store.put("key", "value");                                          // a std::future
///       store.put("key", "value", [](dkv::result<void> answer) { ... });    // a callback, on a library thread
///       co_await store.put("key", "value", dkv::use_awaitable);             // continues on a library thread
///
/// * A missing key is std::nullopt. Other failures are dkv::error: thrown by futures, by co_await and by calls that
///   answer at once; handed to callbacks in a dkv::result. A call that is refused throws where it would otherwise hand
///   over to a callback; a future and a co_await tell it as they tell any failure.
/// * Built with -fno-exceptions nothing is thrown: where the text says that a call yields T or throws, it yields
///   dkv::result<T>, and futures carry one.
/// * A callable is moved into the library's care once and destroyed once. An exception that leaves a callable ends the
///   program, as one that leaves a thread does: nobody is there to catch it.
/// * Arguments are borrowed for the call, or until the end of the full expression with co_await.
/// * A coroutine that waits for an answer is not destroyed before the answer has come.
///
/// Callbacks and coroutines run on threads of the library, one after the other for each store. They must not wait
/// there for another answer, so no std::future::get().

#ifndef DKV_HPP
#define DKV_HPP

#include "dkv/config.hpp"
#include "dkv/entry_stream.hpp"
#include "dkv/error.hpp"
#include "dkv/library.hpp"
#include "dkv/manager.hpp"
#include "dkv/options.hpp"
#include "dkv/query.hpp"
#include "dkv/result_set.hpp"
#include "dkv/schema.hpp"
#include "dkv/store.hpp"
#include "dkv/subscription.hpp"
#include "dkv/transaction.hpp"
#include "dkv/value.hpp"

#endif
