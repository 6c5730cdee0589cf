#include "kanaria/runtime/cookie_keys.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "models.hpp"
#include "support/files.hpp"

namespace kanaria::runtime {
namespace {

namespace fs = std::filesystem;

class CookieKeysTest : public testing::Test {
 protected:
  ModelPtr sticky(const std::string& keys) {
    return model_of(keys + "\nlisteners: [{port: 80, default_action: {forward: {stickiness: {enabled: true}, " +
                    "target_groups: [{name: a}]}}}]\ntarget_groups: [{name: a}]\n");
  }
  std::shared_ptr<const cookies::KeyRing> find(const ModelPtr& model, Missing missing = Missing::Make) {
    return find_cookie_keys(*model, missing, 1, previous_, diagnostics_);
  }
  std::string write(const std::string& text) {
    const std::string file = dir_ + "/keys";
    std::ofstream(file) << text;
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    return file;
  }

  test::Directory directory_;
  std::string dir_ = directory_.path();
  config::Diagnostics diagnostics_;
  std::shared_ptr<const cookies::KeyRing> previous_;
};

TEST_F(CookieKeysTest, AreNoneWhereNothingIsSealed) {
  EXPECT_EQ(find(model_of("state_dir: /none\n" + canary())), nullptr);
  EXPECT_FALSE(diagnostics_.has_errors());
}

TEST_F(CookieKeysTest, AreMadeInTheStateDirectoryUnlessSomebodyOnlyLooks) {
  const ModelPtr model = sticky("state_dir: " + dir_);
  EXPECT_EQ(find(model, Missing::Report), nullptr);
  EXPECT_FALSE(diagnostics_.has_errors());
  const auto made = find(model);
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(find(model, Missing::Report)->keys(), made->keys());
}

TEST_F(CookieKeysTest, ThatAreTheSameStayTheSameObject) {
  const ModelPtr model = sticky("state_dir: " + dir_);
  previous_ = find(model);
  EXPECT_EQ(find(model), previous_);
}

TEST_F(CookieKeysTest, InForceAreNotGivenUpForNewOnes) {
  const ModelPtr model = sticky("state_dir: " + dir_);
  previous_ = find(model);
  const std::string file = cookies::keys_file_in(dir_);
  fs::remove(file);
  EXPECT_EQ(find(model), nullptr);
  EXPECT_FALSE(fs::exists(file));
  ASSERT_TRUE(diagnostics_.has_errors());
  EXPECT_EQ(diagnostics_.sorted().front().message,
            file + " isn't there: put the keys in force back, or, where every user may become a new visitor, " +
                "kanaria keys new > " + file);
}

TEST_F(CookieKeysTest, OfAFileComeBeforeTheStateDirectory) {
  const cookies::Key key = cookies::make_key();
  const auto found = find(sticky("state_dir: " + dir_ + "\ncookie_key_file: " + write(line_of(key))));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->keys(), cookies::Keys{key});
  EXPECT_FALSE(fs::exists(cookies::keys_file_in(dir_)));
}

TEST_F(CookieKeysTest, WithAFaultAreTold) {
  EXPECT_EQ(find(sticky("cookie_key_file: /none")), nullptr);
  ASSERT_TRUE(diagnostics_.has_errors());
  const config::Diagnostic fault = diagnostics_.sorted().front();
  EXPECT_EQ(fault.message, "cookie_key_file /none: can't be read: No such file or directory");
  EXPECT_EQ(fault.at.line, 1U);
}

TEST_F(CookieKeysTest, ThatArentHereAreAWarningOfWhoOnlyLooks) {
  EXPECT_EQ(find(sticky("cookie_key_file: /none"), Missing::Report), nullptr);
  EXPECT_EQ(find(sticky("state_dir: /none"), Missing::Report), nullptr);
  EXPECT_FALSE(diagnostics_.has_errors());
  const auto found = diagnostics_.sorted();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].message, "state_dir /none isn't here: a start needs it");
  EXPECT_EQ(found[1].message, "cookie_key_file /none isn't here: a start needs it");
}

TEST_F(CookieKeysTest, ThatChangeAreToldByTheirIds) {
  const auto ring = [](std::initializer_list<const char*> ids, unsigned char fill = 1) {
    cookies::Keys keys;
    for (const char* id : ids) keys.push_back({id, {fill}});
    return std::make_unique<const cookies::KeyRing>(keys, 1);
  };
  const auto one = ring({"a"});
  EXPECT_EQ(describe_change(one.get(), one.get()), "");
  EXPECT_EQ(describe_change(nullptr, one.get()), "cookie keys: none -> a");
  EXPECT_EQ(describe_change(one.get(), ring({"b", "a", "z"}).get()), "cookie keys: a -> b, then a, z");
  EXPECT_EQ(describe_change(one.get(), ring({"a"}, 2).get()), "cookie keys: a changed");
}

}  // namespace
}  // namespace kanaria::runtime
