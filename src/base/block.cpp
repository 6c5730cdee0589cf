#include "kanaria/base/block.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>

namespace kanaria {
namespace {

// What a pool keeps of each class, after some hundred requests at once: 6.4 MiB a worker.
constexpr std::size_t kKept[kBlockSizes] = {512, 256, 64, 4, 8};

/// Gives back the pages that lie in there whole.
void give_back_pages(char* data, std::size_t size) {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto address = std::bit_cast<std::uintptr_t>(data);
  const std::uintptr_t begin = (address + page - 1) / page * page;
  const std::uintptr_t end = (address + size) / page * page;
  if (begin < end) ::madvise(data + (begin - address), end - begin, MADV_DONTNEED);
}

/// Frees what the pool doesn't keep. The allocator would keep the pages of what was freed between other allocations,
/// and so all that a moment of many large messages took.
void free_block(char* data, BlockSize size) {
  give_back_pages(data, bytes_of(size));
  delete[] data;
}

std::size_t index_of(BlockSize size) {
  return static_cast<std::size_t>(size);
}

}  // namespace

void Block::release() {
  if (data_ != nullptr) pool_->give_back(std::exchange(data_, nullptr), class_);
}

void Block::discard(std::size_t begin, std::size_t end) {
  if (begin < end) give_back_pages(data_ + begin, end - begin);
}

BlockPool::~BlockPool() {
  for (auto& list : free_)
    for (char* data : list) delete[] data;
}

Block BlockPool::take(BlockSize size) {
  auto& list = free_[index_of(size)];
  Block block;
  block.pool_ = this;
  block.class_ = size;
  if (list.empty()) {
    block.data_ = new char[bytes_of(size)];
  } else {
    block.data_ = list.back();
    list.pop_back();
  }
  ++lent_;
  if (size == BlockSize::Large) ++large_;
  return block;
}

void BlockPool::give_back(char* data, BlockSize size) {
  --lent_;
  if (size == BlockSize::Large) --large_;
  auto& list = free_[index_of(size)];
  if (list.size() < kKept[index_of(size)]) {
    list.push_back(data);
  } else {
    free_block(data, size);
  }
}

std::string_view Arena::keep(std::string_view text) {
  return join({text});
}

std::string_view Arena::join(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (std::string_view part : parts) size += part.size();
  if (size == 0) return {};
  char* const start = room(size);
  char* at = start;
  for (std::string_view part : parts) at = std::copy(part.begin(), part.end(), at);
  return {start, size};
}

void Arena::add_block(std::size_t size) {
  BlockSize wanted = BlockSize::Tiny;
  while (bytes_of(wanted) < size && wanted != BlockSize::Large)
    wanted = static_cast<BlockSize>(static_cast<std::uint8_t>(wanted) + 1);
  blocks_.push_back(pool_.take(wanted));
  used_ = 0;
  size_ = bytes_of(wanted);
}

void Arena::clear() {
  blocks_.clear();
  used_ = size_ = 0;
}

}  // namespace kanaria
