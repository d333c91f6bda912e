// SPDX-License-Identifier: GPL-3.0-or-later
//
// The sample office Marlow & Finch as values: Thursday 19 November 2026, 14:32. Its provider stopped taking the password
// at 14:09, so 12 messages wait; Fibernet asked to slow down, 2 wait; 1 is held.
#include "support/fake_facade.h"

#include <QDateTime>

using namespace Qt::StringLiterals;

namespace postern::test {
namespace {

const auto kProvider = u"smtp+tls://scans@smtp.mailhaus.example:587"_s;
const auto kFibernet = u"smtp+tls://office@out.fibernet.example:587"_s;
const auto kMailboxes = u"smtp://192.168.20.60:24"_s;
const auto kRefusal = u"535 5.7.139 Authentication unsuccessful, the password of scans@marlowfinch.example has expired"_s;
const auto kSlower = u"450 4.7.1 Too many messages, slow down"_s;

struct Day {
    qint64 now;
    // "14:08:54" of the day that `now` is in
    qint64 at(QStringView clock) const {
        return QDateTime(QDateTime::fromSecsSinceEpoch(now).date(), QTime::fromString(clock.toString(), u"HH:mm:ss"_s))
            .toSecsSinceEpoch();
    }
};

control::QueueRow row(int n, const QString& state, const QString& from, const QString& to, const QString& subject,
                      qint64 size, qint64 created) {
    control::QueueRow r;
    r.id = u"%1"_s.arg(0x7f3a91c200000001ULL + static_cast<quint64>(n) * 0x100000000ULL, 16, 16, QLatin1Char('0'));
    r.message = r.id.left(8);
    r.state = state;
    r.sender = from;
    r.recipient = to;
    r.subject = subject;
    r.client = u"192.168.20.41"_s;
    r.size = size;
    r.createdAt = created;
    r.expiresAt = created + 4 * 86400;
    return r;
}

control::ActivityEvent event(qint64 serial, qint64 at, const QString& kind, const QString& text,
                             const QString& message = {}, const QString& detail = {}) {
    return {serial, at, kind, text, detail, message};
}

QByteArray orderMail() {
    return "From: =?utf-8?B?SWRyaXMgRmluY2g=?= <idris@marlowfinch.example>\r\n"
           "To: orders@brightstone.example\r\n"
           "Subject: =?utf-8?Q?Order_2216,_oak_boards_=E2=80=93_12_m=C2=B2?=\r\n"
           "Date: Thu, 19 Nov 2026 14:12:40 +0000\r\n"
           "MIME-Version: 1.0\r\n"
           "Content-Type: multipart/mixed; boundary=\"part\"\r\n"
           "\r\n"
           "--part\r\n"
           "Content-Type: text/plain; charset=utf-8\r\n"
           "Content-Transfer-Encoding: quoted-printable\r\n"
           "\r\n"
           "Good afternoon,\r\n\r\n"
           "please send 12 m=C2=B2 of the oak boards, oiled, to the Mill Lane site. The=\r\n"
           " drawing is attached.\r\n\r\n"
           "Kind regards\r\nIdris Finch\r\nMarlow & Finch\r\n"
           "--part\r\n"
           "Content-Type: application/pdf; name=\"Mill Lane rev C.pdf\"\r\n"
           "Content-Disposition: attachment; filename=\"Mill Lane rev C.pdf\"\r\n"
           "Content-Transfer-Encoding: base64\r\n"
           "\r\n" +
           QByteArray("%PDF-1.4 sample").repeated(2000).toBase64().append("\r\n--part--\r\n");
}

} // namespace

void FakeFacade::officeAtHalfPastTwo(qint64 now) {
    const Day day{now};
    status = {};
    status.version = u"0.1.0"_s;
    status.profile = u"/home/petra/.local/share/postern"_s;
    status.configFile = u"/home/petra/.local/share/postern/smtpd.conf"_s;
    status.serverName = u"gate.marlowfinch.example"_s;
    status.startedAt = day.at(u"06:02:11");
    status.configLoadedAt = day.at(u"06:02:11");
    status.pid = 4242;
    status.dialect = u"modern"_s;
    status.waiting = 14;
    status.held = 1;
    status.messages = 18;
    status.caught = 3;
    status.sessions = 2;
    status.diskFree = 182'000'000'000;
    status.listeners = {
        {u"Office network"_s, u"192.168.20.2"_s, 2525, true, {}, u"none"_s, u"off"_s, 2, day.at(u"14:31:12"), u"smtpd.conf:4"_s},
        {u"Signed-in programs"_s, u"192.168.20.2"_s, 587, true, {}, u"starttls-required"_s, u"required"_s, 0, day.at(u"13:58:03"), u"smtpd.conf:5"_s}};
    status.relays = {{kProvider, u"failing"_s, kRefusal, 12, day.at(u"14:06:20")},
                     {kFibernet, u"working"_s, u"asked us to slow down"_s, 2, day.at(u"14:31:47")},
                     {kMailboxes, u"working"_s, {}, 0, day.at(u"14:29:33")}};
    status.problems = {{control::Gravity::Attention, u"relay:"_s + kProvider,
                        u"smtp.mailhaus.example no longer takes the password"_s,
                        u"12 messages are waiting. Nothing is lost: they leave as soon as the sign-in works again. Put the new password into the table “secrets”."_s,
                        u"smtpd.conf:14"_s}};
    status.today.taken = 241;
    status.today.delivered = 227;
    status.today.refused = 5;
    status.today.takenPerHour = {0, 0, 0, 0, 0, 0, 1, 6, 22, 41, 38, 47, 29, 33, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    status.today.waitingPerHour = QList<int>(24, 0);
    status.today.waitingPerHour[14] = 14;
    status.today.refusedPerHour = QList<int>(24, 0);
    status.today.refusedPerHour[9] = 1;
    status.today.refusedPerHour[11] = 2;
    status.today.refusedPerHour[13] = 2;

    const QString scan = u"scan@marlowfinch.example"_s;
    struct Sample {
        QString from, to, subject;
        qint64 size;
        QStringView at;
    };
    const QList<Sample> refused = {
        {scan, u"j.okafor@oakhill-council.example"_s, u"Scan from Copier second floor"_s, 1'800'000, u"14:08:54"},
        {scan, u"planning@oakhill-council.example"_s, u"Site plan rev C"_s, 4'200'000, u"14:09:40"},
        {u"idris@marlowfinch.example"_s, u"orders@brightstone.example"_s, u"Order 2216, oak boards"_s, 38'000, u"14:12:41"},
        {scan, u"t.reyes@ferrand-sons.example"_s, u"Scan from Front desk"_s, 640'000, u"14:13:40"},
        {u"archive@marlowfinch.example"_s, u"support@nas-care.example"_s, u"Backup finished with 1 warning"_s, 6'000, u"14:14:20"},
        {u"nora@marlowfinch.example"_s, u"a.mori@brightstone.example"_s, u"Re: Facade samples"_s, 212'000, u"14:30:02"},
        {scan, u"permits@oakhill-council.example"_s, u"Scan from Copier ground floor"_s, 910'000, u"14:15:00"},
        {u"petra@marlowfinch.example"_s, u"insurance@albion-mutual.example"_s, u"Policy renewal"_s, 55'000, u"14:16:10"},
        {u"idris@marlowfinch.example"_s, u"n.brandt@ferrand-sons.example"_s, u"Stair detail"_s, 1'100'000, u"14:18:44"},
        {u"nora@marlowfinch.example"_s, u"studio@brightstone.example"_s, u"Samples on Friday?"_s, 4'000, u"14:21:17"},
        {scan, u"archive@oakhill-council.example"_s, u"Scan from Copier second floor"_s, 2'300'000, u"14:22:40"},
        {u"ups@marlowfinch.example"_s, u"support@nas-care.example"_s, u"UPS cellar: self test passed"_s, 2'000, u"14:25:09"},
    };
    rows.clear();
    int n = 0;
    for (const auto& s : refused) {
        auto r = row(n, u"waiting"_s, s.from, s.to, s.subject, s.size, day.at(s.at));
        r.relay = kProvider;
        r.tries = n == 0 ? 3 : 1;
        r.lastTryAt = day.at(u"14:30:58");
        r.nextTryAt = day.at(u"14:40:58");
        r.lastError = kRefusal;
        rows.append(r);
        ++n;
    }
    for (int i = 0; i < 2; ++i, ++n) {
        auto r = row(n, u"waiting"_s, u"ledger@marlowfinch.example"_s,
                     i == 0 ? u"accounts@ferrand-sons.example"_s : u"office@brightstone.example"_s,
                     u"Invoice 2026-118%1"_s.arg(7 + i), i == 0 ? 96'000 : 91'000, day.at(i == 0 ? u"14:28:01" : u"14:29:10"));
        r.relay = kFibernet;
        r.tries = 2 - i;
        r.lastTryAt = day.at(u"14:30:58");
        r.nextTryAt = day.at(u"14:36:00");
        r.lastError = kSlower;
        rows.append(r);
    }
    auto held = row(n++, u"held"_s, u"nora@marlowfinch.example"_s, u"all-clients@marlowfinch.example"_s, u"Winter opening hours"_s,
                    1'100'000, now - 22 * 3600);
    rows.append(held);
    const QList<Sample> caughtOnes = {
        {u"idris@marlowfinch.example"_s, u"orders@brightstone.example"_s, u"Order 2216, oak boards – 12 m²"_s, 41'900, u"14:12:41"},
        {u"door-camera@marlowfinch.example"_s, u"petra@marlowfinch.example"_s, u"Motion at the back door"_s, 184'000, u"13:46:02"},
        {u"shop@marlowfinch.example"_s, u"test-customer@marlowfinch.example"_s, u"Your order 1041 is on its way"_s, 12'000, u"11:20:15"},
    };
    for (const auto& s : caughtOnes) {
        auto r = row(n++, u"caught"_s, s.from, s.to, s.subject, s.size, day.at(s.at));
        rows.append(r);
        contents.insert(r.message, orderMail());
    }

    const QString first = rows.first().message;
    const auto camera =
        u"← 220 gate.marlowfinch.example ESMTP Postern\n→ HELO camera\n← 250 gate.marlowfinch.example\n"
        "→ MAIL FROM:<camera@marlowfinch.example>\n← 250 2.1.0 Ok\n→ RCPT TO:<security@outside.example>\n← 550 Invalid recipient"_s;
    events = {
        event(1, day.at(u"13:47:09"), u"refused"_s, u"camera@marlowfinch.example to security@outside.example: no rule lets 192.168.20.71 send outside"_s, {}, camera),
        event(2, day.at(u"14:06:20"), u"delivered"_s, u"scan@marlowfinch.example to planning@oakhill-council.example through smtp.mailhaus.example"_s),
        event(3, day.at(u"14:08:51"), u"session"_s, u"192.168.20.41 connected to port 2525 and greeted as copier2, not encrypted"_s, first),
        event(4, day.at(u"14:08:54"), u"taken"_s, u"scan@marlowfinch.example to j.okafor@oakhill-council.example, 1.8 MB, from 192.168.20.41"_s, first, u"250 2.0.0 7f3a91c2 Message accepted for delivery"_s),
        event(5, day.at(u"14:08:58"), u"delayed"_s, u"scan@marlowfinch.example to j.okafor@oakhill-council.example: smtp.mailhaus.example did not take the sign-in"_s, first, kRefusal),
        event(6, day.at(u"14:21:17"), u"taken"_s, u"idris@marlowfinch.example to orders@brightstone.example, 38 KB, from 192.168.20.52"_s),
        event(7, day.at(u"14:22:40"), u"delayed"_s, u"scan@marlowfinch.example to t.reyes@ferrand-sons.example: smtp.mailhaus.example did not take the sign-in"_s, {}, kRefusal),
        event(8, day.at(u"14:28:02"), u"session"_s, u"192.168.20.90 connected to port 2525, sent no message, closed after 2 s"_s),
        event(9, day.at(u"14:29:33"), u"delivered"_s, u"scan@marlowfinch.example to petra@marlowfinch.example through 192.168.20.60"_s),
        event(10, day.at(u"14:30:41"), u"taken"_s, u"nora@marlowfinch.example to a.mori@brightstone.example, 212 KB, from 192.168.20.53"_s),
        event(11, day.at(u"14:30:58"), u"delayed"_s, u"ledger@marlowfinch.example to office@brightstone.example: out.fibernet.example asked to come back later"_s, {}, kSlower),
        event(12, day.at(u"14:31:12"), u"taken"_s, u"scan@marlowfinch.example to idris@marlowfinch.example, 2.1 MB, from 192.168.20.41"_s),
        event(13, day.at(u"14:31:13"), u"delivered"_s, u"scan@marlowfinch.example to idris@marlowfinch.example through 192.168.20.60"_s),
        event(14, day.at(u"14:31:47"), u"delivered"_s, u"ledger@marlowfinch.example to studio@ferrand-sons.example through out.fibernet.example"_s),
    };
}

void FakeFacade::emptyCatchingProfile(qint64 now) {
    status = {};
    rows.clear();
    events.clear();
    contents.clear();
    status.version = u"0.1.0"_s;
    status.profile = u"/home/petra/.local/share/postern"_s;
    status.configFile = u"/home/petra/.local/share/postern/smtpd.conf"_s;
    status.pid = 4242;
    status.startedAt = status.configLoadedAt = now - 20;
    status.catchesMail = true;
    status.dialect = u"modern"_s;
    status.diskFree = 182'000'000'000;
    status.listeners = {{u"This computer"_s, u"127.0.0.1"_s, 2525, true, {}, u"none"_s, u"off"_s, 0, 0, u"smtpd.conf:3"_s}};
    status.today.takenPerHour = status.today.waitingPerHour = status.today.refusedPerHour = QList<int>(24, 0);
}

} // namespace postern::test
