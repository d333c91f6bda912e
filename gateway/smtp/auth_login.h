// SPDX-License-Identifier: GPL-3.0-or-later
//
// The two answers of AUTH LOGIN: user, then password. No RFC describes it; every mail program speaks it.
// Thread: functions.
#pragma once

#include "smtp/auth_plain.h"

namespace postern::smtp {

inline constexpr char kLoginUserPrompt[] = "334 VXNlcm5hbWU6\r\n";     // "Username:"
inline constexpr char kLoginPasswordPrompt[] = "334 UGFzc3dvcmQ6\r\n"; // "Password:"

// A user that can never be right is still taken, so that the refusal comes after the password as for any other.
std::optional<QByteArray> readLoginUser(QByteArrayView response);
std::optional<Secret> readLoginPassword(QByteArrayView response);

} // namespace postern::smtp
