#include "kanaria/rules/rule.hpp"

#include <algorithm>

#include "kanaria/http/parser.hpp"

namespace kanaria::rules {
namespace {

/// What our own parser takes for an origin-form target (http/parser.hpp): anything else would be refused from a client.
bool is_valid_target(std::string_view target) {
  return target.starts_with('/') && std::all_of(target.begin(), target.end(), [](char c) {
           return c > 0x20 && c < 0x7f && c != '#' && c != '\\' && c != '<' && c != '>';
         });
}

std::optional<Transform> compile(const std::optional<config::Rewrite>& rewrite, Case sensitivity, unsigned workers,
                                 const std::string& path, config::Diagnostics& diagnostics) {
  if (!rewrite) return std::nullopt;
  return Transform::compile(*rewrite, sensitivity, workers, path, diagnostics);
}

}  // namespace

std::string path_of(const config::Listener& listener, const config::Rule& rule) {
  return "listeners[" + listener.name + "].rules[" + rule.name + ']';
}

Rule::Rule(const config::Rule& rule, std::uint32_t index, std::uint32_t forward_index, unsigned workers,
           const std::string& path, config::Diagnostics& diagnostics)
    : name_(rule.name),
      priority_(rule.priority),
      index_(index),
      host_rewrite_(compile(rule.transforms.host_header_rewrite, Case::Insensitive, workers,
                            path + ".transforms.host_header_rewrite", diagnostics)),
      url_rewrite_(compile(rule.transforms.url_rewrite, Case::Sensitive, workers, path + ".transforms.url_rewrite",
                           diagnostics)),
      action_(rules::compile(rule.action, forward_index)) {
  for (std::size_t i = 0; i < rule.conditions.size(); ++i)
    conditions_.push_back(
        Condition::compile(rule.conditions[i], workers, path + ".conditions[" + std::to_string(i) + ']', diagnostics));
}

bool Rule::matches(const Facts& facts) const {
  return std::all_of(conditions_.begin(), conditions_.end(),
                     [&](const Condition& condition) { return condition.matches(facts); });
}

Result<void> Rule::rewrite(const http::RequestHead& head, unsigned worker, Arena& arena,
                           http::Rewritten& rewritten) const {
  if (host_rewrite_ && !head.authority.empty()) {
    const std::string_view sent = without_port(head.authority);
    const auto host = host_rewrite_->apply(sent, worker, arena);
    if (!host) return host.error();
    if (*host != sent) {
      const std::string_view whole = arena.join({*host, head.authority.substr(sent.size())});
      if (host->empty() || !http::is_valid_authority(whole)) return Error(Fault::TransformFailed);
      rewritten.host = whole;
    }
  }
  if (url_rewrite_) {
    const std::string_view sent = arena.join({head.path, head.has_query ? "?" : "", head.query});
    const auto target = url_rewrite_->apply(sent, worker, arena);
    if (!target) return target.error();
    if (*target != sent) {
      if (!is_valid_target(*target)) return Error(Fault::TransformFailed);
      rewritten.target = *target;
    }
  }
  return {};
}

std::vector<std::string> Rule::transform_words() const {
  std::vector<std::string> words;
  if (host_rewrite_) words.push_back("host_header_rewrite " + host_rewrite_->to_string());
  if (url_rewrite_) words.push_back("url_rewrite " + url_rewrite_->to_string());
  return words;
}

}  // namespace kanaria::rules
