// A server that has rollouts and nothing else, and a client that only asks: for the handlers of the admin API.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "kanaria/server/server.hpp"

namespace kanaria::test {

class FakeServer final : public server::Server {
 public:
  std::vector<rollout::Report> reports;
  rollout::Changed changed;
  std::vector<rollout::Command> commands;  // that came
  server::Status now;

  std::vector<rollout::Report> rollouts() override { return reports; }
  net::Awaitable<rollout::Changed> change_rollout(const rollout::Command& command) override {
    commands.push_back(command);
    co_return changed;
  }
  net::Awaitable<server::Status> status() override { co_return now; }
  bool ready() const override { return true; }
  bool has_snapshot() const override { return true; }
  const server::Tokens* tokens() const override { return nullptr; }
  std::string metrics() const override { return {}; }

  // Not asked for:
  End run(http::Handler&, http::Handler&) override { throw std::logic_error("run"); }
  net::Awaitable<server::Reloaded> reload(runtime::ChangeOptions) override { throw std::logic_error("reload"); }
  net::Awaitable<server::Changed> change_targets(const runtime::TargetChange&) override {
    throw std::logic_error("change_targets");
  }
  server::GroupTargets targets_of(const std::string&) const override { throw std::logic_error("targets_of"); }
  net::Awaitable<server::WeightsChanged> change_weights(const runtime::WeightChange&) override {
    throw std::logic_error("change_weights");
  }
  std::optional<server::RuleWeights> weights_of(const std::string&, const std::string&,
                                                runtime::OverrideFault&) const override {
    return std::nullopt;
  }
  const observe::ErrorLog& errors() override { throw std::logic_error("errors"); }
  const runtime::Snapshot& snapshot() const override { throw std::logic_error("snapshot"); }
  const config::Model& file() const override { throw std::logic_error("file"); }
  std::shared_ptr<const config::Model> without_rollouts() const override { throw std::logic_error("without_rollouts"); }
};

class FakeClient final : public http::Exchange {
 public:
  http::RequestHead asked;

  const http::RequestHead& head() const override { return asked; }
  const Moment& began() const override { return began_; }
  http::PeerText peer() const override { return {}; }
  const net::Peer& peer_address() const override { return peer_; }
  std::uint64_t received_bytes() const override { return 0; }
  std::uint64_t sent_bytes() const override { return 0; }
  void forget_fields() override {}
  void forget_text() override {}
  void on_gone(http::Abortable*) override {}
  void abort(Fault) override {}
  void stop_reading() override {}
  Fault fault() const override { return Fault{}; }
  http::Carry takes() const override { return http::Carry::Memory; }

  // Not asked for:
  Arena& arena() override { throw std::logic_error("arena"); }
  Result<http::Piece> ready() override { throw std::logic_error("ready"); }
  net::Awaitable<Result<http::Piece>> read(http::Carry) override { throw std::logic_error("read"); }
  net::Awaitable<Result<void>> write(const http::Piece&) override { throw std::logic_error("write"); }
  net::Awaitable<Result<void>> send(const http::ResponseHead&, const http::Piece&) override {
    throw std::logic_error("send");
  }

 private:
  Moment began_;
  net::Peer peer_;
};

}  // namespace kanaria::test
