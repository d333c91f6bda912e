// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reads along while the header of a message streams by: hops, subject, what is missing, and whether it is a header at all.
//
// Changes nothing and keeps no more than one line's beginning and the raw subject. Fed with unstuffed content in any
// pieces; after isOver() it only waits. A header ends at the first empty line, or at the first line that is no field.
// Thread: a value. Spec: RFC 5322 §2.2, §4.5; RFC 2047 (subject); RFC 5321 §6.3 (loops).
#pragma once

#include <QByteArray>

namespace postern::smtp {

class HeaderScan {
  public:
    void feed(QByteArrayView content);
    void finish(); // the content ended; a header without an empty line behind it is over too

    bool isOver() const { return m_over; }
    // The very first line is neither a field nor the empty line: putting our trace field on top would merge with it.
    bool isBroken() const { return m_broken; }
    int received() const { return m_received; } // Received fields so far
    bool hasDate() const { return m_hasDate; }
    bool hasMessageId() const { return m_hasMessageId; }
    QByteArray subject() const; // first Subject field, decoded; "" if there is none

  private:
    void line(QByteArrayView text);

    QByteArray m_partial; // beginning of a line whose end has not come
    QByteArray m_subject; // raw, unfolded
    int m_received = 0;
    bool m_over = false;
    bool m_broken = false;
    bool m_first = true;
    bool m_inSubject = false; // a continuation line belongs to it
    bool m_hasSubject = false;
    bool m_hasDate = false;
    bool m_hasMessageId = false;
};

// A raw header value for people: encoded words decoded, controls blanked, UTF-8, at most `limit` characters.
QByteArray decodedHeaderText(QByteArrayView raw, qsizetype limit);

} // namespace postern::smtp
