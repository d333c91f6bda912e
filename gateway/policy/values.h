// SPDX-License-Identifier: GPL-3.0-or-later
//
// Numbers, sizes, delays and ports as smtpd.conf writes them. Nothing = it does not read; range problems are
// the caller's to name, each with its limits.
// Thread: pure.
#pragma once

#include <QByteArrayView>

#include <optional>

namespace postern::policy {

inline constexpr qint64 kMaxDelay = 3650LL * 86400; // ten years; what is longer is a slip

std::optional<qint64> parseNumber(QByteArrayView text); // 0 and up, no sign
std::optional<qint64>
parseDelay(QByteArrayView text); // "4d" in seconds; unit s, m, h or d, at least 1, at most kMaxDelay
std::optional<qint64> parseSize(QByteArrayView text); // "35M", "1.5g", "1000"; powers of 1024
std::optional<quint16>
parsePort(QByteArrayView text); // a number up to 65535 or a service name; 0 = the system chooses

// `protocols`, as libtls reads it: words between ',' or ':', "!" takes one away. Nothing = a word that it does not know.
struct TlsProtocols {
    bool tls12 = false, tls13 = false;
    bool olderNamed = false; // asks for what is not spoken any more
};
std::optional<TlsProtocols> parseTlsProtocols(QByteArrayView text);

} // namespace postern::policy
