// A DNS server that says what the test tells it to, on the test's own loop: UDP, and TCP on the same port. What it was
// told nothing about does not exist (NXDOMAIN).
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kanaria/net/loop.hpp"
#include "kanaria/net/sockets.hpp"

namespace kanaria::test {

class DnsServer {
 public:
  enum class Type : std::uint16_t { A = 1, Aaaa = 28 };
  enum class Mode : std::uint8_t { Answer, NoSuchName, Failure, Refusal, Silence, Garbage, TooLongForUdp };
  struct Reply {
    std::vector<std::string> addresses;  // of both families: each question gets its own
    std::uint32_t ttl = 60;
    Mode mode = Mode::Answer;
    std::string alias;  // a CNAME that the name leads to, and that has the addresses
    std::uint32_t alias_ttl = 60;
  };

  explicit DnsServer(net::Loop& loop) : loop_(loop) {
    // The kernel's choice for TCP is free for UDP too, or another is taken.
    while (udp_.get() < 0) {
      net::Listening listening = net::listen_tcp(boost::asio::ip::address_v4::loopback(), 0, 1);
      net::OwnedSocket udp(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      if (::bind(udp.get(), listening.bound.data(), listening.bound.size()) != 0) continue;
      udp_ = std::move(udp);
      tcp_ = std::move(listening.sockets.front());
      address_ = listening.bound.to_string();
    }
    loop_.poller().add(on_udp_, udp_.get(), net::Poller::Interest::Reads);
    loop_.poller().add(on_tcp_, tcp_.get(), net::Poller::Interest::Reads);
  }
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;
  ~DnsServer() {
    loop_.poller().forget(on_udp_);
    loop_.poller().forget(on_tcp_);
    for (const auto& connection : connections_) loop_.poller().forget(*connection);
  }

  const std::string& address() const { return address_; }
  void set(const std::string& name, Reply reply) {
    replies_[{name, Type::A}] = reply;
    replies_[{name, Type::Aaaa}] = std::move(reply);
  }
  void set(const std::string& name, Type type, Reply reply) { replies_[{name, type}] = std::move(reply); }
  /// How often it was asked, for both types.
  int asked(const std::string& name) const {
    const auto count = asked_.find(name);
    return count == asked_.end() ? 0 : count->second;
  }
  int asked() const { return asked_in_all_; }
  int asked_by_tcp() const { return asked_by_tcp_; }

 private:
  static constexpr std::size_t kHeader = 12;

  class OnReady final : public net::Poller::Entry {
   public:
    OnReady(DnsServer& server, void (DnsServer::*handle)()) : server_(server), handle_(handle) {}

   private:
    void on_ready(net::Readiness) override { (server_.*handle_)(); }
    DnsServer& server_;
    void (DnsServer::*handle_)();
  };
  class Connection final : public net::Poller::Entry {
   public:
    Connection(DnsServer& server, int descriptor) : server_(server), socket_(descriptor) {}
    int descriptor() const { return socket_.get(); }

   private:
    void on_ready(net::Readiness) override {
      std::array<char, 4096> room;
      for (ssize_t got = 0; (got = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT)) > 0;)
        received_.append(room.data(), static_cast<std::size_t>(got));
      while (received_.size() >= 2) {
        const std::size_t length = number(received_, 0);
        if (received_.size() < 2 + length) return;
        const std::string reply = server_.reply_to(received_.substr(2, length), true);
        received_.erase(0, 2 + length);
        if (reply.empty()) continue;
        const std::string framed = bytes(static_cast<std::uint16_t>(reply.size())) + reply;
        EXPECT_EQ(::send(socket_.get(), framed.data(), framed.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(framed.size()));
      }
    }
    DnsServer& server_;
    net::OwnedSocket socket_;
    std::string received_;
  };

  static std::string bytes(std::uint16_t number) {
    return {static_cast<char>(number >> 8U), static_cast<char>(number & 0xFFU)};
  }
  static std::string bytes(std::uint32_t number) {
    return bytes(static_cast<std::uint16_t>(number >> 16U)) + bytes(static_cast<std::uint16_t>(number & 0xFFFFU));
  }
  static std::uint16_t number(std::string_view from, std::size_t at) {
    return static_cast<std::uint16_t>((static_cast<unsigned char>(from[at]) << 8U) |
                                      static_cast<unsigned char>(from[at + 1]));
  }
  static std::string labels(std::string_view name) {
    std::string made;
    while (!name.empty()) {
      const std::string_view label = name.substr(0, name.find('.'));
      made += static_cast<char>(label.size());
      made += label;
      name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    return made + '\0';
  }
  static std::string record(const std::string& owner, std::uint16_t type, std::uint32_t ttl, const std::string& data) {
    return owner + bytes(type) + bytes(std::uint16_t{1}) + bytes(ttl) + bytes(static_cast<std::uint16_t>(data.size())) +
           data;
  }
  template <class Address>
  static std::string raw(const Address& address) {
    const auto from = address.to_bytes();
    return {from.begin(), from.end()};
  }

  void receive() {
    std::array<char, 4096> room;
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    for (ssize_t got = 0;
         (got = ::recvfrom(udp_.get(), room.data(), room.size(), 0, reinterpret_cast<sockaddr*>(&from), &size)) > 0;
         size = sizeof from) {
      const std::string reply = reply_to({room.data(), static_cast<std::size_t>(got)}, false);
      if (!reply.empty())
        ::sendto(udp_.get(), reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
    }
  }
  void accept() {
    for (net::Accepted accepted = net::accept(tcp_.get()); accepted.descriptor >= 0;
         accepted = net::accept(tcp_.get())) {
      connections_.push_back(std::make_unique<Connection>(*this, accepted.descriptor));
      loop_.poller().add(*connections_.back(), accepted.descriptor, net::Poller::Interest::Reads);
    }
  }

  /// Empty: none.
  std::string reply_to(std::string_view query, bool by_tcp) {
    std::string name;
    std::size_t at = kHeader;
    for (; query[at] != 0; at += 1 + static_cast<std::size_t>(query[at])) {
      if (!name.empty()) name += '.';
      name += query.substr(at + 1, static_cast<std::size_t>(query[at]));
    }
    const auto type = static_cast<Type>(number(query, at + 1));
    const std::string_view question = query.substr(kHeader, at + 5 - kHeader);
    ++asked_[name];
    ++asked_in_all_;
    if (by_tcp) ++asked_by_tcp_;

    const auto known = replies_.find({name, type});
    Reply reply;
    reply.mode = Mode::NoSuchName;
    if (known != replies_.end()) reply = known->second;
    if (reply.mode == Mode::Silence) return {};
    std::vector<std::string> records;
    const std::string owner = reply.alias.empty() ? std::string("\xC0\x0C") : labels(reply.alias);
    if (!reply.alias.empty()) records.push_back(record("\xC0\x0C", 5, reply.alias_ttl, owner));
    for (const std::string& text : reply.addresses) {
      const auto address = boost::asio::ip::make_address(text);
      if (address.is_v4() && type == Type::A) records.push_back(record(owner, 1, reply.ttl, raw(address.to_v4())));
      if (address.is_v6() && type == Type::Aaaa) records.push_back(record(owner, 28, reply.ttl, raw(address.to_v6())));
    }
    const bool cut = reply.mode == Mode::TooLongForUdp && !by_tcp;
    std::uint16_t flags = 0x8180;  // an answer, recursion desired and available
    if (cut) flags |= 0x0200;
    if (reply.mode == Mode::NoSuchName) flags |= 3;
    if (reply.mode == Mode::Failure) flags |= 2;
    if (reply.mode == Mode::Refusal) flags |= 5;
    const bool empty = cut || (flags & 0xFU) != 0;
    const auto count = static_cast<std::uint16_t>(empty ? 0 : records.size());
    std::string made(query.substr(0, 2));
    made += bytes(flags) + bytes(std::uint16_t{1}) + bytes(count) + bytes(std::uint32_t{0});
    made += question;
    if (!empty)
      for (const std::string& one : records) made += one;
    if (reply.mode == Mode::Garbage) {
      made.replace(6, 2, bytes(std::uint16_t{40}));
      made += "\xC0\x0C and no more of it is a record";
    }
    return made;
  }

  net::Loop& loop_;
  net::OwnedSocket udp_;
  net::OwnedSocket tcp_;
  std::string address_;
  OnReady on_udp_{*this, &DnsServer::receive};
  OnReady on_tcp_{*this, &DnsServer::accept};
  std::vector<std::unique_ptr<Connection>> connections_;
  std::map<std::pair<std::string, Type>, Reply> replies_;
  std::map<std::string, int> asked_;
  int asked_in_all_ = 0;
  int asked_by_tcp_ = 0;
};

}  // namespace kanaria::test
