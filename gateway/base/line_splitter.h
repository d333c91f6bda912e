// SPDX-License-Identifier: GPL-3.0-or-later
//
// Cuts a byte stream into lines that end in CR LF, whatever pieces it arrives in, with a length limit.
//
// A lone CR or LF is part of the line, never its end (RFC 5321 §2.3.8); hasBareCrLf() on the result tells.
// Not for message content: content_stream does that. Thread: a value.
#pragma once

#include <QByteArray>

#include <optional>

namespace postern {

class LineSplitter {
  public:
    // limit: octets of a line without its CR LF.
    explicit LineSplitter(qsizetype limit) : m_limit(limit) {}

    void setLimit(qsizetype limit) { m_limit = limit; }
    void append(QByteArrayView bytes);

    // The next whole line without CR LF, or nothing yet. Check tooLong() when there is nothing.
    std::optional<QByteArray> next();

    // True when the line under way, or the one just cut, is longer than the limit; the rest can't be trusted then.
    bool tooLong() const { return m_tooLong; }

    // Bytes held that next() has not given out: a pipelined command, or content that follows.
    qsizetype pending() const { return m_buffer.size() - m_at; }
    QByteArray takeRest();
    void clear();

  private:
    qsizetype m_limit;
    QByteArray m_buffer;
    qsizetype m_at = 0;      // start of the line under way
    qsizetype m_scanned = 0; // everything before it holds no line end
    bool m_tooLong = false;
};

bool hasBareCrLf(QByteArrayView line);

} // namespace postern
