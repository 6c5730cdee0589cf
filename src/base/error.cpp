#include "kanaria/base/error.hpp"

#include <stdexcept>
#include <string>

#include "kanaria/base/fault_table.hpp"

namespace kanaria {

void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::logic_error("value() of a failed Result: " + std::string(row_of(error.fault).word));
}

}  // namespace kanaria
