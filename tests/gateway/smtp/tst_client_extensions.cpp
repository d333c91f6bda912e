// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a client does with the extensions that a server offers: BDAT in the place of DATA, addresses beyond ASCII, limits.
// Each dialogue runs whole, byte by byte and cut at every place.
#include "smtp/client_machine.h"
#include "support/client_dialogue.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::smtp;
using namespace postern::test;

Q_DECLARE_METATYPE(postern::test::ClientDialogue)
Q_DECLARE_METATYPE(postern::smtp::ClientMail)

namespace {

ClientDialogue dialogue(const QByteArray& script, std::vector<ClientMail> mails) {
    ClientDialogue d;
    d.settings.helo = "me.example";
    d.settings.peerName = "mx.example";
    d.script = script;
    d.mails = std::move(mails);
    return d;
}

QByteArray offering(const QByteArrayList& keywords) {
    QByteArray out = "S: 220 hi\nC: EHLO me.example\nS: 250-mx\n";
    for (const QByteArray& keyword : keywords)
        out += "S: 250-" + keyword + '\n';
    return out + "S: 250 HELP\n";
}

ClientMail sized(ClientMail mail, qint64 octets) {
    mail.params.declaredSize = octets;
    return mail;
}

const QByteArray kJoerg = "j\xc3\xb6rg";
const QByteArray kBuecher = "b\xc3\xbc" "cher.example";

} // namespace

