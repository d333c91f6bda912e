// SPDX-License-Identifier: GPL-3.0-or-later
//
// The header with which a proxy says, in front of everything else, whom a connection comes from: PROXY protocol, version 2.
//
// A value machine: octets in, at the end an address. Strict, because whoever can write it chooses who he is: version 1, a
// family or transport that names no TCP client, fields beyond the length, and a wrong checksum are faults.
// Wants no octet too many: what follows belongs to SMTP or TLS. Limit: kMostProxyHeader octets.
// Thread: a value. Spec: The PROXY protocol (HAProxy), section 2.2; threat N09.
#pragma once

#include <QByteArray>

namespace postern::listener {

inline constexpr qsizetype kMostProxyHeader = 4096;

class ProxyHeader {
  public:
    enum class State : quint8 { NeedMore, Complete, Faulty };

    State feed(QByteArrayView octets); // at most wanted() of them
    qsizetype wanted() const;          // octets still missing, as far as it is known by now

    // The proxy speaks for itself (it looks whether we live): the connection's own address holds.
    bool isLocal() const { return m_isLocal; }
    const QByteArray& address() const { return m_address; } // of the client, "192.0.2.1", "2001:db8::1"
    quint16 port() const { return m_port; }
    const QByteArray& fault() const { return m_fault; } // for the log

  private:
    State read();
    State refuse(const char* why);
    bool fieldsAreSound(qsizetype from) const;

    QByteArray m_octets;
    bool m_isLocal = false;
    QByteArray m_address;
    quint16 m_port = 0;
    QByteArray m_fault;
};

} // namespace postern::listener
