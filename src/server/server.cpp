#include "kanaria/server/server.hpp"

#include "control.hpp"

namespace kanaria::server {

Server::Server(std::string config_file) : control_(std::make_unique<Control>(std::move(config_file))) {}

Server::~Server() = default;

Server::End Server::run(http::Handler& admin) {
  return control_->run(admin);
}

net::Awaitable<Reloaded> Server::reload(std::string who) {
  return control_->reload(std::move(who));
}

net::Awaitable<TargetsChanged> Server::change_targets(const runtime::TargetChange& change) {
  return control_->change_targets(change);
}

GroupTargets Server::targets_of(const std::string& group) const {
  return control_->targets_of(group);
}

bool Server::ready() const {
  return control_->ready();
}

std::string Server::metrics() const {
  return control_->metrics();
}

}  // namespace kanaria::server
