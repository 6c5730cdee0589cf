// One request on its walk: the client's side, the configuration it began with, what we make of it, and the one record
// that tells about it. Lives in the frame of RequestHandler::handle(); everything further in refers to it.
#pragma once

#include "kanaria/http/exchange.hpp"
#include "kanaria/observe/exchange_record.hpp"
#include "kanaria/proxy/context.hpp"
#include "kanaria/runtime/snapshot.hpp"

namespace kanaria::proxy {

struct Request {
  http::Exchange& client;
  Context& context;
  const runtime::Snapshot& snapshot;
  const runtime::Listener& listener;
  Outgoing& out;
  observe::ExchangeRecord& record;
  bool continue_sent = false;  // a 1xx went to the client

  bool answer_started() const { return record.answer_start != observe::kUnset; }
};

}  // namespace kanaria::proxy
