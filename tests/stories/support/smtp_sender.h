// SPDX-License-Identifier: GPL-3.0-or-later
//
// A plain SMTP client for stories that need exact octets or many messages; swaks does the rest.
// Thread: any, blocking, one object a thread.
#pragma once

#include <QByteArray>
#include <QByteArrayList>
#include <QTcpSocket>

#include <atomic>

namespace postern::test {

class SmtpSender {
  public:
    // isServerDead: when it was killed, nothing is waited for any longer. A connection that was being made at that moment may
    // stand for ever: the kernel need not tell.
    explicit SmtpSender(quint16 port, const std::atomic<bool>* isServerDead = nullptr);
    bool isOpen() const { return m_socket.state() == QAbstractSocket::ConnectedState; }
    QByteArray greeting() const { return m_greeting; }
    QByteArray command(const QByteArray& line);  // the whole reply, "" = the connection is gone
    // content: CR LF lines, unstuffed. The last reply (to the final dot, or the first that refused).
    QByteArray send(const QByteArray& from, const QByteArrayList& to, const QByteArray& content);
    void write(const QByteArray& bytes);
    QByteArray reply();

  private:
    bool hasMore();

    QTcpSocket m_socket;
    const std::atomic<bool>* const m_isServerDead;
    QByteArray m_buffer;
    QByteArray m_greeting;
};

} // namespace postern::test
