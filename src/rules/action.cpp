#include "kanaria/rules/action.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "kanaria/rules/uri.hpp"

namespace kanaria::rules {
namespace {

/// What the five placeholders stand for in one request.
struct Values {
  std::string_view protocol;
  std::string_view host;
  std::string_view port;
  std::string_view path;  // without the leading '/'
  std::string_view query;

  struct Found {
    std::string_view placeholder;  // empty: `text` doesn't start with one
    std::string_view value;
  };
  Found at(std::string_view text) const {
    const std::array<Found, 5> all = {
        {{"#{protocol}", protocol}, {"#{host}", host}, {"#{port}", port}, {"#{path}", path}, {"#{query}", query}}};
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Found& each) { return text.starts_with(each.placeholder); });
    return found == all.end() ? Found{} : *found;
  }
};

// What RFC 3986 lets stand in no part of a URL, and what would end the part it stands in.
constexpr std::string_view kNeverRaw = "\"<>\\^`{|}#";

/// Writes a URL, encoding what can't stand in it, and stops at the bound.
class Writer {
 public:
  enum class Encode : std::uint8_t { WhitespaceAndControls, All };

  void write(std::string_view text, Encode encode = Encode::WhitespaceAndControls) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      const bool raw =
          byte > 0x20 && byte < 0x7f && (encode != Encode::All || kNeverRaw.find(c) == std::string_view::npos);
      if (raw) {
        put(c);
      } else {
        put('%');
        put(kHex[byte >> 4U]);
        put(kHex[byte & 0xfU]);
      }
    }
  }

  void write_template(std::string_view text, const Values& values, Encode encode = Encode::WhitespaceAndControls) {
    while (!text.empty()) {
      const auto [placeholder, value] = values.at(text);
      write(placeholder.empty() ? text.substr(0, 1) : value, encode);
      text.remove_prefix(std::max<std::size_t>(placeholder.size(), 1));
    }
  }

  std::size_t size() const { return size_; }
  void cut_back(std::size_t size) { size_ = size; }
  bool overflowed() const { return size_ > Redirect::kMaxLocation; }
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  void put(char c) {
    if (size_ < Redirect::kMaxLocation) bytes_[size_] = c;
    size_ = std::min(size_ + 1, Redirect::kMaxLocation + 1);
  }

  std::array<char, Redirect::kMaxLocation> bytes_;
  std::size_t size_ = 0;
};

bool needs_host(const config::Redirect& parts) {
  return std::ranges::any_of(std::array{&parts.host, &parts.path, &parts.query},
                             [](const std::string* part) { return part->find("#{host}") != std::string::npos; });
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

}  // namespace

Result<std::string_view> Redirect::location(const http::RequestHead& head, std::string_view protocol,
                                            std::uint16_t listener_port, Arena& arena) const {
  std::array<char, 5> digits{};
  const char* const digits_end = std::to_chars(digits.data(), digits.data() + digits.size(), listener_port).ptr;
  const Values values{protocol, without_port(head.authority),
                      std::string_view(digits.data(), static_cast<std::size_t>(digits_end - digits.data())),
                      head.path.starts_with('/') ? head.path.substr(1) : std::string_view(), head.query};

  if (values.host.empty() && needs_host(parts)) return Error(Fault::MalformedRequest);
  Writer out;
  out.write_template(parts.protocol, values);
  out.write("://");
  out.write_template(parts.host, values);
  out.write(":");
  out.write_template(parts.port, values);
  out.write_template(parts.path, values);
  const std::size_t query_start = out.size();
  out.write("?");
  out.write_template(parts.query, values, Writer::Encode::All);
  if (out.size() == query_start + 1) out.cut_back(query_start);
  if (out.overflowed()) return Error(Fault::RedirectTooLong);
  return arena.keep(out.text());
}

Action compile(const config::Action& action, std::uint32_t forward_index) {
  struct Compiler {
    std::uint32_t forward_index;
    Action operator()(const config::Forward& forward) const {
      return Forward{forward.target_groups, forward.split,    forward.user_key,
                     forward.stickiness,    forward.failover, forward_index};
    }
    Action operator()(const config::Redirect& redirect) const {
      Redirect compiled{redirect, static_cast<std::uint16_t>(redirect.status_code)};
      if (!compiled.parts.protocol.starts_with('#')) compiled.parts.protocol = lower_case(compiled.parts.protocol);
      return compiled;
    }
    Action operator()(const config::FixedResponse& response) const {
      return FixedResponse{static_cast<std::uint16_t>(response.status_code), response.content_type,
                           response.message_body};
    }
  };
  return std::visit(Compiler{forward_index}, action.of);
}

std::string to_string(const Action& action) {
  struct Words {
    std::string operator()(const Forward& forward) const {
      std::string text = "forward";
      for (const config::WeightedGroup& group : forward.groups)
        text += (text == "forward" ? " " : ", ") + group.name.value + ' ' + std::to_string(group.weight);
      return text;
    }
    std::string operator()(const Redirect& redirect) const {
      const config::Redirect& parts = redirect.parts;
      return "redirect " + std::to_string(redirect.status) + ' ' + parts.protocol + "://" + parts.host + ':' +
             parts.port + parts.path + (parts.query.empty() ? "" : "?" + parts.query);
    }
    std::string operator()(const FixedResponse& response) const {
      return "fixed_response " + std::to_string(response.status);
    }
  };
  return std::visit(Words{}, action);
}

}  // namespace kanaria::rules
