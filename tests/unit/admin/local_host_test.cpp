#include <gtest/gtest.h>

#include "kanaria/admin/api.hpp"

namespace kanaria::admin {
namespace {

TEST(LocalHost, IsANameThatNoReboundDnsNameCanBe) {
  struct Case {
    const char* authority;
    bool local;
  };
  for (const Case& one : {Case{"localhost", true},
                          Case{"LocalHost:9900", true},
                          Case{"127.0.0.1", true},
                          Case{"127.0.0.1:9900", true},
                          Case{"10.1.2.3:9900", true},
                          Case{"[::1]", true},
                          Case{"[::1]:9900", true},
                          Case{"", true},  // HTTP/1.0 without Host: no browser
                          Case{"evil.example", false},
                          Case{"evil.example:9900", false},
                          Case{"localhost.evil.example", false},
                          Case{"127.0.0.1.evil.example:9900", false},
                          Case{"localhost.", false},
                          Case{"xlocalhost", false},
                          Case{"127.1", false},
                          Case{"0x7f000001", false},
                          Case{"2130706433", false},
                          Case{"[::1", false},
                          Case{"[evil.example]", false},
                          Case{"localhost evil", false}}) {
    EXPECT_EQ(is_local_host(one.authority), one.local) << one.authority;
  }
}

}  // namespace
}  // namespace kanaria::admin
