// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whole conversations with servers of every kind, each run whole, byte by byte and cut at every place.
#include "support/client_dialogue.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::smtp;
using namespace postern::test;

Q_DECLARE_METATYPE(postern::test::ClientDialogue)

namespace {

// settings words: "tls=never|opp|must|wrap auth lmtp badtls"
ClientDialogue dialogue(const QByteArray& words, const QByteArray& script, std::vector<ClientMail> mails = {}) {
    ClientDialogue d;
    d.settings.helo = "me.example";
    d.settings.peerName = "mx.example";
    d.settings.tls = words.contains("tls=never")  ? ClientTls::Never
                     : words.contains("tls=must") ? ClientTls::Required
                     : words.contains("tls=wrap") ? ClientTls::Wrapped
                                                  : ClientTls::Opportunistic;
    if (words.contains("auth"))
        d.settings.auth = Credentials{"carol", Secret(QByteArray("s3cret"))};
    d.settings.lmtp = words.contains("lmtp");
    d.handshakeWorks = !words.contains("badtls");
    d.script = script;
    d.mails = std::move(mails);
    return d;
}

ClientMail big(qint64 size) {
    ClientMail mail = mailFor({"a@b.example"});
    mail.params.declaredSize = size;
    return mail;
}

ClientMail eightBit() {
    ClientMail mail = mailFor({"a@b.example"});
    mail.hasEightBit = true;
    return mail;
}

ClientMail utf8Flagged(bool contentNeedsIt) {
    ClientMail mail = mailFor({"a@b.example"});
    mail.params.smtpUtf8 = true;
    mail.hasEightBit = mail.headerNeedsUtf8 = contentNeedsIt;
    return mail;
}

ClientMail withDsn() {
    ClientMail mail = mailFor({"a@b.example"});
    mail.params.ret = DsnReturn::Headers;
    mail.params.envid = "QQ314159";
    mail.recipients[0].params = {"SUCCESS,FAILURE", "rfc822;a@b.example"};
    return mail;
}

const QByteArray kBody = "C: Subject: t\nC: \nC: hello\nC: .\n";

} // namespace

class TestClientSession : public QObject {
    Q_OBJECT

