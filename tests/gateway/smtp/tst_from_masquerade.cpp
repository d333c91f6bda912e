// SPDX-License-Identifier: GPL-3.0-or-later
//
// `senders ... masquerade`: whoever signed in, the From field says who.
#include "smtp/from_masquerade.h"

#include <QTest>

using namespace Qt::StringLiterals;
using postern::smtp::FromMasquerade;

namespace {

// The whole, in pieces of `size` octets.
QByteArray masked(const QByteArray& content, qsizetype size) {
    FromMasquerade masquerade("carol@office.test");
    QByteArray out;
    for (qsizetype at = 0; at < content.size(); at += size)
        out += masquerade.feed(QByteArrayView(content).sliced(at, std::min(size, content.size() - at)));
    return out + masquerade.finish();
}

} // namespace

class TestFromMasquerade : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void A14_theAddressIsReplaced_data() {
        QTest::addColumn<QByteArray>("field");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* what, const QByteArray& field, const QByteArray& expected) { QTest::addRow("%s", what) << field << expected; };
        row("bare address", "From: boss@bank.test\r\n", "From: carol@office.test\r\n");
        row("name and address", "From: The Boss <boss@bank.test>\r\n", "From: The Boss <carol@office.test>\r\n");
        row("quoted name with a bracket in it", "From: \"Boss <boss@bank.test>\" <x@y.test>\r\n", "From: \"Boss <boss@bank.test>\" <carol@office.test>\r\n");
        row("encoded name", "FROM: =?utf-8?q?J=C3=BCrgen?= <x@y.test>\r\n", "From: =?utf-8?q?J=C3=BCrgen?= <carol@office.test>\r\n");
        row("comment with a bracket in it", "From: (a < b) The Boss <x@y.test>\r\n", "From: (a < b) The Boss <carol@office.test>\r\n");
        row("escaped quote in the name", "From: \"a \\\" b\" <x@y.test>\r\n", "From: \"a \\\" b\" <carol@office.test>\r\n");
        row("folded", "From: The\r\n\tBoss\r\n <boss@bank.test>\r\n", "From: The Boss <carol@office.test>\r\n");
        row("several addresses", "From: A <a@x.test>, B <b@x.test>\r\n", "From: A <carol@office.test>\r\n");
        row("several bare addresses", "From: a@x.test, B <b@x.test>\r\n", "From: carol@office.test\r\n");
        row("a second field", "From: A <a@x.test>\r\nTo: d@x.test\r\nfrom : b@x.test\r\n", "From: A <carol@office.test>\r\nTo: d@x.test\r\n");
        row("empty", "From:\r\n", "From: carol@office.test\r\n");
        row("endless", "From: " + QByteArray("name ").repeated(10'000) + "<x@y.test>\r\n", "From: carol@office.test\r\n");
        row("endless by folding", "From: a\r\n" + QByteArray(" name\r\n").repeated(5'000), "From: carol@office.test\r\n");
        row("none: nothing is added", "", "");
        row("fields that only look like it", "Resent-From: r@x.test\r\nFrom-Nobody: n@x.test\r\nX-From: x@x.test\r\n", "Resent-From: r@x.test\r\nFrom-Nobody: n@x.test\r\nX-From: x@x.test\r\n");
    }
    void A14_theAddressIsReplaced() {
        QFETCH(QByteArray, field);
        QFETCH(QByteArray, expected);
        const QByteArray before = "Subject: x\r\n", behind = "X-Last: 1\r\n\r\nFrom: in the body <b@x.test>\r\nFrom: again\r\n";
        for (const qsizetype size : {1, 2, 3, 7, 64, 100'000})
            QCOMPARE(masked(before + field + behind, size), before + expected + behind);
    }

    void aHeaderWithoutABodyIsFinished() {
        QCOMPARE(masked("From: a@x.test", 1), "From: carol@office.test\r\n");
        QCOMPARE(masked("Subject: x", 3), "Subject: x");
        QCOMPARE(masked("", 1), "");
    }
};

QTEST_APPLESS_MAIN(TestFromMasquerade)
#include "tst_from_masquerade.moc"
