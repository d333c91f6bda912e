// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/auth_plain.h"

#include "smtp/address.h"
#include "smtp/command.h"

#include <algorithm>

namespace postern::smtp {

constexpr qsizetype kMaxUser = 255;

bool isPossibleUser(QByteArrayView user) {
    const bool printable = std::none_of(user.begin(), user.end(), [](char c) { return uchar(c) < 32 || c == 127; });
    return !user.isEmpty() && user.size() <= kMaxUser && printable && isValidUtf8(user);
}

std::optional<LoginAttempt> readPlain(QByteArrayView response, AuthFault& fault) {
    fault = AuthFault::Malformed;
    auto decoded = decodeStrictBase64(response);
    if (!decoded || decoded->count('\0') != 2)
        return std::nullopt;
    const qsizetype first = decoded->indexOf('\0');
    const qsizetype second = decoded->indexOf('\0', first + 1);
    const QByteArray authzid = decoded->first(first);
    LoginAttempt attempt{decoded->sliced(first + 1, second - first - 1), Secret(decoded->sliced(second + 1))};
    wipe(*decoded);
    const bool possible = isPossibleUser(attempt.user) && !attempt.password.isEmpty() &&
                          (authzid.isEmpty() || authzid == attempt.user);
    fault = possible ? AuthFault::None : AuthFault::Impossible;
    return possible ? std::optional(std::move(attempt)) : std::nullopt;
}

} // namespace postern::smtp
