/// What the compiler can do, asked once.

#ifndef DKV_CONFIG_HPP
#define DKV_CONFIG_HPP

#include "dkv.h"

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
#define DKV_HPP_EXCEPTIONS 1
#else
#define DKV_HPP_EXCEPTIONS 0
#endif

#if defined(__cpp_impl_coroutine) && defined(__has_include)
#if __has_include(<coroutine>)
#define DKV_HPP_COROUTINES 1
#endif
#endif
#ifndef DKV_HPP_COROUTINES
#define DKV_HPP_COROUTINES 0
#endif

#if defined(__SANITIZE_THREAD__)
#define DKV_HPP_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DKV_HPP_THREAD_SANITIZER 1
#endif
#endif
#ifndef DKV_HPP_THREAD_SANITIZER
#define DKV_HPP_THREAD_SANITIZER 0
#endif

// The same function yields T with exceptions and result<T> without. A program may hold files of both kinds, so the two
// have names of their own for the linker.
#if DKV_HPP_EXCEPTIONS
#define DKV_HPP_BEGIN namespace dkv { inline namespace throwing {
#else
#define DKV_HPP_BEGIN namespace dkv { inline namespace nonthrowing {
#endif
#define DKV_HPP_END } }

#endif
