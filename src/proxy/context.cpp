#include "kanaria/proxy/context.hpp"

namespace kanaria::proxy {
namespace {

constexpr std::size_t kSpare = 256;  // heads kept for reuse, a worker
constexpr std::size_t kFields = 64;  // room in each of them; what had to grow further is not kept

}  // namespace

Scratch::Scratch(Context& context) : context_(context) {
  if (context.spare.empty()) {
    heads_ = std::make_unique<Outgoing>();
  } else {
    heads_ = std::move(context.spare.back());
    context.spare.pop_back();
  }
}

Scratch::~Scratch() {
  const bool is_usual = heads_->request.fields.capacity() <= kFields && heads_->response.fields.capacity() <= kFields;
  if (is_usual && context_.spare.size() < kSpare) context_.spare.push_back(std::move(heads_));
}

}  // namespace kanaria::proxy
