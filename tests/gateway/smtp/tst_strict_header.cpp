// SPDX-License-Identifier: GPL-3.0-or-later
//
// S21: headers that two readers read in two ways. What we decide by a header ourselves takes the view that lets nothing through;
// the message itself is not touched by it. One small corpus, each of our own checks over it.
#include "smtp/from_masquerade.h"
#include "smtp/header_scan.h"
#include "smtp/mime_scan.h"
#include "smtp/own_results.h"
#include "smtp/submission_fixes.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern::smtp;

namespace {

const QByteArray kBody = "\r\nFrom: in the body <b@bank.test>\r\nReceived: in the body\r\nhello \xc3\xbc\r\n";

struct Case {
    const char* name;
    QByteArray header;
};

QList<Case> corpus() {
    return {
        {"two From", "From: a@good.test\r\nFrom: boss@bank.test\r\n"},
        {"two From, other letters, a blank before the colon", "from: a@good.test\r\nFROM\t : boss@bank.test\r\n"},
        {"two From, far apart", "From: a@good.test\r\n" + QByteArray("X: 1\r\n").repeated(500) + "From: boss@bank.test\r\n"},
        {"a From folded before its value", "From:\r\n boss@bank.test\r\n"},
        {"a From folded into blank lines", "From: \r\n \t\r\n boss@bank.test\r\n"},
        {"a From with a second address in a comment", "From: (a@good.test) boss@bank.test (<c@d.test>)\r\n"},
        {"a From with a quoted bracket", "From: \"<a@good.test>\" <boss@bank.test>\r\n"},
        {"a From with a group", "From: Good: a@good.test, boss@bank.test;\r\n"},
        {"two Content-Type", "Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=b\r\nMIME-Version: 1.0\r\n"},
        {"two Content-Type, one folded", "MIME-Version: 1.0\r\nContent-Type: text/plain\r\ncontent-type :\r\n text/html\r\n"},
        {"two boundaries", "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a; boundary=b\r\n"},
        {"two codings", "MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: base64\r\n"},
        {"RFC 2231 file names in pieces", "MIME-Version: 1.0\r\nContent-Type: text/plain; name=a.txt; name*0=b; name*1=.exe\r\n"
                                          "Content-Disposition: attachment; filename*=utf-8''c.exe; filename=a.txt\r\n"},
        {"two Subject", "Subject: one\r\nSubject: two\r\n"},
        {"a loop with odd Received fields", "Received: a\r\nRECEIVED : b\r\nreceived:\r\n c\r\n"},
    };
}

template <class Stage>
QByteArray through(Stage stage, const QByteArray& content, qsizetype size) {
    QByteArray out;
    for (qsizetype at = 0; at < content.size(); at += size)
        out += stage.feed(QByteArrayView(content).sliced(at, std::min(size, content.size() - at)));
    out += stage.finish();
    return out;
}

} // namespace

class TestStrictHeader : public QObject {
    Q_OBJECT

    static void eachCase() {
        QTest::addColumn<QByteArray>("header");
        for (const Case& one : corpus())
            QTest::addRow("S21 %s", one.name) << one.header;
    }

  private Q_SLOTS:
    void S21_nobodyElseIsNamedBehindTheMasquerade_data() { eachCase(); }
    void S21_nobodyElseIsNamedBehindTheMasquerade() {
        QFETCH(QByteArray, header);
        for (const qsizetype size : {1, 3, 100'000}) {
            const QByteArray out = through(FromMasquerade("carol@office.test"), header + kBody, size);
            QVERIFY2(out.endsWith(kBody), out.constData());
            const QByteArray head = out.chopped(kBody.size());
            const bool hadFrom = header.toLower().startsWith("from");
            QCOMPARE(head.toLower().count("from"), hadFrom ? 1 : 0);
            QCOMPARE(head.contains("carol@office.test"), hadFrom);
            QVERIFY2(!head.contains("<boss@") && !head.endsWith(": boss@bank.test\r\n"), head.constData());
            if (!hadFrom)
                QCOMPARE(head, header);
        }
    }

    void S21_eachHopCounts_data() { eachCase(); } // the loop's limit: whoever writes its fields oddly does not get round it
    void S21_eachHopCounts() {
        QFETCH(QByteArray, header);
        HeaderScan scan;
        scan.feed(header + kBody);
        scan.finish();
        QCOMPARE(scan.received(), int(header.toLower().count("received")));
        QVERIFY(!scan.isBroken());
        QCOMPARE(scan.subject(), header.startsWith("Subject") ? "one"_ba : ""_ba); // for people: one line, the first
    }

    void S21_whatIsSaidTwiceIsNotRecoded_data() { eachCase(); }
    void S21_whatIsSaidTwiceIsNotRecoded() { // for a peer of seven bits: a guess would be a change
        QFETCH(QByteArray, header);
        MimeScan scan;
        scan.feed(header + kBody);
        const SevenBitPlan plan = scan.finish();
        const QByteArray lower = header.toLower();
        const bool isDoubled = lower.count("content-type") > 1 || lower.count("content-transfer-encoding") > 1 || lower.count("boundary=") > 1;
        QVERIFY2(plan.refusal.isEmpty() != isDoubled, plan.refusal.constData());
        QVERIFY(!isDoubled || plan.edits.empty());
    }

    void S21_relayedMailIsNotTouched_data() { eachCase(); }
    void S21_relayedMailIsNotTouched() { // by what all mail passes, and by what completes mail that is handed in
        QFETCH(QByteArray, header);
        const QByteArray relayed = "Received: from a by b; date\r\n" + header + kBody;
        for (const qsizetype size : {1, 3, 100'000}) {
            QCOMPARE(through(OwnResults({"gate.test"}), relayed, size), relayed);
            QCOMPARE(through(SubmissionFixes("gate.test", "now", 1), relayed, size), relayed);
        }
    }
};

QTEST_GUILESS_MAIN(TestStrictHeader)
#include "tst_strict_header.moc"
