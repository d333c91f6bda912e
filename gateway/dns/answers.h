// SPDX-License-Identifier: GPL-3.0-or-later
//
// From record data as it came to answers one can rely on: names checked, families mixed, numbers capped. No network.
//
// Whatever a name server says is hostile until it has passed here: names are letters, digits, '-' and '_' in labels of
// 1 to 63 octets, so nothing that reaches a log, a header or a command needs escaping.
// Thread: any (pure functions). Spec: RFC 1035 §3.1, RFC 5321 §5.1, RFC 7505.
#pragma once

#include "dns/resolver.h"

#include <optional>

namespace postern::dns {

inline constexpr qsizetype kMostMxHosts = 100;
inline constexpr qsizetype kMostAddresses = 16;

// One query's result: the data of each record of the asked type, behind whatever CNAMEs.
struct RawAnswer {
    Outcome outcome = Outcome::Failed;
    QByteArrayList records;
    QByteArray text; // why it failed
};

// The name as it is asked: lower case, ASCII (IDNA), no final dot; nothing if it cannot be a name at all.
std::optional<QByteArray> askableName(const QByteArray& name);

// "192.0.2.1" or "[2001:db8::1]" or "[IPv6:2001:db8::1]" → the plain address in its usual spelling; else nothing.
std::optional<QByteArray> addressLiteral(const QByteArray& text);
QByteArray reverseName(const QByteArray& address); // "1.2.0.192.in-addr.arpa"; "" if it is no address

// An uncompressed wire name that fills `record` from `at` to its end. The root is "".
std::optional<QByteArray> wireName(QByteArrayView record, qsizetype at);

MxAnswer toMx(const RawAnswer& raw);
// One address of each family in turn, IPv4 first.
AddressAnswer toAddresses(const RawAnswer& v4, const RawAnswer& v6);
QByteArrayList interleaved(const QByteArrayList& v4, const QByteArrayList& v6);
NameAnswer toName(const RawAnswer& raw);

} // namespace postern::dns
