#include "kanaria/observe/access_log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <system_error>
#include <utility>

#include "kanaria/observe/alb_line.hpp"
#include "kanaria/observe/json_line.hpp"

namespace kanaria::observe {
namespace {

// The writer's pause when nothing waits, and its longest wait for a sink: a line is late by no more.
constexpr Milliseconds kRest{50};
// How long control waits for the writer, whose disk or reader may hang.
constexpr Milliseconds kPatience{1000};

}  // namespace

// An open descriptor, or none while the log is off.
class AccessLog::Sink {
 public:
  Sink() = default;
  explicit Sink(int descriptor) : descriptor_(descriptor) {
    struct stat about{};
    const bool file = ::fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
    // stdout may be shared, so it can't be made non-blocking; but a pipe that is writable takes this much at once.
    if (!file) most_ = PIPE_BUF;
    device_ = about.st_dev;
    inode_ = about.st_ino;
  }
  ~Sink() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  explicit operator bool() const { return descriptor_ >= 0; }
  /// Its last byte ended no line.
  bool torn() const { return torn_; }
  bool is_same_file_as(const Sink& other) const { return device_ == other.device_ && inode_ == other.inode_; }

  enum class Outcome : std::uint8_t { Written, Later, Failed };
  Outcome write(std::string_view text, std::size_t& written) {
    pollfd ready{descriptor_, POLLOUT, 0};
    if (::poll(&ready, 1, static_cast<int>(kRest.count())) <= 0) return Outcome::Later;
    const ssize_t count = ::write(descriptor_, text.data(), std::min(text.size(), most_));
    if (count < 0) return errno == EAGAIN || errno == EINTR ? Outcome::Later : Outcome::Failed;
    written = static_cast<std::size_t>(count);
    if (written > 0) torn_ = text[written - 1] != '\n';
    return Outcome::Written;
  }

 private:
  int descriptor_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::size_t most_ = SIZE_MAX;
  bool torn_ = false;
};

void AccessLog::Lane::write(const ExchangeRecord& record) {
  const LineFormat format = format_.load(std::memory_order_relaxed);
  if (format == LineFormat::Off) return;
  const std::string_view line = format == LineFormat::Json ? format_json(record, buffer_) : format_alb(record, buffer_);
  if (!ring_.push(line)) dropped_.add();
}

AccessLog::AccessLog(std::size_t workers, std::size_t ring_bytes) : sink_(std::make_unique<Sink>()) {
  for (std::size_t i = 0; i < workers; ++i) lanes_.push_back(std::make_unique<Lane>(format_, ring_bytes));
  writer_ = std::thread([this] { run(); });
}

AccessLog::~AccessLog() {
  stop();
}

std::string AccessLog::configure(LineFormat format, const std::string& path) {
  const bool is_on = format != LineFormat::Off;
  const std::optional<std::string> wanted = is_on ? std::optional(path) : std::nullopt;
  if (wanted != path_) {
    const std::string failure = is_on ? open(path) : "";
    if (!failure.empty()) return failure;
    if (!is_on) format_.store(format, std::memory_order_relaxed);  // no more lines, before those that wait are let go
    if (!is_on) change_to(std::make_unique<Sink>());
    path_ = wanted;
  }
  format_.store(format, std::memory_order_relaxed);
  return "";
}

std::optional<std::string> AccessLog::reopen() {
  if (!path_ || *path_ == "-") return std::nullopt;
  return open(*path_);
}

std::string AccessLog::open(const std::string& path) {
  // Non-blocking, so that a named pipe without a reader is a fault and not a hang.
  const int descriptor = path == "-"
                             ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                             : ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640);
  if (descriptor < 0)
    return "access log " + path + " can't be opened: " + std::error_code(errno, std::generic_category()).message();
  change_to(std::make_unique<Sink>(descriptor));
  return "";
}

void AccessLog::change_to(std::unique_ptr<Sink> next) {
  std::unique_lock lock(mutex_);
  next_ = std::move(next);
  changing_ = true;
  wake_.notify_all();
  wake_.wait_for(lock, kPatience, [this] { return !changing_; });
}

std::uint64_t AccessLog::dropped() const {
  std::uint64_t total = lost_.read();
  for (const auto& lane : lanes_) total += lane->dropped_.read();
  return total;
}

void AccessLog::stop() {
  if (!writer_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  writer_.join();
}

void AccessLog::run() {
  // No signal is ours; and a reader that went away is an error of write(), not the end of the process.
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);

  for (bool stopping = false, drained = true; !stopping;) {
    std::unique_ptr<Sink> next;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, drained ? kRest : Milliseconds::zero(), [this] { return next_ || stopping_; });
      next = std::move(next_);
      stopping = stopping_;
    }
    drained = drain(std::chrono::steady_clock::now() + kRest);
    if (!next) continue;
    change_over(std::move(next));
    const std::lock_guard lock(mutex_);
    changing_ = next_ != nullptr;
    wake_.notify_all();
  }
  const Time deadline = std::chrono::steady_clock::now() + kPatience;
  while (!drain(deadline) && std::chrono::steady_clock::now() < deadline) {
  }
  change_over(std::make_unique<Sink>());
}

// Writes what waits, lane by lane. False when the sink takes no more for now, or takes it too slowly.
bool AccessLog::drain(Time until) {
  if (!*sink_) return true;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    LogRing& ring = lanes_[current_]->ring_;
    if (left_ == 0) left_ = ring.waiting();
    if (!write_whole(ring, until)) return false;
    current_ = (current_ + 1) % lanes_.size();
  }
  return true;
}

bool AccessLog::write_whole(LogRing& ring, Time until) {
  while (left_ > 0) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::size_t written = 0;
    switch (sink_->write(cut_ ? "\n" : ring.front().substr(0, left_), written)) {
      case Sink::Outcome::Written:
        failure_.store(0, std::memory_order_relaxed);
        if (std::exchange(cut_, false)) break;
        ring.consume(written);
        left_ -= written;
        break;
      case Sink::Outcome::Later: return false;
      case Sink::Outcome::Failed:
        failure_.store(errno, std::memory_order_relaxed);
        cut_ = sink_->torn();
        lose(ring, std::exchange(left_, 0));
        break;
    }
  }
  return true;
}

// Bytes that nobody takes: their lines are counted.
void AccessLog::lose(LogRing& ring, std::size_t count) {
  while (count > 0) {
    const std::string_view bytes = ring.front().substr(0, count);
    lost_.add(static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n')));
    ring.consume(bytes.size());
    count -= bytes.size();
  }
}

void AccessLog::change_over(std::unique_ptr<Sink> next) {
  if (!*next) {
    for (const auto& lane : lanes_) lose(lane->ring_, lane->ring_.waiting());
  } else if (sink_->torn() && left_ > 0) {
    // Half of a line is in the old place: the other half must not open the new one.
    LogRing& ring = lanes_[current_]->ring_;
    const std::uint64_t before = lost_.read();
    while (lost_.read() == before) lose(ring, 1);
  }
  left_ = 0;
  // A file that nobody moved away goes on behind the half.
  cut_ = sink_->torn() && *next && next->is_same_file_as(*sink_);
  sink_ = std::move(next);
}

}  // namespace kanaria::observe
