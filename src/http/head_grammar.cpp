#include "head_grammar.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>

namespace kanaria::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using BeastText = beast::string_view;

// Beast's parser serves one message and is cheap to make, so it lives on the stack. It is told to skip the body: it
// then ends with the head, and what it thinks of Content-Length and Transfer-Encoding has no effect but to refuse more.
template <bool is_request>
class Grammar final : public beast::http::basic_parser<is_request> {
 public:
  Grammar(RequestLine* request, StatusLine* status, std::vector<Field>& fields)
      : request_(request), status_(status), fields_(fields) {
    this->header_limit(std::numeric_limits<std::uint32_t>::max());  // HeadScan has judged the size
    this->skip(true);
  }

  bool read(std::string_view head) {
    error_code ec;
    const std::size_t used = this->put(boost::asio::buffer(head), ec);
    return !ec && this->is_header_done() && used == head.size();
  }

 private:
  void on_request_impl(beast::http::verb, BeastText method, BeastText target, int version, error_code&) override {
    *request_ = {method, target, version % 10};
  }
  void on_response_impl(int code, BeastText reason, int version, error_code&) override {
    *status_ = {code, reason, version % 10};
  }
  void on_field_impl(beast::http::field, BeastText name, BeastText value, error_code&) override {
    fields_.push_back({name, value});
  }
  void on_header_impl(error_code&) override {}
  void on_finish_impl(error_code&) override {}

  // Never called: the body is skipped.
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(BeastText, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, BeastText, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, BeastText, error_code&) override { return 0; }

  RequestLine* request_;
  StatusLine* status_;
  std::vector<Field>& fields_;
};

}  // namespace

bool read_request_head(std::string_view head, RequestLine& line, std::vector<Field>& fields) {
  return Grammar<true>(&line, nullptr, fields).read(head);
}

bool read_response_head(std::string_view head, StatusLine& line, std::vector<Field>& fields) {
  return Grammar<false>(nullptr, &line, fields).read(head);
}

}  // namespace kanaria::http
