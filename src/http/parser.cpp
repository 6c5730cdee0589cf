#include "kanaria/http/parser.hpp"

#include <functional>
#include <string>

#include "body_reader.hpp"
#include "desync_scan.hpp"
#include "field_facts.hpp"
#include "head_scan.hpp"
#include "judge.hpp"
#include "kanaria/http/admission.hpp"

namespace kanaria::http {
namespace {

/// Lets a view of `from` show the same bytes of `to`, which is as long.
void move_view(std::string_view& view, std::string_view from, std::string_view to) {
  const std::less_equal<> not_behind;
  if (not_behind(from.data(), view.data()) && not_behind(view.data() + view.size(), from.data() + from.size()))
    view = to.substr(static_cast<std::size_t>(view.data() - from.data()), view.size());
}

void move_views(std::vector<Field>& fields, std::string_view from, std::string_view to) {
  for (Field& field : fields) {
    move_view(field.name, from, to);
    move_view(field.value, from, to);
  }
}

void move_views(RequestHead& head, std::string_view from, std::string_view to) {
  for (std::string_view* const view :
       {&head.method, &head.target, &head.scheme, &head.authority, &head.path, &head.query})
    move_view(*view, from, to);
  move_views(head.fields, from, to);
}

void move_views(ResponseHead& head, std::string_view from, std::string_view to) {
  move_view(head.reason, from, to);
  move_views(head.fields, from, to);
}

/// What Connection names ends here, after the body too (RFC 9110 §7.6.1). Where the head's fields are forgotten by
/// then, all trailers end: each hop may drop them.
template <class Head>
void drop_named(const Head& head, std::vector<Field>& trailers) {
  if (!head.names_fields) return;
  if (head.fields.empty()) return trailers.clear();
  std::erase_if(trailers, [&](const Field& field) { return is_named_by_connection(head.fields, field.name); });
}

/// False: they refuse the message.
bool judge_trailers(const RequestHead& head, std::vector<Field>& trailers) {
  drop_named(head, trailers);
  return admit_trailers(head.trailer_rules, trailers);
}

bool judge_trailers(const ResponseHead& head, std::vector<Field>& trailers) {
  drop_named(head, trailers);
  return true;
}

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

  /// Judges a head of HTTP/1.2 or above as one of 1.1 (RFC 9110 §2.5); its views are of `text` all the same. `digit`:
  /// where its minor version is.
  template <class Judge>
  void judge_as_1_1(std::string_view text, std::size_t digit, Judge&& judge) {
    if (digit >= text.size() || text[digit] < '2' || text[digit] > '9') return;
    std::string known(text);
    known[digit] = '1';
    head.clear();
    judge(std::string_view(known));
    move_views(head, known, text);
  }

  HeadProgress accept() {
    step = Step::Done;
    body.start(head.framing, head.content_length, limits);
    return progress();
  }

  BodyProgress take_body(std::span<char> bytes, Fault broken) {
    if (step == Step::Refused) return {step, 0, {}, fault};
    const BodyReader::Taken taken = body.take(bytes);
    const bool valid = taken.valid && (body.trailers().empty() || judge_trailers(head, body.trailers()));
    if (!valid) refuse(broken);
    const Step body_step = !valid ? Step::Refused : body.done() ? Step::Done : Step::NeedMore;
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

/// Where a request line has its minor version; npos: it isn't HTTP/1's.
std::size_t minor_version_at(std::string_view head) {
  constexpr std::string_view kVersion = " HTTP/1.";
  const std::size_t digit = head.find('\r') - 1;
  const bool is_ours = digit >= kVersion.size() && digit < head.size() &&
                       head.substr(digit - kVersion.size(), kVersion.size()) == kVersion;
  return is_ours ? digit : std::string_view::npos;
}

}  // namespace

struct RequestParser::Impl : Side<RequestHead> {
  HeadProgress refuse_unread(std::string_view bytes, Fault why) {
    tell_request_line(bytes, head);
    return refuse(why);
  }
};

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
    case HeadScan::Verdict::BadLine:
      impl_->head.desync = scan_head(impl_->scan.refused(bytes));
      return impl_->refuse_unread(bytes, Fault::MalformedRequest);
    case HeadScan::Verdict::StartLineTooLong: return impl_->refuse_unread(bytes, Fault::RequestLineTooLong);
    case HeadScan::Verdict::TooLarge: return impl_->refuse_unread(bytes, Fault::RequestHeadTooLarge);
    case HeadScan::Verdict::Complete: break;
  }
  const std::string_view text = impl_->scan.head(bytes);
  Fault fault = judge_request(text, impl_->head);
  if (fault == Fault::UnsupportedVersion) {
    impl_->judge_as_1_1(text, minor_version_at(text), [&](std::string_view known) {
      impl_->head.desync = DesyncReason::NonCompliantVersion;
      fault = judge_request(known, impl_->head);
    });
  }
  return fault == Fault::None ? impl_->accept() : impl_->refuse(fault);
}

void RequestParser::give_up(std::string_view bytes) {
  if (impl_->step == Step::NeedMore) tell_request_line(bytes, impl_->head);
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
  const std::string_view text = impl_->scan.head(bytes);
  bool valid = judge_response(text, impl_->to_head, impl_->head);
  if (!valid) {
    impl_->judge_as_1_1(text, kStart.size(),
                        [&](std::string_view known) { valid = judge_response(known, impl_->to_head, impl_->head); });
  }
  if (!valid) return impl_->refuse(Fault::MalformedResponse);
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
