#include "bindings.hpp"

#include <algorithm>

namespace kanaria::server {
namespace {

runtime::Binding binding_of(const config::Listener& listener) {
  return {listener.address, listener.port};
}

}  // namespace

std::string Bindings::bind(const config::Model& model, std::vector<std::uint32_t>& ids) {
  std::vector<std::uint32_t> made;
  for (const config::Listener& listener : model.listeners) {
    const runtime::Binding wanted = binding_of(listener);
    const auto have = std::ranges::find_if(places_, [&](const auto& entry) { return entry.second.binding == wanted; });
    if (have != places_.end()) {
      ids.push_back(have->first);
      continue;
    }
    net::Listening listening = net::listen_tcp(wanted.address, wanted.port, workers_);
    if (listening.error) {
      for (const std::uint32_t id : made) places_.erase(id);
      ids.clear();
      return "listener " + listener.name + ": " + listening.error->message;
    }
    ids.push_back(next_);
    made.push_back(next_);
    places_.emplace(next_++, Place{wanted, std::move(listening.sockets)});
  }
  return {};
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
