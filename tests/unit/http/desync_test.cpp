// Which requests get which of ALB's reasons, and what each mode does about them.
#include <gtest/gtest.h>

#include <set>

#include "kanaria/http/admission.hpp"
#include "unit/http/outcome.hpp"

namespace kanaria::http {
namespace {

using namespace std::string_literals;
using enum DesyncReason;

std::string with(const std::string& fields, const std::string& method = "POST") {
  return method + " / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}
std::string line(const std::string& request_line) {
  return request_line + "\r\nHost: a\r\n\r\n";
}

struct Row {
  std::string description;
  std::string bytes;
  DesyncReason reason = None;
};

std::vector<Row> rows() {
  const std::string te = "Transfer-Encoding: ";
  const std::string cl = "Content-Length: ";
  return {
      {"nothing odd", with("X: a\tb\r\n" + cl + "0\r\n")},
      {"an absolute target", line("GET http://b/ HTTP/1.0")},

      {"a control byte in the target", line("GET /\x01 HTTP/1.1"), AmbiguousUri},
      {"a tab in the target", line("GET /\ta HTTP/1.1"), AmbiguousUri},
      {"DEL in the target", line("GET /\x7f HTTP/1.1"), AmbiguousUri},
      {"a byte from 0x80 in the target", line("GET /\xc3\xa4 HTTP/1.1"), AmbiguousUri},
      {"NUL in the target", line("GET /\0 HTTP/1.1"s), BadUri},
      {"CR in the target", line("GET /\rX HTTP/1.1"), BadUri},
      {"no form of a target", line("GET foo HTTP/1.1"), BadUri},
      {"a fragment", line("GET /a#b HTTP/1.1"), BadUri},
      {"a space in the target", line("GET /a b HTTP/1.1"), SpaceInUri},
      {"two spaces before the target", line("GET  / HTTP/1.1"), SpaceInUri},
      {"no token as method", line("G(T / HTTP/1.1"), BadMethod},
      {"a tab after the method", line("GET\t/ HTTP/1.1"), BadMethod},
      {"TLS", "\x16\x03\x01"s, BadMethod},
      {"no version", line("GET /"), BadVersion},
      {"small letters as version", line("GET / http/1.1"), BadVersion},
      {"a space after the version", line("GET / HTTP/1.1 "), BadVersion},
      {"a line feed alone after the version", "GET / HTTP/1.1\nHost: a\r\n\r\n", BadVersion},
      {"a percent sign without its digits", line("GET /%zz HTTP/1.1"), NonCompliantUri},
      {"one at the end of a query", line("GET /?100% HTTP/1.1"), NonCompliantUri},
      {"one with one digit in an absolute target", line("GET http://a/%4 HTTP/1.1"), NonCompliantUri},
      {"percent signs with their digits", line("GET /%2f%25zz?%00 HTTP/1.1")},
      {"HTTP/1.2", line("GET / HTTP/1.2"), NonCompliantVersion},
      {"HTTP/2.0", line("GET / HTTP/2.0"), NonCompliantVersion},

      {"NUL in a value", with("X: \0\r\n"s), BadHeader},
      {"CR in a value", with("X: a\rb\r\n"), BadHeader},
      {"a control byte in a value", with("X: \x01\r\n"), BadHeader},
      {"a line feed alone", with("X: a\n"), BadHeader},
      {"a space before the colon", with("X : a\r\n"), BadHeader},
      {"no colon", with("X\r\n"), BadHeader},
      {"no token as name", with("X(: a\r\n"), BadHeader},
      {"a folded value", with("X: a\r\n b\r\n"), BadHeader},
      {"an empty name", with(": a\r\n"), EmptyHeader},
      {"a line of blanks", with("X: a\r\n \t\r\n"), EmptyHeader},
      {"a byte from 0x80 in a value", with("X: \xe4\r\n"), NonCompliantHeader},

      {"a length that is none", with(cl + "five\r\n"), BadContentLength},
      {"a length with a sign", with(cl + "+5\r\n"), BadContentLength},
      {"a list of lengths", with(cl + "5, 5\r\n"), BadContentLength},
      {"2^64", with(cl + "18446744073709551616\r\n"), BadContentLength},
      {"an empty length", with(cl + "\r\n"), BadContentLength},
      {"two lengths that agree", with(cl + "5\r\n" + cl + "5\r\n"), DuplicateContentLength},
      {"two lengths that differ", with(cl + "5\r\n" + cl + "6\r\n"), MultipleContentLength},
      {"three lengths, of which the first two agree", with(cl + "5\r\n" + cl + "5\r\n" + cl + "6\r\n"),
       MultipleContentLength},
      {"a length of zero on GET", with(cl + "0\r\n", "GET"), GetHeadZeroContentLength},
      {"a length of zero on HEAD", with(cl + "0\r\n", "HEAD"), GetHeadZeroContentLength},
      {"a length on GET", with(cl + "5\r\n", "GET"), UndefinedContentLengthSemantics},
      {"a length on DELETE", with(cl + "5\r\n", "DELETE")},

      {"both framing fields", with(te + "chunked\r\n" + cl + "5\r\n"), BothTeClPresent},
      {"both, and a coding not ours", with(te + "gzip\r\n" + cl + "5\r\n"), BothTeClPresent},
      {"chunked twice in a list", with(te + "chunked, chunked\r\n"), MultipleTransferEncodingChunked},
      {"chunked in two fields", with(te + "chunked\r\n" + te + "Chunked\r\n"), MultipleTransferEncodingChunked},
      {"chunked, then gzip", with(te + "chunked\r\n" + te + "gzip\r\n"), BadTransferEncoding},
      {"chunked with a parameter", with(te + "chunked;q=1\r\n"), BadTransferEncoding},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\n" + te + "chunked\r\n\r\n", BadTransferEncoding},
      {"a coding not ours is no desync", with(te + "gzip\r\n")},
      {"chunked on HEAD", with(te + "chunked\r\n", "HEAD"), UndefinedTransferEncodingSemantics},

      {"an underscore in Content-Length", with("Content_Length: 5\r\n"), SuspiciousHeader},
      {"a point in Transfer-Encoding", with("transfer.encoding: chunked\r\n"), SuspiciousHeader},
      {"what goes before and after", with("_Content-Length1: 5\r\n"), SuspiciousHeader},
      {"a name that only begins so", with("Content-Length-Range: 5\r\n")},
      {"a name that only ends so", with("X-Content-Length: 5\r\n")},

      {"chunked, then gzip, and no Host", "POST / HTTP/1.1\r\n" + te + "chunked, gzip\r\n\r\n", BadTransferEncoding},
      {"chunked, then gzip, and two Hosts", with("Host: b\r\n" + te + "chunked, gzip\r\n"), BadTransferEncoding},
      {"the worst of several", with("X: \xe4\r\nContent_Length: 1\r\n" + cl + "1\r\n" + cl + "2\r\n"),
       MultipleContentLength},
      {"the first of two that are equally bad", with(cl + "1\r\nContent_Length: 1\r\n" + cl + "1\r\n"),
       DuplicateContentLength},
  };
}

TEST(Desync, EachRequestHasItsReason) {
  RequestParser parser;
  std::set<std::string> seen;
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.description);
    parser.reset();
    const Outcome outcome = feed(parser, row.bytes);
    EXPECT_EQ(outcome.desync, row_of(row.reason).name);
    seen.insert(outcome.desync);
    // The table's word against the parser's: what no mode forwards is refused by the parser, and nothing else is.
    const bool refused = row_of(row.reason).monitor == Mitigation::Refuse ||
                         outcome.fault == Fault::UnsupportedVersion || outcome.fault == Fault::UnknownTransferCoding;
    EXPECT_EQ(outcome.fault != Fault::None, refused);
  }
  EXPECT_EQ(seen.size(), kDesyncReasons) << "a reason has no row";
}

TEST(Desync, TheReasonDoesNotDependOnHowTheBytesAreCut) {
  RequestParser parser;
  for (const Row& row : rows()) {
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 100U}) {
      parser.reset();
      EXPECT_EQ(feed(parser, row.bytes, piece).desync, row_of(row.reason).name) << row.description << " by " << piece;
    }
  }
}

