// SPDX-License-Identifier: GPL-3.0-or-later
//
// Sees a CR or LF that stands alone in octets that go by: what some server takes for the end of a line, or of the content.
// Works on pieces cut anywhere. Thread: a value. Spec: RFC 5321 §2.3.8, §4.1.1.4.
#pragma once

#include <QByteArray>

namespace postern::smtp {

class LineEndWatch {
  public:
    // Offset of the first one, counted from the first piece, or -1: none so far. A CR at the end of a piece is judged by the next.
    qint64 feed(QByteArrayView piece);
    qint64 end() const; // the same for a CR that nothing follows

  private:
    qint64 m_seen = 0;
    bool m_afterCr = false;
};

} // namespace postern::smtp
