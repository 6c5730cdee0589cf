#include "kanaria/http/parser.hpp"

#include <algorithm>
#include <string>

#include "body_reader.hpp"
#include "field_facts.hpp"
#include "head_grammar.hpp"
#include "head_scan.hpp"
#include "request_target.hpp"

namespace kanaria::http {
namespace {

// What both parsers are, apart from the verdict on a whole head.
template <class Head>
struct Side {
  HeadLimits limits;
  Head head;
  HeadScan scan;
  BodyReader body;
  Step step = Step::NeedMore;  // of the head
  Fault fault = Fault::None;   // latched: a refused connection stays refused

  void reset(const HeadLimits& with) {
    limits = with;
    head.clear();
    scan = {};
    body.start(Framing::None, 0, limits);
    step = Step::NeedMore;
    fault = Fault::None;
  }

  HeadProgress progress() const { return {step, step == Step::Done ? scan.consumed() : 0, fault}; }

  HeadProgress refuse(Fault why) {
    step = Step::Refused;
    fault = why;
    return progress();
  }

  HeadProgress accept() {
    step = Step::Done;
    body.start(head.framing, head.content_length, limits);
    return progress();
  }

  BodyProgress take_body(std::span<char> bytes, Fault broken) {
    if (step == Step::Refused) return {step, 0, {}, fault};
    const BodyReader::Taken taken = body.take(bytes);
    if (!taken.valid) refuse(broken);
    const Step body_step = !taken.valid ? Step::Refused : body.done() ? Step::Done : Step::NeedMore;
    return {body_step, taken.consumed, taken.data, fault};
  }
};

// What parsers need for a message, between two messages: idle connections hold none, and the vectors keep their memory.
template <class Impl>
std::vector<std::unique_ptr<Impl>>& spares() {
  thread_local std::vector<std::unique_ptr<Impl>> spare;
  return spare;
}

template <class Impl>
std::unique_ptr<Impl> take_spare() {
  auto& spare = spares<Impl>();
  if (spare.empty()) return std::make_unique<Impl>();
  std::unique_ptr<Impl> taken = std::move(spare.back());
  spare.pop_back();
  return taken;
}

template <class Impl>
void keep_spare(std::unique_ptr<Impl> used) {
  constexpr std::size_t kMost = 1024;
  auto& spare = spares<Impl>();
  forget(used->head.fields);
  if (spare.size() < kMost && !used->body.has_grown()) spare.push_back(std::move(used));
}

// Is the start line's last word a version that exists, or may exist one day, but is not ours? "PRI * HTTP/2.0" is.
bool names_other_version(std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\r'));
  const std::string_view version = line.substr(line.rfind(' ') + 1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) && version[6] == '.' &&
         is_digit(version[7]) && version != "HTTP/1.0" && version != "HTTP/1.1";
}

Fault judge_host(const FieldFacts& facts, RequestHead& head) {
  const bool has_host = facts.hosts > 0;
  if (facts.hosts > 1 || (!has_host && head.minor == 1)) return Fault::MalformedRequest;
  if (has_host && !is_valid_authority(facts.host)) return Fault::MalformedRequest;
  if (head.scheme.empty()) head.authority = facts.host;
  return Fault::None;
}

Fault judge_request_framing(const FieldFacts& facts, RequestHead& head) {
  if (facts.bad_length) return Fault::MalformedRequest;
  if (facts.coding != Coding::Absent) {
    if (facts.coding == Coding::Broken || facts.has_length || head.minor == 0) return Fault::MalformedRequest;
    if (facts.coding == Coding::Unknown) return Fault::UnknownTransferCoding;
    head.framing = Framing::Chunked;
  } else if (facts.has_length) {
    head.framing = Framing::Length;
  }
  head.content_length = facts.length;
  return Fault::None;
}

Fault judge(std::string_view text, RequestHead& head) {
  RequestLine line;
  if (!read_request_head(text, line, head.fields))
    return names_other_version(text) ? Fault::UnsupportedVersion : Fault::MalformedRequest;
  head.method = line.method;
  head.target = line.target;
  head.minor = static_cast<std::uint8_t>(line.minor);
  // TRACE echoes fields that only we and the target should know; CONNECT would make an open proxy.
  if (head.method == "TRACE" || head.method == "CONNECT") return Fault::MethodNotAllowed;
  if (!read_target(head)) return Fault::MalformedRequest;

  const FieldFacts facts = take_facts(head.fields);
  if (const Fault fault = judge_host(facts, head); fault != Fault::None) return fault;
  if (const Fault fault = judge_request_framing(facts, head); fault != Fault::None) return fault;
  if (facts.other_expectation || facts.options > kMaxOptions) return Fault::MalformedRequest;

  head.keep_alive = !facts.close && (head.minor == 1 || facts.keep_alive);
  head.names_fields = facts.other_option;
  head.expect_continue = facts.expect_continue && head.minor == 1;  // RFC 9110 §10.1.1: 1.0 can't ask for it
  head.upgrade_websocket = facts.upgrade && facts.websocket && head.minor == 1 && head.method == "GET" &&
                           head.framing != Framing::Chunked && head.content_length == 0;
  return Fault::None;
}

// RFC 9112 §6.3, in its order; stricter where two fields contradict each other.
bool judge_response_framing(const FieldFacts& facts, bool to_head, ResponseHead& head) {
  const bool has_coding = facts.coding != Coding::Absent;
  if (facts.bad_length || (has_coding && facts.has_length)) return false;
  if (has_coding && (facts.coding != Coding::Chunked || head.minor == 0)) return false;

  const bool never_has_body = head.status < 200 || head.status == 204;
  head.content_length = facts.length;
  if (to_head || head.status == 304) {
    head.describes_length = facts.has_length && !never_has_body;
  } else if (never_has_body) {
    // A target that announces a body here may send one: what follows on this connection is not to be trusted.
    if (has_coding || facts.length > 0) head.keep_alive = false;
  } else if (has_coding) {
    head.framing = Framing::Chunked;
  } else if (facts.has_length) {
    head.framing = Framing::Length;
  } else {
    head.framing = Framing::UntilClose;
    head.keep_alive = false;
  }
  return true;
}

bool judge(std::string_view text, bool to_head, ResponseHead& head) {
  StatusLine line;
  if (!read_response_head(text, line, head.fields) || line.status < 100 || line.status > 599) return false;
  head.status = static_cast<std::uint16_t>(line.status);
  head.reason = line.reason;
  head.minor = static_cast<std::uint8_t>(line.minor);
  const FieldFacts facts = take_facts(head.fields);
  if (facts.options > kMaxOptions) return false;
  head.keep_alive = !facts.close && (head.minor == 1 || facts.keep_alive);
  head.names_fields = facts.other_option;
  return judge_response_framing(facts, to_head, head);
}

}  // namespace

struct RequestParser::Impl : Side<RequestHead> {};

RequestParser::RequestParser(const HeadLimits& limits) : limits_(limits) {
  reset();
}

RequestParser::~RequestParser() {
  release();
}

void RequestParser::reset() {
  if (!impl_) impl_ = take_spare<Impl>();
  impl_->reset(limits_);
}

void RequestParser::release() {
  if (impl_) keep_spare(std::move(impl_));
}

HeadProgress RequestParser::parse_head(std::string_view bytes) {
  if (impl_->step != Step::NeedMore) return impl_->progress();
  switch (impl_->scan.scan(bytes, impl_->limits)) {
    case HeadScan::Verdict::NeedMore: return {};
    case HeadScan::Verdict::BadLine: return impl_->refuse(Fault::MalformedRequest);
    case HeadScan::Verdict::StartLineTooLong: return impl_->refuse(Fault::RequestLineTooLong);
    case HeadScan::Verdict::TooLarge: return impl_->refuse(Fault::RequestHeadTooLarge);
    case HeadScan::Verdict::Complete: break;
  }
  const Fault fault = judge(impl_->scan.head(bytes), impl_->head);
  return fault == Fault::None ? impl_->accept() : impl_->refuse(fault);
}

const RequestHead& RequestParser::head() const {
  return impl_->head;
}

RequestHead& RequestParser::head() {
  return impl_->head;
}

BodyProgress RequestParser::parse_body(std::span<char> bytes) {
  return impl_->take_body(bytes, Fault::MalformedRequestBody);
}

bool RequestParser::body_done() const {
  return impl_->step == Step::Done && impl_->body.done();
}

std::uint64_t RequestParser::body_left() const {
  return impl_->body.left();
}

std::uint64_t RequestParser::plain_left() const {
  return impl_->body.plain_left();
}

void RequestParser::skip_plain(std::uint64_t bytes) {
  impl_->body.skip_plain(bytes);
}

const std::vector<Field>& RequestParser::trailers() const {
  return impl_->body.trailers();
}

struct ResponseParser::Impl : Side<ResponseHead> {
  bool to_head = false;  // the answer to a HEAD request
};

ResponseParser::ResponseParser(const HeadLimits& limits) : limits_(limits) {
  reset({});
}

ResponseParser::~ResponseParser() {
  release();
}

void ResponseParser::release() {
  if (impl_) keep_spare(std::move(impl_));
}

void ResponseParser::reset(std::string_view request_method) {
  if (!impl_) impl_ = take_spare<Impl>();
  impl_->reset(limits_);
  impl_->to_head = request_method == "HEAD";
}

HeadProgress ResponseParser::parse_head(std::string_view bytes) {
  if (impl_->step != Step::NeedMore) return impl_->progress();
  // What is no HTTP/1 is told at once, and no empty line goes before a status line.
  constexpr std::string_view kStart = "HTTP/1.";
  if (bytes.substr(0, kStart.size()) != kStart.substr(0, bytes.size())) return impl_->refuse(Fault::MalformedResponse);
  switch (impl_->scan.scan(bytes, impl_->limits)) {
    case HeadScan::Verdict::NeedMore: return {};
    case HeadScan::Verdict::BadLine: return impl_->refuse(Fault::MalformedResponse);
    case HeadScan::Verdict::StartLineTooLong:
    case HeadScan::Verdict::TooLarge: return impl_->refuse(Fault::ResponseHeadTooLarge);
    case HeadScan::Verdict::Complete: break;
  }
  if (!judge(impl_->scan.head(bytes), impl_->to_head, impl_->head)) return impl_->refuse(Fault::MalformedResponse);
  return impl_->accept();
}

const ResponseHead& ResponseParser::head() const {
  return impl_->head;
}

ResponseHead& ResponseParser::head() {
  return impl_->head;
}

BodyProgress ResponseParser::parse_body(std::span<char> bytes) {
  return impl_->take_body(bytes, Fault::MalformedResponse);
}

bool ResponseParser::body_done() const {
  return impl_->step == Step::Done && impl_->body.done();
}

std::uint64_t ResponseParser::body_left() const {
  return impl_->body.left();
}

std::uint64_t ResponseParser::plain_left() const {
  return impl_->body.plain_left();
}

void ResponseParser::skip_plain(std::uint64_t bytes) {
  impl_->body.skip_plain(bytes);
}

bool ResponseParser::finish_at_eof() {
  return impl_->step == Step::Done && impl_->body.finish_at_eof();
}

const std::vector<Field>& ResponseParser::trailers() const {
  return impl_->body.trailers();
}

}  // namespace kanaria::http
