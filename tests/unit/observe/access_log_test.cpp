#include "kanaria/observe/access_log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace kanaria::observe {
namespace {

namespace fs = std::filesystem;

// A directory of its own for each test.
class AccessLogTest : public testing::Test {
 protected:
  AccessLogTest() {
    std::string name = (fs::temp_directory_path() / "kanaria-log-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~AccessLogTest() override { fs::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ / name; }

 private:
  fs::path directory_;
};

ExchangeRecord numbered(std::uint64_t number) {
  ExchangeRecord record;
  record.received_bytes = number;
  return record;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The numbers of the lines; a line that is not whole fails.
std::vector<std::uint64_t> numbers_in(const std::string& text) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    EXPECT_NE(end, std::string::npos) << "the last line is cut";
    if (end == std::string::npos) break;
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    EXPECT_TRUE(line.starts_with("http ") && line.ends_with(" \"-\"")) << line;
    std::size_t field = 0;
    for (int spaces = 0; spaces < 10; ++spaces) field = line.find(' ', field) + 1;
    numbers.push_back(std::stoull(line.substr(field)));
  }
  return numbers;
}

// Reads a descriptor until `done` says so or nobody writes to it any more.
template <class Done>
std::string read_until(int descriptor, Done done) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (!done(text)) {
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

auto lines(std::size_t count) {
  return [count](const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) >= count;
  };
}

class NamedPipe {
 public:
  explicit NamedPipe(const std::string& path) {
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    reader_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ::fcntl(reader_, F_SETFL, 0);
  }
  ~NamedPipe() { close(); }
  NamedPipe(const NamedPipe&) = delete;
  NamedPipe& operator=(const NamedPipe&) = delete;

  int reader() const { return reader_; }
  void close() {
    if (reader_ >= 0) ::close(std::exchange(reader_, -1));
  }
  bool readable() const {
    pollfd state{reader_, POLLIN, 0};
    return ::poll(&state, 1, -1) == 1;
  }

