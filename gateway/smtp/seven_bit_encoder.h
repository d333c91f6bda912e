// SPDX-License-Identifier: GPL-3.0-or-later
//
// Carries out a SevenBitPlan on a message that streams by: the same message, in ASCII.
// Thread: a value. Not for deciding anything: MimeScan did. Spec: RFC 6152 §3, RFC 2045 §6.
#pragma once

#include "smtp/mime_scan.h"
#include "smtp/transfer_encoding.h"

namespace postern::smtp {

class SevenBitEncoder {
  public:
    explicit SevenBitEncoder(const SevenBitPlan& plan) : m_edits(plan.edits) {}

    void feed(QByteArrayView content, QByteArray& out);
    void finish(QByteArray& out); // the result ends in CR LF if the message did

  private:
    void begin(const SevenBitPlan::Edit& edit, QByteArray& out);
    void end(const SevenBitPlan::Edit& edit, QByteArray& out);

    std::vector<SevenBitPlan::Edit> m_edits;
    size_t m_next = 0;
    bool m_inEdit = false;
    qint64 m_at = 0;
    QuotedPrintable m_text;
    Base64Lines m_binary;
};

} // namespace postern::smtp
