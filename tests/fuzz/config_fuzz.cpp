// Any bytes as a configuration file: a model exactly when there is no fault, what `show` prints of it reads back as the
// same model, and no fault's words can disturb a terminal. Seeds: the files in config/.
#include <algorithm>
#include <cstdint>

#include "fuzz/check.hpp"
#include "kanaria/config/parse.hpp"
#include "kanaria/config/print.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanaria;
  using namespace kanaria::config;
  const Environment environment = [](std::string_view name) -> std::optional<std::string> {
    return name == "SET" ? std::optional<std::string>("value: \"1\"") : std::nullopt;
  };
  const Loaded loaded = parse("fuzz.yaml", std::string(reinterpret_cast<const char*>(data), size), environment);
  expect_equal(loaded.model.has_value(), !loaded.diagnostics.has_errors(), "a model with faults, or none without");
  const std::string words = render(loaded);
  const bool printable = std::ranges::all_of(
      words, [](char c) { return c == '\n' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f'); });
  expect_equal(printable, true, "a control character in a fault's words");
  if (!loaded.model) return 0;

  const std::string shown = to_yaml(*loaded.model);
  const Loaded again = parse("shown.yaml", shown, environment);
  expect_equal(again.model.has_value(), true, (shown + render(again)).c_str());
  expect_equal(*again.model == *loaded.model, true, "what was shown is another model");
  expect_equal(to_yaml(*again.model), shown, "what was shown twice differs");
  expect_equal(differences(*loaded.model, *again.model).size(), std::size_t{0}, "a difference without a change");
  return 0;
}