TEST(Desync, AStricterModeNeverLetsMoreThrough) {
  for (std::size_t i = 0; i < kDesyncReasons; ++i) {
    const DesyncRow& row = row_of(static_cast<DesyncReason>(i));
    EXPECT_LE(row.monitor, row.defensive) << row.name;
    EXPECT_LE(row.defensive, row.strictest) << row.name;
    EXPECT_EQ(row.strictest == Mitigation::Refuse, row.reason != None) << row.name;
    EXPECT_NE(row.monitor, Mitigation::ForwardAndClose) << row.name;
    // ALB closes both connections after what is ambiguous; severe things we never forward.
    if (row.defensive == Mitigation::Forward) EXPECT_LE(row.severity, DesyncClass::Acceptable) << row.name;
    if (row.severity == DesyncClass::Severe) EXPECT_EQ(row.monitor, Mitigation::Refuse) << row.name;
  }
}

TEST(Desync, TheFieldThatOnlyLooksLikeFramingIsNotPassedOn) {
  RequestParser parser;
  const std::string bytes = with("Content_Length: 5\r\nX: 1\r\n");
  ASSERT_EQ(feed(parser, bytes).fault, Fault::None);
  EXPECT_EQ(describe(parser.head().fields), "Host=a;X=1;");
}

class Admitting : public ::testing::Test {
 protected:
  Fault admit_bytes(const std::string& bytes) {
    bytes_ = bytes;
    parser_.reset();
    EXPECT_EQ(parser_.parse_head(bytes_).step, Step::Done) << bytes;
    return admit(admission_, parser_.head());
  }
  const RequestHead& head() const { return parser_.head(); }

