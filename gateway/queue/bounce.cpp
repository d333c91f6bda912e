// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/bounce.h"

#include "base/log.h"
#include "queue/failure_words.h"
#include "queue/mime_text.h"
#include "queue/notice_report.h"
#include "smtp/mime_scan.h"
#include "smtp/transfer_encoding.h"

#include <QByteArrayList>
#include <QRandomGenerator>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::queue {
namespace {

constexpr qsizetype kHeadersAtMost = 64 * 1024;
constexpr qsizetype kWordsAtMost = 800; // of a peer's answer

// RFC 3461 §4.1: NOTIFY=NEVER and a list without the word both ask for silence; without NOTIFY success is not told.
bool wantsNotice(NoticeKind kind, const Envelope& envelope) {
    const QByteArrayList wishes = envelope.params.notify.split(',');
    const bool silent = envelope.params.notify.isEmpty();
    switch (kind) {
    case NoticeKind::Failed: return silent || wishes.contains("FAILURE");
    case NoticeKind::Delayed: return silent || wishes.contains("DELAY");
    case NoticeKind::Relayed:
    case NoticeKind::Delivered:
    case NoticeKind::Expanded: return wishes.contains("SUCCESS");
    }
    return false;
}

QByteArray fieldValue(QByteArrayView headers, QByteArrayView name) {
    QByteArray value;
    bool found = false;
    for (const QByteArray& line : headers.toByteArray().split('\n')) {
        if (found && !line.startsWith(' ') && !line.startsWith('\t'))
            break;
        if (found)
            value += line.trimmed();
        else if (line.size() > name.size() && line[name.size()] == ':' &&
                 qstrnicmp(line.constData(), name.data(), size_t(name.size())) == 0) {
            found = true;
            value = line.mid(name.size() + 1).trimmed();
        }
    }
    return value.toLower();
}

// A report itself, whatever its sender says: nothing answers it (RFC 3834 §2, Q14).
bool isReport(QByteArrayView headers) {
    return fieldValue(headers, "content-type").startsWith("multipart/report");
}

// Nobody waits for a message that a program sent, or a list: a notice of delay is for people.
bool isAutomatic(QByteArrayView headers) {
    const QByteArray submitted = fieldValue(headers, "auto-submitted");
    const QByteArray precedence = fieldValue(headers, "precedence");
    return (!submitted.isEmpty() && !submitted.startsWith("no")) || precedence == "bulk" || precedence == "list" ||
           precedence == "junk" || !fieldValue(headers, "list-id").isEmpty();
}

QByteArray randomText() {
    quint32 words[4];
    QRandomGenerator::system()->fillRange(words);
    return QByteArray(reinterpret_cast<const char*>(words), sizeof words).toHex();
}

QByteArray openingWords(NoticeKind kind) {
    switch (kind) {
    case NoticeKind::Failed: return "could not be delivered to\r\n";
    case NoticeKind::Delayed: return "is not delivered yet to\r\n";
    case NoticeKind::Relayed: return "was handed on for\r\n";
    case NoticeKind::Delivered: return "was delivered to\r\n";
    case NoticeKind::Expanded: return "is on its way to all who stand behind\r\n";
    }
    return {};
}

QByteArray sentenceFor(NoticeKind kind, const Envelope& envelope, bool expired) {
    switch (kind) {
    case NoticeKind::Failed: return failureSentence(failureStatus(envelope.lastError, expired), envelope.ttl);
    case NoticeKind::Delayed: return "It is kept and tried again.";
    case NoticeKind::Relayed: return "The next mail server took it. That one sends no notices of success, so this is the last one.";
    case NoticeKind::Delivered: return "It is in the mailbox.";
    case NoticeKind::Expanded: return "This address stands for several. No notice tells of each of them when it arrives.";
    }
    return {};
}

QByteArray closingWords(NoticeKind kind, const Message& message, const std::vector<const Envelope*>& about) {
    switch (kind) {
    case NoticeKind::Failed:
        return "\r\nIt is not tried again. The recipients not named here are not concerned.\r\n";
    case NoticeKind::Delayed: {
        qint64 until = 0;
        for (const Envelope* envelope : about)
            until = std::max(until, message.createdAt + envelope->ttl);
        return "\r\nThere is nothing for you to do. If it cannot be delivered until\r\n" + dateText(until) +
               ", it comes back to you.\r\n";
    }
    case NoticeKind::Relayed:
    case NoticeKind::Delivered:
    case NoticeKind::Expanded:
        return "\r\nThere is nothing for you to do.\r\n";
    }
    return {};
}

QByteArray wordsFor(NoticeKind kind, const std::vector<const Envelope*>& about, const Failure& failure,
                    const QByteArray& hostname) {
    const Message& message = *failure.message;
    QByteArray text = "This is the mail gateway at " + hostname + ".\r\n\r\nYour message";
    if (!message.subject.isEmpty())
        text += "\r\n\r\n    Subject: " + harmless(message.subject) +
                "\r\n    Taken:   " + dateText(message.createdAt) + "\r\n\r\n";
    else
        text += " of " + dateText(message.createdAt) + ' ';
    text += openingWords(kind);
    for (const Envelope* envelope : about)
        text += "\r\n    " + harmless(envelope->recipient) + "\r\n    " + sentenceFor(kind, *envelope, failure.expired) + "\r\n";
    text += closingWords(kind, message, about) + "Please do not answer this notice: nobody reads the answers.\r\n";
    QByteArray said;
    for (const Envelope* envelope : about) {
        if (tellsOfSuccess(kind))
            break; // what was said at an earlier try is over
        if (const auto answer = peerAnswer(envelope->lastError))
            said += "\r\n    " + harmless(envelope->recipient) + "\r\n      " + harmless(answer->reply, kWordsAtMost) + "\r\n";
    }
    if (!said.isEmpty())
        text += "\r\nThe other mail server's own words:\r\n" + said;
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

struct Part {
    QByteArray type, description;
    MimeText text;
};

QByteArray subjectOf(NoticeKind kind) {
    switch (kind) {
    case NoticeKind::Failed: return "Mail could not be delivered";
    case NoticeKind::Delayed: return "Mail is not delivered yet";
    case NoticeKind::Relayed: return "Mail was handed on";
    case NoticeKind::Delivered: return "Mail was delivered";
    case NoticeKind::Expanded: return "Mail goes to several recipients";
    }
    return {};
}

// RFC 3461 §4.3: the whole message if that was asked for and it failed. As it is, or, where its header goes beyond ASCII,
// as message/global, which may be coded (RFC 6532 §3.7). Nothing if a notice with it could not reach every mail server.
std::optional<Part> wholeOriginal(NoticeKind kind, const Message& message, const Original& original) {
    if (kind != NoticeKind::Failed || message.params.ret != smtp::DsnReturn::Full || !original.isWhole ||
        original.content.isEmpty())
        return std::nullopt;
    const QByteArray description = "Your message";
    if (isAscii(original.content))
        return Part{"message/rfc822", description, {"7bit", original.content}};
    if (!isAscii(cutHeaders(original.content))) {
        if (!smtp::isValidUtf8(original.content))
            return std::nullopt;
        MimeText coded{"base64", {}};
        smtp::Base64Lines coder;
        coder.feed(original.content, coded.bytes);
        coder.finish(coded.bytes);
        return Part{"message/global", description, coded};
    }
    smtp::MimeScan scan; // of what a server without 8BITMIME would need
    scan.feed("MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n");
    scan.feed(original.content);
    if (!scan.finish().refusal.isEmpty())
        return std::nullopt;
    return Part{"message/rfc822", description, {"8bit", original.content}};
}

QByteArray withLineEnd(QByteArray bytes) {
    if (!bytes.isEmpty() && !bytes.endsWith("\r\n"))
        bytes += "\r\n";
    return bytes;
}

QByteArray wire(const QByteArray& boundary, const Part& part) {
    return "--" + boundary + "\r\nContent-Type: " + part.type + "\r\nContent-Description: " + part.description +
           "\r\nContent-Transfer-Encoding: " + part.text.encoding + "\r\n\r\n" + withLineEnd(part.text.bytes) + "\r\n";
}

} // namespace

std::optional<BounceText> makeNotice(NoticeKind kind, const Failure& failure, const Original& original,
                                     const QByteArray& hostname, WallTime now) {
    const Message& message = *failure.message;
    const QByteArrayView headers = cutHeaders(original.content);
    if (message.sender.isEmpty() || message.isBounce || isReport(headers))
        return std::nullopt;
    if (kind == NoticeKind::Delayed && isAutomatic(headers))
        return std::nullopt;
    std::vector<const Envelope*> about;
    for (const Envelope& envelope : failure.envelopes)
        if (wantsNotice(kind, envelope))
            about.push_back(&envelope);
    if (about.empty())
        return std::nullopt;

    const QByteArray words = wordsFor(kind, about, failure, hostname);
    std::vector<Part> parts;
    parts.push_back({isAscii(words) ? "text/plain; charset=us-ascii" : "text/plain; charset=utf-8", "What happened",
                     mimeText(words)});
    parts.push_back({"message/delivery-status", "Report for mail programs",
                     mimeText(noticeReport(kind, failure, about, hostname))});
    const bool globalHeaders = message.params.smtpUtf8 && !isAscii(headers);
    auto whole = wholeOriginal(kind, message, original);
    parts.push_back(whole ? std::move(*whole)
                          : Part{globalHeaders ? "message/global-headers" : "text/rfc822-headers", "Header of your message",
                                 mimeText(headers)});
    QByteArray boundary;
    do
        boundary = "=_" + randomText(); // "=_" cannot occur in quoted-printable
    while (std::any_of(parts.begin(), parts.end(), [&](const Part& part) { return part.text.bytes.contains(boundary); }));

    BounceText bounce;
    bounce.subject = subjectOf(kind);
    bounce.content = "Date: " + dateText(now.time_since_epoch().count()) +
                     "\r\nFrom: Mail Delivery System <MAILER-DAEMON@" + hostname + ">\r\nTo: <" +
                     harmless(message.sender, 600) + ">\r\nSubject: " + bounce.subject + "\r\nMessage-ID: <" +
                     toText(message.id) + '.' + randomText().left(16) + '@' + hostname + ">\r\n";
    if (const QByteArray id = originalMessageId(headers); !id.isEmpty())
        bounce.content += "In-Reply-To: " + id + "\r\nReferences: " + id + "\r\n";
    bounce.content += "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
                      "Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"" +
                      boundary + "\"\r\n";
    if (parts.back().text.encoding == "8bit")
        bounce.content += "Content-Transfer-Encoding: 8bit\r\n";
    bounce.content += "\r\nThis is a notice in MIME format.\r\n\r\n";
    for (const Part& part : parts)
        bounce.content += wire(boundary, part);
    bounce.content += "--" + boundary + "--\r\n";
    bounce.hasEightBit = !isAscii(bounce.content);
    bounce.needsUtf8 = !isAscii(message.sender);
    return bounce;
}

} // namespace postern::queue
