// Ends the program, so that libFuzzer keeps the input that broke a property.
#pragma once

#include <cstdlib>
#include <iostream>

namespace kanaria {

template <class Value>
void expect_equal(const Value& first, const Value& second, const char* property) {
  if (first == second) return;
  std::cerr << property << "\n--- first\n" << first << "\n--- second\n" << second << '\n';
  std::abort();
}

}  // namespace kanaria
