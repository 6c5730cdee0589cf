// Counts what is taken from the heap. A program that links allocations.cpp has its malloc() replaced.
#pragma once

#include <cstddef>

namespace kanaria::test {

/// How often this thread has called malloc() or one of its family; `new` and Asio's recycler end there too.
std::size_t allocations();

/// False under a sanitizer, which has an allocator of its own: then allocations() stays 0.
bool counts_allocations();

}  // namespace kanaria::test
