// Who calls, where callers need not say: clients of the HTTP API have tokens, the cluster's own machines their
// certificates.
#pragma once

#include "io/tls/context.h"

#include <optional>

using SSL = struct ssl_st;

namespace lockstep::tls {

/// An answering end of `context` asks for a certificate from now on, names `authority` as whose it would take, and goes
/// on without one, or with somebody else's: before the first connection.
void ask_who_calls(const Context& context, const Certificate& authority);

/// Whose certificate of `authority`, valid now, the other end has shown, with the key to it; after the handshake.
/// Nothing if it has shown none.
std::optional<Identity> proven_identity(const SSL* connection, const Certificate& authority);

}  // namespace lockstep::tls
