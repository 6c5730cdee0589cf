// The one place where Beast is compiled; every other source sees declarations (BOOST_BEAST_SEPARATE_COMPILATION).
#include <boost/beast/src.hpp>
