// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/trace_header.h"

#include <QDateTime>
#include <QLocale>
#include <QTimeZone>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::smtp {
namespace {

constexpr qsizetype kMaxPiece = 255;

// One word of a Received field: what could end it, open a comment or a new clause becomes a question mark.
QByteArray word(QByteArrayView text) {
    QByteArray out = text.first(std::min(text.size(), kMaxPiece)).toByteArray();
    for (char& c : out)
        if (c <= 32 || c >= 127 || QByteArrayView("()<>;,\"\\").contains(c))
            c = '?';
    return out;
}

QByteArray literal(const QByteArray& address) {
    return address.contains(':') ? "[IPv6:" + word(address) + ']' : '[' + word(address) + ']';
}

QByteArray twoDigits(int n) {
    return (n < 10 ? "0" : "") + QByteArray::number(n);
}

QByteArray makeDate(WallTime now) {
    const QDateTime local = QDateTime::fromSecsSinceEpoch(now.time_since_epoch().count());
    const int offset = local.offsetFromUtc() / 60;
    const QByteArray zone = (offset < 0 ? "-" : "+") + twoDigits(std::abs(offset) / 60) + twoDigits(std::abs(offset) % 60);
    QByteArray out = QLocale::c().toString(local, u"ddd, d MMM yyyy HH:mm:ss "_s).toLatin1() + zone;
    const QByteArray name = local.timeZoneAbbreviation().toUtf8();
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-';
    });
    if (plain && !name.isEmpty())
        out += " (" + name + ')';
    return out;
}

} // namespace

// Time zones are slow and a busy second has thousands of messages.
QByteArray dateText(WallTime now) {
    struct Last {
        WallTime when{};
        QByteArray text;
    };
    static thread_local Last last;
    if (last.text.isEmpty() || last.when != now)
        last = Last{now, makeDate(now)};
    return last.text;
}

QByteArray receivedHeader(const ServerSession& session, const QByteArray& messageId, WallTime now,
                          const ReceivedOptions& options) {
    QByteArray out;
    out.reserve(512);
    out += "Received: ";
    if (!options.maskSource) {
        const QByteArray& name = session.client().reverseName;
        out += "from " + word(session.helo()) + " (" + (name.isEmpty() ? "<unknown>"_ba : word(name)) + ' ' +
               literal(session.client().address) + ")\r\n\t";
    }
    out += "by " + word(session.features().hostname) + " (Postern) with ";
    // RFC 6531 §4.3: the protocol words of internationalised mail.
    out += session.transaction().params.smtpUtf8 ? "UTF8SMTP" : session.isEsmtp() ? "ESMTP" : "SMTP";
    if (session.isTls())
        out += 'S';
    if (!session.user().isEmpty())
        out += 'A';
    out += " id " + word(messageId);
    if (session.isTls()) {
        const TlsFacts& tls = session.tls();
        out += " (" + word(tls.version) + ':' + word(tls.cipher) + ':' + QByteArray::number(tls.bits) +
               (tls.peerVerified ? ":YES)" : ":NO)");
        if (options.showAuth)
            out += session.user().isEmpty() ? " auth=no"_ba : " auth=yes user=" + word(session.user());
    }
    const auto& recipients = session.transaction().recipients;
    // A quoted local part may hold anything; it is left out rather than trusted inside this field. So is what is not
    // ASCII: this field must not be what keeps a message from a peer that takes ASCII only.
    if (recipients.size() == 1 && !recipients.front().address.localPart().startsWith('"')) {
        if (const auto address = recipients.front().address.inAscii())
            out += "\r\n\tfor <" + address->text() + '>';
    }
    out += ";\r\n\t" + dateText(now) + "\r\n";
    return out;
}

} // namespace postern::smtp
