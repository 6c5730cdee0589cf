// A pool, one target that the test plays, and requests to it.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "kanaria/observe/metrics.hpp"
#include "kanaria/targets/pool.hpp"
#include "support/scripted_target.hpp"

namespace kanaria::targets {

inline const http::Piece kNoBody{{}, true, nullptr};

inline http::RequestHead request(std::string_view method = "GET") {
  http::RequestHead head;
  head.method = method;
  head.target = head.path = "/";
  head.authority = "test";
  head.fields.push_back({"Host", "test"});
  return head;
}

template <class T>
Fault fault_of(const Result<T>& result) {
  return result ? Fault::None : result.error().fault;
}

class Line : public testing::Test {
 protected:
  Line() { pool.keep_only(group.targets); }

  std::shared_ptr<const Target> target_at(const net::Endpoint& endpoint) {
    const std::string text = endpoint.to_string();
    return std::make_shared<Target>(Target{endpoint, text, metrics.targets().acquire({"group", text})});
  }
  static Group group_of(std::shared_ptr<const Target> only) {
    Group one;
    one.name = "group";
    one.targets.push_back(std::move(only));
    return one;
  }

  AttemptPtr open(bool fresh = false) {
    if (!fresh) {
      if (AttemptPtr idle = pool.take(group, *target, {})) return idle;
    }
    Result<AttemptPtr> opened = driver.run(pool.connect(group, *target, {}));
    EXPECT_TRUE(opened) << static_cast<int>(fault_of(opened));
    return std::move(*opened);
  }
  void send(Attempt& attempt, const http::RequestHead& head = get, const http::Piece& first = kNoBody) {
    EXPECT_EQ(fault_of(driver.run(attempt.send(head, first))), Fault::None);
  }
  std::uint16_t receive(Attempt& attempt) {
    const auto head = driver.run(attempt.receive());
    EXPECT_EQ(fault_of(head), Fault::None);
    return head ? (*head)->status : std::uint16_t{0};
  }
  Fault receive_fault(Attempt& attempt) { return fault_of(driver.run(attempt.receive())); }
  /// The answer's body to its end, or to its fault.
  std::string body(Attempt& attempt, Fault& fault) {
    const Result<http::Piece> first = attempt.ready();
    fault = fault_of(first);
    if (!first) return {};
    http::Piece piece = *first;
    std::string all(piece.data);
    while (!piece.last) {
      const Result<http::Piece> next = driver.run(attempt.read(http::Carry::Memory));
      fault = fault_of(next);
      if (!next) break;
      piece = *next;
      all += piece.data;
    }
    return all;
  }

  /// One request from its start to its end on a connection whose other end is `peer`.
  void exchange(AttemptPtr attempt, test::Peer& peer) {
    send(*attempt);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_EQ(receive(*attempt), 200);
    Fault fault{};
    EXPECT_EQ(body(*attempt, fault), "ok");
    EXPECT_EQ(fault, Fault::None);
  }
  /// A connection that waits for the next request.
  test::Peer idle_connection() {
    AttemptPtr attempt = open(true);
    test::Peer peer = scripted.accept();
    exchange(std::move(attempt), peer);
    return peer;
  }
  bool becomes_empty() {
    return driver.until([&] { return pool.idle() == 0; });
  }
  observe::TargetRow& row() { return metrics.worker(0).target(target->row); }

  inline static const http::RequestHead get = request();
  test::Driver driver;
  test::ScriptedTarget scripted;
  observe::Metrics metrics{1};
  // Targets outlive the pool that has connections to them.
  std::shared_ptr<const Target> target = target_at(scripted.endpoint());
  Group group = group_of(target);
  Pool pool{driver.loop(), metrics.worker(0)};
};

}  // namespace kanaria::targets
