// SPDX-License-Identifier: GPL-3.0-or-later
//
// A real Postfix (or Exim) as next hop: delivers each message as one file, takes mail only after STARTTLS and sign-in if told so.
// Thread: the test's. The package is unpacked beside the build by ./dev; without it start() is false, and the test fails.
#pragma once

#include <QByteArrayList>
#include <QProcess>
#include <QTemporaryDir>

namespace postern::test {

class PostfixPeer {
  public:
    enum class Program { Postfix, Exim };
    explicit PostfixPeer(Program program = Program::Postfix) : m_program(program) {}
    ~PostfixPeer();
    bool start(const QStringList& options); // --tls CERT KEY, --wrapped, --auth USER PASS, --set PARAMETER=VALUE (Postfix)
    bool startAgain();                      // after stop(): same port, same options
    void stop();
    quint16 port() const { return m_port; }
    QString folder() const { return m_folder.filePath(QStringLiteral("peer")); } // its mail in mail/new
    QByteArrayList mails() const;           // contents as delivered (LF line ends, Postfix's fields on top)
    bool waitFor(int n, int seconds = 40);
    QByteArray log();

  private:
    const Program m_program;
    QTemporaryDir m_folder;
    QProcess m_process;
    QStringList m_options;
    quint16 m_port = 0;
    QByteArray m_log;
};

} // namespace postern::test
