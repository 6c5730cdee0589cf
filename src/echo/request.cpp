#include "request.hpp"

#include <algorithm>
#include <boost/beast/http/rfc7230.hpp>

namespace kanaria::echo {

namespace beast = boost::beast;

bool Request::has(std::string_view name, std::string_view token) const {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
    return beast::iequals(header.first, beast::string_view(name.data(), name.size())) &&
           beast::http::token_list(header.second).exists(beast::string_view(token.data(), token.size()));
  });
}

RequestReader::RequestReader() {
  header_limit(256 * 1024);
  body_limit(boost::none);
}

void RequestReader::on_request_impl(beast::http::verb /*verb*/, View method, View target, int version,
                                    Code& /*error*/) {
  request_.method = std::string(method);
  request_.target = std::string(target);
  request_.version = static_cast<unsigned>(version);
}

void RequestReader::on_field_impl(beast::http::field /*field*/, View name, View value, Code& /*error*/) {
  (head_done_ ? request_.trailers : request_.headers).emplace_back(name, value);
}

void RequestReader::on_header_impl(Code& /*error*/) {
  head_done_ = true;
}

std::size_t RequestReader::on_body_impl(View body, Code& /*error*/) {
  request_.body_length += body.size();
  return body.size();
}

std::size_t RequestReader::on_chunk_body_impl(std::uint64_t /*left*/, View body, Code& /*error*/) {
  request_.body_length += body.size();
  return body.size();
}

// Beast asks for every hook; these have nothing to add.
void RequestReader::on_response_impl(int /*status*/, View /*reason*/, int /*version*/, Code& /*error*/) {}
void RequestReader::on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, Code& /*error*/) {}
void RequestReader::on_chunk_header_impl(std::uint64_t /*size*/, View /*extensions*/, Code& /*error*/) {}
void RequestReader::on_finish_impl(Code& /*error*/) {}

}  // namespace kanaria::echo
