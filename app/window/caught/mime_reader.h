// SPDX-License-Identifier: GPL-3.0-or-later
//
// Takes a message apart for reading: who, what, when, the text, the attachments. For the window only: nothing is ever
// changed or sent by what is read here.
//
// Deliberately not a full MIME library: it never follows links, never loads anything, and turns HTML into plain text.
// Bounded: parts, nesting, header length and decoded octets all have a limit, and nesting is walked without recursion.
// Strict where readers differ: of a field that may stand once all are shown, and what is said twice of the content counts as
// not said, so that it is shown as it came.
// Failure: any bytes give a result; what cannot be decoded is shown as it came, and says so in `notes`.
// Thread: any (pure). Spec: RFC 5322, RFC 2045-2047, RFC 2231, RFC 6532.
#pragma once

#include <QByteArray>
#include <QList>
#include <QString>

namespace postern::window {

struct MailAttachment {
    QString name; // as suggested; make it safe before use
    QByteArray type; // "application/pdf"
    QByteArray content; // decoded
};

enum class MailNote : quint8 { FromHtml, UnknownCharset, TooManyParts, TooDeep, TextCut, BadEncoding, DoubledField };

struct ReadMail {
    QString from, to, cc, subject, date; // decoded, unchecked: strangers' text
    QString text;
    QList<MailAttachment> attachments;
    QList<MailNote> notes;
};

namespace mime {

inline constexpr int kMostDepth = 50;
inline constexpr int kMostParts = 200;
inline constexpr qsizetype kMostText = 1'000'000;   // characters of shown text
inline constexpr qsizetype kMostHeaders = 256 * 1024; // octets of one header block that are looked at

ReadMail read(const QByteArray& message);

QString decodeWords(const QByteArray& value);      // RFC 2047 in a header field
QByteArray fromQuotedPrintable(const QByteArray& encoded);
QByteArray fromBase64(const QByteArray& encoded);  // stray characters are skipped
QString textOf(const QByteArray& octets, const QByteArray& charset, bool* known = nullptr);
QString plainFromHtml(const QString& html);        // tags out, blocks to line ends, script and style dropped

// One field's parameter, RFC 2231 continuations and charsets included.
QString parameter(const QByteArray& fieldValue, const QByteArray& name);

} // namespace mime
} // namespace postern::window
