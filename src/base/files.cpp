#include "kanaria/base/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace kanaria {
namespace {

/// A descriptor that is closed at its end.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

/// Up to one byte more than `largest`. 0, or the errno.
int read_all(int descriptor, std::size_t largest, std::string& text) {
  text.resize(largest + 1);
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::read(descriptor, text.data() + have, text.size() - have);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return 0;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(descriptor, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

}  // namespace

FileText read_small_file(const std::string& file, std::size_t largest, mode_t refused_modes) {
  // Non-blocking: whoever writes at the other end of a FIFO may never come.
  const File opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat facts{};
  if (!opened.is_open() || ::fstat(opened.get(), &facts) != 0) {
    const int number = errno;
    return {{}, std::string("can't be read: ") + std::strerror(number), number == ENOENT};
  }
  if (!S_ISREG(facts.st_mode)) return {{}, "is no file"};
  if ((facts.st_mode & refused_modes) != 0) return {{}, "is open to everybody: chmod o= " + file};
  std::string text;
  const int failed = read_all(opened.get(), largest, text);
  if (failed != 0) return {{}, std::string("can't be read: ") + std::strerror(failed)};
  if (text.size() > largest) return {{}, "is larger than " + std::to_string(largest / 1024) + " KiB"};
  return {std::move(text), {}};
}

int write_durably(const std::string& directory, const std::string& file, std::string_view text, Existing existing) {
  // Its name is drawn: daemons in several containers have the same process id.
  std::string unfinished = file + ".XXXXXX";
  const File made(::mkostemp(unfinished.data(), O_CLOEXEC));  // for its owner alone
  if (!made.is_open()) return errno;
  int failed = write_all(made.get(), text) && ::fsync(made.get()) == 0 ? 0 : errno;
  if (failed == 0 && existing == Existing::Replace && ::rename(unfinished.c_str(), file.c_str()) != 0) failed = errno;
  // A link, unlike a rename, never takes the place of what another daemon has just made.
  if (failed == 0 && existing == Existing::Keep && ::link(unfinished.c_str(), file.c_str()) != 0 && errno != EEXIST)
    failed = errno;
  if (failed != 0 || existing == Existing::Keep) ::unlink(unfinished.c_str());
  const File holder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (failed == 0 && holder.is_open() && ::fsync(holder.get()) != 0) failed = errno;
  return failed;
}

int replace_file(const std::string& file, std::string_view text) {
  std::string unfinished = file + ".XXXXXX";
  const File made(::mkostemp(unfinished.data(), O_CLOEXEC));
  if (!made.is_open()) return errno;
  int failed = write_all(made.get(), text) ? 0 : errno;
  if (failed == 0 && ::rename(unfinished.c_str(), file.c_str()) != 0) failed = errno;
  if (failed != 0) ::unlink(unfinished.c_str());
  return failed;
}

int sync_file(const std::string& directory, const std::string& file) {
  const File opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened.is_open() || ::fsync(opened.get()) != 0) return errno;
  const File holder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return holder.is_open() && ::fsync(holder.get()) != 0 ? errno : 0;
}

std::string file_in(const std::string& directory, std::string_view name) {
  return directory + (directory.ends_with('/') ? "" : "/") + std::string(name);
}

}  // namespace kanaria
