#include "route.hpp"

#include <CLI/Error.hpp>
#include <algorithm>

#include "kanaria/base/fault_table.hpp"
#include "kanaria/config/address.hpp"

namespace kanaria::cli {

namespace {

/// How well a listener fits a URL: 0 not at all, more is better.
int fit(const config::Listener& listener, const Url& url) {
  if (listener.port != url.place.port) return 0;
  if (!listener.address) return 2;
  boost::system::error_code not_an_address;
  const auto address = boost::asio::ip::make_address(url.place.host, not_an_address);
  if (not_an_address || listener.address->is_unspecified()) return 2;  // a name may lead to any address
  return *listener.address == address ? 3 : 1;
}

std::string listeners_of(const config::Model& model) {
  std::string list;
  for (const config::Listener& listener : model.listeners) {
    list += (list.empty() ? "" : ", ") + listener.name + " (" + config::to_text(listener.address, listener.port) + ")";
  }
  return list;
}

}  // namespace

AskedRequest::AskedRequest(const std::string& method, const Url& url, const HeaderList& headers) {
  const bool has_host = std::any_of(headers.begin(), headers.end(),
                                    [](const auto& header) { return http::iequals(header.first, "host"); });
  bytes_ = method + ' ' + url.target + " HTTP/1.1\r\n";
  if (!has_host) bytes_ += "Host: " + url.authority + "\r\n";
  for (const auto& [name, value] : headers) bytes_ += name + ": " + value + "\r\n";
  bytes_ += "\r\n";
  const http::HeadProgress progress = parser_.parse_head(bytes_);
  if (progress.step != http::Step::Done || progress.consumed != bytes_.size()) {
    const FaultRow& row = row_of(progress.step == http::Step::Refused ? progress.fault : Fault::MalformedRequest);
    throw CLI::ValidationError("request",
                               "kanaria refuses it with " + std::to_string(row.status) + ": " + std::string(row.word));
  }
}

std::size_t choose_listener(const config::Model& model, const std::string& name, const Url& url) {
  std::size_t best = 0;
  int best_fit = 0;
  for (std::size_t i = 0; i < model.listeners.size(); ++i) {
    const config::Listener& listener = model.listeners[i];
    if (!name.empty() && listener.name == name) return i;
    const int its_fit = name.empty() ? fit(listener, url) : 0;
    if (its_fit > best_fit) {
      best = i;
      best_fit = its_fit;
    }
  }
  if (best_fit > 0) return best;
  const std::string wanted = name.empty() ? "on port " + std::to_string(url.place.port) : "\"" + name + '"';
  throw CLI::ValidationError("listener", "there is none " + wanted + ". There are: " + listeners_of(model));
}

}  // namespace kanaria::cli