  private:
    static void addRow(const char* name, const ClientDialogue& d, const char* summary) {
        QTest::addRow("%s", name) << d << QByteArray(summary);
    }
    void playEveryWay() {
        QFETCH(ClientDialogue, d);
        QFETCH(QByteArray, summary);
        const auto check = [&](const Cut& cut) {
            QByteArray trouble = d.run(cut);
            if (trouble.isEmpty() && d.summary != summary)
                trouble = "ended as \"" + d.summary + "\", not as \"" + summary + '"';
            return trouble;
        };
        QCOMPARE(check({}), QByteArray());
        QCOMPARE(check({Cut::Kind::EachByte}), QByteArray());
        for (qsizetype at = 1; at < d.longestServerPart(); ++at)
            QCOMPARE(check({Cut::Kind::At, at}), QByteArray());
    }

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void getsReady_data() {
        QTest::addColumn<ClientDialogue>("d");
        QTest::addColumn<QByteArray>("summary");
        // Failures first.
        addRow("D12 the greeting is 421", dialogue("", "S: 421 4.3.2 later\n"), "fault ServiceClosing");
        addRow("D12 the greeting is 4xx", dialogue("", "S: 450 4.3.2 later\nC: QUIT\n"), "fault GreetingRefused");
        addRow("rfc7504 the greeting is 521", dialogue("", "S: 521 no mail here\nC: QUIT\n"), "fault GreetingRefused");
        addRow("rfc5321 3.1 the greeting is 554", dialogue("", "S: 554-no\nS: 554 mail\nC: QUIT\n"), "fault GreetingRefused");
        addRow("a greeting that is no greeting", dialogue("", "S: 250 hi\n"), "fault ProtocolError");
        addRow("the peer speaks HTTP", dialogue("", "S: HTTP/1.1 400 Bad Request\n"), "fault ProtocolError");
        addRow("the peer hangs up at once", dialogue("", "S: <close>\n"), "fault ConnectionLost");
        addRow("R10 the peer says nothing", dialogue("", "S: <timeout>\n"), "fault Timeout");
        addRow("rfc5321 4.2 EHLO 4xx", dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 451 later\nC: QUIT\n"),
               "fault HeloRefused");
        addRow("relay-urls 5 EHLO refused, STARTTLS needed",
               dialogue("tls=must", "S: 220 hi\nC: EHLO me.example\nS: 502 what\nC: QUIT\n"), "fault HeloRefused");
        addRow("relay-urls 5 EHLO refused, wrapped",
               dialogue("tls=wrap", "S: 220 hi\nC: EHLO me.example\nS: 502 what\nC: QUIT\n"), "fault HeloRefused");
        addRow("EHLO refused, sign-in needed",
               dialogue("auth", "S: 220 hi\nC: EHLO me.example\nS: 502 what\nC: QUIT\n"), "fault HeloRefused");
        addRow("rfc2033 LHLO refused has no fallback",
               dialogue("tls=never lmtp", "S: 220 hi\nC: LHLO me.example\nS: 500 what\nC: QUIT\n"), "fault HeloRefused");
        addRow("HELO refused as well",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 502 what\nC: HELO me.example\nS: 550 no\nC: QUIT\n"),
               "fault HeloRefused");
        addRow("T10 STARTTLS not offered, required",
               dialogue("tls=must", "S: 220 hi\nC: EHLO me.example\nS: 250 mx\nC: QUIT\n"), "fault TlsUnavailable");
        addRow("T10 STARTTLS answered 454, required",
               dialogue("tls=must", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n"
                                    "S: 454 4.7.0 not now\nC: QUIT\n"), "fault TlsUnavailable");
        addRow("T10 STARTTLS answered 500, required",
               dialogue("tls=must", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n"
                                    "S: 500 what\nC: QUIT\n"), "fault TlsUnavailable");
        addRow("T09 words behind the reply to STARTTLS",
               dialogue("tls=must auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n"
                                         "S: 220 go\nS: 250-mx\nS: 250 AUTH PLAIN\n"), "fault ProtocolError");
        addRow("relay-urls 5 handshake fails, required",
               dialogue("tls=must badtls", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n"
                                           "S: 220 go\n"), "fault TlsFailed");
        addRow("relay-urls 5 handshake fails, opportunistic: not on this connection",
               dialogue("badtls", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n"
                                  "S: 220 go\n"), "fault TlsFailed");
        addRow("T10 sign-in needed, STARTTLS hidden: no password in clear",
               dialogue("auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 AUTH PLAIN LOGIN\nC: QUIT\n"),
               "fault AuthUnavailable");
        addRow("T10 sign-in needed, STARTTLS refused: no password in clear",
               dialogue("auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250-STARTTLS\nS: 250 AUTH PLAIN\n"
                                "C: STARTTLS\nS: 454 no\nC: QUIT\n"), "fault TlsUnavailable");
        addRow("sign-in needed, TLS never: no password in clear",
               dialogue("tls=never auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 AUTH PLAIN\nC: QUIT\n"),
               "fault AuthUnavailable");
        addRow("relay-urls 5 AUTH not advertised",
               dialogue("tls=wrap auth", "S: 220 hi\nC: EHLO me.example\nS: 250 mx\nC: QUIT\n"), "fault AuthUnavailable");
        addRow("relay-urls 5 no supported AUTH method",
               dialogue("tls=wrap auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 AUTH GSSAPI\nC: QUIT\n"),
               "fault AuthUnavailable");
        addRow("relay-urls 7 AUTH PLAIN refused",
               dialogue("tls=wrap auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 AUTH LOGIN PLAIN\n"
                                         "C: AUTH PLAIN AGNhcm9sAHMzY3JldA==\nS: 535 5.7.8 wrong\nC: QUIT\n"),
               "fault AuthRefused");
        addRow("AUTH LOGIN refused at the password",
               dialogue("tls=wrap auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 AUTH LOGIN\nC: AUTH LOGIN\n"
                                         "S: 334 VXNlcm5hbWU6\nC: Y2Fyb2w=\nS: 334 UGFzc3dvcmQ6\nC: czNjcmV0\n"
                                         "S: 454 4.7.0 backend down\nC: QUIT\n"), "fault AuthRefused");
        addRow("rfc3207 4.2 AUTH told in clear is forgotten inside TLS",
               dialogue("tls=must auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250-STARTTLS\nS: 250 AUTH PLAIN\n"
                                         "C: STARTTLS\nS: 220 go\nC: EHLO me.example\nS: 250 mx\nC: QUIT\n"),
               "fault AuthUnavailable");
        // What works.
        addRow("a plain conversation", dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250 mx\nC: QUIT\nS: 221 bye\n"), "end");
        addRow("a greeting of several lines",
               dialogue("", "S: 220-hi\nS: 220 there\nC: EHLO me.example\nS: 250 mx\nC: QUIT\nS: 221 bye\n"), "end");
        addRow("rfc5321 4.1.1.1 HELO when EHLO is refused",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 502 what\nC: HELO me.example\nS: 250 mx\nC: QUIT\nS: 221 x\n"),
               "end");
        addRow("relay-urls 5 STARTTLS not offered, opportunistic: in clear",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 SIZE\nC: QUIT\nS: 221 bye\n"), "end");
        addRow("relay-urls 5 STARTTLS answered 4xx, opportunistic: in clear on this connection",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 no\n"
                            "C: QUIT\nS: 221 bye\n"), "end");
        addRow("relay-urls 5 STARTTLS offered, TLS never",
               dialogue("tls=never", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: QUIT\nS: 221 b\n"), "end");
        addRow("D11 STARTTLS inside TLS is not asked again",
               dialogue("tls=must", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n"
                                    "C: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: QUIT\nS: 221 bye\n"), "end");
        addRow("rfc4954 PLAIN is preferred",
               dialogue("tls=wrap auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 AUTH LOGIN PLAIN\n"
                                         "C: AUTH PLAIN AGNhcm9sAHMzY3JldA==\nS: 235 ok\nC: QUIT\nS: 221 bye\n"), "end");
        addRow("rfc4954 4 PLAIN asked for again with 334",
               dialogue("tls=wrap auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 AUTH PLAIN\n"
                                         "C: AUTH PLAIN AGNhcm9sAHMzY3JldA==\nS: 334 \nC: AGNhcm9sAHMzY3JldA==\n"
                                         "S: 235 ok\nC: QUIT\nS: 221 bye\n"), "end");
        addRow("LOGIN when there is no PLAIN, in the old spelling",
               dialogue("tls=wrap auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 AUTH=LOGIN\nC: AUTH LOGIN\n"
                                         "S: 334 VXNlcm5hbWU6\nC: Y2Fyb2w=\nS: 334 UGFzc3dvcmQ6\nC: czNjcmV0\n"
                                         "S: 235 ok\nC: QUIT\nS: 221 bye\n"), "end");
        addRow("T10 opportunistic with a label signs in inside TLS",
               dialogue("auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n"
                                "C: EHLO me.example\nS: 250-mx\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AGNhcm9sAHMzY3JldA==\n"
                                "S: 235 ok\nC: QUIT\nS: 221 bye\n"), "end");
        addRow("the peer closes instead of answering QUIT",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250 mx\nC: QUIT\nS: <close>\n"), "end");
        addRow("the peer never answers QUIT",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250 mx\nC: QUIT\nS: <timeout>\n"), "end");
    }
    void getsReady() { playEveryWay(); }

    void sendsMail_data() {
        QTest::addColumn<ClientDialogue>("d");
        QTest::addColumn<QByteArray>("summary");
        const QByteArray plain = "S: 220 hi\nC: EHLO me.example\nS: 250 mx\n";
        const QByteArray group = "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 PIPELINING\n";
        const QByteArray from = "C: MAIL FROM:<me@a.example>\n";
        const auto one = mailFor({"a@b.example"});
        const auto two = mailFor({"a@b.example", "c@b.example"});
        const QByteArray rcptA = "C: RCPT TO:<a@b.example>\n", rcptC = "C: RCPT TO:<c@b.example>\n";
        const QByteArray bye = "C: QUIT\nS: 221 bye\n";

        addRow("D12 MAIL 4xx, lock-step", dialogue("", plain + from + "S: 451 4.3.0 later\n" + bye, {one}), "T; end");
        addRow("D12 MAIL 5xx, lock-step", dialogue("", plain + from + "S: 550 5.7.1 no\n" + bye, {one}), "P; end");
        addRow("D12 RCPT 4xx, lock-step", dialogue("", plain + from + "S: 250 ok\n" + rcptA + "S: 450 4.2.0 grey\n" + bye, {one}),
               "T; end");
        addRow("rfc5321 4.5.3.1.10 552 to RCPT is temporary",
               dialogue("", plain + from + "S: 250 ok\n" + rcptA + "S: 552 5.2.2 too many\n" + bye, {one}), "T; end");
        addRow("D12 one RCPT refused, the other delivered, lock-step",
               dialogue("", plain + from + "S: 250 ok\n" + rcptA + "S: 550 5.1.1 no\n" + rcptC +
                                "S: 250 ok\nC: DATA\nS: 354 go\n" + kBody + "S: 250 queued\n" + bye, {two}), "P D; end");
        addRow("D12 DATA 4xx, then RSET before the next mail, lock-step",
               dialogue("", plain + from + "S: 250 ok\n" + rcptA + "S: 250 ok\nC: DATA\nS: 451 later\nC: RSET\nS: 250 ok\n" +
                                from + "S: 250 ok\n" + rcptA + "S: 250 ok\nC: DATA\nS: 354 go\n" + kBody + "S: 250 queued\n" +
                                bye, {one, one}), "T; D; end");
        addRow("D12 DATA 5xx, lock-step",
               dialogue("", plain + from + "S: 250 ok\n" + rcptA + "S: 250 ok\nC: DATA\nS: 554 5.7.1 no\n" + bye, {one}), "P; end");
        addRow("D12 final dot 4xx, next mail without RSET",
               dialogue("", group + from + rcptA + "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n" + kBody + "S: 451 later\n" +
                                from + rcptA + "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n" + kBody + "S: 250 queued\n" + bye,
                        {one, one}), "T; D; end");
        addRow("D12 final dot 5xx",
               dialogue("", group + from + rcptA + "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n" + kBody + "S: 554 5.6.0 no\n" + bye,
                        {one}), "P; end");
        addRow("standards 10.10 lost after the final dot is temporary",
               dialogue("", group + from + rcptA + "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n" + kBody + "S: <close>\n", {one}),
               "T; fault ConnectionLost");
        addRow("R10 no answer to the final dot",
               dialogue("", group + from + rcptA + "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n" + kBody + "S: <timeout>\n", {one}),
               "T; fault Timeout");
        addRow("standards 10.8 421 to a RCPT: the refused one stays refused, the rest is temporary",
               dialogue("", group + from + rcptA + rcptC + "C: DATA\nS: 250 ok\nS: 550 5.1.1 no\nS: 421 4.3.2 bye\n", {two}),
               "P T; fault ServiceClosing");
        addRow("rfc2920 3.1 MAIL refused in a group: all replies are read",
               dialogue("", group + from + rcptA + rcptC + "C: DATA\nS: 550 5.7.1 no\nS: 503 first MAIL\nS: 503 first MAIL\n"
                                "S: 503 first MAIL\n" + bye, {two}), "P P; end");
        addRow("rfc2920 3.1 no recipient left but 354: a lone dot",
               dialogue("", group + from + rcptA + "C: DATA\nS: 250 ok\nS: 550 5.1.1 no\nS: 354 go\nC: .\nS: 554 no recipients\n" +
                                bye, {one}), "P; end");
        addRow("rfc2920 3.1 no recipient left, DATA refused: RSET goes with the next group",
               dialogue("", group + from + rcptA + "C: DATA\nS: 250 ok\nS: 550 5.1.1 no\nS: 503 no recipients\nC: RSET\n" + from +
                                rcptA + "C: DATA\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n" + kBody + "S: 250 queued\n" + bye,
                        {one, one}), "P; D; end");
        addRow("an answer before the end of data: lost track, the word stands",
               dialogue("", group + from + rcptA + "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n" + kBody + "S: 250 a\nS: 250 b\n",
                        {one}), "D; fault ProtocolError");
        addRow("rfc1870 larger than the peer's limit is not even tried",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 SIZE 1000\nC: QUIT\nS: 221 bye\n", {big(1001)}),
               "P; end");
        addRow("rfc1870 as large as the peer's limit",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 SIZE 1000\nC: MAIL FROM:<me@a.example> SIZE=1000\n"
                            "S: 552 5.3.4 no\n" + bye, {big(1000)}), "P; end");
        addRow("rfc1870 SIZE 0 is no limit",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 SIZE 0\nC: MAIL FROM:<me@a.example> SIZE=1001\n"
                            "S: 451 no\n" + bye, {big(1001)}), "T; end");
        addRow("D11 SIZE -1 is ignored",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 SIZE -1\n" + from + "S: 451 no\n" + bye, {big(1001)}),
               "T; end");
        addRow("D11 SIZE of 20 digits is no limit",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 SIZE 99999999999999999999\n"
                            "C: MAIL FROM:<me@a.example> SIZE=1001\nS: 451 no\n" + bye, {big(1001)}), "T; end");
        addRow("D11 AUTH of a thousand mechanisms, keywords twice, empty lines",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250-AUTH " + QByteArray("X ").repeated(1000) +
                            "\nS: 250-SIZE 5000\nS: 250-SIZE 10\nS: 250-\nS: 250-=\nS: 250 size\n"
                            "C: MAIL FROM:<me@a.example> SIZE=1001\nS: 451 no\n" + bye, {big(1001)}), "T; end");
        addRow("rfc6152 8-bit content, peer without 8BITMIME", dialogue("", plain + bye, {eightBit()}), "P; end");
        addRow("rfc6152 8-bit content, peer with 8BITMIME",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 8BITMIME\n"
                            "C: MAIL FROM:<me@a.example> BODY=8BITMIME\nS: 451 no\n" + bye, {eightBit()}), "T; end");
        addRow("rfc6531 needed but not offered", dialogue("", plain + bye, {utf8Flagged(true)}), "P; end");
        addRow("rfc6531 flagged but all ASCII goes without",
               dialogue("", plain + from + "S: 451 no\n" + bye, {utf8Flagged(false)}), "T; end");
        addRow("rfc6531 flagged and offered",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250-8BITMIME\nS: 250 SMTPUTF8\n"
                            "C: MAIL FROM:<me@a.example> BODY=8BITMIME SMTPUTF8\nS: 451 no\n" + bye, {utf8Flagged(true)}),
               "T; end");
        addRow("rfc3461 DSN parameters are passed on",
               dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250-PIPELINING\nS: 250 DSN\n"
                            "C: MAIL FROM:<me@a.example> RET=HDRS ENVID=QQ314159\n"
                            "C: RCPT TO:<a@b.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a@b.example\nC: DATA\n"
                            "S: 250 ok\nS: 250 ok\nS: 354 go\n" + kBody + "S: 250 queued\n" + bye, {withDsn()}), "D; end");
        addRow("rfc3461 no DSN offered, none sent",
               dialogue("", plain + from + "S: 250 ok\n" + rcptA + "S: 550 no\n" + bye, {withDsn()}), "P; end");
        addRow("rfc5321 4.5.5 the null sender",
               dialogue("", plain + "C: MAIL FROM:<>\nS: 250 ok\n" + rcptA + "S: 550 no\n" + bye, {mailFor({"a@b.example"}, "")}),
               "P; end");
        addRow("three mails over one connection, pipelined, no RSET",
               dialogue("", group + (from + rcptA + "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n" + kBody + "S: 250 queued\n")
                                        .repeated(3) + bye, {one, one, one}), "D; D; D; end");
        addRow("421 while idle", [&] {
            ClientDialogue d = dialogue("", plain + "S: 421 4.4.2 idle too long\n");
            d.quitAtEnd = false;
            return d;
        }(), "fault ServiceClosing");

        const QByteArray lmtp = "S: 220 hi\nC: LHLO me.example\nS: 250-mx\nS: 250-PIPELINING\nS: 250 8BITMIME\n";
        const auto three = mailFor({"a@b.example", "c@b.example", "e@b.example"});
        const QByteArray rcpts = rcptA + rcptC + "C: RCPT TO:<e@b.example>\n";
        addRow("M09 LMTP: each its own reply",
               dialogue("tls=never lmtp", lmtp + from + rcpts + "C: DATA\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n" +
                                              kBody + "S: 250 stored\nS: 450 4.2.0 later\nS: 550 5.2.1 gone\n" + bye, {three}),
               "D T P; end");
        addRow("M09 LMTP: a refused recipient gets no reply",
               dialogue("tls=never lmtp", lmtp + from + rcpts + "C: DATA\nS: 250 ok\nS: 250 ok\nS: 550 no\nS: 250 ok\nS: 354 go\n" +
                                              kBody + "S: 250 stored\nS: 450 later\n" + bye, {three}), "D P T; end");
        addRow("M09 LMTP: too few replies",
               dialogue("tls=never lmtp", lmtp + from + rcpts + "C: DATA\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n" +
                                              kBody + "S: 250 stored\nS: <close>\n", {three}), "D T T; fault ConnectionLost");
        addRow("M09 LMTP: too many replies",
               dialogue("tls=never lmtp", lmtp + from + rcptA + "C: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n" + kBody +
                                              "S: 250 stored\nS: 250 stored\n", {one}), "D; fault ProtocolError");
    }
    void sendsMail() { playEveryWay(); }

    void textsNameThePeerAndItsWords_data() {
        QTest::addColumn<ClientDialogue>("d");
        QTest::addColumn<QByteArray>("text");
        const QByteArray plain = "S: 220 hi\nC: EHLO me.example\nS: 250 mx\nC: MAIL FROM:<me@a.example>\n";
        const auto one = mailFor({"a@b.example"});
        const auto row = [](const char* name, const ClientDialogue& d, const char* text) {
            QTest::addRow("%s", name) << d << QByteArray(text);
        };
        row("a refused recipient", dialogue("", plain + "S: 250 ok\nC: RCPT TO:<a@b.example>\nS: 550-5.1.1 no\nS: 550 5.1.1 such user\n", {one}),
            "mx.example said: 550 5.1.1 no such user (in reply to RCPT)");
        row("a refused sign-in", dialogue("tls=wrap auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 AUTH PLAIN\n"
                                          "C: AUTH PLAIN AGNhcm9sAHMzY3JldA==\nS: 535 5.7.8 bad credentials\n"),
            "mx.example said: 535 5.7.8 bad credentials (in reply to AUTH PLAIN)");
        row("a sign-in echoed as it was sent", dialogue("tls=wrap auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\n"
                                          "S: 250 AUTH PLAIN\nC: AUTH PLAIN AGNhcm9sAHMzY3JldA==\n"
                                          "S: 535 5.7.8 what is AUTH PLAIN AGNhcm9sAHMzY3JldA== to me\n"),
            "mx.example said: 535 5.7.8 what is AUTH PLAIN *** to me (in reply to AUTH PLAIN)");
        row("a password echoed plain and encoded", dialogue("tls=wrap auth", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\n"
                                          "S: 250 AUTH LOGIN\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: Y2Fyb2w=\n"
                                          "S: 334 UGFzc3dvcmQ6\nC: czNjcmV0\nS: 535 s3cret (czNjcmV0) is wrong\n"),
            "mx.example said: 535 *** (***) is wrong (in reply to the password)");
        row("a lost connection", dialogue("", plain + "S: <close>\n", {one}),
            "mx.example closed the connection while we waited for the reply to MAIL (reset by peer)");
        row("a time-out", dialogue("", plain + "S: <timeout>\n", {one}),
            "mx.example kept us waiting longer than 5 minutes for the reply to MAIL");
        row("a bad certificate", dialogue("tls=must badtls", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\n"
                                          "C: STARTTLS\nS: 220 go\n"),
            "TLS with mx.example failed: certificate has expired");
        row("too large", dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 SIZE 10\n", {big(11)}),
            "5.3.4 message too large for peer: it is 11 octets, mx.example takes 10");
    }
    void textsNameThePeerAndItsWords() {
        QFETCH(ClientDialogue, d);
        QFETCH(QByteArray, text);
        (void)d.run({});
        const QByteArray said = !d.outcomes.empty() ? d.outcomes[0][0].text : d.fault ? d.fault->text : QByteArray();
        QCOMPARE(said, text);
        QVERIFY(!d.fault || !d.fault->text.contains("s3cret"));
    }

    void onlyTheRfcsPermanentGreetingsArePermanent() {
        for (const QByteArray& code : QByteArrayList{"421", "450", "500", "521", "550", "554"}) {
            ClientDialogue d = dialogue("", "S: " + code + " no\nC: QUIT\n");
            (void)d.run({});
            QVERIFY(d.fault.has_value());
            QCOMPARE(d.fault->permanent, code == "521" || code == "554");
        }
    }

    void aLongPasswordWaitsForThePrompt() { // RFC 4954 §4: an initial response must fit a command line
        ClientDialogue d = dialogue("tls=wrap", "S: 220 hi\nC: EHLO me.example\nS: 250-mx\nS: 250 AUTH PLAIN\nC: AUTH PLAIN\n"
                                                "S: 334 \n");
        const QByteArray password(600, 'p');
        d.settings.auth = Credentials{"u", Secret(password)};
        d.script += "C: " + QByteArray(QByteArray("\0u\0", 3) + password).toBase64() + "\nS: 235 ok\nC: QUIT\nS: 221 bye\n";
        QCOMPARE(d.run({}), QByteArray());
        QCOMPARE(d.summary, QByteArray("end"));
    }

    void contentIsStuffedAcrossPieces() { // RFC 5321 §4.5.2
        for (qsizetype piece = 1; piece < 12; ++piece) {
            ClientDialogue d = dialogue("", "S: 220 hi\nC: EHLO me.example\nS: 250 mx\nC: MAIL FROM:<me@a.example>\nS: 250 ok\n"
                                            "C: RCPT TO:<a@b.example>\nS: 250 ok\nC: DATA\nS: 354 go\n"
                                            "C: a\nC: ..\nC: ..b\nC: \nC: ..c\nC: .\nS: 250 queued\nC: QUIT\nS: 221 bye\n",
                                        {mailFor({"a@b.example"})});
            d.content = "a\r\n.\r\n.b\r\n\r\n.c";
            d.pieceSize = piece;
            QCOMPARE(d.run({}), QByteArray());
            QCOMPARE(d.summary, QByteArray("D; end"));
        }
    }
};

QTEST_APPLESS_MAIN(TestClientSession)
#include "tst_client_session.moc"
