// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a SASL exchange leaves us with, and reading the one message of PLAIN.
//
// Strict: exactly two NULs, an authorisation identity only if it is the login itself. Whether the password is right is
// somebody else's question. Thread: functions. Spec: RFC 4616 §2, RFC 4954 §4.
#pragma once

#include "base/secret.h"

#include <optional>

namespace postern::smtp {

struct LoginAttempt {
    QByteArray user; // UTF-8, no controls, not empty
    Secret password; // not empty
};

enum class AuthFault : quint8 {
    None,
    Malformed,  // not what the mechanism speaks: 501 5.5.2
    Impossible, // well-formed, but can never be right: 535 5.7.8
};

// `response` is the base64 text as it came on the line.
std::optional<LoginAttempt> readPlain(QByteArrayView response, AuthFault& fault);

bool isPossibleUser(QByteArrayView user);

} // namespace postern::smtp
