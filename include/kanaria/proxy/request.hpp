// One request on its walk: the client's side, the configuration it began with, what we make of it, and the one record
// that tells about it. Lives in the frame of RequestHandler::handle(); everything further in refers to it.
#pragma once

#include <vector>

#include "kanaria/evidence/exposure.hpp"
#include "kanaria/http/exchange.hpp"
#include "kanaria/observe/exchange_record.hpp"
#include "kanaria/proxy/context.hpp"
#include "kanaria/proxy/stay.hpp"
#include "kanaria/runtime/snapshot.hpp"

namespace kanaria::proxy {

struct Request {
  http::Exchange& client;
  Context& context;
  const runtime::Snapshot& snapshot;
  const runtime::Listener& listener;
  Outgoing& out;
  observe::ExchangeRecord& record;
  Stay stay = {};
  evidence::Exposure exposure = {};
  bool continue_sent = false;  // a 1xx went to the client
  /// Configurations that came while it waited or tried again, as far as it met targets of theirs: the record tells of
  /// them.
  std::vector<runtime::PinBoard::Pin> later = {};

  bool answer_started() const { return record.answer_start != observe::kUnset; }
};

}  // namespace kanaria::proxy
