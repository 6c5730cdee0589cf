#include "support/allocations.hpp"

#include <cerrno>

// The sanitizers replace malloc() themselves, and their free() takes only what their malloc() gave.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KANARIA_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KANARIA_SANITIZED 1
#endif
#endif

namespace kanaria::test {
namespace {

thread_local constinit std::size_t count = 0;

}  // namespace

std::size_t allocations() {
  return count;
}

bool counts_allocations() {
#ifdef KANARIA_SANITIZED
  return false;
#else
  return true;
#endif
}

}  // namespace kanaria::test

#ifndef KANARIA_SANITIZED

// `new` would not be enough: Asio takes coroutine frames from aligned_alloc(). A program may define malloc() and its
// family, and all libraries use them then (glibc manual, "Replacing malloc"); free() stays glibc's, for the memory is
// glibc's.
extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): glibc's names for its own functions.
void* __libc_malloc(std::size_t size) noexcept;
void* __libc_calloc(std::size_t count, std::size_t size) noexcept;
void* __libc_realloc(void* memory, std::size_t size) noexcept;
void* __libc_memalign(std::size_t alignment, std::size_t size) noexcept;
// NOLINTEND(bugprone-reserved-identifier)

void* malloc(std::size_t size) noexcept {
  ++kanaria::test::count;
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  ++kanaria::test::count;
  return __libc_calloc(count, size);
}

void* realloc(void* memory, std::size_t size) noexcept {
  ++kanaria::test::count;
  return __libc_realloc(memory, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++kanaria::test::count;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  ++kanaria::test::count;
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}

}  // extern "C"

#endif
