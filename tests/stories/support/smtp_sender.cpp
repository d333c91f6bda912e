// SPDX-License-Identifier: GPL-3.0-or-later
#include "stories/support/smtp_sender.h"

#include <QHostAddress>

namespace postern::test {

SmtpSender::SmtpSender(quint16 port, const std::atomic<bool>* isServerDead) : m_isServerDead(isServerDead) {
    m_socket.connectToHost(QHostAddress(QHostAddress::LocalHost), port);
    if (!m_socket.waitForConnected(10'000))
        return;
    // Where nobody listens any more, a port of the range that the system gives clients can be connected to itself.
    if (m_socket.localPort() == m_socket.peerPort()) {
        m_socket.abort();
        return;
    }
    m_socket.setSocketOption(QAbstractSocket::LowDelayOption, 1);
    m_greeting = reply();
}

void SmtpSender::write(const QByteArray& bytes) {
    m_socket.write(bytes);
    while (m_socket.bytesToWrite() > 0 && m_socket.waitForBytesWritten(20'000)) {
    }
}

bool SmtpSender::hasMore() {
    if (m_socket.bytesAvailable() > 0)
        return true; // it came while we wrote, and nothing more may follow it
    for (int slice = 0; slice < 300; ++slice) {
        const bool mayBeLast = m_isServerDead && *m_isServerDead; // asked first: what it had sent is there by now
        if (m_socket.waitForReadyRead(100))
            return true;
        if (mayBeLast || m_socket.state() != QAbstractSocket::ConnectedState)
            return false;
    }
    return false;
}

QByteArray SmtpSender::reply() {
    QByteArray whole;
    while (true) {
        for (qsizetype end; (end = m_buffer.indexOf("\r\n")) >= 0;) {
            const QByteArray line = m_buffer.left(end);
            m_buffer.remove(0, end + 2);
            whole += line + "\r\n";
            if (line.size() < 4 || line[3] != '-')
                return whole;
        }
        if (!hasMore())
            return {};
        m_buffer += m_socket.readAll();
    }
}

QByteArray SmtpSender::command(const QByteArray& line) {
    write(line + "\r\n");
    return reply();
}

QByteArray SmtpSender::send(const QByteArray& from, const QByteArrayList& to, const QByteArray& content) {
    QByteArrayList lines{"MAIL FROM:<" + from + '>'};
    for (const QByteArray& recipient : to)
        lines.append("RCPT TO:<" + recipient + '>');
    lines.append("DATA");
    for (const QByteArray& line : lines) {
        const QByteArray answer = command(line);
        if (!answer.startsWith('2') && !answer.startsWith("354"))
            return answer;
    }
    QByteArray stuffed = content;
    if (stuffed.startsWith('.'))
        stuffed.prepend('.');
    stuffed.replace("\r\n.", "\r\n..");
    write(stuffed + ".\r\n");
    return reply();
}

} // namespace postern::test
