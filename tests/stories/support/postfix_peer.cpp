// SPDX-License-Identifier: GPL-3.0-or-later
#include "stories/support/postfix_peer.h"
#include "support/places.h"

#include <QDeadlineTimer>
#include <QDir>
#include <QFile>
#include <QHostAddress>
#include <QTcpServer>
#include <QTcpSocket>

using namespace Qt::StringLiterals;

namespace postern::test {

PostfixPeer::~PostfixPeer() {
    stop();
}

bool PostfixPeer::start(const QStringList& options) {
    // Postfix's own users must get through to its folder.
    QFile::setPermissions(m_folder.path(), QFile::permissions(m_folder.path()) | QFile::ExeGroup | QFile::ExeOther |
                                               QFile::ReadGroup | QFile::ReadOther);
    QTcpServer probe;
    probe.listen(QHostAddress::LocalHost);
    m_port = probe.serverPort();
    probe.close();
    m_options = options;
    return startAgain();
}

bool PostfixPeer::startAgain() {
    m_process.setProcessChannelMode(QProcess::MergedChannels);
    const bool isExim = m_program == Program::Exim;
    m_process.start(u"python3"_s,
                    QStringList{isExim ? QStringLiteral(POSTERN_SOURCE_DIR "/tests/peers/exim.py")
                                       : QStringLiteral(POSTERN_SOURCE_DIR "/tests/peers/postfix.py"),
                                u"--package"_s,
                                isExim ? QStringLiteral(POSTERN_SOURCE_DIR "/build/peers/exim4-daemon-light")
                                       : QStringLiteral(POSTERN_SOURCE_DIR "/build/peers/postfix"),
                                u"--folder"_s,
                                m_folder.filePath(u"peer"_s), u"--port"_s, QString::number(m_port), u"--deliver"_s} +
                        m_options);
    const QDeadlineTimer deadline(30'000);
    while (!m_log.contains("\nready\n") && !deadline.hasExpired()) {
        if (!m_process.waitForReadyRead(500) && m_process.state() != QProcess::Running)
            break;
        m_log += m_process.readAll();
    }
    return m_log.contains("\nready\n");
}

void PostfixPeer::stop() {
    if (m_process.state() == QProcess::NotRunning)
        return;
    m_process.closeWriteChannel();
    if (!m_process.waitForFinished(15'000)) {
        m_process.kill();
        m_process.waitForFinished(5'000);
    }
    m_log += m_process.readAll();
    m_log.replace("\nready\n", "\nstopped\n");
    // Its children hold the port a moment longer than the master.
    const QDeadlineTimer deadline(15'000);
    for (QTcpSocket probe; !deadline.hasExpired(); probe.abort()) {
        probe.connectToHost(QHostAddress(QHostAddress::LocalHost), m_port);
        if (!probe.waitForConnected(1000))
            break;
    }
}

QByteArray PostfixPeer::log() {
    m_process.waitForReadyRead(10);
    m_log += m_process.readAll();
    return m_log;
}

QByteArrayList PostfixPeer::mails() const {
    const QDir folder(m_folder.filePath(u"peer/mail/new"_s));
    QByteArrayList contents;
    for (const QString& name : folder.entryList(QDir::Files, QDir::Time | QDir::Reversed)) {
        QFile file(folder.filePath(name));
        if (file.open(QIODevice::ReadOnly))
            contents.append(file.readAll());
    }
    return contents;
}

bool PostfixPeer::waitFor(int n, int seconds) {
    const QDeadlineTimer deadline(seconds * 1000);
    const QString folder = m_folder.filePath(u"peer/mail/new"_s); // what is in it is whole
    while (QDir(folder).entryList(QDir::Files, QDir::Unsorted).size() < n) {
        if (deadline.hasExpired() || m_process.state() == QProcess::NotRunning)
            return false;
        // Its log goes to us; a pipe that nobody empties would stop it. Nothing to read: the wait is the pause between looks.
        m_process.waitForReadyRead(20);
        m_log += m_process.readAll();
    }
    return true;
}

} // namespace postern::test
