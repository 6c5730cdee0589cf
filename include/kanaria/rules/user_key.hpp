// Who sent a request, by a rule's user_key. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "kanaria/config/model.hpp"
#include "kanaria/http/message.hpp"

namespace kanaria::rules {

struct User {
  const config::UserKey* by = nullptr;  // the part that named it; null: none did
  std::string_view name;                // not empty, unless `by` is null
};

/// The first part that the request has a value for; of several cookies or fields of one name the first.
User user_of(const http::RequestHead& head, const std::vector<config::UserKey>& parts);

}  // namespace kanaria::rules
