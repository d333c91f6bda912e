// SPDX-License-Identifier: GPL-3.0-or-later
#include "stories/support/smtp_sender.h"

#include <QHostAddress>

namespace postern::test {

SmtpSender::SmtpSender(quint16 port) {
    m_socket.connectToHost(QHostAddress(QHostAddress::LocalHost), port);
    if (!m_socket.waitForConnected(10'000))
        return;
    m_socket.setSocketOption(QAbstractSocket::LowDelayOption, 1);
    m_greeting = reply();
}

void SmtpSender::write(const QByteArray& bytes) {
    m_socket.write(bytes);
    while (m_socket.bytesToWrite() > 0 && m_socket.waitForBytesWritten(20'000)) {
    }
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
        if (!m_socket.waitForReadyRead(30'000))
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
