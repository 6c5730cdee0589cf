// What the parts of `explain` share: the question, and how a line begins.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <iomanip>
#include <iostream>

#include "kanaria/config/model.hpp"
#include "kanaria/http/message.hpp"
#include "kanaria/rules/action.hpp"
#include "remote.hpp"

namespace kanaria::cli {

/// Everything that the lines of the answer are made of.
struct Question {
  const config::Model& model;
  const config::Listener& listener;
  const http::RequestHead& head;
  const boost::asio::ip::address& peer;
  const AdminOptions* daemon = nullptr;  // to be asked for what no file tells; null: a file is explained
};

/// Begins a line; empty: it goes on with what the one before is about.
inline std::ostream& label(const char* name) {
  return std::cout << std::left << std::setw(11) << name;
}

/// What the request's cookies and its user_key say: lines of their own. Nothing where nobody is kept anywhere. The keys
/// are those that the file names.
void print_stay(const Question& question, const std::string& rule, const rules::Forward& forward);

}  // namespace kanaria::cli
