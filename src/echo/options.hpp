// What kanaria-echo was told on its command line and by its environment. Constant once main() has parsed it.
#pragma once

#include <cstdint>
#include <string>

namespace kanaria::echo {

struct Options {
  std::string name = "echo";
  std::string address = "0.0.0.0";
  std::uint16_t port = 8080;
  std::string listen;           // "unix:/path" takes the place of address and port
  double delay_seconds = 0;     // before each answer
  unsigned status = 200;        // of each answer
  double fail_rate = 0;         // share of answers that are a 500 instead
  std::uint64_t body_size = 0;  // 0: just the name
};

}  // namespace kanaria::echo
