// SPDX-License-Identifier: GPL-3.0-or-later
//
// RFC 6409 §8: what a message that is handed in lacks is added, and nothing else is touched.
#include "smtp/submission_fixes.h"

#include <QTest>

#include <algorithm>

using namespace Qt::StringLiterals;
using postern::smtp::SubmissionFixes;

namespace {

const QByteArray kDate = "Date: Tue, 4 Jun 2024 09:08:07 +0200 (CEST)\r\n";
const QByteArray kId = "Message-ID: <00000000deadbeef@gw.example>\r\n";

SubmissionFixes fixer() {
    return SubmissionFixes("gw.example", "Tue, 4 Jun 2024 09:08:07 +0200 (CEST)", 0xdeadbeef);
}

QByteArray fixedInPieces(const QByteArray& content, qsizetype size) {
    SubmissionFixes fixes = fixer();
    QByteArray out;
    for (qsizetype at = 0; at < content.size(); at += size) {
        const QByteArray piece = content.mid(at, size);
        out += fixes.feed(piece);
    }
    out += fixes.finish();
    return out;
}

QByteArray fixedWithCut(const QByteArray& content, qsizetype cut) {
    SubmissionFixes fixes = fixer();
    const QByteArray first = content.left(cut), second = content.mid(cut);
    QByteArray out = fixes.feed(first).toByteArray();
    out += fixes.feed(second);
    out += fixes.finish();
    return out;
}

void row(const char* what, const QByteArray& content, const QByteArray& expected) {
    QTest::addRow("%s", what) << content << expected;
}

} // namespace

class TestSubmissionFixes : public QObject {
    Q_OBJECT

    static void checkEveryCut(const QByteArray& content, const QByteArray& expected) {
        for (const qsizetype size : {qsizetype(1), qsizetype(2), qsizetype(7), std::max<qsizetype>(1, content.size())})
            QCOMPARE(fixedInPieces(content, size), expected);
        for (qsizetype cut = 0; cut <= content.size(); ++cut)
            QCOMPARE(fixedWithCut(content, cut), expected);
    }

