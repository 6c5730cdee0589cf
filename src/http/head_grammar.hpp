// The grammar of a whole head, by Beast's basic_parser and by nothing else of Beast: how a message is framed, which
// host it names and whether the connection stays is decided by our parsers from the fields. Views into `head`.
#pragma once

#include <string_view>
#include <vector>

#include "kanaria/http/message.hpp"

namespace kanaria::http {

struct RequestLine {
  std::string_view method;
  std::string_view target;
  int minor = 0;
};

struct StatusLine {
  int status = 0;
  std::string_view reason;
  int minor = 0;
};

/// False: no valid head of HTTP/1.0 or HTTP/1.1. `head` ends with its empty line and has no folded line (HeadScan).
bool read_request_head(std::string_view head, RequestLine& line, std::vector<Field>& fields);
bool read_response_head(std::string_view head, StatusLine& line, std::vector<Field>& fields);

}  // namespace kanaria::http
