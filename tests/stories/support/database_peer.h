// SPDX-License-Identifier: GPL-3.0-or-later
//
// A real MariaDB or PostgreSQL, or a directory (OpenLDAP's slapd), in a folder and on a socket or port of its own.
//
// The packages are unpacked beside the build by ./dev, elsewhere they are installed; nothing of the system's own is touched.
// PostgreSQL does not run as root: then it runs as nobody. Without the program start() is false, log() says why, and the test
// fails.
// Thread: the test's.
#pragma once

#include <QByteArrayList>
#include <QProcess>
#include <QTemporaryDir>

namespace postern::test {

class DatabasePeer {
  public:
    enum class Program { Mariadb, Postgres, Slapd };
    explicit DatabasePeer(Program program);
    ~DatabasePeer(); // kills

    void useCertificate(const QByteArray& certFile, const QByteArray& keyFile); // the directory's, before start()
    bool start();       // with an empty database; true once it answers
    bool startAgain();  // after kill(): what it held is still there
    void kill();        // as a power cut would
    void suspend();     // it holds its connections and answers nothing, until it is resumed
    void resume();
    // SQL statements, or, of the directory, one LDIF; at once, from another connection than the gateway's.
    bool run(const QByteArrayList& statements);
    // The lines of a table's configuration that say where it is.
    QByteArray place() const;
    quint16 port() const { return m_port; }       // of the directory
    quint16 tlsPort() const { return m_tlsPort; } // with TLS from the start; 0 = it has no certificate
    QString folder() const { return m_folder.path(); }
    QByteArray log();

  private:
    bool prepare();
    bool answers();
    bool launch(const QString& program, const QStringList& arguments);
    QString program(const QString& package, const QString& inside, const QStringList& elsewhere);
    bool finish(const QString& program, const QStringList& arguments, const QByteArray& input = {});
    void asWhoeverItMay(QProcess& process) const;

    const Program m_program;
    QTemporaryDir m_folder;
    QProcess m_process;
    quint16 m_port = 0, m_tlsPort = 0;
    QByteArray m_certFile, m_keyFile;
    QByteArray m_log;
};

} // namespace postern::test
