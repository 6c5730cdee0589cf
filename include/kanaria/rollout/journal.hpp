// What of rollouts outlives the process: one file in state_dir, written whole and put in the old one's place. It is
// written where a crash leaves less of a canary, not more: before a share falls, and after one has risen. Blocking; one
// thread at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kanaria/rollout/rollout.hpp"

namespace kanaria::rollout {

struct Entry {
  State state;
  Kept kept;
};

struct Contents {
  std::map<std::string, Entry> rollouts;  // by name
  WallTime written{};
  bool is_clean = true;          // the process that wrote it has ended as it should
  std::vector<WallTime> starts;  // of processes that hadn't, the last ones
};

std::string to_text(const Contents& contents);
/// None: `fault` says what is wrong with the text, as what follows the file's name in a sentence.
std::optional<Contents> parse_contents(const std::string& text, std::string& fault);

class Journal {
 public:
  explicit Journal(std::string state_dir);

  /// None without a `fault`: there is no file. With one: the file is damaged or of a newer version; it is kept under
  /// another name too.
  std::optional<Contents> read(std::string& fault) const;
  /// Puts it in the old one's place: it survives this process, though not yet a power cut. What went wrong, or "".
  std::string write(const std::string& text) const;
  /// Now that too.
  std::string sync() const;

 private:
  std::string state_dir_;
  std::string file_;
};

}  // namespace kanaria::rollout
