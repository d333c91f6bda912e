// SPDX-License-Identifier: GPL-3.0-or-later
#include "local/local_content.h"

#include <algorithm>

namespace postern::local {
namespace {

constexpr qint64 kMostHeader = 256 * 1024;
constexpr qint64 kPiece = 48 * 1024;

bool isField(QByteArrayView line, QByteArrayView name) {
    return line.size() > name.size() && line.first(name.size()).compare(name, Qt::CaseInsensitive) == 0 &&
           line.sliced(name.size()).trimmed().startsWith(':');
}

// SMTP lets no such address in; a field made of one would be two.
QByteArray oneLine(QByteArray address) {
    std::replace_if(
        address.begin(), address.end(), [](char c) { return uchar(c) < 0x20 || c == 0x7f; }, '?');
    return address;
}

bool isFolded(QByteArrayView line) {
    return line.startsWith(' ') || line.startsWith('\t');
}

} // namespace

LocalContent::LocalContent(FileStore& files, queue::BodyPtr body) : m_body(body), m_reader(files, std::move(body)) {}

Result<QByteArray> LocalContent::raw() {
    const qint64 want = std::min(kPiece, m_body->size - m_at);
    if (want <= 0)
        return QByteArray();
    QByteArray piece;
    if (m_body->file.isEmpty()) {
        piece = m_body->bytes.mid(m_at, want);
    } else {
        auto read = m_reader.read(m_at, want);
        if (!read)
            return read.error();
        piece = std::move(*read);
    }
    if (piece.size() < want)
        return Error{ErrorCode::Corrupt, "the stored content ends after " + QByteArray::number(m_at + piece.size()) + " of " +
                                             QByteArray::number(m_body->size) + " octets",
                     Permanence::Temporary};
    m_at += piece.size();
    return piece;
}

Result<void> LocalContent::open() {
    QByteArray text;
    qsizetype end = -1;
    while (end < 0 && text.size() < kMostHeader) {
        const auto piece = raw();
        if (!piece)
            return piece.error();
        if (piece->isEmpty())
            break;
        const qsizetype from = std::max<qsizetype>(text.size() - 3, 0);
        text += *piece;
        if (text.startsWith("\r\n"))
            end = 0;
        else if (const qsizetype at = text.indexOf("\r\n\r\n", from); at >= 0)
            end = at + 2;
    }
    if (end < 0) // all of it is header, as far as it counts
        end = text.lastIndexOf('\n') + 1;
    readHeader(QByteArrayView(text).first(end));
    m_at = end; // the rest is read again: cheap, for it is at hand
    return {};
}

void LocalContent::readHeader(QByteArrayView text) {
    bool drops = false;
    while (!text.isEmpty()) {
        const qsizetype newline = text.indexOf('\n');
        QByteArrayView line = newline < 0 ? text : text.first(newline);
        text = newline < 0 ? QByteArrayView() : text.sliced(newline + 1);
        if (line.endsWith('\r'))
            line.chop(1);
        if (!isFolded(line)) {
            drops = isField(line, "Return-Path");
            if (isField(line, "Delivered-To"))
                m_deliveredTo.append(line.sliced(line.indexOf(':') + 1).trimmed().toByteArray());
        }
        if (!drops) {
            m_first += line;
            m_first += '\n';
        }
    }
}

bool LocalContent::loopsTo(const QByteArray& destination) const {
    return std::any_of(m_deliveredTo.begin(), m_deliveredTo.end(), [&](const QByteArray& before) {
        return before.compare(destination, Qt::CaseInsensitive) == 0;
    });
}

void LocalContent::addressed(const QByteArray& sender, const QByteArray& recipient) {
    const QByteArray path = sender.isEmpty() ? QByteArray() : "Return-Path: <" + oneLine(sender) + ">\n";
    m_first.prepend(path + "Delivered-To: " + oneLine(recipient) + '\n');
}

Result<QByteArray> LocalContent::next() {
    if (!std::exchange(m_gaveFirst, true))
        return m_first;
    while (!m_isOver) {
        const auto piece = raw();
        if (!piece)
            return piece.error();
        QByteArray out;
        if (piece->isEmpty()) {
            m_isOver = true;
            if (std::exchange(m_heldCr, false)) {
                out += '\r';
                m_endedInLine = true;
            }
            if (m_endedInLine)
                out += '\n';
            return out;
        }
        out.reserve(piece->size() + 1);
        for (const char c : *piece) {
            if (std::exchange(m_heldCr, c == '\r') && c != '\n')
                out += '\r';
            if (c != '\r')
                out += c;
        }
        if (!out.isEmpty()) {
            m_endedInLine = !out.endsWith('\n');
            return out;
        }
    }
    return QByteArray();
}

} // namespace postern::local
