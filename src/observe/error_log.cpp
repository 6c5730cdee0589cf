#include "kanaria/observe/error_log.hpp"

#include "kanaria/base/fault_table.hpp"
#include "kanaria/observe/json_line.hpp"

namespace kanaria::observe {
namespace {

constexpr std::size_t kLongestText = 512;  // of what a client may choose the length of

std::string_view cut(std::string_view text) {
  return text.substr(0, kLongestText);
}

}  // namespace

bool went_wrong(const ExchangeRecord& record) {
  return row_of(record.fault).side != Side::Nobody || record.target_status >= 500;
}

void ErrorLog::Lane::note(const ExchangeRecord& record) {
  if (!went_wrong(record)) return;
  ExchangeRecord brief = record;
  for (std::string_view* const text :
       {&brief.method, &brief.authority, &brief.request_target, &brief.user_agent, &brief.trace_id, &brief.traceparent,
        &brief.redirect_url, &brief.transformed_host, &brief.transformed_uri})
    *text = cut(*text);
  if (!ring_.push(format_json(brief, buffer_))) missed_.add();
}

ErrorLog::ErrorLog(std::size_t workers, std::size_t ring_bytes) {
  for (std::size_t i = 0; i < workers; ++i) lanes_.push_back(std::make_unique<Lane>(ring_bytes));
}

void ErrorLog::collect() {
  for (const auto& lane : lanes_) {
    std::string text;
    for (std::string_view front = lane->ring_.front(); !front.empty(); front = lane->ring_.front()) {
      text += front;
      lane->ring_.consume(front.size());
    }
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      if (entries_.size() == kKept) entries_.pop_front();
      entries_.push_back({++sequence_, text.substr(at, end - at)});
      at = end + 1;
    }
  }
}

std::uint64_t ErrorLog::missed() const {
  std::uint64_t missed = 0;
  for (const auto& lane : lanes_) missed += lane->missed_.read();
  return missed;
}

}  // namespace kanaria::observe
