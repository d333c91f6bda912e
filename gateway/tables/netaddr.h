// SPDX-License-Identifier: GPL-3.0-or-later
//
// An IPv4 or IPv6 address with a prefix length, as table entries and sessions write it.
//
// Forms: 192.0.2.1, 192.0.2.0/24, short 10/8, 2001:db8::/32, [2001:db8::1], [2001:db8::/32], each IPv6 form
// also with "IPv6:" before or inside the bracket. IPv4 in IPv6 clothes (::ffff:192.0.2.1) is the IPv4
// address, so that a rule about an address can't be dodged by connecting over a dual-stack socket. No DNS, no
// scope ids in entries.
// Thread: values.
#pragma once

#include <QByteArrayView>

#include <array>
#include <optional>

namespace postern::tables {

struct Netaddr {
    enum class Family : quint8 { V4, V6 } family = Family::V4;
    std::array<quint8, 16> bytes{}; // V4 uses the first four
    int prefix = 32;                // bits that count

    // Nothing if the text is no address or prefix.
    static std::optional<Netaddr> parse(QByteArrayView text);

    int bits() const { return family == Family::V4 ? 32 : 128; }
    bool isSingle() const { return prefix == bits(); }
    // The bits behind the first `length` cleared, and that prefix.
    Netaddr masked(int length) const;
    // Same family, and `address` lies in this prefix.
    bool covers(const Netaddr& address) const;

    friend bool operator==(const Netaddr&, const Netaddr&) = default;
};

size_t qHash(const Netaddr& address, size_t seed = 0) noexcept;

} // namespace postern::tables
