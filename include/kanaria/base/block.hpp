// Memory for bytes in transit. A Block is one piece of a fixed size class, lent by a BlockPool and given back by its
// destructor, so that idle connections hold none. An Arena hands out small stable strings for the life of one exchange.
// A pool and everything it lends belong to one thread.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace kanaria {

class BlockPool;

/// Size classes. Tiny holds what we make for one request; Small nearly every head; Head the largest request head that
/// is allowed (ALB: 64K of fields and a 16K line); Large is what a fast body grows to.
enum class BlockSize : std::uint8_t { Tiny, Small, Medium, Head, Large };
inline constexpr std::size_t kBlockSizes = 5;
constexpr std::size_t bytes_of(BlockSize size) {
  constexpr std::size_t bytes[kBlockSizes] = {std::size_t{2} << 10, std::size_t{8} << 10, std::size_t{32} << 10,
                                              std::size_t{82} << 10, std::size_t{128} << 10};
  return bytes[static_cast<std::size_t>(size)];
}

class Block {
 public:
  Block() = default;
  Block(Block&& other) noexcept { swap(other); }
  Block& operator=(Block&& other) noexcept {
    Block moved(std::move(other));
    swap(moved);
    return *this;
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { release(); }

  explicit operator bool() const { return data_ != nullptr; }
  char* data() const { return data_; }
  std::size_t size() const { return data_ == nullptr ? 0 : bytes_of(class_); }
  BlockSize size_class() const { return class_; }
  void release();
  /// The bytes of [begin, end) are needed no more: their whole pages go back to the kernel. A system call. They may be
  /// read and written all the same; until they are written, nothing is known of what they hold.
  void discard(std::size_t begin, std::size_t end);

 private:
  friend class BlockPool;
  void swap(Block& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(data_, other.data_);
    std::swap(class_, other.class_);
  }
  BlockPool* pool_ = nullptr;
  char* data_ = nullptr;
  BlockSize class_ = BlockSize::Tiny;
};

class BlockPool {
 public:
  BlockPool() = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();  // every Block must be back

  Block take(BlockSize size);
  /// A Large block may be taken for speed: not when very many are in use already, by bodies that a slow side holds.
  bool can_spare_large() const { return large_ < kMostLarge; }
  /// Blocks lent now; for tests.
  std::size_t lent() const { return lent_; }

 private:
  friend class Block;
  void give_back(char* data, BlockSize size);
  std::vector<char*> free_[kBlockSizes];  // bounded: what is over the bound goes back to the allocator
  static constexpr std::size_t kMostLarge = 64;
  std::size_t lent_ = 0;
  std::size_t large_ = 0;  // of them
};

/// Bump allocation of strings that live until clear(). Views handed out stay valid while the arena grows.
class Arena {
 public:
  explicit Arena(BlockPool& pool) : pool_(pool) {}

  /// A copy of `text`.
  std::string_view keep(std::string_view text);
  /// The parts one after another.
  std::string_view join(std::initializer_list<std::string_view> parts);
  /// Room for `size` bytes (at most a Large block).
  char* room(std::size_t size) {
    if (used_ + size > size_ || size_ == 0) add_block(size);
    used_ += size;
    return blocks_.back().data() + used_ - size;
  }
  void clear();

  /// What the arena hands out during its life is taken back at its end.
  class Passing {
   public:
    explicit Passing(Arena& arena)
        : arena_(arena), blocks_(arena.blocks_.size()), used_(arena.used_), size_(arena.size_) {}
    Passing(const Passing&) = delete;
    Passing& operator=(const Passing&) = delete;
    ~Passing() {
      while (arena_.blocks_.size() > blocks_) arena_.blocks_.pop_back();
      arena_.used_ = used_;
      arena_.size_ = size_;
    }

   private:
    Arena& arena_;
    std::size_t blocks_;
    std::size_t used_;
    std::size_t size_;
  };

 private:
  void add_block(std::size_t size);

  BlockPool& pool_;
  boost::container::small_vector<Block, 2> blocks_;
  std::size_t used_ = 0;  // of the last block
  std::size_t size_ = 0;  // of the last block
};

}  // namespace kanaria
