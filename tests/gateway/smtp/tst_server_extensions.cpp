// SPDX-License-Identifier: GPL-3.0-or-later
//
// DSN and SMTPUTF8 as a peer sees them: which parameters are taken, what is kept of them, and what is turned away.
// Each dialogue runs whole, byte by byte and cut at every position, with prompt and with late answers.
#include "support/server_dialogue.h"

#include <QTest>

using namespace postern;
using namespace postern::smtp;
using namespace postern::test;
using namespace Qt::StringLiterals;

static const QByteArray kHello = "C: EHLO c.example\nS: 250\n";
static const QByteArray kMessage = "C: DATA\nS: 354\nC: Subject: x\nC:\nC: .\nS: 250 2.0.0 1a2b3c4d\n";

class TestServerExtensions : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void mailParameter_data() {
        QTest::addColumn<QByteArray>("line");
        QTest::addColumn<QByteArray>("reply");
        const auto row = [](const char* name, const QByteArray& line, const char* reply) {
            QTest::newRow(name) << line << QByteArray(reply);
        };
        row("RFC 3461 4.3 RET is FULL or HDRS", "<a@a.example> RET=BODY", "501 5.5.4");
        row("RFC 3461 4.3 RET without a value", "<a@a.example> RET", "501 5.5.4");
        row("N13 RFC 3461 4.3 RET twice", "<a@a.example> RET=FULL RET=HDRS", "501 5.5.4");
        row("RFC 3461 4.4 ENVID without a value", "<a@a.example> ENVID=", "501 5.5.4");
        row("N13 RFC 3461 4.4 ENVID twice", "<a@a.example> ENVID=a ENVID=b", "501 5.5.4");
        row("RFC 3461 4.4 ENVID of 101 characters", "<a@a.example> ENVID=" + QByteArray(101, 'x'), "501 5.5.4");
        row("RFC 3461 4 xtext wants upper-case hex", "<a@a.example> ENVID=a+2bb", "501 5.5.4");
        row("RFC 3461 4 xtext that breaks off", "<a@a.example> ENVID=a+2", "501 5.5.4");
        row("P11 a line end hidden in ENVID", "<a@a.example> ENVID=a+0D+0ARCPT+20TO:<x@y>", "501 5.5.4");
        row("P11 an escape hidden in ENVID", "<a@a.example> ENVID=a+1B[31m", "501 5.5.4");
        row("RFC 3461 4.4 ENVID takes ASCII only", "<a@a.example> SMTPUTF8 ENVID=\\xc3\\xbc", "501 5.5.4");
        row("RFC 6531 3.4 SMTPUTF8 has no value", "<a@a.example> SMTPUTF8=yes", "501 5.5.4");
        row("P07 UTF-8 without the parameter", "<\\xc3\\xbc@a.example>", "553 5.6.7");
        row("P07 an international domain without the parameter", "<a@b\\xc3\\xbccher.example>", "553 5.6.7");
        row("P07 overlong UTF-8", "<\\xc0\\x80@a.example> SMTPUTF8", "501 5.1.7");
        row("P07 a lone surrogate", "<\\xed\\xa0\\x80@a.example> SMTPUTF8", "501 5.1.7");
        row("P05 a C1 control in UTF-8", "<a\\xc2\\x85b@a.example> SMTPUTF8", "501 5.1.7");
        row("P05 a Unicode line separator", "<a\\xe2\\x80\\xa8b@a.example> SMTPUTF8", "501 5.1.7");
        row("RFC 5891 a label that is too long as A-label", "<a@" + QByteArray("\\xc3\\xbc").repeated(62) + ".example> SMTPUTF8",
            "501 5.1.8");
        row("RFC 3461 5.1 RET and ENVID in any case and order", "<a@a.example> envid=QQ314159 SIZE=10 ret=hdrs", "250 2.1.0");
        row("RFC 3461 4.4 ENVID of 100 characters", "<a@a.example> ENVID=" + QByteArray(100, 'x'), "250 2.1.0");
        row("RFC 6531 3.3 an international sender", "<\\xc3\\xbc@b\\xc3\\xbccher.example> SMTPUTF8 BODY=8BITMIME", "250 2.1.0");
    }
    void mailParameter() {
        QFETCH(const QByteArray, line);
        QFETCH(const QByteArray, reply);
        ServerDialogue d;
        d.script = kHello + "C: MAIL FROM:" + line + "\nS: " + reply + '\n';
        QCOMPARE(d.check(), QByteArray());
    }

    void rcptParameter_data() {
        QTest::addColumn<QByteArray>("line");
        QTest::addColumn<QByteArray>("reply");
        const auto row = [](const char* name, const QByteArray& line, const char* reply) {
            QTest::newRow(name) << line << QByteArray(reply);
        };
        row("RFC 3461 4.1 NEVER has no company", "<b@b.example> NOTIFY=NEVER,FAILURE", "501 5.5.4");
        row("RFC 3461 4.1 NEVER has no company behind it either", "<b@b.example> NOTIFY=SUCCESS,NEVER", "501 5.5.4");
        row("RFC 3461 4.1 an unknown word", "<b@b.example> NOTIFY=ALWAYS", "501 5.5.4");
        row("RFC 3461 4.1 an empty list", "<b@b.example> NOTIFY=", "501 5.5.4");
        row("RFC 3461 4.1 an empty element", "<b@b.example> NOTIFY=SUCCESS,,DELAY", "501 5.5.4");
        row("N13 RFC 3461 4.1 NOTIFY twice", "<b@b.example> NOTIFY=NEVER NOTIFY=SUCCESS", "501 5.5.4");
        row("RFC 3461 4.2 ORCPT without a type", "<b@b.example> ORCPT=b@b.example", "501 5.5.4");
        row("RFC 3461 4.2 ORCPT without an address", "<b@b.example> ORCPT=rfc822;", "501 5.5.4");
        row("RFC 3461 4.2 a type that is no atom", "<b@b.example> ORCPT=rfc(822);b@b.example", "501 5.5.4");
        row("RFC 3461 4.2 ORCPT of 501 characters", "<b@b.example> ORCPT=rfc822;" + QByteArray(494, 'x'), "501 5.5.4");
        row("P11 a line end hidden in ORCPT", "<b@b.example> ORCPT=rfc822;a+0D+0Ab", "501 5.5.4");
        row("P11 a NUL hidden in ORCPT", "<b@b.example> ORCPT=rfc822;a+00b", "501 5.5.4");
        row("P11 a line end hidden the RFC 6533 way", "<b@b.example> ORCPT=utf-8;a\\\\x{0D}\\\\x{0A}b", "501 5.5.4");
        row("P11 a C1 control hidden the RFC 6533 way", "<b@b.example> ORCPT=utf-8;a\\\\x{85}b", "501 5.5.4");
        row("RFC 6533 3 a surrogate", "<b@b.example> ORCPT=utf-8;a\\\\x{D800}b", "501 5.5.4");
        row("RFC 6533 3 beyond Unicode", "<b@b.example> ORCPT=utf-8;a\\\\x{110000}b", "501 5.5.4");
        row("RFC 6533 3 a brace that does not close", "<b@b.example> ORCPT=utf-8;a\\\\x{FC", "501 5.5.4");
        row("RFC 6533 3 raw UTF-8 without SMTPUTF8", "<b@b.example> ORCPT=utf-8;\\xc3\\xbc@b.example", "501 5.5.4");
        row("RFC 3461 4.2 ORCPT of 500 characters", "<b@b.example> ORCPT=rfc822;" + QByteArray(493, 'x'), "250 2.1.5");
        row("RFC 3461 4.1 all three", "<b@b.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;Dana+2Bx@Ivory.EDU", "250 2.1.5");
        row("RFC 6533 3 the coded form", "<b@b.example> ORCPT=utf-8;\\\\x{FC}@b.example", "250 2.1.5");
        row("P07 UTF-8 in the path without SMTPUTF8", "<\\xc3\\xbc@b.example>", "553 5.6.7");
        row("P07 ill-formed UTF-8 in the path", "<\\xc0\\x80@b.example>", "501 5.1.3");
    }
    void rcptParameter() {
        QFETCH(const QByteArray, line);
        QFETCH(const QByteArray, reply);
        ServerDialogue d;
        d.script = kHello + "C: MAIL FROM:<a@a.example>\nS: 250\nC: RCPT TO:" + line + "\nS: " + reply + '\n';
        QCOMPARE(d.check(), QByteArray());
    }

    void noDsnMeansUnknownParameters() {
        ServerDialogue d;
        d.features.dsn = false;
        d.script = kHello + R"(
            C: MAIL FROM:<a@a.example> RET=FULL
            S: 555 5.5.4
            C: MAIL FROM:<a@a.example> ENVID=x
            S: 555 5.5.4
            C: MAIL FROM:<a@a.example>
            S: 250
            C: RCPT TO:<b@b.example> NOTIFY=NEVER
            S: 555 5.5.4
            C: RCPT TO:<b@b.example> ORCPT=rfc822;b@b.example
            S: 555 5.5.4
            C: RCPT TO:<b@b.example>
            S: 250)";
        QCOMPARE(d.check(), QByteArray());
    }

    void keepsWhatWasAskedFor() { // the example of RFC 3461 §10.1
        ServerDialogue d;
        d.script = kHello + R"(
            C: MAIL FROM:<Alice@Example.ORG> RET=HDRS ENVID=QQ314159
            S: 250
            C: RCPT TO:<Bob@Example.COM> NOTIFY=SUCCESS ORCPT=rfc822;Bob@Example.COM
            S: 250
            C: RCPT TO:<Carol@Ivory.EDU> notify=failure,SUCCESS,failure ORCPT=rfc822;Carol+2B@Ivory.EDU
            S: 250
            C: RCPT TO:<Dana@Ivory.EDU> NOTIFY=NEVER
            S: 250
            C: RCPT TO:<Eric@Bombs.AF.MIL>
            S: 250
        )" + kMessage;
        QCOMPARE(d.check(), QByteArray());
        QCOMPARE(d.transaction.params.ret, DsnReturn::Headers);
        QCOMPARE(d.transaction.params.envid, "QQ314159"_ba);
        QCOMPARE(d.transaction.recipients.size(), size_t(4));
        QCOMPARE(d.transaction.recipients[0].params.notify, "SUCCESS"_ba);
        QCOMPARE(d.transaction.recipients[0].params.orcpt, "rfc822;Bob@Example.COM"_ba);
        QCOMPARE(d.transaction.recipients[1].params.notify, "FAILURE,SUCCESS"_ba);
        QCOMPARE(d.transaction.recipients[1].params.orcpt, "rfc822;Carol+2B@Ivory.EDU"_ba);
        QCOMPARE(d.transaction.recipients[2].params.notify, "NEVER"_ba);
        QCOMPARE(d.transaction.recipients[3].params.notify, QByteArray());
    }

    void takesInternationalMail() { // RFC 6531 §3.3, RFC 6533 §3
        ServerDialogue d;
        d.script = kHello + R"(
            C: MAIL FROM:<\xe7\x94\xb2@\xe9\xbb\x83.example> SMTPUTF8
            S: 250
            C: RCPT TO:<j\xc3\xb6rg@b.example> ORCPT=utf-8;j\xc3\xb6rg@b.example
            S: 250
            C: VRFY j\xc3\xb6rg SMTPUTF8
            S: 252
        )" + kMessage + R"(
            C: MAIL FROM:<a@a.example>
            S: 250
            C: RCPT TO:<j\xc3\xb6rg@b.example>
            S: 553 5.6.7
        )";
        QCOMPARE(d.check(), QByteArray());
        QVERIFY(d.transaction.params.smtpUtf8);
        QCOMPARE(d.transaction.sender.text(), QByteArray("\xe7\x94\xb2@\xe9\xbb\x83.example"));
        QCOMPARE(d.transaction.recipients[0].params.orcpt, "utf-8;j\\x{F6}rg@b.example"_ba);
    }

    void twoSpellingsOfOneAddress() { // P07: composed and decomposed, U-label and A-label
        const Address composed("j\xc3\xb6rg", "b\xc3\xbc" "cher.example");
        const Address decomposed("jo\xcc\x88rg", "xn--bcher-kva.EXAMPLE");
        QCOMPARE(composed.key(), decomposed.key());
        QVERIFY(composed.key() != Address("jorg", "xn--bcher-kva.example").key());
        // the Cyrillic look-alike of "a" is another address
        QVERIFY(Address("\xd0\xb0", "x.example").key() != Address("a", "x.example").key());
        QCOMPARE(composed.domainKey(), "xn--bcher-kva.example"_ba);
        QVERIFY(!composed.inAscii());
        QCOMPARE(Address("joerg", "b\xc3\xbc" "cher.example").inAscii()->text(), "joerg@xn--bcher-kva.example"_ba);
    }
};

QTEST_APPLESS_MAIN(TestServerExtensions)
#include "tst_server_extensions.moc"
