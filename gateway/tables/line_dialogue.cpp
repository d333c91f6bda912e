// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/line_dialogue.h"

#include <QDeadlineTimer>

namespace postern::tables {
namespace {

constexpr qsizetype kLongestLine = 128 * 1024;

}

LineDialogue::LineDialogue(QIODevice& device, QByteArray name, Milliseconds patience)
    : m_device(device), m_name(std::move(name)), m_patience(patience) {}

Result<void> LineDialogue::send(const QByteArray& line) {
    // Left over from an answer before: it must not become the answer to this question.
    if (!m_rest.isEmpty() || m_device.bytesAvailable() > 0)
        return Error{ErrorCode::Unavailable, m_name + " said more than it was asked"};
    m_device.write(line + '\n');
    QDeadlineTimer deadline(m_patience);
    while (m_device.bytesToWrite() > 0) {
        if (m_device.waitForBytesWritten(int(deadline.remainingTime())))
            continue;
        return deadline.hasExpired() ? Error{ErrorCode::Timeout, m_name + " takes no question"}
                                     : Error{ErrorCode::Unavailable, m_name + " is gone"};
    }
    return {};
}

Result<QByteArray> LineDialogue::readLine() {
    QDeadlineTimer deadline(m_patience);
    while (true) {
        if (const qsizetype end = m_rest.indexOf('\n'); end >= 0) {
            QByteArray line = m_rest.first(end);
            m_rest.remove(0, end + 1);
            return line;
        }
        if (m_rest.size() > kLongestLine)
            return Error{ErrorCode::Unavailable, m_name + " sends a line without end"};
        if (m_device.bytesAvailable() == 0 && !m_device.waitForReadyRead(int(deadline.remainingTime())))
            return deadline.hasExpired() ? Error{ErrorCode::Timeout, m_name + " does not answer"}
                                         : Error{ErrorCode::Unavailable, m_name + " is gone"};
        m_rest += m_device.read(kLongestLine);
    }
}

} // namespace postern::tables
