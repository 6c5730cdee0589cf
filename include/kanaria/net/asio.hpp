// Asio's types, named once. Its defaults carry a type-erased executor that costs an allocation and an indirect call an
// operation; everything of ours runs on an io_context and says so in its types.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "kanaria/base/error.hpp"

namespace kanaria::net {

namespace asio = boost::asio;

using Executor = asio::io_context::executor_type;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
using UseAwaitable = asio::use_awaitable_t<Executor>;
/// A socket to us is a descriptor that can be waited for: we make the calls ourselves.
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

}  // namespace kanaria::net
