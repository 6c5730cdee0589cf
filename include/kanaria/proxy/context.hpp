// What a worker's requests share: its loop, the pinned configuration, pools, places in round robin, counters, its lanes
// of the access log and the errors, and scratch heads that keep their memory. One Context a worker, on its thread; it
// outlives every request of that worker.
#pragma once

#include <memory>
#include <vector>

#include "kanaria/http/message.hpp"
#include "kanaria/net/loop.hpp"
#include "kanaria/observe/access_log.hpp"
#include "kanaria/observe/counters.hpp"
#include "kanaria/observe/error_log.hpp"
#include "kanaria/runtime/pin.hpp"
#include "kanaria/targets/balancer.hpp"
#include "kanaria/targets/pool.hpp"
#include "kanaria/targets/retry_budget.hpp"

namespace kanaria::proxy {

/// The heads that we make for one request.
struct Outgoing {
  http::RequestHead request;    // to the target
  http::ResponseHead response;  // to the client
};

struct Context {
  Context(net::Loop& on, observe::Counters& count, observe::AccessLog::Lane& log, observe::ErrorLog::Lane& error_log,
          runtime::PinBoard::Release release)
      : loop(on),
        counters(count),
        access_log(log),
        errors(error_log),
        snapshots(std::move(release)),
        balancer(on.random()),
        pool(on, count) {}

  net::Loop& loop;
  observe::Counters& counters;
  observe::AccessLog::Lane& access_log;
  observe::ErrorLog::Lane& errors;
  runtime::PinBoard snapshots;
  targets::Balancer balancer;
  targets::Pool pool;
  std::vector<std::unique_ptr<Outgoing>> spare;  // use Scratch

  /// Of a group, by Group::row.
  targets::RetryBudget& budget(std::uint32_t row) {
    if (budgets_.size() <= row) budgets_.resize(row + 1);
    return budgets_[row];
  }

 private:
  std::vector<targets::RetryBudget> budgets_;
};

/// An Outgoing for the life of one request; its vectors come back with their memory.
class Scratch {
 public:
  explicit Scratch(Context& context);
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();
  Outgoing& operator*() const { return *heads_; }
  Outgoing* operator->() const { return heads_.get(); }

 private:
  Context& context_;
  std::unique_ptr<Outgoing> heads_;
};

}  // namespace kanaria::proxy
