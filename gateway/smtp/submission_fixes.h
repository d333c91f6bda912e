// SPDX-License-Identifier: GPL-3.0-or-later
//
// Content on its way in from whoever wrote it, with what its header lacks: Date and Message-ID behind the last field, our
// domain behind names without one in From, To and Cc, and no Bcc or Return-Path. The rest passes octet by octet.
//
// Left as it is, whole: what carries a Received field (somebody handed it on before, so this is relayed mail) or a
// DKIM-Signature (it covers these fields), a header with a line that is no field, one longer than kMostHeader octets, and
// one whose last line does not end. Holds no more than the header; nothing is copied if that comes in one piece and lacks
// nothing.
// Thread: a value. Spec: RFC 6409 §8; RFC 5322 §3.6, §3.6.3 (Bcc); RFC 5321 §4.4 (Return-Path).
#pragma once

#include <QByteArray>

namespace postern::smtp {

class SubmissionFixes {
  public:
    // domain: ASCII. date: RFC 5322 date-time. unique: never used before in this domain.
    SubmissionFixes(QByteArray domain, QByteArray date, quint64 unique);

    // What to keep; valid until the next call, and as long as `content`.
    QByteArrayView feed(QByteArrayView content); // lines end in CR LF; pieces may end anywhere
    QByteArrayView finish();                     // what was still held

    static constexpr qsizetype kMostHeader = 64 * 1024;

  private:
    bool fix(QByteArrayView header, QByteArray& out) const; // false: stays as it is

    const QByteArray m_domain;
    const QByteArray m_date;
    const quint64 m_unique;
    QByteArray m_held; // the header so far, while it comes in pieces
    QByteArray m_out;
    bool m_over = false;
};

} // namespace postern::smtp
