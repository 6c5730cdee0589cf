// Our own look at a head's bytes, before any grammar sees them: which of them could make another reader see another
// request, and ALB's name for it. It names; whether the request is refused is decided by the grammar, by the judges and
// by desync.cpp's table.
#pragma once

#include <string_view>
#include <vector>

#include "kanaria/http/desync.hpp"
#include "kanaria/http/message.hpp"

namespace kanaria::http {

/// No byte from 0x80, as in nearly every head. Then scan_head() finds nothing in it that the grammar would let through.
bool is_ascii(std::string_view head);

/// The worst that is to be seen in the lines of a request's head, which may be cut short anywhere.
DesyncReason scan_head(std::string_view head);

/// The fields of a whole head, as a reader would split them who asks for no grammar.
std::vector<Field> split_fields(std::string_view head);

/// "HTTP/" DIGIT "." DIGIT (RFC 9112 §2.3).
bool is_version(std::string_view text);

/// A name that turns into Content-Length or Transfer-Encoding where a reader drops or replaces what is no letter
/// ("Content_Length" in CGI's variables), and is neither.
bool is_suspicious(std::string_view name);

}  // namespace kanaria::http
