// Says what our parsers make of messages, for h11_test.py. On standard input come messages, each as one letter (Q: a
// request, A: the answer to a GET, H: to a HEAD), its size in four bytes, the largest first, and its bytes. For each
// goes out one line of JSON; bytes are in hexadecimal.
#include <array>
#include <iostream>
#include <string>

#include "unit/http/outcome.hpp"

namespace {

using namespace kanaria;
using namespace kanaria::http;

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.append({kDigits[byte >> 4U], kDigits[byte & 15U]});
  }
  return text;
}

void print(const Outcome& outcome, std::string_view start) {
  std::cout << R"({"refused": )" << (outcome.fault == Fault::None ? "false" : "true") << R"(, "has_head": )"
            << (outcome.head.empty() ? "false" : "true") << R"(, "start": ")" << hex(start) << R"(", "framing": ")"
            << outcome.framing << R"(", "complete": )" << (outcome.complete ? "true" : "false") << R"(, "body": ")"
            << hex(outcome.body) << R"(", "consumed": )" << outcome.consumed << "}\n";
}

void judge_request(std::string bytes) {
  RequestParser parser;
  parser.reset();
  const Outcome outcome = feed(parser, bytes);
  std::string start;
  if (!outcome.head.empty()) start.append(parser.head().method).append(" ").append(parser.head().target);
  print(outcome, start);
}

void judge_answer(std::string bytes, std::string_view method) {
  ResponseParser parser;
  parser.reset(method);
  const Outcome outcome = feed(parser, bytes);
  print(outcome, outcome.head.empty() ? "" : std::to_string(parser.head().status));
}

bool read_message(char& kind, std::string& bytes) {
  std::array<char, 5> start{};
  if (!std::cin.read(start.data(), start.size())) return false;
  kind = start[0];
  std::size_t size = 0;
  for (std::size_t i = 1; i < start.size(); ++i) size = size << 8U | static_cast<unsigned char>(start[i]);
  bytes.resize(size);
  return static_cast<bool>(std::cin.read(bytes.data(), static_cast<std::streamsize>(size)));
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  char kind = 0;
  std::string bytes;
  while (read_message(kind, bytes)) {
    if (kind == 'Q') {
      judge_request(bytes);
    } else {
      judge_answer(bytes, kind == 'H' ? "HEAD" : "GET");
    }
  }
}
