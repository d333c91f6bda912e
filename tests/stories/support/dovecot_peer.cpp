// SPDX-License-Identifier: GPL-3.0-or-later
#include "stories/support/dovecot_peer.h"
#include "support/places.h"

#include <QDeadlineTimer>
#include <QDir>
#include <QFile>

using namespace Qt::StringLiterals;

namespace postern::test {

DovecotPeer::~DovecotPeer() {
    m_process.closeWriteChannel();
    if (!m_process.waitForFinished(15'000)) {
        m_process.kill();
        m_process.waitForFinished(5'000);
    }
}

bool DovecotPeer::start() {
    QFile::setPermissions(m_folder.path(), QFile::permissions(m_folder.path()) | QFile::ExeGroup | QFile::ExeOther);
    m_process.setProcessChannelMode(QProcess::MergedChannels);
    m_process.start(u"python3"_s, {QStringLiteral(POSTERN_SOURCE_DIR "/tests/peers/dovecot.py"), u"--packages"_s,
                                   QStringLiteral(POSTERN_SOURCE_DIR "/build/peers"), u"--folder"_s, m_folder.filePath(u"peer"_s)});
    const QDeadlineTimer deadline(60'000);
    const auto isReady = [this] { return ('\n' + m_log).contains("\nready\n"); }; // it may be the first line, or stand among Dovecot's
    while (!isReady() && !deadline.hasExpired()) {
        if (!m_process.waitForReadyRead(500) && m_process.state() != QProcess::Running)
            break;
        m_log += m_process.readAll();
    }
    return isReady();
}

QByteArrayList DovecotPeer::mailsOf(const QString& user) const {
    const QDir folder(m_folder.filePath(u"peer/mail/"_s + user + u"/Maildir/new"_s));
    QByteArrayList contents;
    for (const QString& name : folder.entryList(QDir::Files)) {
        QFile file(folder.filePath(name));
        if (file.open(QIODevice::ReadOnly))
            contents.append(file.readAll());
    }
    return contents;
}

QByteArray DovecotPeer::log() {
    m_process.waitForReadyRead(10);
    m_log += m_process.readAll();
    return m_log;
}

} // namespace postern::test
