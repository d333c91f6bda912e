// SPDX-License-Identifier: GPL-3.0-or-later
//
// A plain SMTP client for stories that need exact octets or many messages; swaks does the rest.
// Thread: any, blocking, one object a thread.
#pragma once

#include <QByteArray>
#include <QByteArrayList>
#include <QTcpSocket>

namespace postern::test {

class SmtpSender {
  public:
    explicit SmtpSender(quint16 port);
    bool isOpen() const { return m_socket.state() == QAbstractSocket::ConnectedState; }
    QByteArray greeting() const { return m_greeting; }
    QByteArray command(const QByteArray& line);  // the whole reply, "" = the connection is gone
    // content: CR LF lines, unstuffed. The last reply (to the final dot, or the first that refused).
    QByteArray send(const QByteArray& from, const QByteArrayList& to, const QByteArray& content);
    void write(const QByteArray& bytes);
    QByteArray reply();

  private:
    QTcpSocket m_socket;
    QByteArray m_buffer;
    QByteArray m_greeting;
};

} // namespace postern::test
