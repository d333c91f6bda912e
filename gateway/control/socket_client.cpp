// SPDX-License-Identifier: GPL-3.0-or-later
#include "control/socket_client.h"

#include "control/peer_check.h"

#include <QFile>
#include <QJsonDocument>
#include <QTimer>

using namespace Qt::StringLiterals;

namespace postern::control {

SocketClient::SocketClient() {
    QObject::connect(&m_socket, &QLocalSocket::readyRead, &m_socket, [this] { read(); });
    QObject::connect(&m_socket, &QLocalSocket::disconnected, &m_socket, [this] { breakOff(); });
}

SocketClient::~SocketClient() {
    m_socket.disconnect();
}

bool SocketClient::connectTo(const QByteArray& path, int timeoutMs) {
    m_socket.connectToServer(QFile::decodeName(path));
    if (!m_socket.waitForConnected(timeoutMs))
        return false;
    if (isSameUser(m_socket.socketDescriptor()))
        return true;
    m_socket.abort(); // somebody else plays the gateway
    return false;
}

void SocketClient::ask(Request request, ReplyDone done) {
    if (m_socket.state() != QLocalSocket::ConnectedState) {
        QTimer::singleShot(0, &m_socket, [done = std::move(done)] {
            done(Reply{false, {}, u"The gateway is not running."_s});
        });
        return;
    }
    const qint64 id = m_nextId++;
    m_open.insert(id, std::move(done));
    const QJsonObject object{{u"id"_s, id}, {u"verb"_s, QString::fromLatin1(request.verb)}, {u"args"_s, request.args}};
    m_socket.write(QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n');
    m_socket.flush();
}

void SocketClient::subscribe(EventSink sink) {
    m_sink = std::move(sink);
    ask(Request{"subscribe", {}}, [](const Reply&) {});
}

void SocketClient::read() {
    m_buffer += m_socket.readAll();
    qsizetype from = 0;
    for (qsizetype end; (end = m_buffer.indexOf('\n', from)) >= 0; from = end + 1) {
        const QJsonObject object = QJsonDocument::fromJson(m_buffer.mid(from, end - from)).object();
        if (object.contains("event"_L1)) {
            if (m_sink)
                m_sink(Event::fromJson(object["event"_L1].toObject()));
            continue;
        }
        const ReplyDone done = m_open.take(object["id"_L1].toInteger());
        if (done)
            done(Reply{object["ok"_L1].toBool(), object["value"_L1], object["error"_L1].toString()});
    }
    m_buffer.remove(0, from);
}

void SocketClient::breakOff() {
    read(); // the last lines may still be there
    for (const ReplyDone& done : std::exchange(m_open, {}))
        done(Reply{false, {}, u"The gateway stopped before it answered."_s});
    if (const auto lost = std::exchange(m_lost, {}))
        lost();
}

} // namespace postern::control
