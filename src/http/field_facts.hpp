// What the fields of one head say about its framing, its host and its connection, gathered in one walk. It only
// collects; the two parsers judge, because requests and responses differ in what is allowed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kanaria/http/message.hpp"

namespace kanaria::http {

/// What Transfer-Encoding says.
enum class Coding : std::uint8_t {
  Absent,
  Chunked,  // exactly one field, exactly "chunked"
  Unknown,  // well formed, but with a coding that is not ours: "gzip", "gzip, chunked"
  Broken,   // more than one field, chunked twice or not last, parameters, no token
};

// Each field is compared with each name in Connection: honest lists have three, and 64K of commas should cost nothing.
inline constexpr std::size_t kMaxOptions = 32;

struct FieldFacts {
  std::size_t hosts = 0;  // how many Host fields
  std::string_view host;  // the last one

  Coding coding = Coding::Absent;
  bool has_length = false;
  bool bad_length = false;  // no number, a list, over 2^63 - 1, or two that differ
  std::uint64_t length = 0;

  std::size_t options = 0;  // places in Connection's lists, empty ones too; more than kMaxOptions are refused
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  bool other_option = false;       // Connection names something else
  bool websocket = false;          // Upgrade names it
  bool expect_continue = false;    // Expect: 100-continue
  bool other_expectation = false;  // Expect: anything else
};

/// Takes Content-Length and Transfer-Encoding out of `fields`.
FieldFacts take_facts(std::vector<Field>& fields);

}  // namespace kanaria::http
