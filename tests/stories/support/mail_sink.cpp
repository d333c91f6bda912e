// SPDX-License-Identifier: GPL-3.0-or-later
#include "stories/support/mail_sink.h"

#include <QDeadlineTimer>
#include <QHash>
#include <QThread>

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postern::test {

struct MailSink::Impl {
    int listener = -1;
    QByteArray address = "127.0.0.1";
    quint16 port = 0;
    std::thread acceptor;
    std::vector<std::thread> sessions;
    mutable std::mutex mutex;
    mutable std::condition_variable arrived;
    QList<SunkMail> mails;              // guarded by mutex
    QHash<QByteArray, QByteArray> says; // guarded by mutex
    std::set<int> open;                 // guarded by mutex
    int connections = 0;                // guarded by mutex

    bool listen() {
        listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int on = 1;
        ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(port);
        if (::inet_pton(AF_INET, address.constData(), &at.sin_addr) != 1 ||
            ::bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || ::listen(listener, 512) != 0)
            return false;
        socklen_t size = sizeof at;
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
        port = ntohs(at.sin_port);
        acceptor = std::thread([this, fd = listener] {
            for (int client; (client = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
                const int atOnce = 1; // replies go out one by one, and none may wait for the one before to be confirmed
                ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &atOnce, sizeof atOnce);
                const std::lock_guard lock(mutex);
                open.insert(client);
                sessions.emplace_back([this, client, number = connections++] { serve(client, number); });
            }
        });
        return true;
    }

    void close() {
        ::shutdown(listener, SHUT_RDWR);
        ::close(listener);
        acceptor.join();
        std::vector<std::thread> running;
        {
            const std::lock_guard lock(mutex);
            for (const int client : open)
                ::shutdown(client, SHUT_RDWR);
            running.swap(sessions);
        }
        for (std::thread& session : running)
            session.join();
    }

    QByteArray reply(const QByteArray& verb, const QByteArray& own) {
        const std::lock_guard lock(mutex);
        return says.value(verb, own);
    }

    void serve(int client, int number) {
        QByteArray buffer;
        const auto say = [client](const QByteArray& text) {
            (void)!::send(client, text.constData(), size_t(text.size()), MSG_NOSIGNAL);
        };
        const auto line = [&](QByteArray* out) {
            qsizetype end;
            while ((end = buffer.indexOf("\r\n")) < 0) {
                char piece[65536];
                const ssize_t n = ::recv(client, piece, sizeof piece, 0);
                if (n <= 0)
                    return false;
                buffer.append(piece, n);
            }
            *out = buffer.left(end);
            buffer.remove(0, end + 2);
            return true;
        };
        SunkMail mail;
        say(reply("CONNECT", "220 sink.example ESMTP\r\n"));
        for (QByteArray command; line(&command);) {
            const QByteArray verb = command.left(4).toUpper();
            if (verb == "EHLO" || verb == "HELO") {
                mail.helo = command.mid(5);
                say(reply(verb, "250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 99999999\r\n"));
            } else if (verb == "MAIL") {
                const QByteArray helo = mail.helo;
                mail = {};
                mail.connection = number;
                mail.helo = helo;
                mail.from = command.mid(command.indexOf('<') + 1);
                mail.from.truncate(mail.from.indexOf('>'));
                say(reply(verb, "250 2.1.0 ok\r\n"));
            } else if (verb == "RCPT") {
                const QByteArray answer = reply(verb, "250 2.1.5 ok\r\n");
                QByteArray to = command.mid(command.indexOf('<') + 1);
                to.truncate(to.indexOf('>'));
                if (answer.startsWith('2'))
                    mail.rcpts.append(to);
                say(answer);
            } else if (verb == "DATA") {
                if (mail.rcpts.isEmpty()) {
                    say("554 5.5.1 no recipients\r\n");
                    continue;
                }
                say(reply(verb, "354 go\r\n"));
                QByteArray text;
                while (line(&text) && text != ".")
                    mail.content += (text.startsWith('.') ? text.mid(1) : text) + "\r\n";
                if (text != ".")
                    break; // cut off in the middle: nothing was taken
                const QByteArray answer = reply(".", "250 2.0.0 taken\r\n");
                if (answer.startsWith('2')) {
                    const std::lock_guard lock(mutex);
                    mails.append(mail);
                    arrived.notify_all();
                }
                say(answer);
            } else if (verb == "QUIT") {
                say("221 2.0.0 bye\r\n");
                break;
            } else {
                say("250 2.0.0 ok\r\n");
            }
        }
        const std::lock_guard lock(mutex);
        open.erase(client);
        ::close(client);
    }
};

MailSink::MailSink() : MailSink("127.0.0.1", 0) {}

MailSink::MailSink(const QByteArray& address, quint16 port) : m(std::make_unique<Impl>()) {
    m->address = address;
    m->port = port;
    if (!m->listen())
        qFatal("the sink cannot listen on %s, port %d", address.constData(), int(port));
}

MailSink::~MailSink() {
    if (m->listener >= 0)
        m->close();
}

quint16 MailSink::port() const {
    return m->port;
}

int MailSink::connections() const {
    const std::lock_guard lock(m->mutex);
    return m->connections;
}

QList<SunkMail> MailSink::mails() const {
    const std::lock_guard lock(m->mutex);
    return m->mails;
}

bool MailSink::waitFor(int n, int seconds) const {
    std::unique_lock lock(m->mutex);
    return m->arrived.wait_for(lock, std::chrono::seconds(seconds), [&] { return m->mails.size() >= n; });
}

void MailSink::setDown(bool down) {
    if (down) {
        m->close();
        m->listener = -1;
    } else if (!m->listen()) {
        qFatal("the sink cannot listen again");
    }
}

void MailSink::answer(const QByteArray& verb, const QByteArray& reply) {
    const std::lock_guard lock(m->mutex);
    if (reply.isEmpty())
        m->says.remove(verb);
    else
        m->says[verb] = reply;
}

} // namespace postern::test
