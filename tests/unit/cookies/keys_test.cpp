#include "kanaria/cookies/keys.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

#include "support/files.hpp"

namespace kanaria::cookies {
namespace {

namespace fs = std::filesystem;

constexpr const char* kZeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

class CookieKeys : public testing::Test {
 protected:
  std::string write(const std::string& text, fs::perms mode = fs::perms::owner_read | fs::perms::owner_write) {
    const std::string file = keys_file_in(dir_);
    std::ofstream(file, std::ios::binary) << text;
    fs::permissions(file, mode);
    return file;
  }
  std::string fault_of(const std::string& text) {
    std::string fault;
    EXPECT_FALSE(parse_keys(text, fault)) << text;
    return fault;
  }
  std::string text_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  test::Directory directory_;
  std::string dir_ = directory_.path();
  std::string fault_;
};

TEST_F(CookieKeys, AreReadInTheirOrder) {
  const Key made = make_key();
  const auto keys = parse_keys("# 2026\n" + line_of(made) + "\r\n\nold:" + kZeros + " \r", fault_);
  ASSERT_TRUE(keys) << fault_;
  ASSERT_EQ(keys->size(), 2U);
  EXPECT_EQ(keys->front(), made);
  EXPECT_EQ(keys->back().id, "old");
  EXPECT_EQ(keys->back().bytes, (std::array<unsigned char, kKeyBytes>{}));
}

TEST_F(CookieKeys, MayLackTheirPadding) {
  std::string unpadded = std::string("a:") + kZeros;
  unpadded.pop_back();
  EXPECT_TRUE(parse_keys(unpadded, fault_)) << fault_;
}

TEST_F(CookieKeys, OfWhichOneIsWrongAreRefusedWithItsLine) {
  EXPECT_EQ(fault_of(""), "there is no key in it");
  EXPECT_EQ(fault_of("# nothing\n"), "there is no key in it");
  EXPECT_EQ(fault_of(std::string("a:") + kZeros + "\nb"),
            "line 2: a line is ID:BASE64, and an ID has up to 64 of A-Z, a-z, 0-9, _, . and -");
  EXPECT_EQ(fault_of(std::string("b c:") + kZeros),
            "line 1: a line is ID:BASE64, and an ID has up to 64 of A-Z, a-z, 0-9, _, . and -");
  EXPECT_EQ(fault_of("a:AAAA"), "line 1: the key must have 32 bytes, not 3");
  EXPECT_EQ(fault_of("a:" + std::string(44, 'A')), "line 1: the key must have 32 bytes, not 33");
  EXPECT_EQ(fault_of("a:" + std::string(200, 'A')), "line 1: the key is too long: it is base64 of 32 bytes");
  EXPECT_EQ(fault_of("a:" + std::string(42, 'A') + "?="), "line 1: the key is no base64");
  EXPECT_EQ(fault_of("a:" + std::string(42, 'A') + "B="), "line 1: the key is no base64");  // bits that would be lost
  EXPECT_EQ(fault_of(std::string("a:") + kZeros + "\na:" + kZeros), "line 2: the ID a is used already");
  EXPECT_EQ(fault_of(std::string("a:") + kZeros + "\nb:" + kZeros), "line 2: it has the key of a");
  std::string many;
  for (std::size_t i = 0; i <= kMostKeys; ++i) many += std::to_string(i) + line_of(make_key());
  EXPECT_EQ(fault_of(many), "line 17: more than 16 keys");
}

TEST_F(CookieKeys, InAFileThatOthersMayReadAreRefused) {
  const std::string text = line_of(make_key());
  for (const fs::perms more : {fs::perms::others_read, fs::perms::others_write}) {
    const std::string file = write(text, fs::perms::owner_read | more);
    EXPECT_FALSE(read_keys(file, fault_));
    EXPECT_EQ(fault_, "is open to everybody: chmod o= " + file);
  }
  EXPECT_TRUE(read_keys(write(text, fs::perms::owner_read | fs::perms::group_read), fault_)) << fault_;
}

TEST_F(CookieKeys, InWhatIsNoPlainFileAreRefusedAtOnce) {
  EXPECT_FALSE(read_keys(dir_ + "/none", fault_));
  EXPECT_EQ(fault_, "can't be read: No such file or directory");
  EXPECT_FALSE(read_keys(dir_, fault_));
  EXPECT_EQ(fault_, "is no file");
  const std::string fifo = dir_ + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_FALSE(read_keys(fifo, fault_));
  EXPECT_EQ(fault_, "is no file");
  EXPECT_FALSE(read_keys(write(std::string(65UL * 1024, '#')), fault_));
  EXPECT_EQ(fault_, "is larger than 64 KiB");
}

TEST_F(CookieKeys, AreMadeOnceInAStateDirectoryForTheirOwnerAlone) {
  const auto made = keys_of_state_dir(dir_, true, fault_);
  ASSERT_TRUE(made) << fault_;
  ASSERT_EQ(made->size(), 1U);
  const std::string file = keys_file_in(dir_);
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()), 1);  // nothing unfinished
  EXPECT_EQ(keys_of_state_dir(dir_, true, fault_), made);
}

