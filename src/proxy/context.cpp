#include "kanaria/proxy/context.hpp"

namespace kanaria::proxy {
namespace {

constexpr std::size_t kSpare = 256;  // heads kept for reuse, a worker

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
  http::forget(heads_->request.fields);
  http::forget(heads_->response.fields);
  if (context_.spare.size() < kSpare) context_.spare.push_back(std::move(heads_));
}

}  // namespace kanaria::proxy