  private Q_SLOTS:
    void missingFieldsAreAdded_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QByteArray>("expected");
        const QByteArray body = "\r\nhello\r\nBcc: in the body\r\nTo: petra\r\n";
        row("both missing: behind the last field", "Subject: x\r\n" + body, "Subject: x\r\n" + kDate + kId + body);
        row("behind a folded last field", "Subject: x\r\n\ty\r\n" + body, "Subject: x\r\n\ty\r\n" + kDate + kId + body);
        row("no From: nobody is made the author", "To: a@b.test\r\n" + body, "To: a@b.test\r\n" + kDate + kId + body);
        row("only Date missing", "MESSAGE-ID: <1@a.test>\r\n" + body, "MESSAGE-ID: <1@a.test>\r\n" + kDate + body);
        row("only Message-ID missing", "date : yesterday\r\n" + body, "date : yesterday\r\n" + kId + body);
        row("fields that only look like them", "X-Date: 1\r\nResent-Date: 2\r\nMessage-ID-2: 3\r\n" + body,
            "X-Date: 1\r\nResent-Date: 2\r\nMessage-ID-2: 3\r\n" + kDate + kId + body);
        row("no field at all", body, kDate + kId + body);
        row("a header without a body", "Subject: x\r\n", "Subject: x\r\n" + kDate + kId);
        row("octets above 127", "Subject: \xe4\r\n\r\n\xff\r\n", "Subject: \xe4\r\n" + kDate + kId + "\r\n\xff\r\n");
        row("nothing missing", kId + kDate + body, kId + kDate + body);
    }
    void missingFieldsAreAdded() {
        QFETCH(QByteArray, content);
        QFETCH(QByteArray, expected);
        checkEveryCut(content, expected);
    }

    void bccIsDropped_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QByteArray>("expected");
        const QByteArray rest = kDate + kId + "\r\nBcc: in the body\r\n";
        row("in the middle", "Subject: x\r\nBcc: a@b.test\r\nX: 1\r\n" + rest, "Subject: x\r\nX: 1\r\n" + rest);
        row("with its folded lines", "Subject: x\r\nBCC : a@b.test,\r\n c@d.test,\r\n\td\r\nX: 1\r\n" + rest, "Subject: x\r\nX: 1\r\n" + rest);
        row("more than one, first and last", "bcc: a\r\n" + kDate + kId + "Bcc:\r\n\r\nx\r\n", kDate + kId + "\r\nx\r\n");
        row("S20 a Return-Path, which only final delivery adds", "Return-Path: <x@y.test>\r\nSubject: x\r\nreturn-path:\r\n <>\r\n" + rest, "Subject: x\r\n" + rest);
        row("the only field", "Bcc: a@b.test\r\n\r\nx\r\n", kDate + kId + "\r\nx\r\n");
        row("fields that only look like it", "X-Bcc: a\r\nBcc-Note: b\r\nResent-Bcc: c@d.test\r\n" + rest, "X-Bcc: a\r\nBcc-Note: b\r\nResent-Bcc: c@d.test\r\n" + rest);
    }
    void bccIsDropped() {
        QFETCH(QByteArray, content);
        QFETCH(QByteArray, expected);
        checkEveryCut(content, expected);
    }

    void bareNamesGetTheDomain_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QByteArray>("expected");
        const auto field = [](const char* what, const QByteArray& value, const QByteArray& expected) {
            const QByteArray before = kId, behind = kDate + "\r\nTo: petra\r\n";
            row(what, before + value + behind, before + expected + behind);
        };
        field("a name alone", "From: petra\r\n", "From: petra@gw.example\r\n");
        field("no blank, any case", "to:petra\r\n", "to:petra@gw.example\r\n");
        field("in angle brackets", "Cc: Petra M. <petra>\r\n", "Cc: Petra M. <petra@gw.example>\r\n");
        field("some of a list", "To: a, b@c.test, \"D, E\" <d>\r\n", "To: a@gw.example, b@c.test, \"D, E\" <d@gw.example>\r\n");
        field("folding stays", "To: a,\r\n b,\r\n\tC <c>\r\n", "To: a@gw.example,\r\n b@gw.example,\r\n\tC <c@gw.example>\r\n");
        field("before its comment", "From: root (Cron, \\) the @ daemon (x))\r\n", "From: root@gw.example (Cron, \\) the @ daemon (x))\r\n");
        field("a quoted local part", "To: \"a b\\\"@\"\r\n", "To: \"a b\\\"@\"@gw.example\r\n");
        field("members of a group", "To: Team: a, B <b>;, c\r\n", "To: Team: a@gw.example, B <b@gw.example>;, c@gw.example\r\n");
        field("all three fields", "From: a\r\nTo: b\r\nCc: c\r\n", "From: a@gw.example\r\nTo: b@gw.example\r\nCc: c@gw.example\r\n");
        const auto same = [&](const char* what, const QByteArray& value) { field(what, value, value); };
        same("complete addresses stay", "From: A <a@b.test>\r\nTo: b@c.test (x), <\"q q\"@d.test>\r\n");
        same("literals and source routes stay", "To: a@[192.0.2.1], b@[IPv6:2001:db8::1], <@x.test,@y.test:c@d.test>\r\n");
        same("an empty group stays", "To: undisclosed-recipients:;\r\n");
        same("empty brackets and an empty field stay", "From: <>\r\nTo:\r\n");
        same("words that are no address stay", "To: John Smith\r\n");
        same("an encoded word alone stays", "From: =?utf-8?q?J=C3=BCrgen?=\r\n");
        same("an open quote stays", "To: a, \"b\r\n");
        same("an open comment stays", "To: a (b\r\n");
        same("an open bracket stays", "To: a, <b\r\n");
        same("a backslash at the end stays", "To: a, \"\\\r\n");
        same("a group without its end stays", "To: Team: a\r\n");
        same("dots in a row stay", "To: a..b\r\n");
        same("a line that would get too long stays", "To: " + QByteArray("abcdef,").repeated(70) + "z\r\n");
        same("other fields stay", "Reply-To: a\r\nSender: b\r\nResent-To: c\r\n");
    }
    void bareNamesGetTheDomain() {
        QFETCH(QByteArray, content);
        QFETCH(QByteArray, expected);
        checkEveryCut(content, expected);
    }

    void whatIsNotOursToChangeStays_data() {
        QTest::addColumn<QByteArray>("content");
        const auto row = [](const char* what, const QByteArray& whole) { QTest::addRow("%s", what) << whole; };
        const QByteArray lacking = "From: petra\r\nBcc: secret\r\n";
        row("it was relayed before", "Received: from x by y; z\r\n" + lacking + "\r\nx\r\n");
        row("it is signed", lacking + "dkim-signature: v=1; h=from:to\r\n\r\nx\r\n");
        row("a line is no field", lacking + "no field\r\nX: 1\r\n\r\nx\r\n");
        row("a field without a name", lacking + ": 1\r\n\r\nx\r\n");
        row("a control in a field's name", lacking + "X\x01: 1\r\n\r\nx\r\n");
        row("a folded line comes first", " " + lacking + "\r\nx\r\n");
        row("a bare LF in a field", lacking + "X: 1\n2\r\n\r\nx\r\n");
        row("a bare CR in a field", lacking + "X: 1\r2\r\n\r\nx\r\n");
        row("the last line has no end", lacking + "X: 1");
        row("no content", "");
    }
    void whatIsNotOursToChangeStays() {
        QFETCH(QByteArray, content);
        checkEveryCut(content, content);
    }

    // No more than the header's limit is ever held.
    void anEndlessHeaderPasses() {
        const QByteArray lines = "Bcc: a\r\n" + QByteArray("X: 1\r\n").repeated(SubmissionFixes::kMostHeader / 6) + "\r\nx\r\n";
        for (const qsizetype size : {qsizetype(1000), lines.size()})
            QCOMPARE(fixedInPieces(lines, size), lines);
        SubmissionFixes fixes = fixer();
        const QByteArray line(1000, 'x');
        qsizetype fed = 0, got = 0;
        for (int i = 0; i < 100; ++i) {
            fed += line.size();
            got += fixes.feed(line).size();
            QVERIFY(fed - got <= SubmissionFixes::kMostHeader);
        }
        QCOMPARE(got, fed);
    }

    void whatLacksNothingIsNotCopied() {
        SubmissionFixes fixes = fixer();
        const QByteArray content = "From: a@b.test\r\nTo: c@d.test\r\n" + kDate + kId + "\r\n" + QByteArray("line\r\n").repeated(600);
        QCOMPARE(static_cast<const void*>(fixes.feed(content).data()), static_cast<const void*>(content.constData()));
        QCOMPARE(static_cast<const void*>(fixes.feed(content).data()), static_cast<const void*>(content.constData()));
        QVERIFY(fixes.finish().isEmpty());
    }
};

QTEST_APPLESS_MAIN(TestSubmissionFixes)
#include "tst_submission_fixes.moc"
