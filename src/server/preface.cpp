#include "preface.hpp"

#include "kanaria/net/proxy_header.hpp"

namespace kanaria::server {
namespace {

using config::ProxyVersion;
using Step = net::ProxyHeader::Step;

std::string_view fault_of(const net::ProxyHeader& header, ProxyVersion expected) {
  if (header.step == Step::Refused) return header.why;
  if (expected == ProxyVersion::V1 && header.version != 1) return "its header is version 2, and v1 is configured";
  if (expected == ProxyVersion::V2 && header.version != 2) return "its header is version 1, and v2 is configured";
  return {};
}

}  // namespace

Preface::Preface(net::Loop& loop, const Arrived& arrived, Connections& connections, observe::Cell& gauge)
    : arrived_(arrived), gauge_(gauge), stream_(loop, arrived.descriptor, Fault::ClientGone) {
  connections.add(*this);
  gauge_.add();
}

net::Awaitable<bool> Preface::hear(ProxyVersion expected, http::ConnectionPolicy limits) {
  stream_.limit_reads({limits.idle_timeout, kNever, Fault::ClientIdle});
  const Result<void> first = co_await stream_.readable();
  if (!first) co_return false;

  begun_ = true;
  const Tick until = stream_.loop().wheel().now() + ticks_of(limits.request_header_timeout);
  stream_.limit_reads({Milliseconds(0), until, Fault::RequestHeadTimeout});
  const Block block = stream_.loop().blocks().take(BlockSize::Small);
  const std::span<char> room(block.data(), net::kLongestProxyHeader);
  net::ProxyHeader header;
  for (std::size_t known = 0; header.step == Step::NeedMore;) {
    if (known > 0 && arrived_.draining) co_return false;
    const Result<std::size_t> there = co_await stream_.peek(room, known);
    if (!there) {
      if (there.error().fault == Fault::RequestHeadTimeout) why_ = "its header was not whole in time";
      co_return false;
    }
    if (*there == known) {  // FIN; before the first byte it is how a health check of TCP ends
      if (known > 0) why_ = "it ended inside its header";
      co_return false;
    }
    known = *there;
    header = net::parse_proxy_header({room.data(), known});
  }
  why_ = fault_of(header, expected);
  if (!why_.empty()) co_return false;

  if (header.source) arrived_.peer = *header.source;
  for (std::size_t left = header.consumed; left > 0;) {
    const Result<std::size_t> taken = co_await stream_.read(room.first(left));
    if (!taken) co_return false;
    left -= *taken;
  }
  co_return true;
}

Arrived Preface::release() {
  arrived_.descriptor = stream_.release();
  return arrived_;
}

void Preface::drain() {
  arrived_.draining = true;
  // A request that waits in the kernel behind its header is owed an answer. A header that goes on coming is none.
  if (begun_ || stream_.peek() <= 0) stream_.abort(Fault::ClientIdle);
}

}  // namespace kanaria::server
