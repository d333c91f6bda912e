// SPDX-License-Identifier: GPL-3.0-or-later
//
// A real Dovecot that takes mail by LMTP on a socket. Users: ann; bob, whose mail it can't store; and nobody else.
// Thread: the test's. The packages are unpacked beside the build by ./dev; without them start() is false, and the test fails.
#pragma once

#include <QByteArrayList>
#include <QProcess>
#include <QTemporaryDir>

namespace postern::test {

class DovecotPeer {
  public:
    ~DovecotPeer();
    bool start();
    QByteArray socket() const { return m_folder.filePath(QStringLiteral("peer/lmtp")).toLocal8Bit(); }
    QByteArrayList mailsOf(const QString& user) const; // as it stored them
    QByteArray log();

  private:
    QTemporaryDir m_folder;
    QProcess m_process;
    QByteArray m_log;
};

} // namespace postern::test
