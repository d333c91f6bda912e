// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reads a server's replies from a byte stream: whole replies out, whatever pieces come in, and a verdict on nonsense.
//
// Strict where leniency could be abused: only CR LF ends a line, one reply has one code, no NUL. Text that
// passes is still made harmless (invalid UTF-8 and bidi overrides shown as \xNN, length capped) before anybody stores it.
// Thread: a value. Failure: isBroken() with what(); nothing after that can be trusted.
// Spec: RFC 5321 §4.2, §4.5.3.1.5 (a longer line than 512 is taken), RFC 2034 (enhanced codes).
#pragma once

#include "smtp/reply.h"

#include <optional>

namespace postern::smtp {

class ReplyParser {
  public:
    static constexpr qsizetype kMaxOctets = 65536; // of one whole reply
    static constexpr qsizetype kMaxLines = 100;

    void append(QByteArrayView bytes);
    std::optional<Reply> next(); // the next whole reply; nothing: more must come, or isBroken()

    bool isBroken() const { return !m_wrong.isEmpty(); }
    const QByteArray& what() const { return m_wrong; } // "a reply line without a code"
    qsizetype pending() const { return m_buffer.size() - m_at + qsizetype(m_started); } // octets not given out
    void clear();

  private:
    bool takeLine(QByteArrayView line); // true: the reply is complete
    void fail(const char* what);

    QByteArray m_buffer;
    qsizetype m_at = 0;      // start of the line under way
    qsizetype m_scanned = 0; // no line feed before it
    qsizetype m_octets = 0;  // of the reply under way
    bool m_started = false;  // m_reply holds lines of a reply that is not complete
    Reply m_reply;
    QByteArray m_wrong;
};

} // namespace postern::smtp
