// SPDX-License-Identifier: GPL-3.0-or-later
//
// Authentication-Results fields that claim to be ours do not come in (RFC 8601 §5); nothing else is touched.
#include "smtp/own_results.h"

#include <QTest>

using namespace Qt::StringLiterals;
using postern::smtp::OwnResults;

namespace {

// The whole, in pieces of `size` octets.
QByteArray cleaned(const QByteArray& content, qsizetype size, int* removed = nullptr) {
    OwnResults results({"Gate.office.example", "b\xc3\xbc" "cher.example"});
    QByteArray out;
    for (qsizetype at = 0; at < content.size(); at += size)
        out += results.feed(QByteArrayView(content).sliced(at, std::min(size, content.size() - at)));
    out += results.finish();
    if (removed)
        *removed = results.removed();
    return out;
}

} // namespace

class TestOwnResults : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void S20_resultsInOurNameAreRemoved_data() {
        QTest::addColumn<QByteArray>("field");
        QTest::addColumn<bool>("goes");
        const auto row = [](const char* what, const QByteArray& field, bool goes = true) { QTest::addRow("%s", what) << field << goes; };
        row("ours", "Authentication-Results: gate.office.example; spf=pass smtp.mailfrom=bank.test\r\n");
        row("ours, other letters", "AUTHENTICATION-results: GATE.Office.Example; dkim=pass\r\n");
        row("ours, nothing but the name", "Authentication-Results: gate.office.example\r\n");
        row("ours, no result", "Authentication-Results: gate.office.example; none\r\n");
        row("ours, with a version", "Authentication-Results: gate.office.example 1; spf=pass\r\n");
        row("ours, no blank", "Authentication-Results:gate.office.example;spf=pass\r\n");
        row("ours, blanks before the colon", "Authentication-Results \t: gate.office.example; spf=pass\r\n");
        row("ours, quoted", "Authentication-Results: \"gate.office.example\"; spf=pass\r\n");
        row("ours, quoted, with escapes", "Authentication-Results: \"gate\\.office.example\"; spf=pass\r\n");
        row("ours, behind a comment", "Authentication-Results: (really (yes)) gate.office.example; spf=pass\r\n");
        row("ours, behind a comment with a bracket in it", "Authentication-Results: (a \\) b) gate.office.example; spf=pass\r\n");
        row("ours, folded", "Authentication-Results:\r\n gate.office.example;\r\n\tspf=pass\r\n dkim=pass\r\n");
        row("ours, folded inside a comment", "Authentication-Results: (a\r\n b)\r\n\tgate.office.example; spf=pass\r\n");
        row("ours, with a dot at the end", "Authentication-Results: gate.office.example.; spf=pass\r\n");
        row("ours, as an A-label", "Authentication-Results: xn--bcher-kva.example; spf=pass\r\n");
        row("ours, as a U-label", "Authentication-Results: \"B\xc3\xbc" "cher.example\"; spf=pass\r\n");
        row("a comment without an end", "Authentication-Results: (gate.office.example; spf=pass\r\n");
        row("a quotation without an end", "Authentication-Results: \"gate.office.example; spf=pass\r\n");
        row("endless", "Authentication-Results: (" + QByteArray("x").repeated(17'000) + ") gate.office.example\r\n");
        row("endless by folding", "Authentication-Results:\r\n" + QByteArray(" (comment)\r\n").repeated(2'000) + " gate.office.example\r\n");
        row("of another", "Authentication-Results: mx.provider.example; spf=pass\r\n", false);
        row("of one whose name begins alike", "Authentication-Results: gate.office.example.evil.test; spf=pass\r\n", false);
        row("of one whose name ends alike", "Authentication-Results: x.gate.office.example; spf=pass\r\n", false);
        row("ours is only talked about", "Authentication-Results: mx.provider.example; spf=pass (gate.office.example)\r\n", false);
        row("without a name, as Exchange writes it", "Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.test; dkim=none\r\n", false);
        row("empty", "Authentication-Results:\r\n", false);
        row("a longer name", "Authentication-Results-X: gate.office.example; spf=pass\r\n", false);
        row("another field", "ARC-Authentication-Results: i=1; gate.office.example; spf=pass\r\n", false);
        row("no field", "Authentication-Results gate.office.example\r\n", false);
        row("in a folded line", "Subject: x\r\n Authentication-Results: gate.office.example; spf=pass\r\n", false);
        row("only the beginning of the name", "Authentication-Resul: gate.office.example\r\n", false);
        row("S20 what only final delivery may remove", "Return-Path: <boss@bank.test>\r\nDelivered-To: carol@office.example\r\nX-Spam: No\r\n"
                                                       "X-Spam-Flag: NO\r\n", false);
    }
    void S20_resultsInOurNameAreRemoved() {
        QFETCH(QByteArray, field);
        QFETCH(bool, goes);
        const QByteArray before = "Received: from a by b; date\r\nSubject: x\r\n";
        const QByteArray behind = "A: 1\r\n\r\nAuthentication-Results: gate.office.example; in the body\r\n";
        for (const QByteArray& front : {before, QByteArray()}) {
            const QByteArray content = front + field + behind;
            for (const qsizetype size : {1, 2, 3, 7, 64, 100'000}) {
                int removed = 0;
                QCOMPARE(cleaned(content, size, &removed), goes ? front + behind : content);
                QCOMPARE(removed, goes ? 1 : 0);
            }
        }
    }

    void S20_severalAndTheLastOfAHeaderWithoutABody() {
        const QByteArray ours = "Authentication-Results: gate.office.example; spf=pass\r\n", other = "Authentication-Results: b.test; spf=pass\r\n";
        for (const qsizetype size : {1, 5, 1'000}) {
            QCOMPARE(cleaned(ours + other + ours + ours, size), other);
            QCOMPARE(cleaned(ours, size), QByteArray());
            QCOMPARE(cleaned("Subject: x\r\n" + ours.chopped(2), size), "Subject: x\r\n"_ba);
            QCOMPARE(cleaned("Subject: x\r\n" + other.chopped(2), size), "Subject: x\r\n" + other.chopped(2));
            QCOMPARE(cleaned("", size), ""_ba);
            QCOMPARE(cleaned("Auth", size), "Auth"_ba);
            QCOMPARE(cleaned("\r\n" + ours, size), "\r\n" + ours); // no header: all of it is the body
        }
    }

    // Mail that has none is not copied: what comes back is what came in.
    void ordinaryMailIsHandedThrough() {
        const QByteArray content = "From: a@b.example\r\nSubject: Apples\r\n\r\nbody\r\n";
        OwnResults results({"gate.office.example"});
        const QByteArrayView kept = results.feed(content);
        QCOMPARE(static_cast<const void*>(kept.data()), static_cast<const void*>(content.constData()));
        QCOMPARE(kept.size(), content.size());
        QVERIFY(results.finish().isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestOwnResults)
#include "tst_own_results.moc"
