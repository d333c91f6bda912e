// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every command in every situation of a client, with the code and the enhanced code that the standards give: RFC 5321
// §4.1.4 (order), §4.2.2 and §4.3.2 (codes), RFC 3207 §4 (530 before TLS), RFC 4954 §4 and §6, RFC 3463 (enhanced codes).
#include "support/server_dialogue.h"

#include <QTest>

#include <map>
#include <vector>

using namespace postern;
using namespace postern::smtp;
using namespace postern::test;
using namespace Qt::StringLiterals;

Q_DECLARE_METATYPE(postern::smtp::Reply)

namespace {

struct Situation {
    const char* script; // how to get there
    void (*setup)(ServerDialogue&);
};

void plain(ServerDialogue&) {}
void inTls(ServerDialogue& d) {
    d.startInTls = true;
}
void tlsRequired(ServerDialogue& d) {
    d.features.requireTls = true;
}
void authRequired(ServerDialogue& d) {
    d.startInTls = true;
    d.features.auth = AuthMode::Required;
}
void bare(ServerDialogue& d) {
    d.features.startTls = false;
    d.features.auth = AuthMode::Off;
}

#define EHLO "C: EHLO c.example\nS: 250\n"
#define MAIL EHLO "C: MAIL FROM:<a@a.example>\nS: 250 2.1.0\n"
#define RCPT MAIL "C: RCPT TO:<b@b.example>\nS: 250 2.1.5\n"

const std::map<QByteArray, Situation> kSituations = {
    {"greeted", {"", plain}},
    {"helo", {"C: HELO c.example\nS: 250\n", plain}},
    {"ehlo", {EHLO, plain}},
    {"mail", {MAIL, plain}},
    {"rcpt", {RCPT, plain}},
    {"refused", {MAIL "C: RCPT TO:<refused@b.example>\nS: 550 5.1.1\n", plain}},
    {"chunks", {RCPT "C: BDAT 14\nC: Subject: xyz\nS: 250 2.0.0\n", plain}},
    {"stored", {RCPT "C: DATA\nS: 354\nC: .\nS: 250 2.0.0\n", plain}},
    {"tls", {EHLO, inTls}},
    {"signed-in", {EHLO "C: AUTH PLAIN AHVzZXIAcmlnaHQ=\nS: 235 2.7.0\n", inTls}},
    {"tls-required", {EHLO, tlsRequired}},
    {"auth-required", {EHLO, authRequired}},
    {"bare", {EHLO, bare}}, // neither a certificate nor logins
};

struct Rule {
    QByteArray command;
    std::vector<std::pair<QByteArray, QByteArray>> replies; // situations, reply; "else" = in all that are left
};

const std::vector<Rule> kRules = {
    {"HELO c.example", {{"else", "250 gate.example"}}},
    {"EHLO c.example", {{"else", "250 HELP"}}},
    {"EHLO [IPv6:2001:db8::7]", {{"else", "250 HELP"}}},
    {"HELO", {{"else", "501 5.5.4"}}},
    {"EHLO", {{"else", "501 5.5.4"}}},
    {"EHLO two names", {{"else", "501 5.5.4"}}},
    {"EHLO under;score", {{"else", "501 5.5.4"}}},
    {"MAIL FROM:<a@a.example>",
     {{"greeted mail rcpt refused chunks", "503 5.5.1"},
      {"tls-required auth-required", "530 5.7.0"},
      {"else", "250 2.1.0"}}},
    {"MAIL FROM:<>",
     {{"greeted mail rcpt refused chunks", "503 5.5.1"},
      {"tls-required auth-required", "530 5.7.0"},
      {"else", "250 2.1.0"}}},
    {"RCPT TO:<b@b.example>",
     {{"mail rcpt refused", "250 2.1.5"}, {"tls-required", "530 5.7.0"}, {"else", "503 5.5.1"}}},
    {"DATA", {{"rcpt", "354 "}, {"tls-required", "530 5.7.0"}, {"else", "503 5.5.1"}}},
    {"DATA x", {{"rcpt", "501 5.5.4"}}},
    {"BDAT 0 LAST", {{"rcpt chunks", "250 2.0.0 1a2b3c4d"}, {"tls-required", "530 5.7.0"}, {"else", "503 5.5.1"}}},
    {"BDAT 0", {{"rcpt chunks", "250 2.0.0"}, {"tls-required", "530 5.7.0"}, {"else", "503 5.5.1"}}},
    {"BDAT", {{"else", "501 5.5.4|<close>"}}}, // nobody knows where the next command begins
    {"BDAT -1", {{"else", "501 5.5.4|<close>"}}},
    {"BDAT 0x10 LAST", {{"else", "501 5.5.4|<close>"}}},
    {"BDAT 18446744073709551616", {{"else", "501 5.5.4|<close>"}}},
    {"RSET", {{"else", "250 2.0.0"}}},
    {"RSET x", {{"else", "501 5.5.4"}}},
    {"NOOP", {{"else", "250 2.0.0"}}},
    {"NOOP whatever it says", {{"else", "250 2.0.0"}}},
    {"QUIT", {{"else", "221 2.0.0|<close>"}}},
    {"QUIT x", {{"else", "501 5.5.4"}}},
    {"HELP", {{"else", "214 2.0.0"}}},
    {"HELP MAIL", {{"else", "214 2.0.0"}}},
    {"VRFY somebody", {{"tls-required", "530 5.7.0"}, {"else", "252 2.5.2"}}},
    {"VRFY", {{"tls-required", "530 5.7.0"}, {"else", "501 5.5.4"}}},
    {"EXPN list", {{"tls-required", "530 5.7.0"}, {"else", "502 5.5.1"}}},
    {"ETRN b.example", {{"tls-required", "530 5.7.0"}, {"else", "502 5.5.1"}}},
    {"TURN", {{"tls-required", "530 5.7.0"}, {"else", "502 5.5.1"}}},
    {"SEND FROM:<a@a.example>", {{"tls-required", "530 5.7.0"}, {"else", "502 5.5.1"}}},
    {"FROB", {{"else", "500 5.5.2"}}},
    {"XCLIENT ADDR=192.0.2.1", {{"else", "500 5.5.2"}}},
    {"", {{"else", "500 5.5.2"}}},
    {"STARTTLS",
     {{"helo ehlo stored tls-required", "220 2.0.0"}, {"bare", "454 4.7.0"}, {"else", "503 5.5.1"}}},
    {"STARTTLS x", {{"helo ehlo stored tls-required bare tls", "501 5.5.4"}}},
    {"AUTH PLAIN AHVzZXIAcmlnaHQ=",
     {{"tls auth-required", "235 2.7.0"},
      {"helo ehlo stored tls-required", "538 5.7.11"},
      {"bare", "502 5.5.1"},
      {"else", "503 5.5.1"}}},
    {"AUTH PLAIN AHVzZXIAd3Jvbmc=", {{"tls auth-required", "535 5.7.8"}, {"signed-in", "503 5.5.1"}}},
    {"AUTH PLAIN AHVzZXIAZG93bg==", {{"tls auth-required", "454 4.7.0"}, {"signed-in", "503 5.5.1"}}},
    {"AUTH PLAIN AHVzZXI=", {{"tls auth-required", "501 5.5.2"}}}, // one NUL
    {"AUTH PLAIN ?", {{"tls auth-required", "501 5.5.2"}}},
    {"AUTH PLAIN", {{"tls auth-required", "334 "}, {"signed-in", "503 5.5.1"}, {"ehlo", "538 5.7.11"}}},
    {"AUTH LOGIN", {{"tls auth-required", "334 VXNlcm5hbWU6"}, {"signed-in", "503 5.5.1"}, {"ehlo", "538 5.7.11"}}},
    {"AUTH CRAM-MD5", {{"tls auth-required", "504 5.5.4"}, {"signed-in", "503 5.5.1"}, {"ehlo", "538 5.7.11"}}},
    {"AUTH", {{"tls auth-required", "501 5.5.4"}, {"signed-in", "503 5.5.1"}}},
    // Paths: RFC 3463 §3.2.
    {"MAIL", {{"ehlo", "501 5.5.2"}}},
    {"MAIL TO:<a@a.example>", {{"ehlo", "501 5.5.2"}}},
    {"MAIL FROM:", {{"ehlo", "501 5.1.7"}}},
    {"MAIL FROM:a@a.example", {{"ehlo", "501 5.1.7"}}},
    {"MAIL FROM:<a@a.example", {{"ehlo", "501 5.1.7"}}},
    {"MAIL FROM:<a@a.example>b", {{"ehlo", "501 5.1.7"}}},
    {"MAIL FROM:<a..b@a.example>", {{"ehlo", "501 5.1.7"}}},
    {"MAIL FROM:<a@-a.example>", {{"ehlo", "501 5.1.8"}}},
    {"MAIL FROM:<\\xc3\\xbc@a.example>", {{"ehlo", "553 5.6.7"}}},
    {"MAIL FROM:<\\xff@a.example> SMTPUTF8", {{"ehlo", "501 5.1.7"}}},
    {"MAIL FROM:<a@a.example> FROB=1", {{"ehlo", "555 5.5.4"}}},
    {"MAIL FROM:<a@a.example> SIZE=36700161", {{"ehlo", "552 5.3.4"}}}, // the limit is 35 MiB
    {"MAIL FROM:<a@a.example> SIZE=36700160", {{"ehlo", "250 2.1.0"}}},
    {"MAIL FROM:<a@a.example> SIZE=0", {{"ehlo", "250 2.1.0"}}},
    {"MAIL FROM:<refused@a.example>", {{"ehlo", "550 5.1.1"}}},
    {"MAIL FROM:<later@a.example>", {{"ehlo", "451 4.3.0"}}},
    {"RCPT", {{"mail rcpt", "501 5.5.2"}}},
    {"RCPT FROM:<b@b.example>", {{"mail rcpt", "501 5.5.2"}}},
    {"RCPT TO:b@b.example", {{"mail rcpt", "501 5.1.3"}}},
    {"RCPT TO:<b@b.example", {{"mail rcpt", "501 5.1.3"}}},
    {"RCPT TO:<b@b.example>c", {{"mail rcpt", "501 5.1.3"}}},
    {"RCPT TO:<>", {{"mail rcpt", "501 5.1.3"}}},
    {"RCPT TO:<b@b..example>", {{"mail rcpt", "501 5.1.2"}}},
    {"RCPT TO:<\\xc3\\xbc@b.example>", {{"mail rcpt", "553 5.6.7"}}},
    {"RCPT TO:<b@b.example> FROB=1", {{"mail rcpt", "555 5.5.4"}}},
    {"RCPT TO:<b@b.example> NOTIFY=NEVER,DELAY", {{"mail rcpt", "501 5.5.4"}}},
    {"RCPT TO:<refused@b.example>", {{"mail rcpt", "550 5.1.1"}}},
    {"RCPT TO:<later@b.example>", {{"mail rcpt", "451 4.3.0"}}},
    {"RCPT TO:<postmaster>", {{"mail rcpt refused", "250 2.1.5"}}},
};

QByteArray repeated(const QByteArray& text, int times) {
    QByteArray out;
    for (int i = 0; i < times; ++i)
        out += text;
    return out;
}

} // namespace

