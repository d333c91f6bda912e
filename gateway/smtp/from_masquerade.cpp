// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/from_masquerade.h"

#include <utility>

namespace postern::smtp {
namespace {

constexpr char kFrom[] = "from";

// "From:", in any case, with blanks before the colon (RFC 5322 §4.5 lets old mail have them).
bool isFromField(QByteArrayView line) {
    if (line.size() < 5 || line.first(4).compare(kFrom, Qt::CaseInsensitive) != 0)
        return false;
    qsizetype at = 4;
    while (at < line.size() && (line[at] == ' ' || line[at] == '\t'))
        ++at;
    return at < line.size() && line[at] == ':';
}

// What stands before the first '<' that is neither quoted nor in a comment; "" if there is none before the first comma.
QByteArray displayName(QByteArrayView value) {
    bool quoted = false;
    int comments = 0;
    for (qsizetype at = 0; at < value.size(); ++at) {
        const char c = value[at];
        if (c == '\\')
            ++at;
        else if (c == '"' && comments == 0)
            quoted = !quoted;
        else if (quoted)
            continue;
        else if (c == '(')
            ++comments;
        else if (c == ')' && comments > 0)
            --comments;
        else if (comments == 0 && c == '<')
            return value.first(at).toByteArray().trimmed();
        else if (comments == 0 && c == ',')
            return {};
    }
    return {};
}

} // namespace

QByteArray FromMasquerade::feed(QByteArrayView content) {
    if (m_over)
        return content.toByteArray();
    QByteArray out;
    while (!m_over && !content.isEmpty()) {
        const qsizetype end = content.indexOf('\n');
        m_partial += end < 0 ? content : content.first(end + 1);
        content = end < 0 ? QByteArrayView() : content.sliced(end + 1);
        if (end >= 0)
            line(std::exchange(m_partial, {}), out);
    }
    out += content;
    return out;
}

QByteArray FromMasquerade::finish() {
    QByteArray out;
    if (!m_partial.isEmpty())
        line(std::exchange(m_partial, {}), out);
    giveField(out);
    m_over = true;
    return out;
}

void FromMasquerade::line(QByteArrayView text, QByteArray& out) {
    if (m_inField && (text.startsWith(' ') || text.startsWith('\t'))) {
        m_tooLong = m_tooLong || m_field.size() + text.size() > kMostField;
        if (!m_tooLong)
            m_field += text.trimmed().isEmpty() ? QByteArray() : ' ' + text.trimmed().toByteArray();
        return;
    }
    giveField(out);
    m_over = text.trimmed().isEmpty();
    if (!m_over && isFromField(text)) {
        m_inField = true;
        m_tooLong = text.size() > kMostField;
        m_field = m_tooLong ? QByteArray() : text.sliced(text.indexOf(':') + 1).trimmed().toByteArray();
        return;
    }
    out += text;
}

void FromMasquerade::giveField(QByteArray& out) {
    if (!std::exchange(m_inField, false))
        return;
    const QByteArray name = m_tooLong ? QByteArray() : displayName(m_field);
    m_field.clear();
    if (std::exchange(m_hasFrom, true))
        return;
    out += "From: " + (name.isEmpty() ? m_address : name + " <" + m_address + '>') + "\r\n";
}

} // namespace postern::smtp
