// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/header_scan.h"

#include "smtp/encoded_word.h"

#include <QString>

#include <algorithm>
#include <cstring>

namespace postern::smtp {
namespace {

constexpr qsizetype kKeptOfLine = 4096;
constexpr qsizetype kKeptOfSubject = 4096;
constexpr qsizetype kSubjectLimit = 200;

bool isBlank(char c) {
    return c == ' ' || c == '\t';
}

// The field name at the start of a line, empty if it has none. Blanks before the colon are an obsolete form, taken.
QByteArrayView fieldName(QByteArrayView text) {
    const qsizetype colon = text.indexOf(':');
    if (colon <= 0)
        return {};
    const QByteArrayView name = text.first(colon).trimmed();
    const bool fine = std::all_of(name.begin(), name.end(), [](char c) { return c > 32 && c < 127; });
    return fine ? name : QByteArrayView();
}

bool isName(QByteArrayView name, QByteArrayView wanted) {
    return name.size() == wanted.size() && qstrnicmp(name.data(), wanted.data(), size_t(name.size())) == 0;
}

void appendUpTo(QByteArray& to, QByteArrayView bytes, qsizetype limit) {
    to.append(bytes.first(std::clamp<qsizetype>(limit - to.size(), 0, bytes.size())));
}

} // namespace

void HeaderScan::feed(QByteArrayView content) {
    while (!m_over && !content.isEmpty()) {
        const void* hit = std::memchr(content.data(), '\n', size_t(content.size()));
        if (!hit) {
            appendUpTo(m_partial, content, kKeptOfLine);
            return;
        }
        const qsizetype end = static_cast<const char*>(hit) - content.data();
        if (m_partial.isEmpty()) {
            line(content.first(end));
        } else {
            appendUpTo(m_partial, content.first(end), kKeptOfLine);
            line(m_partial);
            m_partial.clear();
        }
        content = content.sliced(end + 1);
    }
}

void HeaderScan::finish() {
    if (!m_over && !m_partial.isEmpty())
        line(m_partial);
    m_partial.clear();
    m_over = true;
}

void HeaderScan::line(QByteArrayView text) {
    if (text.endsWith('\r'))
        text.chop(1);
    const bool first = m_first;
    m_first = false;
    if (text.isEmpty()) {
        m_over = true;
        return;
    }
    if (isBlank(text.front()) && !first) {
        if (m_inSubject)
            appendUpTo(m_subject, text, kKeptOfSubject);
        return;
    }
    m_inSubject = false;
    const QByteArrayView name = isBlank(text.front()) ? QByteArrayView() : fieldName(text);
    if (name.isEmpty()) {
        m_broken = first;
        m_over = true;
    } else if (isName(name, "Received")) {
        ++m_received;
    } else if (isName(name, "Date")) {
        m_hasDate = true;
    } else if (isName(name, "Message-ID")) {
        m_hasMessageId = true;
    } else if (isName(name, "Subject") && !m_hasSubject) {
        m_hasSubject = m_inSubject = true;
        appendUpTo(m_subject, text.sliced(text.indexOf(':') + 1), kKeptOfSubject);
    }
}

QByteArray HeaderScan::subject() const {
    return decodedHeaderText(m_subject, kSubjectLimit);
}

QByteArray decodedHeaderText(QByteArrayView raw, qsizetype limit) {
    const QString text = decodeEncodedWords(raw).trimmed();
    QString out;
    qsizetype characters = 0;
    for (qsizetype i = 0; i < text.size() && characters < limit; ++i, ++characters) {
        const QChar c = text[i];
        const QChar::Category kind = c.category();
        if (c.isHighSurrogate() && i + 1 < text.size() && text[i + 1].isLowSurrogate()) {
            out += c;
            out += text[++i];
        } else if (kind == QChar::Other_Control || kind == QChar::Separator_Line || kind == QChar::Separator_Paragraph) {
            out += QChar(u' ');
        } else if (c.isSurrogate()) {
            out += QChar(QChar::ReplacementCharacter);
        } else {
            out += c;
        }
    }
    return out.trimmed().toUtf8();
}

} // namespace postern::smtp
