// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/failure_words.h"

namespace postern::queue {
namespace {

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

// "5.1.1" at the start of `text`; an invalid code if there is none.
smtp::EnhancedCode leadingCode(QByteArrayView text) {
    smtp::EnhancedCode code;
    qsizetype at = 0;
    int parts[3] = {0, 0, 0};
    for (int part = 0; part < 3; ++part) {
        const qsizetype from = at;
        while (at < text.size() && at - from < 3 && isDigit(text[at]))
            parts[part] = parts[part] * 10 + (text[at++] - '0');
        if (at == from)
            return code;
        if (part < 2 && (at >= text.size() || text[at++] != '.'))
            return code;
    }
    if (at < text.size() && text[at] != ' ' && text[at] != '\t')
        return code;
    code.klass = quint8(parts[0]);
    code.subject = quint16(parts[1]);
    code.detail = quint16(parts[2]);
    return code;
}

QByteArray lifetime(qint64 seconds) {
    const auto text = [](qint64 n, const char* one) {
        return QByteArray::number(n) + ' ' + one + (n == 1 ? "" : "s");
    };
    if (seconds >= 2 * 86400)
        return text(seconds / 86400, "day");
    if (seconds >= 2 * 3600)
        return text(seconds / 3600, "hour");
    if (seconds >= 2 * 60)
        return text(seconds / 60, "minute");
    return text(qMax<qint64>(1, seconds), "second");
}

bool isSmtpReply(QByteArrayView words) {
    return words.size() >= 3 && words[0] >= '2' && words[0] <= '5' && isDigit(words[1]) && isDigit(words[2]) &&
           (words.size() == 3 || words[3] == ' ');
}

} // namespace

std::optional<PeerAnswer> peerAnswer(QByteArrayView words) {
    if (isSmtpReply(words))
        return PeerAnswer{{}, words};
    constexpr QByteArrayView kSaid = " said: ";
    const qsizetype at = words.indexOf(kSaid);
    if (at < 0 || !isSmtpReply(words.sliced(at + kSaid.size())))
        return std::nullopt;
    QByteArrayView reply = words.sliced(at + kSaid.size());
    if (const qsizetype end = reply.lastIndexOf(QByteArrayView(" (in reply to ")); end > 0 && reply.endsWith(')'))
        reply = reply.first(end);
    const QByteArrayView peer = words.first(at);
    const qsizetype blank = peer.indexOf(' ');
    return PeerAnswer{blank < 0 ? peer : peer.first(blank), reply};
}

smtp::EnhancedCode failureStatus(QByteArrayView words, bool expired) {
    if (expired)
        return {5, 4, 7};
    const auto answer = peerAnswer(words);
    if (!answer) {
        const smtp::EnhancedCode own = leadingCode(words);
        return own.klass == 5 ? own : smtp::EnhancedCode{5, 0, 0};
    }
    if (answer->reply.size() > 4) {
        if (const smtp::EnhancedCode code = leadingCode(answer->reply.sliced(4)); code.klass == 5)
            return code;
    }
    const QByteArrayView reply = answer->reply.first(3);
    if (reply == "552")
        return {5, 2, 2};
    if (reply == "553")
        return {5, 1, 3};
    if (reply == "556") // RFC 7504 §4
        return {5, 1, 10};
    return {5, 0, 0};
}

smtp::EnhancedCode delayStatus(QByteArrayView words) {
    const auto answer = peerAnswer(words);
    const QByteArrayView behind = !answer ? words : answer->reply.size() > 4 ? answer->reply.sliced(4) : QByteArrayView();
    const smtp::EnhancedCode code = leadingCode(behind);
    return code.klass == 4 ? code : smtp::EnhancedCode{4, 0, 0};
}

QByteArray failureSentence(const smtp::EnhancedCode& status, qint64 ttlSeconds) {
    static constexpr struct {
        quint16 subject, detail;
        const char* text;
    } kSentences[] = {
        {1, 1, "There is no mailbox with this address. Check its spelling."},
        {1, 2, "The part of the address behind the @ does not exist. Check its spelling."},
        {1, 3, "The address is not written in a way that the other side understands. Check its spelling."},
        {1, 6, "The mailbox has moved and left no new address."},
        {1, 10, "The part of the address behind the @ takes no mail at all. Check its spelling."},
        {2, 1, "The mailbox is closed."},
        {2, 2, "The mailbox is full. The recipient has to make room; then send the message again."},
        {2, 3, "The message is larger than this mailbox takes. Send less at a time, or a link."},
        {3, 4, "The message is larger than the other side takes. Send less at a time, or a link."},
        {4, 4, "No way to the recipient's mail server could be found."},
        {4, 6, "The message went round in circles between mail servers."},
        {6, 0, "The other side cannot handle the form of the message."},
        {6, 3, "The message holds characters beyond plain ASCII, which the next mail server does not take."},
        {6, 7, "The address or the header holds characters beyond plain ASCII, which the next mail server does not take."},
        {7, 0, "The other side refused the message for its rules of safety or against unwanted mail."},
        {7, 1, "The other side does not permit this message. It may take the sender for unknown, or it for unwanted."},
        {7, 8, "The sign-in at the next mail server was refused. The administrator has to look at it."},
    };
    if (status == smtp::EnhancedCode{5, 4, 7})
        return "Delivery was tried for " + lifetime(ttlSeconds) + " without success; it is not tried any more.";
    const char* bySubject = nullptr;
    for (const auto& one : kSentences) {
        if (one.subject == status.subject && one.detail == status.detail)
            return one.text;
        if (one.subject == status.subject && one.detail == 0)
            bySubject = one.text;
    }
    return bySubject ? bySubject : "The mail server of the recipient refused the message for good.";
}

} // namespace postern::queue