class TestClientExtensions : public QObject {
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
        for (const qsizetype piece : {qsizetype(1 << 16), qsizetype(1), qsizetype(8)}) {
            d.pieceSize = piece;
            QCOMPARE(check({}), QByteArray());
            QCOMPARE(check({Cut::Kind::EachByte}), QByteArray());
            for (qsizetype at = 1; at < d.longestServerPart(); ++at)
                QCOMPARE(check({Cut::Kind::At, at}), QByteArray());
        }
    }

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void chunks_data() { // RFC 3030
        QTest::addColumn<ClientDialogue>("d");
        QTest::addColumn<QByteArray>("summary");
        const QByteArray group = offering({"PIPELINING", "CHUNKING"}), lockStep = offering({"CHUNKING"});
        const QByteArray from = "C: MAIL FROM:<me@a.example>\n", rcptA = "C: RCPT TO:<a@b.example>\n",
                         rcptC = "C: RCPT TO:<c@b.example>\n", bye = "C: QUIT\nS: 221 bye\n";
        const QByteArray chunk = "C: BDAT 21 LAST\nC: Subject: t\nC: \nC: hello\n";
        const auto one = mailFor({"a@b.example"}), two = mailFor({"a@b.example", "c@b.example"});

        addRow("rfc3030 4.2 MAIL refused in the group: all replies are read",
               dialogue(group + from + rcptA + chunk + "S: 550 5.7.1 no\nS: 503 no\nS: 503 no\nC: RSET\n" + from + rcptA + chunk +
                            "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 250 queued\n" + bye, {one, one}), "P; D; end");
        addRow("rfc3030 2 all recipients refused in the group: the chunk went for nothing, RSET before the next",
               dialogue(group + from + rcptA + chunk + "S: 250 ok\nS: 550 5.1.1 no\nS: 554 5.5.1 no recipients\nC: RSET\n" + from +
                            rcptA + chunk + "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 250 queued\n" + bye, {one, one}),
               "P; D; end");
        addRow("rfc3030 2 a refused chunk: RSET before the next message",
               dialogue(group + from + rcptA + chunk + "S: 250 ok\nS: 250 ok\nS: 452 4.3.1 full\nC: RSET\n" + from + rcptA + chunk +
                            "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 250 queued\n" + bye, {one, one}), "T; D; end");
        addRow("rfc3030 2 a chunk refused for good", dialogue(group + from + rcptA + chunk + "S: 250 ok\nS: 250 ok\nS: 554 5.6.0 no\n" +
                                                                bye, {one}), "P; end");
        addRow("D12 421 instead of the verdict",
               dialogue(group + from + rcptA + chunk + "S: 250 ok\nS: 250 ok\nS: 421 4.3.2 bye\n", {one}), "T; fault ServiceClosing");
        addRow("standards 10.10 lost behind the last chunk is temporary",
               dialogue(group + from + rcptA + chunk + "S: 250 ok\nS: 250 ok\nS: <close>\n", {one}), "T; fault ConnectionLost");
        addRow("lock-step: nobody left, no BDAT",
               dialogue(lockStep + from + "S: 250 ok\n" + rcptA + "S: 550 no\n" + bye, {one}), "P; end");
        addRow("lock-step: BDAT answered before its end",
               dialogue(lockStep + from + "S: 250 ok\n" + rcptA + "S: 250 ok\n" + chunk + "S: 552 5.3.4 too big\nS: 250 what\n", {one}),
               "P; fault ProtocolError");
        addRow("rfc2033 LMTP stays with DATA", [&] {
            ClientDialogue d = dialogue(offering({"CHUNKING"}).replace("EHLO", "LHLO") + from + "S: 250 ok\n" + rcptA +
                                            "S: 250 ok\nC: DATA\nS: 354 go\nC: Subject: t\nC: \nC: hello\nC: .\nS: 250 ok\n" + bye,
                                        {one});
            d.settings.lmtp = true;
            d.settings.tls = ClientTls::Never;
            return d;
        }(), "D; end");
        addRow("rfc3030 4.2 one group from MAIL to the last octet, no DATA",
               dialogue(group + from + rcptA + rcptC + chunk + "S: 250 ok\nS: 550 5.1.1 no\nS: 250 ok\nS: 250 queued\n" + bye, {two}),
               "P D; end");
        addRow("three mails in groups, no RSET between",
               dialogue(group + (from + rcptA + chunk + "S: 250 ok\nS: 250 ok\nS: 250 queued\n").repeated(3) + bye, {one, one, one}),
               "D; D; D; end");
        addRow("rfc3030 lock-step",
               dialogue(lockStep + from + "S: 250 ok\n" + rcptA + "S: 250 ok\n" + chunk + "S: 250 queued\n" + bye, {one}), "D; end");
    }
    void chunks() { playEveryWay(); }

    void aLargeContentWaitsForItsRecipients() {
        const QByteArray start = offering({"PIPELINING", "CHUNKING", "SIZE"}) +
                                 "C: MAIL FROM:<me@a.example> SIZE=70000\nC: RCPT TO:<a@b.example>\n";
        ClientDialogue refused = dialogue(start + "S: 250 ok\nS: 550 no\nC: QUIT\nS: 221 bye\n", {sized(mailFor({"a@b.example"}), 70000)});
        QCOMPARE(refused.run({}), QByteArray());
        QCOMPARE(refused.summary, QByteArray("P; end"));

        const QByteArray content = "Subject: t\r\n\r\n" + QByteArray(69984, 'x') + "\r\n";
        ClientDialogue taken = dialogue(start + "S: 250 ok\nS: 250 ok\nC: BDAT 70000 LAST\nC: Subject: t\nC: \nC: " + QByteArray(69984, 'x') +
                                            "\nS: 250 queued\nC: QUIT\nS: 221 bye\n", {sized(mailFor({"a@b.example"}), 70000)});
        taken.content = content;
        for (const qsizetype piece : {qsizetype(1 << 20), qsizetype(4096), qsizetype(33)}) {
            taken.pieceSize = piece;
            QCOMPARE(taken.run({}), QByteArray());
            QCOMPARE(taken.summary, QByteArray("D; end"));
        }
    }

    void dotsLeaveAsTheyAre() { // RFC 3030 §2: no dot processing, exact octets
        ClientDialogue d = dialogue(offering({"PIPELINING", "CHUNKING"}) +
                                        "C: MAIL FROM:<me@a.example>\nC: RCPT TO:<a@b.example>\nC: BDAT 18 LAST\n"
                                        "C: a: b\nC: \nC: .\nC: ..x\nC: .\nS: 250 ok\nS: 250 ok\nS: 250 queued\nC: QUIT\nS: 221 x\n",
                                    {sized(mailFor({"a@b.example"}), 18)});
        d.content = "a: b\r\n\r\n.\r\n..x\r\n.\r\n";
        d.mails[0].params.declaredSize = d.content.size();
        d.script.replace("BDAT 18", "BDAT " + QByteArray::number(d.content.size()));
        QCOMPARE(d.run({}), QByteArray());
        QCOMPARE(d.summary, QByteArray("D; end"));
    }

    void S12_announcedOctetsAreExact_data() {
        QTest::addColumn<qint64>("announced");
        QTest::addColumn<bool>("pipelining");
        for (const bool pipelining : {false, true}) {
            QTest::addRow("more came than was announced%s", pipelining ? ", in a group" : "") << qint64(20) << pipelining;
            QTest::addRow("less came than was announced%s", pipelining ? ", in a group" : "") << qint64(22) << pipelining;
        }
    }
    void S12_announcedOctetsAreExact() { // else our next command would be content, or content a command
        QFETCH(const qint64, announced);
        QFETCH(const bool, pipelining);
        ClientSession session(ClientSettings{"me.example", ClientTls::Never, {}, false, "mx.example"});
        (void)session.connected();
        (void)session.feed("220 hi\r\n");
        (void)session.feed(pipelining ? "250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n" : "250-x\r\n250 CHUNKING\r\n");
        (void)session.offer(sized(mailFor({"a@b.example"}), announced));
        if (!pipelining) {
            (void)session.feed("250 ok\r\n");
            (void)session.feed("250 ok\r\n");
        }
        ClientEffects effects = session.content("Subject: t\r\n\r\nhello\r\n");
        if (announced > 21)
            effects = session.content({});
        QCOMPARE(effects.size(), size_t(2));
        const auto* done = std::get_if<effect::MailDone>(&effects[0]);
        QVERIFY(done && done->outcomes[0].kind == OutcomeKind::Temporary);
        QVERIFY(std::get<effect::Finished>(effects[1]).fault.has_value());
    }

    void addresses_data() { // RFC 6531 §3.2, the table of what a peer without SMTPUTF8 gets
        QTest::addColumn<ClientDialogue>("d");
        QTest::addColumn<QByteArray>("summary");
        const QByteArray plain = offering({"PIPELINING"}), able = offering({"8BITMIME", "SMTPUTF8"});
        const QByteArray bye = "C: QUIT\nS: 221 bye\n";
        const QByteArray body = "C: Subject: t\nC: \nC: hello\nC: .\n";

        addRow("an international sender, not offered",
               dialogue(plain + bye, {mailFor({"a@b.example"}, kJoerg + "@a.example")}), "P; end");
        addRow("an international recipient, not offered",
               dialogue(plain + bye, {mailFor({kJoerg + "@b.example"})}), "P; end");
        addRow("one of two recipients cannot be named: the other gets it",
               dialogue(plain + "C: MAIL FROM:<me@a.example>\nC: RCPT TO:<c@b.example>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n" +
                            body + "S: 250 queued\n" + bye, {mailFor({kJoerg + "@b.example", "c@b.example"})}), "P D; end");
        addRow("rfc6531 3.1 SMTPUTF8 without 8BITMIME does not count",
               dialogue(offering({"SMTPUTF8"}) + bye, {mailFor({kJoerg + "@b.example"})}), "P; end");
        addRow("only the domains are international: A-labels",
               dialogue(plain + "C: MAIL FROM:<me@xn--bcher-kva.example>\nC: RCPT TO:<you@xn--bcher-kva.example>\nC: DATA\n"
                                "S: 250 ok\nS: 250 ok\nS: 354 go\n" + body + "S: 250 queued\n" + bye,
                        {mailFor({"you@" + kBuecher}, "me@" + kBuecher)}), "D; end");
        addRow("offered: as it is, with the parameter",
               dialogue(able + "C: MAIL FROM:<me@a.example> SMTPUTF8\nS: 250 ok\nC: RCPT TO:<" + kJoerg + '@' + kBuecher +
                            ">\nS: 250 ok\nC: DATA\nS: 354 go\n" + body + "S: 250 queued\n" + bye,
                        {mailFor({kJoerg + '@' + kBuecher})}), "D; end");
    }
    void addresses() { playEveryWay(); }

    void textsOfWhatCannotGo_data() {
        QTest::addColumn<ClientMail>("mail");
        QTest::addColumn<QByteArray>("text");
        ClientMail header = mailFor({"a@b.example"});
        header.headerNeedsUtf8 = header.hasEightBit = true;
        QTest::addRow("rfc6532 a header") << header << QByteArray(
            "5.6.7 mx.example does not take internationalised mail (SMTPUTF8), and the message's header needs it");
        ClientMail body = mailFor({"a@b.example"});
        body.hasEightBit = true;
        body.notConvertible = "it carries a DKIM-Signature";
        QTest::addRow("rfc6152 3 a signed body") << body << QByteArray(
            "5.6.3 mx.example does not take 8-bit content (8BITMIME), and the message cannot be converted: it carries a DKIM-Signature");
        QTest::addRow("rfc6531 3.2 an address") << mailFor({kJoerg + "@b.example"}) << QByteArray(
            "5.6.7 mx.example does not take internationalised addresses (SMTPUTF8), and " + kJoerg + "@b.example is one");
    }
    void textsOfWhatCannotGo() {
        QFETCH(const ClientMail, mail);
        QFETCH(const QByteArray, text);
        ClientDialogue d = dialogue(offering({}) + "C: QUIT\nS: 221 x\n", {mail});
        QCOMPARE(d.run({}), QByteArray());
        QCOMPARE(d.summary, QByteArray("P; end"));
        QCOMPARE(d.outcomes[0][0].text, text);
    }

    void limits_data() { // RFC 9422 §3
        QTest::addColumn<QByteArray>("line");
        QTest::addColumn<int>("recipients");
        QTest::addColumn<int>("mails");
        QTest::addRow("none") << QByteArray("LIMITS") << 0 << 0;
        QTest::addRow("both, any case") << QByteArray("limits MAILMAX=20 rcptmax=5") << 5 << 20;
        QTest::addRow("unknown ones are passed over") << QByteArray("LIMITS RCPTDOMAINMAX=1 RCPTMAX=50 FOO") << 50 << 0;
        QTest::addRow("nonsense is none") << QByteArray("LIMITS RCPTMAX=-1 MAILMAX=1e3") << 0 << 0;
        QTest::addRow("more than six digits is none") << QByteArray("LIMITS RCPTMAX=1234567 MAILMAX=") << 0 << 0;
    }
    void limits() {
        QFETCH(const QByteArray, line);
        Reply reply{250, {}, {"mx.example", line}};
        const ServerFacts facts = parseEhlo(reply);
        QTEST(facts.maxRecipients, "recipients");
        QTEST(facts.maxMails, "mails");
    }

    void saysWhetherNoticesArePassedOn() { // RFC 3461 §6.2.7
        for (const bool offered : {false, true}) {
            ClientDialogue d = dialogue(offering({offered ? "DSN" : "PIPELINING"}), {mailFor({"a@b.example"})});
            d.script += offered ? "C: MAIL FROM:<me@a.example>\nS: 250 ok\nC: RCPT TO:<a@b.example>\nS: 250 ok\nC: DATA\nS: 354 go\n"
                                : "C: MAIL FROM:<me@a.example>\nC: RCPT TO:<a@b.example>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n";
            d.script += "C: Subject: t\nC: \nC: hello\nC: .\nS: 250 queued\nC: QUIT\nS: 221 x\n";
            QCOMPARE(d.run({}), QByteArray());
            QCOMPARE(d.summary, QByteArray("D; end"));
            QCOMPARE(d.outcomes[0][0].dsnPassedOn, offered);
        }
    }

    void aHostThatTakesNoMailMaySayItToEhlo() { // RFC 7504 §3
        ClientDialogue d = dialogue("S: 220 hi\nC: EHLO me.example\nS: 521 5.3.2 no mail here\nC: QUIT\n", {});
        QCOMPARE(d.run({}), QByteArray());
        QCOMPARE(d.summary, QByteArray("fault GreetingRefused"));
        QVERIFY(d.fault->permanent);
    }

    void aDomainThatTakesNoMailIsPermanent() { // RFC 7504 §4
        ClientDialogue d = dialogue(offering({}) + "C: MAIL FROM:<me@a.example>\nS: 250 ok\nC: RCPT TO:<a@b.example>\n"
                                                   "S: 556 5.1.10 no mail for b.example\nC: QUIT\nS: 221 x\n",
                                    {mailFor({"a@b.example"})});
        QCOMPARE(d.run({}), QByteArray());
        QCOMPARE(d.summary, QByteArray("P; end"));
    }
};

QTEST_APPLESS_MAIN(TestClientExtensions)
#include "tst_client_extensions.moc"
