// One request as kanaria-echo received it: the fields in the order they came (Beast's own container groups equal names)
// and the length of the body, whose bytes are counted and let go. Owned by one session.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kanaria::echo {

using FieldList = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;
  std::string target;
  unsigned version = 11;  // Beast's notation of HTTP/1.1
  FieldList headers;
  FieldList trailers;
  std::uint64_t body_length = 0;

  bool has(std::string_view name, std::string_view token) const;
};

class RequestReader : public boost::beast::http::basic_parser<true> {
 public:
  RequestReader();
  const Request& request() const { return request_; }

 private:
  using Code = boost::beast::error_code;
  using View = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb verb, View method, View target, int version, Code& error) override;
  void on_response_impl(int status, View reason, int version, Code& error) override;
  void on_field_impl(boost::beast::http::field field, View name, View value, Code& error) override;
  void on_header_impl(Code& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Code& error) override;
  std::size_t on_body_impl(View body, Code& error) override;
  void on_chunk_header_impl(std::uint64_t size, View extensions, Code& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t left, View body, Code& error) override;
  void on_finish_impl(Code& error) override;

  Request request_;
  bool head_done_ = false;
};

}  // namespace kanaria::echo
