// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/bounce.h"

#include "base/log.h"
#include "queue/failure_words.h"
#include "queue/mime_text.h"
#include "smtp/xtext.h"

#include <QDateTime>
#include <QLocale>
#include <QRandomGenerator>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::queue {
namespace {

constexpr qsizetype kHeadersAtMost = 64 * 1024;
constexpr qsizetype kWordsAtMost = 800; // of a peer's answer

// RFC 3461 §4.1: NOTIFY=NEVER and a list without FAILURE both ask for silence.
bool wantsNotice(const Envelope& envelope) {
    const QByteArray& notify = envelope.params.notify;
    return notify.isEmpty() || notify.split(',').contains("FAILURE");
}

QByteArray dateText(qint64 unixSeconds) {
    const QDateTime utc = QDateTime::fromSecsSinceEpoch(unixSeconds, Qt::UTC);
    return QLocale::c().toString(utc, u"ddd, d MMM yyyy HH:mm:ss"_s).toLatin1() + " +0000";
}

QByteArray randomText() {
    quint32 words[4];
    QRandomGenerator::system()->fillRange(words);
    return QByteArray(reinterpret_cast<const char*>(words), sizeof words).toHex();
}

bool isAscii(QByteArrayView text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return uchar(c) < 0x80; });
}

// For fields of the machine part: one line of printable ASCII.
QByteArray asciiWords(QByteArrayView text) {
    QByteArray out = harmless(text, kWordsAtMost);
    out.replace("…", "...");
    for (char& c : out)
        if (uchar(c) >= 0x80)
            c = '?';
    return out;
}

// "rfc822; a@b", or RFC 6533's form that stays ASCII: utf-8; \x{E4}bc@example.net
QByteArray typedAddress(const QByteArray& address) {
    if (isAscii(address))
        return "rfc822; " + asciiWords(address);
    QByteArray out = "utf-8; ";
    for (const char32_t c : QString::fromUtf8(address).toUcs4()) {
        if (c > 0x20 && c < 0x7f && c != '\\' && c != '+' && c != '=')
            out += char(c);
        else
            out += "\\x{" + QByteArray::number(quint32(c), 16).toUpper() + '}';
    }
    return out;
}

// ORCPT as it came: "rfc822;" and xtext.
QByteArray originalRecipient(const QByteArray& orcpt) {
    const qsizetype semicolon = orcpt.indexOf(';');
    if (semicolon <= 0)
        return {};
    const QByteArray type = orcpt.left(semicolon).toLower();
    if (type == "utf-8") // its own coding; already ASCII
        return "utf-8; " + asciiWords(orcpt.mid(semicolon + 1));
    const auto address = smtp::decodeXtext(QByteArrayView(orcpt).sliced(semicolon + 1));
    return address ? asciiWords(type) + "; " + asciiWords(*address) : QByteArray();
}

QByteArray wordsFor(const std::vector<const Envelope*>& failed, const Failure& failure, const QByteArray& hostname) {
    const Message& message = *failure.message;
    QByteArray text = "This is the mail gateway at " + hostname + ".\r\n\r\nYour message";
    if (!message.subject.isEmpty())
        text += "\r\n\r\n    Subject: " + harmless(message.subject) +
                "\r\n    Taken:   " + dateText(message.createdAt) + "\r\n\r\n";
    else
        text += " of " + dateText(message.createdAt) + ' ';
    text += "could not be delivered to\r\n";
    for (const Envelope* envelope : failed)
        text += "\r\n    " + harmless(envelope->recipient) + "\r\n    " +
                failureSentence(failureStatus(envelope->lastError, failure.expired), envelope->ttl) + "\r\n";
    text += "\r\nIt is not tried again. The recipients not named here are not concerned.\r\n"
            "Please do not answer this notice: nobody reads the answers.\r\n";
    QByteArray said;
    for (const Envelope* envelope : failed)
        if (const auto answer = peerAnswer(envelope->lastError))
            said += "\r\n    " + harmless(envelope->recipient) + "\r\n      " + harmless(answer->reply, kWordsAtMost) +
                    "\r\n";
    if (!said.isEmpty())
        text += "\r\nThe other mail server's own words:\r\n" + said;
    return text;
}

