// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/transfer_encoding.h"

#include <algorithm>
#include <utility>

namespace postern::smtp {
namespace {

constexpr int kMaxLine = 75;          // and the = of a soft line end
constexpr qsizetype kOctetsOfLine = 57; // make 76 characters

} // namespace

void QuotedPrintable::put(char c, bool plain, QByteArray& out) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    const int width = plain ? 1 : 3;
    if (m_length + width > kMaxLine) {
        out += "=\r\n";
        m_length = 0;
    }
    m_length += width;
    if (plain)
        out += c;
    else
        out.append('=').append(kHex[uchar(c) >> 4]).append(kHex[uchar(c) & 15]);
}

void QuotedPrintable::giveHeld(bool lineEnds, QByteArray& out) {
    if (const char held = std::exchange(m_held, '\0'))
        put(held, !lineEnds, out);
}

void QuotedPrintable::feed(QByteArrayView in, QByteArray& out) {
    for (const char c : in) {
        if (std::exchange(m_cr, false)) {
            if (c == '\n') {
                giveHeld(true, out);
                out += "\r\n";
                m_length = 0;
                continue;
            }
            giveHeld(false, out);
            put('\r', false, out);
        }
        if (c == '\r') {
            m_cr = true;
            continue;
        }
        giveHeld(false, out);
        if (c == ' ' || c == '\t')
            m_held = c;
        else
            put(c, c > 0x20 && c < 0x7f && c != '=', out);
    }
}

void QuotedPrintable::finish(QByteArray& out) {
    giveHeld(true, out);
    if (std::exchange(m_cr, false))
        put('\r', false, out);
    m_length = 0;
}

void Base64Lines::line(QByteArrayView octets, QByteArray& out) {
    if (std::exchange(m_begun, true))
        out += "\r\n";
    out += QByteArray::fromRawData(octets.data(), octets.size()).toBase64();
}

void Base64Lines::feed(QByteArrayView in, QByteArray& out) {
    if (!m_rest.isEmpty()) {
        const qsizetype missing = std::min(kOctetsOfLine - m_rest.size(), in.size());
        m_rest.append(in.first(missing));
        in = in.sliced(missing);
        if (m_rest.size() < kOctetsOfLine)
            return;
        line(m_rest, out);
        m_rest.clear();
    }
    while (in.size() >= kOctetsOfLine) {
        line(in.first(kOctetsOfLine), out);
        in = in.sliced(kOctetsOfLine);
    }
    m_rest = in.toByteArray();
}

void Base64Lines::finish(QByteArray& out) {
    if (!m_rest.isEmpty())
        line(m_rest, out);
    m_rest.clear();
    m_begun = false;
}

} // namespace postern::smtp
