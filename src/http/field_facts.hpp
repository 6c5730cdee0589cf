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
  Twice,    // chunked is named more than once
  Broken,   // more than one field, chunked not last, parameters, no token
};

// Each field is compared with each name in Connection: honest lists have three, and 64K of commas should cost nothing.
inline constexpr std::size_t kMaxOptions = 32;

struct FieldFacts {
  std::size_t hosts = 0;  // how many Host fields
  std::string_view host;  // the last one

  Coding coding = Coding::Absent;
  std::size_t chunked = 0;  // how often it is named
  std::size_t lengths = 0;  // how many Content-Length fields
  bool bad_length = false;  // no number, a list, or over 2^63 - 1
  bool lengths_differ = false;
  std::uint64_t length = 0;  // the first one
  bool suspicious = false;   // a field had a name like these two

  std::size_t options = 0;  // places in Connection's lists, empty ones too; more than kMaxOptions are refused
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  bool other_option = false;       // Connection names something else
  bool websocket = false;          // Upgrade names it
  bool other_protocol = false;     // Upgrade names something else
  bool expect_continue = false;    // Expect: 100-continue
  bool other_expectation = false;  // Expect: anything else

  std::size_t forward_limits = 0;  // how many Max-Forwards fields
  std::string_view max_forwards;   // the last one
};

/// Takes Content-Length, Transfer-Encoding and what some readers take for them out of `fields`.
FieldFacts take_facts(std::vector<Field>& fields);

/// Does Connection say that fields of that name end at this hop?
bool is_named_by_connection(const std::vector<Field>& fields, std::string_view name);

}  // namespace kanaria::http