QByteArray reportFor(const std::vector<const Envelope*>& failed, const Failure& failure, const QByteArray& hostname) {
    const Message& message = *failure.message;
    QByteArray text = foldedField("Reporting-MTA", "dns; " + hostname);
    if (const auto envid = smtp::decodeXtext(message.params.envid); envid && !envid->isEmpty())
        text += foldedField("Original-Envelope-Id", asciiWords(*envid));
    text += foldedField("Arrival-Date", dateText(message.createdAt));
    for (const Envelope* envelope : failed) {
        text += "\r\n";
        if (const QByteArray original = originalRecipient(envelope->params.orcpt); !original.isEmpty())
            text += foldedField("Original-Recipient", original);
        text += foldedField("Final-Recipient", typedAddress(envelope->destination.isEmpty() ? envelope->recipient
                                                                                            : envelope->destination));
        text += foldedField("Action", "failed");
        text += foldedField("Status", failureStatus(envelope->lastError, failure.expired).text());
        const auto answer = peerAnswer(envelope->lastError);
        if (answer && !answer->host.isEmpty())
            text += foldedField("Remote-MTA", "dns; " + asciiWords(answer->host.toByteArray()));
        if (answer)
            text += foldedField("Diagnostic-Code", "smtp; " + asciiWords(answer->reply.toByteArray()));
        else if (!envelope->lastError.isEmpty())
            text += foldedField("Diagnostic-Code", "x-postern; " + asciiWords(envelope->lastError));
        if (envelope->lastTryAt > 0)
            text += foldedField("Last-Attempt-Date", dateText(envelope->lastTryAt));
    }
    return text;
}

// Whole fields of the original's header, without the empty line behind it.
QByteArrayView cutHeaders(QByteArrayView headers) {
    if (const qsizetype end = headers.indexOf("\r\n\r\n"); end >= 0)
        headers = headers.first(end + 2);
    if (headers.startsWith("\r\n"))
        return {};
    if (headers.size() <= kHeadersAtMost)
        return headers;
    const qsizetype lineEnd = headers.first(kHeadersAtMost).lastIndexOf("\r\n");
    return headers.first(lineEnd < 0 ? kHeadersAtMost : lineEnd + 2);
}

// The original's Message-ID, if it is one that can be repeated as it is.
QByteArray originalMessageId(QByteArrayView headers) {
    for (const QByteArray& line : headers.toByteArray().split('\n')) {
        if (!line.toLower().startsWith("message-id:"))
            continue;
        const QByteArray id = line.mid(11).trimmed();
        const bool sound = id.size() > 4 && id.size() < 250 && id.startsWith('<') && id.endsWith('>') &&
                           id.count('@') == 1 && id.count('<') == 1 && id.count('>') == 1 &&
                           std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7f; });
        return sound ? id : QByteArray();
    }
    return {};
}

QByteArray part(const QByteArray& boundary, const QByteArray& type, const QByteArray& description,
                const MimeText& text) {
    return "--" + boundary + "\r\nContent-Type: " + type + "\r\nContent-Description: " + description +
           "\r\nContent-Transfer-Encoding: " + text.encoding + "\r\n\r\n" + text.bytes + "\r\n";
}

} // namespace

std::optional<BounceText> makeBounce(const Failure& failure, QByteArrayView originalHeaders, const QByteArray& hostname,
                                     WallTime now) {
    const Message& message = *failure.message;
    if (message.sender.isEmpty() || message.isBounce)
        return std::nullopt;
    std::vector<const Envelope*> failed;
    for (const Envelope& envelope : failure.envelopes)
        if (wantsNotice(envelope))
            failed.push_back(&envelope);
    if (failed.empty())
        return std::nullopt;

    const QByteArrayView headers = cutHeaders(originalHeaders);
    const QByteArray words = wordsFor(failed, failure, hostname);
    const MimeText plain = mimeText(words);
    const MimeText report = mimeText(reportFor(failed, failure, hostname));
    const MimeText original = mimeText(headers);
    QByteArray boundary;
    do
        boundary = "=_" + randomText(); // "=_" cannot occur in quoted-printable
    while (plain.bytes.contains(boundary) || original.bytes.contains(boundary) || report.bytes.contains(boundary));

    BounceText bounce;
    bounce.subject = "Mail could not be delivered";
    bounce.content = "Date: " + dateText(now.time_since_epoch().count()) +
                     "\r\nFrom: Mail Delivery System <MAILER-DAEMON@" + hostname + ">\r\nTo: <" +
                     harmless(message.sender, 600) + ">\r\nSubject: " + bounce.subject + "\r\nMessage-ID: <" +
                     toText(message.id) + '.' + randomText().left(16) + '@' + hostname + ">\r\n";
    if (const QByteArray id = originalMessageId(headers); !id.isEmpty())
        bounce.content += "In-Reply-To: " + id + "\r\nReferences: " + id + "\r\n";
    bounce.content += "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
                      "Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"" +
                      boundary +
                      "\"\r\n\r\n"
                      "This is a notice in MIME format.\r\n\r\n";
    bounce.content += part(boundary, isAscii(words) ? "text/plain; charset=us-ascii" : "text/plain; charset=utf-8",
                           "What happened", plain);
    bounce.content += part(boundary, "message/delivery-status", "Report for mail programs", report);
    const bool globalHeaders = message.params.smtpUtf8 && !isAscii(headers);
    bounce.content += part(boundary, globalHeaders ? "message/global-headers" : "text/rfc822-headers",
                           "Header of your message", original);
    bounce.content += "--" + boundary + "--\r\n";
    return bounce;
}

} // namespace postern::queue
