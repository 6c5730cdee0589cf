#include "bindings.hpp"

#include <algorithm>
#include <cerrno>

namespace kanaria::server {
namespace {

runtime::Binding binding_of(const config::Listener& listener) {
  return {listener.address, listener.port};
}

}  // namespace

std::vector<std::uint32_t> Bindings::bind(const config::Model& model, config::Diagnostics& diagnostics) {
  std::vector<std::uint32_t> ids;
  for (const config::Listener& listener : model.listeners) {
    const runtime::Binding wanted = binding_of(listener);
    const auto have = std::ranges::find_if(places_, [&](const auto& entry) { return entry.second.binding == wanted; });
    if (have != places_.end()) {
      ids.push_back(have->first);
      continue;
    }
    // From "*" to one address, or back: the port is ours until the old place is given up.
    const bool ours =
        std::ranges::any_of(places_, [&](const auto& entry) { return entry.second.binding.port == wanted.port; });
    net::Listening listening = net::listen_tcp(wanted.address, wanted.port, workers_, ours);
    if (listening.error) {
      std::string words = "listener " + listener.name + ": " + listening.error->message;
      if (listening.error->number == EACCES) words += "; ports below 1024 want root or CAP_NET_BIND_SERVICE";
      diagnostics.error(listener.port_at, listener.name, words);
      continue;
    }
    ids.push_back(next_);
    places_.emplace(next_++, Place{wanted, std::move(listening.sockets)});
  }
  return ids;
}

void Bindings::forget_new() {
  std::erase_if(places_, [](const auto& entry) { return !entry.second.listening; });
}

std::vector<std::uint32_t> Bindings::unused(const config::Model& model) const {
  std::vector<std::uint32_t> ids;
  for (const auto& [id, place] : places_) {
    const auto named = [&at = place.binding](const config::Listener& listener) { return binding_of(listener) == at; };
    if (std::ranges::none_of(model.listeners, named)) ids.push_back(id);
  }
  return ids;
}

}  // namespace kanaria::server
