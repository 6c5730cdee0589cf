#include "kanaria/proxy/answer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "kanaria/base/block.hpp"

namespace kanaria::proxy {
namespace {

TEST(ErrorPage, IsTheOneOfAlb) {
  BlockPool blocks;
  Arena arena(blocks);
  EXPECT_EQ(error_page(502, arena),
            "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
            "<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n");
}

TEST(ErrorPage, HasAlbsWordsAndSizes) {
  BlockPool blocks;
  Arena arena(blocks);
  struct Case {
    std::uint16_t status;
    const char* title;
    std::size_t size;
  };
  for (const Case& one : {Case{400, "400 Bad Request", 122}, Case{502, "502 Bad Gateway", 122},
                          Case{503, "503 Service Temporarily Unavailable", 162}, Case{504, "504 Gateway Time-out", 132},
                          Case{301, "301 Moved Permanently", 134}}) {
    const std::string page(error_page(one.status, arena));
    EXPECT_NE(page.find("<title>" + std::string(one.title) + "</title>"), std::string::npos) << page;
    EXPECT_NE(page.find("<h1>" + std::string(one.title) + "</h1>"), std::string::npos) << page;
    EXPECT_EQ(page.size(), one.size) << page;
  }
}

TEST(CurrentDate, IsThatOfTheTimeAlsoWhenTheSecondChanges) {
  const WallTime noon{std::chrono::seconds(1'795'521'600)};
  EXPECT_EQ(current_date(noon), "Tue, 24 Nov 2026 12:00:00 GMT");
  EXPECT_EQ(current_date(noon + Milliseconds(999)), "Tue, 24 Nov 2026 12:00:00 GMT");
  EXPECT_EQ(current_date(noon + Milliseconds(1000)), "Tue, 24 Nov 2026 12:00:01 GMT");
}

}  // namespace
}  // namespace kanaria::proxy
