#include "preface.hpp"

#include "kanaria/net/proxy_header.hpp"
#include "kanaria/net/stream.hpp"

namespace kanaria::server {
namespace {

using config::ProxyVersion;

class Preface final : public OpenConnection {
 public:
  Preface(net::Loop& loop, const Arrived& arrived, Connections& connections, observe::Cell& gauge)
      : binding_(arrived.binding), gauge_(gauge), stream_(loop, arrived.descriptor, Fault::ClientGone) {
    connections.add(*this);
    gauge_.add();
  }
  Preface(const Preface&) = delete;
  Preface& operator=(const Preface&) = delete;
  ~Preface() { gauge_.subtract(); }

  net::Stream& stream() { return stream_; }

  // OpenConnection
  void drain() override { stream_.abort(Fault::ClientIdle); }  // no request has begun: nothing is owed
  void abort(Fault fault) override { stream_.abort(fault); }
  std::uint32_t binding() const override { return binding_; }

 private:
  std::uint32_t binding_;
  observe::Cell& gauge_;
  net::Stream stream_;
};

std::string_view fault_of(const net::ProxyHeader& header, ProxyVersion expected) {
  if (header.step == net::ProxyHeader::Step::Refused) return header.why;
  if (expected == ProxyVersion::V1 && header.version != 1) return "its header is version 2, and v1 is configured";
  if (expected == ProxyVersion::V2 && header.version != 2) return "its header is version 1, and v2 is configured";
  return {};
}

/// What ended the wait for the rest of a header.
std::string_view fault_of(const Error& error) {
  return error.fault == Fault::RequestHeadTimeout ? "its header was not whole in time" : "";
}

}  // namespace

net::Awaitable<Prefaced> hear_preface(net::Loop& loop, Arrived& arrived, ProxyVersion expected, http::Timeouts limits,
                                      Connections& connections, observe::Cell& gauge) {
  Preface preface(loop, arrived, connections, gauge);
  net::Stream& stream = preface.stream();
  Prefaced result;
  stream.limit_reads({limits.idle, kNever, Fault::ClientIdle});
  const Result<void> begun = co_await stream.readable();
  if (!begun) co_return result;

  stream.limit_reads(
      {Milliseconds(0), loop.wheel().now() + ticks_of(limits.request_header), Fault::RequestHeadTimeout});
  const Block block = loop.blocks().take(BlockSize::Small);
  const std::span<char> room(block.data(), net::kLongestProxyHeader);
  net::ProxyHeader header;
  for (std::size_t size = 0; header.step == net::ProxyHeader::Step::NeedMore;) {
    const Result<std::size_t> there = co_await stream.peek(room, size);
    if (!there) {
      result.why = fault_of(there.error());
      co_return result;
    }
    if (*there == size) {  // FIN; before the first byte it is how a health check of TCP ends
      if (size > 0) result.why = "it ended inside its header";
      co_return result;
    }
    size = *there;
    header = net::parse_proxy_header({room.data(), size});
  }
  result.why = fault_of(header, expected);
  if (!result.why.empty()) co_return result;

  for (std::size_t left = header.consumed; left > 0;) {
    const Result<std::size_t> taken = co_await stream.read(room.first(left));
    if (!taken) co_return result;
    left -= *taken;
  }
  if (header.source) arrived.peer = *header.source;
  arrived.descriptor = stream.release();
  result.heard = true;
  co_return result;
}

}  // namespace kanaria::server