 private:
  int reader_ = -1;
};

TEST_F(AccessLogTest, WritesEachWorkersLinesInOrder) {
  constexpr std::size_t kWorkers = 4;
  constexpr std::uint64_t kLines = 2'000;
  AccessLog log(kWorkers);
  ASSERT_EQ(log.configure(LineFormat::Alb, path("access.log")), "");
  {
    std::vector<std::jthread> workers;
    for (std::size_t worker = 0; worker < kWorkers; ++worker)
      workers.emplace_back([&log, worker] {
        for (std::uint64_t i = 0; i < kLines; ++i) log.lane(worker).write(numbered(worker * 1'000'000 + i));
      });
  }
  log.stop();
  EXPECT_EQ(log.dropped(), 0U);
  const std::vector<std::uint64_t> numbers = numbers_in(read_file(path("access.log")));
  EXPECT_EQ(numbers.size(), kWorkers * kLines);
  std::array<std::uint64_t, kWorkers> next{};
  for (const std::uint64_t number : numbers) EXPECT_EQ(number % 1'000'000, next.at(number / 1'000'000)++);
}

TEST_F(AccessLogTest, ALineIsWrittenWithoutFurtherWrites) {
  NamedPipe pipe(path("pipe"));
  AccessLog log(1);
  ASSERT_EQ(log.configure(LineFormat::Alb, path("pipe")), "");
  log.lane(0).write(numbered(7));
  EXPECT_EQ(numbers_in(read_until(pipe.reader(), lines(1))), std::vector<std::uint64_t>{7});
}

TEST_F(AccessLogTest, AppendsToAFileAndMakesItPrivate) {
  for (std::uint64_t run = 0; run < 2; ++run) {
    AccessLog log(1);
    ASSERT_EQ(log.configure(LineFormat::Alb, path("access.log")), "");
    log.lane(0).write(numbered(run));
  }
  EXPECT_EQ(numbers_in(read_file(path("access.log"))), (std::vector<std::uint64_t>{0, 1}));
  const auto readable_by_all = fs::status(path("access.log")).permissions() & fs::perms::others_all;
  EXPECT_EQ(readable_by_all, fs::perms::none);
}

TEST_F(AccessLogTest, WritesNothingWhileItIsOff) {
  AccessLog log(1);
  log.lane(0).write(numbered(1));
  ASSERT_EQ(log.configure(LineFormat::Alb, path("access.log")), "");
  log.lane(0).write(numbered(2));
  ASSERT_EQ(log.configure(LineFormat::Off, path("access.log")), "");
  log.lane(0).write(numbered(3));
  ASSERT_EQ(log.configure(LineFormat::Alb, path("access.log")), "");
  log.lane(0).write(numbered(4));
  log.stop();
  EXPECT_EQ(numbers_in(read_file(path("access.log"))), (std::vector<std::uint64_t>{2, 4}));
  EXPECT_EQ(log.dropped(), 0U);
}

TEST_F(AccessLogTest, GoesOnInAnotherFile) {
  NamedPipe pipe(path("pipe"));
  AccessLog log(1);
  ASSERT_EQ(log.configure(LineFormat::Alb, path("pipe")), "");
  log.lane(0).write(numbered(1));
  ASSERT_EQ(log.configure(LineFormat::Alb, path("other.log")), "");
  log.lane(0).write(numbered(2));
  log.stop();
  const std::string first = read_until(pipe.reader(), [](const std::string&) { return false; });  // it was closed
  EXPECT_EQ(numbers_in(first), std::vector<std::uint64_t>{1});
  EXPECT_EQ(numbers_in(read_file(path("other.log"))), std::vector<std::uint64_t>{2});
}

TEST_F(AccessLogTest, WhatCannotBeOpenedChangesNothing) {
  AccessLog log(1);
  ASSERT_EQ(log.configure(LineFormat::Alb, path("access.log")), "");
  for (const std::string& bad : {path("missing/access.log"), path(""), std::string()}) {
    const std::string fault = log.configure(LineFormat::Alb, bad);
    EXPECT_NE(fault.find("access log " + bad + " can't be opened: "), std::string::npos) << fault;
  }
  ASSERT_EQ(::mkfifo(path("unread").c_str(), 0600), 0);
  EXPECT_NE(log.configure(LineFormat::Alb, path("unread")), "") << "a pipe without a reader must not hang";
  log.lane(0).write(numbered(1));
  log.stop();
  EXPECT_EQ(numbers_in(read_file(path("access.log"))), std::vector<std::uint64_t>{1});
}

TEST_F(AccessLogTest, AStalledReaderCostsLinesAndNeverAWait) {
  constexpr std::uint64_t kLines = 5'000;
  NamedPipe pipe(path("pipe"));
  AccessLog log(1, 16'384);
  ASSERT_EQ(log.configure(LineFormat::Alb, path("pipe")), "");
  for (std::uint64_t i = 0; i < kLines; ++i) log.lane(0).write(numbered(i));
  EXPECT_GT(log.dropped(), 0U);

  // The reader comes back: what was not dropped arrives whole and in order.
  std::string text;
  std::jthread reader([&] { text = read_until(pipe.reader(), [](const std::string&) { return false; }); });
  log.stop();
  reader.join();
  const std::vector<std::uint64_t> numbers = numbers_in(text);
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  EXPECT_EQ(numbers.size() + log.dropped(), kLines);
}

TEST_F(AccessLogTest, StopEndsEvenIfNobodyReads) {
  constexpr std::uint64_t kLines = 1'000;
  NamedPipe pipe(path("pipe"));
  AccessLog log(1);
  ASSERT_EQ(log.configure(LineFormat::Alb, path("pipe")), "");
  for (std::uint64_t i = 0; i < kLines; ++i) log.lane(0).write(numbered(i));
  log.stop();
  EXPECT_GT(log.dropped(), 0U);
  const std::string text = read_until(pipe.reader(), [](const std::string&) { return false; });
  EXPECT_EQ(static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) + log.dropped(), kLines);
}

TEST_F(AccessLogTest, AStalledPlaceCanBeLeft) {
  NamedPipe pipe(path("pipe"));
  AccessLog log(1);
  ASSERT_EQ(log.configure(LineFormat::Alb, path("pipe")), "");
  for (std::uint64_t i = 0; i < 1'000; ++i) log.lane(0).write(numbered(i));
  ASSERT_TRUE(pipe.readable());
  ASSERT_EQ(log.configure(LineFormat::Alb, path("access.log")), "");
  log.stop();
  const std::vector<std::uint64_t> numbers = numbers_in(read_file(path("access.log")));  // no half line at its start
  ASSERT_FALSE(numbers.empty());
  EXPECT_EQ(numbers.back(), 999U);
  const std::string text = read_until(pipe.reader(), [](const std::string&) { return false; });
  EXPECT_EQ(numbers.size() + static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) + log.dropped(),
            1'000U);
}

TEST_F(AccessLogTest, AReaderThatLeavesCostsLinesOnly) {
  NamedPipe pipe(path("pipe"));
  AccessLog log(1);
  ASSERT_EQ(log.configure(LineFormat::Alb, path("pipe")), "");
  log.lane(0).write(numbered(1));
  read_until(pipe.reader(), lines(1));
  pipe.close();
  log.lane(0).write(numbered(2));
  log.stop();
  EXPECT_EQ(log.dropped(), 1U);
}

TEST_F(AccessLogTest, AFullDiskCostsLinesOnly) {
  AccessLog log(2);
  ASSERT_EQ(log.configure(LineFormat::Alb, "/dev/full"), "");
  for (std::uint64_t i = 0; i < 100; ++i) log.lane(i % 2).write(numbered(i));
  log.stop();
  EXPECT_EQ(log.dropped(), 100U);
}

}  // namespace
}  // namespace kanaria::observe
