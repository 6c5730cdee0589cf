// The command line as data, read from what CLI11 was told: completion and man pages are made of it, so that they know
// what --help knows, and nothing else. Hidden commands and options aren't in it. Pure.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace kanaria::cli {

/// An option, or with no names an argument that is known by its place.
struct Parameter {
  std::vector<std::string> names;  // "-h", "--help"
  std::string value;               // what stands for its value: "FILE"; empty: it takes none
  std::vector<std::string> words;  // the only values that it takes, where they are known
  std::string range;               // "1 - 1000"; empty: none
  std::string description;
  std::string standard;  // the value that it has otherwise
  std::string variable;  // of the environment, that it is taken from otherwise
  bool required = false;
  bool repeats = false;
  bool is_file = false;
};

struct Command {
  std::string path;  // "kanaria keys new"
  std::string description;
  std::string notes;    // what help says below the options
  std::string example;  // whole lines
  std::vector<Parameter> options;
  std::vector<Parameter> arguments;
  std::vector<Command> commands;

  /// The last word of its path.
  std::string name() const { return path.substr(path.rfind(' ') + 1); }
};

Command describe(const CLI::App& app);

/// The command and all those in it, each before its own.
std::vector<const Command*> all_of(const Command& command);

}  // namespace kanaria::cli
