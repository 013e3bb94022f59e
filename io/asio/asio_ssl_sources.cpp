// What of Boost.Asio's TLS is no template: a file of its own, so that who uses none of it is not linked with OpenSSL.
#include <boost/asio/ssl/impl/src.hpp>
