// The six conditions of a rule, compiled: matches(), and words for what didn't. ALB's semantics: alb.md §2.
// Immutable after compile; shared by all workers.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/model.hpp"
#include "kanaria/http/message.hpp"
#include "kanaria/rules/network.hpp"
#include "kanaria/rules/pattern.hpp"
#include "kanaria/rules/uri.hpp"

namespace kanaria::rules {

/// What conditions look at. `worker` picks this worker's own copy of each regular expression: RE2's cache takes a lock.
struct Subject {
  const http::RequestHead& head;
  const boost::asio::ip::address& peer;  // the client's; unspecified for a Unix socket
  unsigned worker = 0;
};

/// A Subject made ready for comparing, once a request. Views into itself and the head.
struct Facts {
  explicit Facts(const Subject& of);
  Facts(const Facts&) = delete;
  Facts& operator=(const Facts&) = delete;

  const Subject& subject;
  std::string_view path;  // normal
  std::string_view host;  // without port

 private:
  UriBuffer buffer_;
};

/// Which value of a condition holds, and the text of the request that it holds for.
struct Match {
  int value = Patterns::kNone;
  std::string_view text;
  explicit operator bool() const { return value != Patterns::kNone; }
};

// Each kind has match(), words() (its values as the operator wrote them), and seen(): what the request has instead, as
// a clause.

struct PathPattern {
  Patterns patterns;
  Match match(const Facts& facts) const;
  std::string seen(const Facts& facts) const;
  const std::vector<std::string>& words() const { return patterns.words(); }
};

/// Compared with Host as it was sent and without its port.
struct HostHeader {
  Patterns patterns;
  Match match(const Facts& facts) const;
  std::string seen(const Facts& facts) const;
  const std::vector<std::string>& words() const { return patterns.words(); }
};

/// Each instance of a repeated header on its own, in order.
struct HttpHeader {
  std::string name;
  Patterns patterns;
  Match match(const Facts& facts) const;
  std::string seen(const Facts& facts) const;
  const std::vector<std::string>& words() const { return patterns.words(); }
};

struct HttpRequestMethod {
  std::vector<std::string> methods;
  Match match(const Facts& facts) const;
  std::string seen(const Facts& facts) const;
  const std::vector<std::string>& words() const { return methods; }
};

/// Keys and values are compared as sent, then decoded. A pair without '=' is a key with an empty value.
struct QueryString {
  struct Pair {
    std::optional<Wildcard> key;  // none: any
    Wildcard value;
  };
  std::vector<Pair> pairs;
  std::vector<std::string> written;
  Match match(const Facts& facts) const;
  std::string seen(const Facts& facts) const;
  const std::vector<std::string>& words() const { return written; }
};

/// A Unix socket's peer is in no network.
struct SourceIp {
  std::vector<Network> networks;
  std::vector<std::string> written;
  Match match(const Facts& facts) const;
  std::string seen(const Facts& facts) const;
  const std::vector<std::string>& words() const { return written; }
};

class Condition {
 public:
  /// `path` is the rule's place in the model, for diagnostics. Faults leave a condition that is not to be used.
  static Condition compile(const config::Condition& condition, unsigned workers, const std::string& path,
                           config::Diagnostics& diagnostics);

  bool matches(const Facts& facts) const;
  /// `path_pattern "/" "/api/*"`
  std::string to_string() const;
  /// Why it holds or doesn't: `path_pattern "/api/*" matches /api/cart`, `query_string beta=2: found beta=1`.
  std::string reason(const Facts& facts) const;
  /// `path_pattern`, `http_header X-Canary`
  std::string label() const;
  /// The patterns, where it is a PathPattern (or HostHeader); else null. For the index.
  template <class Kind>
  const Patterns* patterns_of() const {
    const auto* kind = std::get_if<Kind>(&of_);
    return kind == nullptr ? nullptr : &kind->patterns;
  }

 private:
  using Any = std::variant<PathPattern, HostHeader, HttpHeader, HttpRequestMethod, QueryString, SourceIp>;
  explicit Condition(Any of) : of_(std::move(of)) {}
  Any of_;
};

}  // namespace kanaria::rules
