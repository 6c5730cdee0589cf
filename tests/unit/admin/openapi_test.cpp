// docs/openapi.json and the program's own table of routes say the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "../../../src/admin/routes.hpp"

namespace kanaria::admin {
namespace {

using Names = std::set<std::string>;

Json document() {
  std::ifstream file(KANARIA_SOURCE_DIR "/docs/openapi.json");
  return Json::parse(file);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

Names words_of(std::string_view text) {
  Names words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    words.emplace(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

/// The names in a list of parameters that stand in the query or the path.
Names parameters_in(const Json& of, const char* place) {
  Names names;
  if (!of.contains("parameters")) return names;
  for (const Json& one : of["parameters"])
    if (one.value("in", "") == place) names.insert(one["name"].get<std::string>());
  return names;
}

TEST(OpenApi, HasEveryRouteAndNoOther) {
  const Json paths = document()["paths"];
  Names described;
  for (const auto& [path, methods] : paths.items())
    for (const auto& [method, operation] : methods.items())
      if (method != "parameters") described.insert(method + " " + path);
  Names offered;
  for (const Route& route : routes()) offered.insert(lower(route.method) + " " + std::string(route.path));
  EXPECT_EQ(described, offered);
}

TEST(OpenApi, HasTheParametersOfEachRoute) {
  const Json paths = document()["paths"];
  for (const Route& route : routes()) {
    const Json& item = paths[std::string(route.path)];
    const Json& operation = item[lower(route.method)];
    EXPECT_EQ(parameters_in(operation, "query"), words_of(route.parameters)) << route.path;
    Names in_path;
    for (std::size_t at = 0; (at = route.path.find('{', at)) != std::string_view::npos; ++at)
      in_path.emplace(route.path.substr(at + 1, route.path.find('}', at) - at - 1));
    EXPECT_EQ(parameters_in(item, "path"), in_path) << route.path;
    EXPECT_EQ(operation.contains("security"), route.guard == Guard::None) << route.path << ": no token is wanted there";
    EXPECT_FALSE(operation["summary"].get<std::string>().empty());
  }
}

TEST(OpenApi, RefersToWhatItHas) {
  const Json all = document();
  std::size_t references = 0;
  const auto walk = [&](const Json& value, const auto& self) -> void {
    if (value.is_object() && value.contains("$ref") && value["$ref"].is_string()) {
      ++references;
      const auto reference = value["$ref"].get<std::string>();
      ASSERT_TRUE(reference.starts_with("#/")) << reference;
      EXPECT_TRUE(all.contains(Json::json_pointer(reference.substr(1)))) << reference;
    }
    if (value.is_structured())
      for (const Json& one : value) self(one, self);
  };
  walk(all, walk);
  EXPECT_GT(references, 20U);
}

}  // namespace
}  // namespace kanaria::admin
