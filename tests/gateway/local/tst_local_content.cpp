// SPDX-License-Identifier: GPL-3.0-or-later
//
// A stored message as a mailbox gets it. Expected values: RFC 5321 §4.4 and what OpenSMTPD writes on a command's standard input.
#include "local/local_content.h"
#include "support/memory_file_store.h"

#include <QTest>

using namespace postern;
using namespace postern::local;

namespace {

queue::BodyPtr inMemory(const QByteArray& bytes) {
    return std::make_shared<queue::Body>(queue::Body{bytes, {}, bytes.size()});
}

QByteArray all(LocalContent& content) {
    QByteArray out;
    while (true) {
        const auto piece = content.next();
        if (!piece)
            return "error: " + piece.error().text;
        if (piece->isEmpty())
            return out;
        out += *piece;
    }
}

QByteArray delivered(const QByteArray& stored, const QByteArray& sender = "s@a.example") {
    test::MemoryFileStore files;
    LocalContent content(files, inMemory(stored));
    if (const auto opened = content.open(); !opened)
        return "error: " + opened.error().text;
    content.addressed(sender, "r@b.example");
    return all(content);
}

} // namespace

class TestLocalContent : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void whatIsMissingIsAnError() {
        test::MemoryFileStore files;
        LocalContent none(files, std::make_shared<queue::Body>(queue::Body{{}, "/none", 10}));
        QVERIFY(!none.open());
        LocalContent cut(files, std::make_shared<queue::Body>(queue::Body{"A: b\r\n\r\nx\r\n", {}, 500}));
        const auto opened = cut.open();
        QVERIFY(!opened);
        QVERIFY2(opened.error().text.contains("ends after 11 of 500"), opened.error().text.constData());
    }

    void M10_ourFieldsComeFirstAndOnce_data() {
        QTest::addColumn<QByteArray>("stored");
        QTest::addColumn<QByteArray>("rest");
        const auto row = [](const char* name, const char* stored, const char* rest) {
            QTest::addRow("%s", name) << QByteArray(stored) << QByteArray(rest);
        };
        row("a usual one", "A: b\r\n\r\nx\r\n", "A: b\n\nx\n");
        row("no header", "\r\nx\r\n", "\nx\n");
        row("no body", "A: b\r\n", "A: b\n");
        row("nothing", "", "");
        row("a Return-Path of others", "Return-Path: <x@y>\r\nA: b\r\n\r\nx\r\n", "A: b\n\nx\n");
        row("several, folded, in any case", "return-path : <x@y>\r\n (folded)\r\nA: b\r\nRETURN-PATH:\r\n\t<z>\r\nC: d\r\n\r\nx\r\n",
            "A: b\nC: d\n\nx\n");
        row("another name that begins alike", "Return-Path-X: 1\r\n\r\nx\r\n", "Return-Path-X: 1\n\nx\n");
        row("in the body", "A: b\r\n\r\nReturn-Path: <x>\r\n", "A: b\n\nReturn-Path: <x>\n");
        row("a Delivered-To of others stays", "Delivered-To: q@r\r\n\r\nx\r\n", "Delivered-To: q@r\n\nx\n");
        row("no line end at the end", "A: b\r\n\r\nx", "A: b\n\nx\n");
        row("a CR of its own", "A: b\r\n\r\nx\ry\r\n", "A: b\n\nx\ry\n");
        row("a CR at the very end", "A: b\r\n\r\nx\r", "A: b\n\nx\r\n");
        row("two CR before a line end", "A: b\r\n\r\nx\r\r\n", "A: b\n\nx\r\n");
    }
    void M10_ourFieldsComeFirstAndOnce() {
        QFETCH(QByteArray, stored);
        QFETCH(QByteArray, rest);
        QCOMPARE(delivered(stored), "Return-Path: <s@a.example>\nDelivered-To: r@b.example\n" + rest);
        QCOMPARE(delivered(stored, {}), "Delivered-To: r@b.example\n" + rest); // of a notice: no Return-Path
    }

    void M10_anAddressIsOneLine() {
        QCOMPARE(delivered("\r\n", "\"a\nX: y\"@a.example"), QByteArray("Return-Path: <\"a?X: y\"@a.example>\nDelivered-To: r@b.example\n\n"));
    }

    void M10_loops_data() {
        QTest::addColumn<QByteArray>("stored");
        QTest::addColumn<bool>("loops");
        const auto row = [](const char* name, const char* stored, bool loops) {
            QTest::addRow("%s", name) << QByteArray(stored) << loops;
        };
        row("never there", "A: b\r\n\r\n", false);
        row("somebody else", "Delivered-To: bob@d.example\r\n\r\n", false);
        row("he himself", "A: b\r\nDelivered-To: ann@d.example\r\n\r\n", true);
        row("in any case", "DELIVERED-TO:  Ann@D.Example \r\n\r\n", true);
        row("as the second of three", "Delivered-To: x@y\r\nDelivered-To: ann@d.example\r\nDelivered-To: z@y\r\n\r\n", true);
        row("in the body", "A: b\r\n\r\nDelivered-To: ann@d.example\r\n", false);
    }
    void M10_loops() {
        QFETCH(QByteArray, stored);
        test::MemoryFileStore files;
        LocalContent content(files, inMemory(stored));
        QVERIFY(content.open());
        QTEST(content.loopsTo("ann@d.example"), "loops");
    }

    void largeContentsOfAnyShape() {
        // Line ends at every place of the pieces that are read, and a header of more than counts.
        for (const int length : {997, 4095, 65535}) {
            const QByteArray line(length, 'x');
            QByteArray stored = "A: b\r\n\r\n";
            QByteArray expected = "A: b\n\n";
            for (int i = 0; i < 400'000 / length + 2; ++i) {
                stored += line + "\r\n";
                expected += line + '\n';
            }
            QCOMPARE(delivered(stored), "Return-Path: <s@a.example>\nDelivered-To: r@b.example\n" + expected);
        }
        QByteArray header;
        for (int i = 0; i < 30'000; ++i)
            header += "X-" + QByteArray::number(i) + ": 0123456789\r\n";
        QByteArray expected = header;
        QCOMPARE(delivered(header + "\r\nx\r\n"),
                 "Return-Path: <s@a.example>\nDelivered-To: r@b.example\n" + expected.replace("\r\n", "\n") + "\nx\n");
    }
};

QTEST_GUILESS_MAIN(TestLocalContent)
#include "tst_local_content.moc"
