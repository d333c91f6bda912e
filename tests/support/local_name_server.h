// SPDX-License-Identifier: GPL-3.0-or-later
//
// A real name server (dnsmasq) for one test, on a free loopback port, that knows only what it is told.
//
// Names under the domains given are its own (NXDOMAIN for those it does not know); for all others it refuses. Do not use
// .test: libunbound answers for it itself.
#pragma once

#include <QByteArray>
#include <QProcess>
#include <QStringList>

namespace postern::test {

class LocalNameServer {
  public:
    // records: dnsmasq's options, e.g. "--mx-host=one.example,mx.one.example,10", "--host-record=...".
    // at: an address, where it then takes port 53, as resolv.conf knows no other; "" = loopback.
    LocalNameServer(const QStringList& domains, const QStringList& records, const QString& at = {});
    ~LocalNameServer();

    void setDown(bool down); // ends, or starts again on the same port
    bool isRunning() const { return m_process.state() == QProcess::Running; }
    QByteArray address() const { return "127.0.0.1@" + QByteArray::number(m_port); } // as ResolverSettings wants it
    QByteArray output() const { return m_output; }

  private:
    bool start();

    QStringList m_arguments;
    QProcess m_process;
    QByteArray m_output;
    quint16 m_port = 0;
};

// A free UDP port on loopback that swallows what is sent to it, as a name server that is down behind a firewall.
class SilentPort {
  public:
    SilentPort();
    ~SilentPort();
    quint16 port() const { return m_port; }

  private:
    int m_descriptor = -1;
    quint16 m_port = 0;
};

} // namespace postern::test
