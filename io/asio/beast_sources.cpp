// What of Boost.Beast is no template (BOOST_BEAST_SEPARATE_COMPILATION).
#include <boost/beast/src.hpp>
