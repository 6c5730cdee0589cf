// Small files that a person or this program wrote: read whole and bounded, written whole or not at all. Blocking;
// any thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kanaria {

/// What a file has in it, of at most `largest` bytes. `refused_modes`: permission bits that it may not have. None:
/// `fault` says why, as what follows the file's name in a sentence; `is_missing`: because there is none. FIFOs and
/// other things that are no plain file are refused without a wait.
struct FileText {
  std::optional<std::string> text;
  std::string fault;
  bool is_missing = false;
};
FileText read_small_file(const std::string& file, std::size_t largest, mode_t refused_modes = 0);

/// What becomes of a file that is there already.
enum class Existing : bool { Keep, Replace };

/// Makes `file` in `directory`, for its owner alone, whole or not at all, and durable. 0, or the errno.
int write_durably(const std::string& directory, const std::string& file, std::string_view text, Existing existing);

/// Puts `text` in the place of `file`, for its owner alone, whole or not at all; durable by sync_file(). 0, or the
/// errno.
int replace_file(const std::string& file, std::string_view text);
/// What `file` has, and that it is there, survives a power cut. 0, or the errno.
int sync_file(const std::string& directory, const std::string& file);

/// "DIRECTORY/NAME".
std::string file_in(const std::string& directory, std::string_view name);

}  // namespace kanaria
