// What a rule does with its requests, compiled from config::Action. Immutable; shared by all workers. alb.md §3.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "kanaria/base/block.hpp"
#include "kanaria/base/error.hpp"
#include "kanaria/config/model.hpp"
#include "kanaria/http/message.hpp"

namespace kanaria::rules {

struct Forward {
  std::vector<config::WeightedGroup> groups;  // 1-5, in the file's order
  config::SplitMode split = config::SplitMode::Shuffled;
  std::vector<config::UserKey> user_key;
  config::GroupStickiness stickiness;
  bool failover = false;
  /// Dense number of this forward action within its rule table, 0...: the snapshot keeps the live parts (split, groups)
  /// under it.
  std::uint32_t index = 0;
};

struct Redirect {
  static constexpr std::size_t kMaxLocation = 8UL * 1024;

  config::Redirect parts;
  std::uint16_t status = 301;
  /// The Location for this request: placeholders filled (alb.md §3.2), always with the port, as ALB writes it.
  /// RedirectTooLong over 8K; MalformedRequest where #{host} is needed and the request has none. What can't stand in a
  /// URL is percent-encoded, so no request can add a line. The view lives in `arena`.
  Result<std::string_view> location(const http::RequestHead& head, std::string_view protocol,
                                    std::uint16_t listener_port, Arena& arena) const;
};

struct FixedResponse {
  std::uint16_t status = 200;
  std::string content_type;
  std::string body;
};

using Action = std::variant<Forward, Redirect, FixedResponse>;

/// `forward_index` goes to the action if it forwards.
Action compile(const config::Action& action, std::uint32_t forward_index);

/// `forward app-main 90, app-canary 10`, `redirect 301 https://#{host}:443/#{path}?#{query}`, `fixed_response 404`
std::string to_string(const Action& action);

}  // namespace kanaria::rules
