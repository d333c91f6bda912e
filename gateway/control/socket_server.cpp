// SPDX-License-Identifier: GPL-3.0-or-later
#include "control/socket_server.h"

#include "base/log.h"
#include "control/peer_check.h"

#include <QFile>
#include <QJsonDocument>
#include <QLocalSocket>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::control {

struct SocketServer::Client {
    std::unique_ptr<QLocalSocket> socket;
    QByteArray buffer;
    bool subscribed = false;
    bool followsLog = false;
};

namespace {

QByteArray line(const QJsonObject& object) {
    return QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n';
}

} // namespace

SocketServer::SocketServer(Handler handler) : m_handler(std::move(handler)) {
    m_server.setSocketOptions(QLocalServer::UserAccessOption);
    QObject::connect(&m_server, &QLocalServer::newConnection, &m_server, [this] { accept(); });
}

SocketServer::~SocketServer() {
    close();
}

Result<void> SocketServer::listen(const QByteArray& path) {
    const QString name = QFile::decodeName(path);
    QLocalServer::removeServer(name); // left over after a kill; the state lock says that nobody listens
    if (!m_server.listen(name))
        return Error{ErrorCode::Io, "cannot open the control socket " + path + ": " + m_server.errorString().toUtf8()};
    return {};
}

void SocketServer::accept() {
    while (QLocalSocket* raw = m_server.nextPendingConnection()) {
        raw->setParent(nullptr);
        auto client = std::make_shared<Client>();
        client->socket.reset(raw);
        if (int(m_clients.size()) >= kMostClients || !isSameUser(raw->socketDescriptor())) {
            log(LogLevel::Warning, LogArea::Control, "a control connection was turned away: another user, or too many");
            raw->abort();
            client->socket.release()->deleteLater();
            continue;
        }
        m_clients.push_back(client);
        const std::weak_ptr<Client> weak = client;
        QObject::connect(raw, &QLocalSocket::readyRead, raw, [this, weak] {
            if (const auto c = weak.lock())
                read(c);
        });
        QObject::connect(raw, &QLocalSocket::disconnected, raw, [this, weak] {
            if (const auto c = weak.lock())
                drop(c);
        });
        read(client);
    }
}

void SocketServer::drop(const std::shared_ptr<Client>& client) {
    std::erase(m_clients, client);
    if (client->socket) {
        QLocalSocket* socket = client->socket.release();
        socket->disconnect();
        socket->abort();
        socket->deleteLater(); // we may be inside one of its signals
    }
}

void SocketServer::read(const std::shared_ptr<Client>& client) {
    if (!client->socket)
        return;
    client->buffer += client->socket->read(kLongestRequest + 1 - client->buffer.size());
    for (qsizetype end; client->socket && (end = client->buffer.indexOf('\n')) >= 0;) {
        if (isTooFarBehind(client))
            return;
        const QJsonObject object = QJsonDocument::fromJson(client->buffer.left(end)).object();
        client->buffer.remove(0, end + 1);
        const QJsonValue id = object["id"_L1];
        const Request request{object["verb"_L1].toString().toLatin1(), object["args"_L1].toObject()};
        if (request.verb.isEmpty()) {
            log(LogLevel::Warning, LogArea::Control, "a control connection sent something that is no request; closed");
            drop(client);
            return;
        }
        if (request.verb == "subscribe")
            client->subscribed = true;
        if (request.verb == "log.tail" && request.args["follow"_L1].toBool())
            client->followsLog = true; // what is logged behind the answer
        const std::weak_ptr<Client> weak = client;
        m_handler(request, [this, weak, id](const Reply& reply) {
            const auto c = weak.lock();
            if (!c || !c->socket || isTooFarBehind(c))
                return;
            QJsonObject out{{u"id"_s, id}, {u"ok"_s, reply.ok}};
            if (reply.ok)
                out[u"value"_s] = reply.value;
            else
                out[u"error"_s] = reply.error;
            c->socket->write(line(out));
            c->socket->flush();
        });
    }
    if (client->buffer.size() > kLongestRequest) {
        log(LogLevel::Warning, LogArea::Control, "a control connection sent an endless line; closed");
        drop(client);
        return;
    }
    if (client->socket && client->socket->bytesAvailable() > 0) // the limit of one read() was met with whole lines
        QMetaObject::invokeMethod(client->socket.get(), &QLocalSocket::readyRead, Qt::QueuedConnection);
}

// Asks and asks and never reads: its answers must not fill our memory.
bool SocketServer::isTooFarBehind(const std::shared_ptr<Client>& client) {
    if (client->socket->bytesToWrite() <= kMostUnsent)
        return false;
    log(LogLevel::Warning, LogArea::Control, "a control connection does not read its answers; closed");
    drop(client);
    return true;
}

void SocketServer::publish(const Event& event) {
    QByteArray bytes;
    const bool isLog = event.kind == "log"_L1;
    for (const auto& client : std::vector(m_clients)) {
        if (!(isLog ? client->followsLog : client->subscribed) || !client->socket || client->socket->bytesToWrite() > kMostUnsentEvents)
            continue;
        if (bytes.isEmpty())
            bytes = line({{u"event"_s, event.toJson()}});
        client->socket->write(bytes);
    }
}

bool SocketServer::isLogFollowed() const {
    return std::any_of(m_clients.begin(), m_clients.end(), [](const auto& client) { return client->followsLog; });
}

void SocketServer::close() {
    m_server.close();
    for (const auto& client : std::vector(m_clients)) {
        if (client->socket) {
            client->socket->flush();
            client->socket->disconnect();
        }
    }
    m_clients.clear();
}

} // namespace postern::control
