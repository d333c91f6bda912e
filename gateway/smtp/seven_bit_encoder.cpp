// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/seven_bit_encoder.h"

#include <algorithm>

namespace postern::smtp {

void SevenBitEncoder::begin(const SevenBitPlan::Edit& edit, QByteArray& out) {
    m_inEdit = true;
    if (edit.code == SevenBitPlan::Code::Replace)
        out += edit.text;
}

void SevenBitEncoder::end(const SevenBitPlan::Edit& edit, QByteArray& out) {
    switch (edit.code) {
    case SevenBitPlan::Code::Replace: break;
    case SevenBitPlan::Code::QuotedPrintable: m_text.finish(out); break;
    case SevenBitPlan::Code::Base64: m_binary.finish(out); break;
    }
    m_inEdit = false;
    ++m_next;
}

void SevenBitEncoder::feed(QByteArrayView content, QByteArray& out) {
    while (true) {
        const SevenBitPlan::Edit* edit = m_next < m_edits.size() ? &m_edits[m_next] : nullptr;
        if (edit && !m_inEdit && m_at == edit->from)
            begin(*edit, out);
        if (edit && m_inEdit && m_at == edit->to) {
            end(*edit, out);
            continue;
        }
        if (content.isEmpty())
            return;
        const qint64 until = !edit ? m_at + content.size() : m_inEdit ? edit->to : edit->from;
        const qint64 length = std::min<qint64>(content.size(), until - m_at);
        const QByteArrayView piece = content.first(length);
        content = content.sliced(length);
        m_at += length;
        if (!m_inEdit) {
            out += piece;
            continue;
        }
        switch (edit->code) {
        case SevenBitPlan::Code::Replace: break;
        case SevenBitPlan::Code::QuotedPrintable: m_text.feed(piece, out); break;
        case SevenBitPlan::Code::Base64: m_binary.feed(piece, out); break;
        }
    }
}

void SevenBitEncoder::finish(QByteArray& out) {
    feed({}, out);
    // A body in base64 that was the end of the message lost its line end in the coding.
    if (!m_edits.empty() && m_edits.back().code == SevenBitPlan::Code::Base64 && m_edits.back().to == m_at)
        out += "\r\n";
}

} // namespace postern::smtp
