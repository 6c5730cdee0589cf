// How a worker holds snapshots: a request pins the one it began with. Counted without atomics in the worker's own
// handle; the last pin of a snapshot that was replaced posts it to control, where it is freed. No lock, no shared
// counter on a request's way. One PinBoard a worker, on its thread.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "kanaria/runtime/snapshot.hpp"

namespace kanaria::runtime {

class PinBoard {
  struct Handle {
    std::shared_ptr<const Snapshot> snapshot;
    std::size_t pins = 0;
  };

 public:
  /// Pins a snapshot for its life.
  class Pin {
   public:
    Pin(Pin&& other) noexcept : board_(other.board_), handle_(std::exchange(other.handle_, nullptr)) {}
    Pin& operator=(Pin&&) = delete;
    ~Pin() {
      if (handle_ != nullptr && --handle_->pins == 0) board_.free(handle_);
    }
    /// Another one of the same snapshot.
    Pin again() const { return {board_, handle_}; }
    const Snapshot& operator*() const { return *handle_->snapshot; }
    const Snapshot* operator->() const { return handle_->snapshot.get(); }

   private:
    friend class PinBoard;
    Pin(PinBoard& board, Handle* handle) : board_(board), handle_(handle) { ++handle_->pins; }
    PinBoard& board_;
    Handle* handle_;
  };

  using Release = std::function<void(std::shared_ptr<const Snapshot>)>;
  /// `release` takes a snapshot that this worker needs no more to control.
  explicit PinBoard(Release release) : release_(std::move(release)) {}
  PinBoard(const PinBoard&) = delete;
  PinBoard& operator=(const PinBoard&) = delete;
  ~PinBoard();

  /// From now on requests pin this one.
  void install(std::shared_ptr<const Snapshot> snapshot);
  /// After the first install() only.
  const Snapshot& current() const { return *current_->snapshot; }
  Pin pin() { return {*this, current_}; }

 private:
  void free(Handle* handle);
  Release release_;
  Handle* current_ = nullptr;  // holds one pin of its own
};

}  // namespace kanaria::runtime
