// The one place where the header-only form of the URL library is compiled.
#include <boost/url/src.hpp>