class TestServerReplies : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void reply_data() {
        QTest::addColumn<QByteArray>("situation");
        QTest::addColumn<QByteArray>("command");
        QTest::addColumn<QByteArray>("reply");
        for (const Rule& rule : kRules) {
            QByteArrayList left;
            for (const auto& [name, situation] : kSituations)
                left.append(name);
            for (const auto& [situations, reply] : rule.replies) {
                const QByteArrayList where = situations == "else" ? left : situations.split(' ');
                for (const QByteArray& name : where) {
                    QVERIFY2(left.removeOne(name), (rule.command + ": twice or unknown: " + name).constData());
                    QTest::newRow((name + ": " + rule.command).constData()) << name << rule.command << reply;
                }
            }
        }
    }
    void reply() {
        QFETCH(const QByteArray, situation);
        QFETCH(const QByteArray, command);
        QFETCH(const QByteArray, reply);
        const Situation& there = kSituations.at(situation);
        ServerDialogue d;
        there.setup(d);
        d.script = there.script;
        d.script += "C: " + command + '\n';
        for (const QByteArray& line : reply.split('|'))
            d.script += "S: " + line + '\n';
        QCOMPARE(d.check(), QByteArray());
    }

    // RFC 5321 §4.5.3.1.10: at least 100 are taken; those that were taken stay when there are too many.
    void L05_aThousandRecipientsAreTakenThen452() {
        ServerDialogue d;
        d.script = MAIL + repeated("C: RCPT TO:<b@b.example>\nS: 250 2.1.5\n", 1000) +
                   repeated("C: RCPT TO:<c@b.example>\nS: 452 4.5.3\n", 100) + "C: DATA\nS: 354\nC: .\nS: 250 2.0.0\n";
        QCOMPARE(d.checkUncut(), QByteArray());
        QCOMPARE(d.transaction.recipients.size(), size_t(1000));
    }

    // RFC 5321 §4.5.3.1.4: 512 octets with CR LF must be taken; ours is wider (parameters of extensions), and ends.
    void L01_commandsUpTo2048Octets() {
        ServerDialogue d;
        d.script = EHLO "C: NOOP " + QByteArray(512 - 7, 'x') + "\nS: 250 2.0.0\nC: NOOP " + QByteArray(2048 - 5, 'x') +
                   "\nS: 250 2.0.0\nC: NOOP " + QByteArray(2048 - 4, 'x') + "\nS: 500 5.5.6\nC: NOOP\nS: 250 2.0.0\n";
        QCOMPARE(d.checkUncut(), QByteArray());
    }

    void everySessionHasAHundredMails() { // smtp limit max-mails
        ServerDialogue d;
        d.script = EHLO +
                   repeated("C: MAIL FROM:<a@a.example>\nS: 250 2.1.0\nC: RCPT TO:<b@b.example>\nS: 250 2.1.5\n"
                            "C: DATA\nS: 354\nC: .\nS: 250 2.0.0\n",
                            100) +
                   "C: MAIL FROM:<a@a.example>\nS: 452 4.5.3\nC: QUIT\nS: 221 2.0.0\nS: <close>\n";
        QCOMPARE(d.checkUncut(), QByteArray());
    }

    void N07_theTwentiethErrorIsTheLast() {
        ServerDialogue d;
        d.script = EHLO + repeated("C: FROB\nS: 500 5.5.2\n", 19) + "C: FROB\nS: 421 4.7.0\nS: <close>\n";
        QCOMPARE(d.checkUncut(), QByteArray());
    }

    // Numbers of octets beyond 2^31 and 2^32, announced and counted.
    void L11_sizesBeyondFourGibibytes() {
        ServerDialogue d;
        d.limits.maxMessageSize = 5LL << 30;
        d.script = EHLO "C: MAIL FROM:<a@a.example> SIZE=5368709121\nS: 552 5.3.4\n"
                        "C: MAIL FROM:<a@a.example> SIZE=5368709120\nS: 250 2.1.0\n"
                        "C: RCPT TO:<b@b.example>\nS: 250 2.1.5\nC: BDAT 4294967296 LAST\n";
        QCOMPARE(d.checkUncut(), QByteArray()); // 2^32: its octets are waited for, it is not a chunk of none
        QVERIFY(d.allOutput.contains("SIZE 5368709120\r\n"));
        d.script = EHLO "C: MAIL FROM:<a@a.example>\nS: 250 2.1.0\nC: RCPT TO:<b@b.example>\nS: 250 2.1.5\n"
                        "C: BDAT 9223372036854775807 LAST\nS: 501 5.5.4\nS: <close>\n";
        QCOMPARE(d.checkUncut(), QByteArray());
    }
    void L11_octetsBeyondFourGibibytesAreCounted_data() {
        QTest::addColumn<qint64>("limit");
        QTest::addColumn<QByteArray>("reply");
        QTest::newRow("one octet within the limit") << (1LL << 32) + 16 << "250 2.0.0"_ba;
        QTest::newRow("one octet beyond the limit") << (1LL << 32) + 15 << "552 5.3.4"_ba;
    }
    void L11_octetsBeyondFourGibibytesAreCounted() {
        QFETCH(const qint64, limit);
        QFETCH(const QByteArray, reply);
        constexpr qint64 kSize = (1LL << 32) + 16;
        ServerLimits limits;
        limits.maxMessageSize = limit;
        ServerSession session({"gate.example", false, false, false, AuthMode::Off}, limits, {"192.0.2.7", 1, {}});
        (void)session.greet();
        (void)session.feed("EHLO c.example\r\n");
        (void)session.feed("MAIL FROM:<a@a.example>\r\n");
        (void)session.senderChecked(makeReply(250, {2, 1, 0}, "Ok"_ba));
        (void)session.feed("RCPT TO:<b@b.example>\r\n");
        (void)session.recipientChecked(makeReply(250, {2, 1, 5}, "Ok"_ba));
        (void)session.feed("BDAT " + QByteArray::number(kSize) + " LAST\r\n");
        QByteArray piece = "Subject: x\r\n\r\n\r\n"; // 16 octets, then lines that fill 4 GiB
        ServerEffects last = session.feed(piece);
        piece = (QByteArray(62, 'x') + "\r\n").repeated(1 << 16); // 4 MiB
        for (int i = 0; i < 1 << 10; ++i)
            last = session.feed(piece);
        if (!last.empty() && std::holds_alternative<effect::Commit>(last.back())) {
            QCOMPARE(session.contentFacts().octets, kSize);
            last = session.stored(makeReply(250, {2, 0, 0}, "1a2b3c4d"_ba));
        }
        const auto* said = last.empty() ? nullptr : std::get_if<effect::Send>(&last.back());
        QVERIFY(said);
        QVERIFY2(said->bytes.startsWith(reply), said->bytes.constData());
    }

    // Instead of a greeting: closed for now, closed to this client, and a host that takes no mail at all (RFC 7504 §3).
    void insteadOfAGreeting_data() {
        QTest::addColumn<Reply>("reply");
        QTest::addColumn<QByteArray>("wire");
        QTest::newRow("overload") << makeReply(421, {4, 3, 2}, "busy"_ba) << "421 4.3.2 busy\r\n"_ba;
        QTest::newRow("not for you") << makeReply(554, {5, 7, 1}, "no"_ba) << "554 5.7.1 no\r\n"_ba;
        QTest::newRow("no mail here") << makeReply(521, {5, 3, 2}, "no mail"_ba) << "521 5.3.2 no mail\r\n"_ba;
    }
    void insteadOfAGreeting() {
        QFETCH(const Reply, reply);
        QFETCH(const QByteArray, wire);
        ServerSession session({"gate.example", false, false, false, AuthMode::Off}, {}, {"192.0.2.7", 1, {}});
        const ServerEffects effects = session.refuse(reply);
        QCOMPARE(effects.size(), size_t(2));
        QCOMPARE(std::get<effect::Send>(effects[0]).bytes, wire);
        QVERIFY(std::holds_alternative<effect::Close>(effects[1]));
        QVERIFY(session.feed("EHLO c.example\r\n").empty());
    }
};

QTEST_APPLESS_MAIN(TestServerReplies)
#include "tst_server_replies.moc"
