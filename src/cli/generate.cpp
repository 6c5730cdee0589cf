// Hidden: the build runs it, so that what is installed below share/ is made of the commands that were built.
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "command.hpp"
#include "completion.hpp"
#include "manual.hpp"

namespace kanaria::cli {
namespace {

void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  if (!stream.flush()) throw std::runtime_error("can't write " + file.string());
}

}  // namespace

void add_generate(CLI::App& app, int&) {
  auto folder = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("generate", "Write man pages and completions into a folder")->group("");
  command->add_option("DIR", *folder, "The folder")->required();
  command->callback([&app, folder] {
    const std::filesystem::path root(*folder);
    const Command program = describe(app);
    for (const auto& [name, text] : manual_pages(program)) write(root / "man" / name, text);
    write(root / "completions" / "kanaria", bash_completion(program));
    write(root / "completions" / "_kanaria", zsh_completion(program));
    write(root / "completions" / "kanaria.fish", fish_completion(program));
  });
}

}  // namespace kanaria::cli
