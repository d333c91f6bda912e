// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/frame/single_instance.h"

#include <QCryptographicHash>
#include <QDataStream>
#include <QDir>
#include <QLocalSocket>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

constexpr int kPatience = 2000;       // milliseconds for the first to answer
constexpr qint64 kMostOctets = 65536; // of arguments

QString nameFor(const QString& profileFolder) {
    const QString user = qEnvironmentVariable("USER", qEnvironmentVariable("USERNAME"));
    const QString folder = QDir(profileFolder).absolutePath();
    const QByteArray hash =
        QCryptographicHash::hash((user + u'\n' + folder).toUtf8(), QCryptographicHash::Sha256).toHex().left(24);
    return u"postern-window-"_s + QString::fromLatin1(hash);
}

} // namespace

SingleInstance::SingleInstance(const QString& profileFolder, QObject* parent)
    : QObject(parent), m_name(nameFor(profileFolder)) {
    m_server.setSocketOptions(QLocalServer::UserAccessOption);
    connect(&m_server, &QLocalServer::newConnection, this, &SingleInstance::takeCall);
}

bool SingleInstance::claim(const QStringList& arguments) {
    if (handOver(arguments))
        return false;
    if (m_server.listen(m_name))
        return true;
    // Nobody answered, so what is there was left behind by a crash.
    QLocalServer::removeServer(m_name);
    if (!m_server.listen(m_name) && handOver(arguments))
        return false; // another start was quicker just now
    return true;
}

void SingleInstance::release() {
    m_server.close();
}

// Before the event loop runs, so waiting here blocks nobody.
bool SingleInstance::handOver(const QStringList& arguments) {
    QLocalSocket socket;
    socket.connectToServer(m_name);
    if (!socket.waitForConnected(kPatience))
        return false;
    QByteArray message;
    QDataStream stream(&message, QIODevice::WriteOnly);
    stream.setVersion(QDataStream::Qt_6_4);
    stream << arguments;
    socket.write(message);
    socket.flush();
    while (socket.bytesToWrite() > 0 && socket.waitForBytesWritten(kPatience)) {
    }
    socket.disconnectFromServer();
    if (socket.state() != QLocalSocket::UnconnectedState)
        socket.waitForDisconnected(kPatience);
    return true;
}

void SingleInstance::takeCall() {
    while (QLocalSocket* socket = m_server.nextPendingConnection()) {
        const auto read = [this, socket] {
            QStringList arguments;
            QDataStream stream(socket);
            stream.setVersion(QDataStream::Qt_6_4);
            stream.startTransaction();
            stream >> arguments;
            if (!stream.commitTransaction()) {
                if (socket->bytesAvailable() > kMostOctets)
                    socket->abort();
                return;
            }
            Q_EMIT startedAgain(arguments);
        };
        socket->setReadBufferSize(kMostOctets + 1);
        connect(socket, &QLocalSocket::readyRead, this, read);
        connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
        if (socket->bytesAvailable() > 0)
            read();
    }
}

} // namespace postern::window
