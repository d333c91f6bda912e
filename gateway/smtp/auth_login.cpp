// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/auth_login.h"

#include "smtp/command.h"

namespace postern::smtp {

std::optional<QByteArray> readLoginUser(QByteArrayView response) {
    return decodeStrictBase64(response);
}

std::optional<Secret> readLoginPassword(QByteArrayView response) {
    auto decoded = decodeStrictBase64(response);
    if (!decoded)
        return std::nullopt;
    return Secret(std::move(*decoded));
}

} // namespace postern::smtp