  Admission admission_;
  std::string bytes_;
  RequestParser parser_;
};

TEST_F(Admitting, TheModeDecidesOnWhatIsOdd) {
  const std::string ambiguous = with("Content-Length: 5\r\nContent-Length: 5\r\n");
  const std::string acceptable = with("Content-Length: 0\r\n", "GET");
  admission_.desync_mode = DesyncMode::Monitor;
  EXPECT_EQ(admit_bytes(ambiguous), Fault::None);
  EXPECT_FALSE(head().isolated);
  EXPECT_TRUE(head().keep_alive);
  admission_.desync_mode = DesyncMode::Defensive;
  EXPECT_EQ(admit_bytes(ambiguous), Fault::None);
  EXPECT_TRUE(head().isolated);
  EXPECT_FALSE(head().keep_alive);
  EXPECT_EQ(admit_bytes(acceptable), Fault::None);
  EXPECT_FALSE(head().isolated);
  admission_.desync_mode = DesyncMode::Strictest;
  EXPECT_EQ(admit_bytes(ambiguous), Fault::NonCompliantRequest);
  EXPECT_EQ(admit_bytes(acceptable), Fault::NonCompliantRequest);
  EXPECT_EQ(admit_bytes(with("")), Fault::None);
}

TEST_F(Admitting, InvalidFieldNamesAreDroppedWhereAsked) {
  const std::string request = with("X_A: 1\r\nX-B2: 2\r\nx!c: 3\r\n");
  EXPECT_EQ(admit_bytes(request), Fault::None);
  EXPECT_EQ(describe(head().fields), "Host=a;X_A=1;X-B2=2;x!c=3;");
  admission_.drop_invalid_header_fields = true;
  EXPECT_EQ(admit_bytes(request), Fault::None);
  EXPECT_EQ(describe(head().fields), "Host=a;X-B2=2;");
}

TEST_F(Admitting, ThirtyAddressesAreForwardedAndThirtyOneRefused) {
  std::string list = "X-Forwarded-For: 1.1.1.1";
  for (int i = 1; i < 30; ++i) list += ",1.1.1.1";
  EXPECT_EQ(admit_bytes(with(list + "\r\n")), Fault::None);
  EXPECT_EQ(admit_bytes(with(list + "\r\nX-Forwarded-For: 2.2.2.2\r\n")), Fault::TooManyForwardedFor);
}

TEST_F(Admitting, TrailersAreTreatedAsTheHeadsFieldsAre) {
  const std::string chunked = with("Transfer-Encoding: chunked\r\n");
  struct Case {
    DesyncMode mode;
    bool drop;
    Step step;
    std::string trailers;
  };
  for (const Case& one : {Case{DesyncMode::Monitor, false, Step::Done, "X_A=\xe4;X-B=2;"},
                          Case{DesyncMode::Defensive, true, Step::Done, "X-B=2;"},
                          Case{DesyncMode::Strictest, true, Step::Refused, ""}}) {
    admission_.desync_mode = one.mode;
    admission_.drop_invalid_header_fields = one.drop;
    ASSERT_EQ(admit_bytes(chunked), Fault::None);
    std::string body = "0\r\nX_A: \xe4\r\nX-B: 2\r\n\r\n";
    EXPECT_EQ(parser_.parse_body(body).step, one.step);
    if (one.step == Step::Done) EXPECT_EQ(describe(parser_.trailers()), one.trailers);
  }
}

TEST_F(Admitting, ABodyMayBeAsLongAsItsBound) {
  admission_.max_request_body = 5;
  EXPECT_EQ(admit_bytes(with("Content-Length: 5\r\n")), Fault::None);
  EXPECT_EQ(admit_bytes(with("Content-Length: 6\r\n")), Fault::RequestBodyTooLarge);
  EXPECT_EQ(admit_bytes(with("Transfer-Encoding: chunked\r\n")), Fault::None) << "its reader counts";
  admission_.max_request_body = 0;
  EXPECT_EQ(admit_bytes(with("Content-Length: 0\r\n")), Fault::None);
  EXPECT_EQ(admit_bytes(with("Content-Length: 1\r\n")), Fault::RequestBodyTooLarge);
}

}  // namespace
}  // namespace kanaria::http