/// As daemons in containers do, which all have the same process id.
TEST_F(CookieKeys, AreTheSameForAllWhoMakeThemAtOnce) {
  for (int round = 0; round < 50; ++round) {
    fs::remove(keys_file_in(dir_));
    std::vector<std::future<std::optional<Keys>>> makers;
    for (int i = 0; i < 4; ++i)
      makers.push_back(std::async(std::launch::async, [this] {
        std::string fault;
        return keys_of_state_dir(dir_, true, fault);
      }));
    const std::optional<Keys> first = makers[0].get();
    ASSERT_TRUE(first);
    for (std::size_t i = 1; i < makers.size(); ++i) EXPECT_EQ(makers[i].get(), first);
    EXPECT_EQ(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()), 1);
  }
}

TEST_F(CookieKeys, ArentMadeByWhoOnlyLooks) {
  EXPECT_EQ(keys_of_state_dir(dir_, false, fault_), Keys());
  EXPECT_TRUE(fs::is_empty(dir_));
}

TEST_F(CookieKeys, ThatAreDamagedInAStateDirectoryStayAsTheyAre) {
  for (const std::string text : {"", "a:AAAA\n", "half of a li"}) {
    const std::string file = write(text);
    EXPECT_FALSE(keys_of_state_dir(dir_, true, fault_));
    EXPECT_TRUE(fault_.starts_with(file + ": ")) << fault_;
    EXPECT_NE(fault_.find("kanaria keys new > " + file), std::string::npos) << fault_;
    EXPECT_EQ(text_of(file), text);
  }
}

TEST_F(CookieKeys, WhoseStateDirectoryIsMissingAreNotMadeElsewhere) {
  EXPECT_FALSE(keys_of_state_dir(dir_ + "/volume", true, fault_));
  EXPECT_EQ(fault_, "state_dir " + dir_ + "/volume is no directory: make it, mkdir -m 750 " + dir_ + "/volume");
  EXPECT_FALSE(fs::exists(dir_ + "/volume"));
}

TEST_F(CookieKeys, WhoseStateDirectoryEverybodyMayWriteAreNotTrusted) {
  write(line_of(make_key()));
  fs::permissions(dir_, fs::perms::all);
  EXPECT_FALSE(keys_of_state_dir(dir_, true, fault_));
  EXPECT_EQ(fault_, "state_dir " + dir_ + " may be written by everybody: chmod o-w " + dir_);
}

TEST_F(CookieKeys, AreNeverTheSameTwice) {
  EXPECT_NE(make_key().bytes, make_key().bytes);
}

}  // namespace
}  // namespace kanaria::cookies
