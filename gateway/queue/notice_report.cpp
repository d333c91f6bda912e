// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/notice_report.h"

#include "base/log.h"
#include "queue/failure_words.h"
#include "queue/mime_text.h"
#include "smtp/xtext.h"

#include <QDateTime>
#include <QList>
#include <QLocale>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::queue {
namespace {

constexpr qsizetype kWordsAtMost = 800; // of a peer's answer

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

QByteArray actionOf(NoticeKind kind) {
    switch (kind) {
    case NoticeKind::Failed: return "failed";
    case NoticeKind::Delayed: return "delayed";
    case NoticeKind::Relayed: return "relayed";
    case NoticeKind::Delivered: return "delivered";
    case NoticeKind::Expanded: return "expanded";
    }
    return "failed";
}

smtp::EnhancedCode statusOf(NoticeKind kind, const Envelope& envelope, bool expired) {
    switch (kind) {
    case NoticeKind::Failed: return failureStatus(envelope.lastError, expired);
    case NoticeKind::Delayed: return delayStatus(envelope.lastError);
    case NoticeKind::Relayed:
    case NoticeKind::Delivered:
    case NoticeKind::Expanded: return {2, 0, 0};
    }
    return {};
}

} // namespace

QByteArray dateText(qint64 unixSeconds) {
    const QDateTime utc = QDateTime::fromSecsSinceEpoch(unixSeconds, Qt::UTC);
    return QLocale::c().toString(utc, u"ddd, d MMM yyyy HH:mm:ss"_s).toLatin1() + " +0000";
}

bool isAscii(QByteArrayView text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return uchar(c) < 0x80; });
}

QByteArray noticeReport(NoticeKind kind, const Failure& about, const std::vector<const Envelope*>& recipients,
                        const QByteArray& hostname) {
    const Message& message = *about.message;
    QByteArray text = foldedField("Reporting-MTA", "dns; " + hostname);
    if (const auto envid = smtp::decodeXtext(message.params.envid); envid && !envid->isEmpty())
        text += foldedField("Original-Envelope-Id", asciiWords(*envid));
    text += foldedField("Arrival-Date", dateText(message.createdAt));
    for (const Envelope* envelope : recipients) {
        text += "\r\n";
        if (const QByteArray original = originalRecipient(envelope->params.orcpt); !original.isEmpty())
            text += foldedField("Original-Recipient", original);
        text += foldedField("Final-Recipient", typedAddress(envelope->destination.isEmpty() ? envelope->recipient
                                                                                            : envelope->destination));
        text += foldedField("Action", actionOf(kind));
        text += foldedField("Status", statusOf(kind, *envelope, about.expired).text());
        // Of mail that was handed on, only the fact is known: its last error was overcome.
        const QByteArray error = tellsOfSuccess(kind) ? QByteArray() : envelope->lastError;
        const auto answer = peerAnswer(error);
        if (answer && !answer->host.isEmpty())
            text += foldedField("Remote-MTA", "dns; " + asciiWords(answer->host.toByteArray()));
        if (answer)
            text += foldedField("Diagnostic-Code", "smtp; " + asciiWords(answer->reply.toByteArray()));
        else if (!error.isEmpty())
            text += foldedField("Diagnostic-Code", "x-postern; " + asciiWords(error));
        if (envelope->lastTryAt > 0)
            text += foldedField("Last-Attempt-Date", dateText(envelope->lastTryAt));
        if (kind == NoticeKind::Delayed)
            text += foldedField("Will-Retry-Until", dateText(message.createdAt + envelope->ttl));
    }
    return text;
}

} // namespace postern::queue
