// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/submission_fixes.h"

#include "smtp/bare_names.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace postern::smtp {
namespace {

bool isBlank(char c) {
    return c == ' ' || c == '\t';
}

bool isName(QByteArrayView name, QByteArrayView wanted) {
    return name.size() == wanted.size() && name.compare(wanted, Qt::CaseInsensitive) == 0;
}

// Not for others, or not from whom writes a message.
bool isDropped(QByteArrayView name) {
    return isName(name, "Bcc") || isName(name, "Return-Path");
}

// Behind the next CR LF; -1: none.
qsizetype endOfLine(QByteArrayView text, qsizetype from) {
    for (qsizetype at = from; (at = text.indexOf('\n', at)) >= 0; ++at)
        if (at > 0 && text[at - 1] == '\r')
            return at + 1;
    return -1;
}

// The octets of the header, without the empty line that ends it; -1: its end is not there yet.
qsizetype headerSize(QByteArrayView content, qsizetype from) {
    if (content.startsWith("\r\n"))
        return 0;
    qsizetype end = endOfLine(content, std::max<qsizetype>(from - 3, 0));
    while (end >= 0 && !content.sliced(end).startsWith("\r\n"))
        end = endOfLine(content, end);
    return end;
}

// Where the field ends that begins at `from`: behind its last folded line.
qsizetype endOfField(QByteArrayView header, qsizetype from) {
    qsizetype end = from;
    do {
        end = endOfLine(header, end);
    } while (end < header.size() && isBlank(header[end]));
    return end;
}

// Its name, "" if it has none. Blanks before the colon are an obsolete form, taken.
QByteArrayView nameOf(QByteArrayView field) {
    QByteArrayView name = field.first(std::max<qsizetype>(field.indexOf(':'), 0));
    while (!name.isEmpty() && isBlank(name.back()))
        name.chop(1);
    return std::all_of(name.begin(), name.end(), [](char c) { return c > 32 && c < 127; }) ? name : QByteArrayView();
}

// CR or LF other than as a line end.
bool hasStrayLineEnd(QByteArrayView field) {
    qsizetype at = 0;
    for (; (at = field.indexOf('\n', at)) >= 0; ++at)
        if (at == 0 || field[at - 1] != '\r')
            return true;
    for (at = 0; (at = field.indexOf('\r', at)) >= 0; ++at)
        if (at + 1 == field.size() || field[at + 1] != '\n')
            return true;
    return false;
}

} // namespace

SubmissionFixes::SubmissionFixes(QByteArray domain, QByteArray date, quint64 unique)
    : m_domain(std::move(domain)), m_date(std::move(date)), m_unique(unique) {}

QByteArrayView SubmissionFixes::feed(QByteArrayView content) {
    if (m_over || content.isEmpty())
        return content;
    QByteArrayView seen = content;
    const qsizetype before = m_held.size();
    qsizetype size = before == 0 ? headerSize(content, 0) : -1;
    if (size < 0) {
        m_held += content;
        seen = m_held;
        if (before > 0)
            size = headerSize(seen, before);
    }
    if (size < 0 && seen.size() <= kMostHeader)
        return {};
    m_over = true;
    m_out.clear();
    if (size >= 0 && size <= kMostHeader && fix(seen.first(size), m_out)) {
        m_out += seen.sliced(size);
        m_held.clear();
        return m_out;
    }
    if (seen.data() == content.data())
        return content;
    m_out = std::exchange(m_held, {});
    return m_out;
}

QByteArrayView SubmissionFixes::finish() {
    if (std::exchange(m_over, true))
        return {};
    m_out.clear();
    if (!m_held.endsWith("\r\n") || !fix(m_held, m_out))
        m_out = m_held;
    m_held.clear();
    return m_out;
}

bool SubmissionFixes::fix(QByteArrayView header, QByteArray& out) const {
    bool hasDate = false, hasMessageId = false, mayChange = false;
    for (qsizetype at = 0; at < header.size();) {
        const qsizetype end = endOfField(header, at);
        const QByteArrayView field = header.sliced(at, end - at), name = nameOf(field);
        if (name.isEmpty() || hasStrayLineEnd(field) || isName(name, "Received") || isName(name, "DKIM-Signature"))
            return false;
        hasDate = hasDate || isName(name, "Date");
        hasMessageId = hasMessageId || isName(name, "Message-ID");
        mayChange = mayChange || isDropped(name) || isName(name, "From") || isName(name, "To") || isName(name, "Cc");
        at = end;
    }
    bool changed = !hasDate || !hasMessageId;
    if (!changed && !mayChange)
        return false;
    qsizetype copied = 0; // fields before this are in `out`, if anything was to be changed
    for (qsizetype at = 0; mayChange && at < header.size();) {
        const qsizetype end = endOfField(header, at);
        const QByteArrayView field = header.sliced(at, end - at), name = nameOf(field);
        const bool dropped = isDropped(name);
        if (dropped || isName(name, "From") || isName(name, "To") || isName(name, "Cc")) {
            const qsizetype value = field.indexOf(':') + 1;
            const auto better = dropped ? std::optional<QByteArray>() : withDomains(field.sliced(value), m_domain);
            if (dropped || better) {
                out += header.sliced(copied, at - copied);
                if (better) {
                    out += field.first(value);
                    out += *better;
                }
                copied = end;
                changed = true;
            }
        }
        at = end;
    }
    if (!changed)
        return false;
    out += header.sliced(copied);
    if (!hasDate)
        out += "Date: " + m_date + "\r\n";
    if (!hasMessageId)
        out += "Message-ID: <" + QByteArray::number(m_unique, 16).rightJustified(16, '0') + '@' + m_domain + ">\r\n";
    return true;
}

} // namespace postern::smtp
