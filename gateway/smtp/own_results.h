// SPDX-License-Identifier: GPL-3.0-or-later
//
// Content on its way in, without the Authentication-Results fields that claim to be ours; the rest passes octet by octet.
//
// Whoever reads the message behind us believes those that bear our name, so nobody may bring any. Nothing else is touched:
// not those of others, and no Return-Path, Delivered-To or X-Spam, which a relay leaves alone (RFC 5321 §4.4).
// Strict where readers may differ: a field that says nothing clear before its comment or quotation ends, or is longer than
// kMostField octets, goes too, and the header lasts to the first empty line.
// Holds the beginning of one line, or one such field; ordinary mail is handed through as it lies.
// Thread: a value. Spec: RFC 8601 §2.2 (authserv-id), §5 (removing).
#pragma once

#include <QByteArray>
#include <QByteArrayList>

#include <optional>

namespace postern::smtp {

class OwnResults {
  public:
    explicit OwnResults(const QByteArrayList& names); // host names we go by, compared as names are

    // What to keep; valid until the next call, and as long as `content`.
    QByteArrayView feed(QByteArrayView content); // lines end in CR LF; pieces may end anywhere
    QByteArrayView finish();                     // what was still held
    int removed() const { return m_removed; }    // fields

    static constexpr qsizetype kMostField = 16 * 1024;

  private:
    enum class Place : quint8 {
        LineStart, // a line begins; m_held has its first octets
        Line,      // in one that stays
        Field,     // m_held is an Authentication-Results field, so far
        Gone,      // in a line of a field that goes
        GoneStart, // behind such a line
        Body,
    };
    bool isOurs(QByteArrayView field) const;

    QByteArrayList m_names;
    QByteArray m_held;
    QByteArray m_joined; // m_held and what came behind it
    QByteArray m_out;
    Place m_place = Place::LineStart;
    int m_removed = 0;
};

// The authserv-id that an Authentication-Results field's value begins with, unquoted; "" if it begins with none.
// Nothing: a comment or quotation has no end, so that readers will differ.
std::optional<QByteArray> authservId(QByteArrayView value);

} // namespace postern::smtp
