#include "kanaria/runtime/pin.hpp"

namespace kanaria::runtime {

PinBoard::~PinBoard() {
  install(nullptr);
}

void PinBoard::install(std::shared_ptr<const Snapshot> snapshot) {
  Handle* const before = current_;
  current_ = snapshot ? new Handle{std::move(snapshot), 1} : nullptr;
  if (before != nullptr && --before->pins == 0) free(before);
}

void PinBoard::free(Handle* handle) {
  const std::unique_ptr<Handle> owned(handle);
  release_(std::move(owned->snapshot));
}

}  // namespace kanaria::runtime
