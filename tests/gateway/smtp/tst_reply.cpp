// SPDX-License-Identifier: GPL-3.0-or-later
//
// Printing replies: RFC 5321 §4.2, enhanced codes by RFC 2034, and N12 (nobody can smuggle a line into one).
#include "smtp/reply.h"

#include <QTest>

using namespace postern::smtp;
using namespace Qt::StringLiterals;

class TestReply : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void wire_data() {
        QTest::addColumn<QByteArray>("printed");
        QTest::addColumn<QByteArray>("expected");
        QTest::newRow("code and text") << makeReply(354, {}, "go ahead"_ba).wire() << "354 go ahead\r\n"_ba;
        QTest::newRow("enhanced code") << makeReply(550, {5, 7, 1}, "no"_ba).wire() << "550 5.7.1 no\r\n"_ba;
        QTest::newRow("no text") << makeReply(334, {}, ""_ba).wire() << "334 \r\n"_ba;
        QTest::newRow("no lines at all") << Reply{250, {}, {}}.wire() << "250 \r\n"_ba;
        QTest::newRow("several lines repeat both codes")
            << Reply{214, {2, 0, 0}, {"a"_ba, "b"_ba}}.wire() << "214-2.0.0 a\r\n214 2.0.0 b\r\n"_ba;
        QTest::newRow("N12 reply splitting by the maker's text")
            << makeReply(550, {5, 1, 1}, "x\r\n250 ok\r\n"_ba).wire() << "550 5.1.1 x 250 ok \r\n"_ba;
        QTest::newRow("N12 reply splitting by a line put in by hand")
            << Reply{550, {}, {"x\r\n250 ok"_ba}}.wire() << "550 x 250 ok\r\n"_ba;
        QTest::newRow("N12 controls and high octets do not pass")
            << makeReply(500, {}, "a\0b\x1b[31m\xc3\xbc\x7f."_ba).wire() << "500 ab[31m??.\r\n"_ba;
    }

    void wire() {
        QFETCH(const QByteArray, printed);
        QFETCH(const QByteArray, expected);
        QCOMPARE(printed, expected);
    }

    void aLineIsAtMost512Octets() {
        QCOMPARE(makeReply(550, {5, 0, 0}, QByteArray(4000, 'x')).wire().size(), 512);
    }

    void oneLine() {
        QCOMPARE(makeReply(550, {5, 1, 1}, "no such user"_ba).oneLine(), "550 5.1.1 no such user"_ba);
        QCOMPARE((Reply{550, {}, {"a"_ba, ""_ba, "b"_ba}}.oneLine()), "550 a b"_ba);
        QCOMPARE((Reply{0, {}, {"lost"_ba}}.oneLine()), "lost"_ba);
    }

    void kinds() {
        QVERIFY(makeReply(250, {}, ""_ba).isPositive());
        QVERIFY(!makeReply(354, {}, ""_ba).isPositive());
        QVERIFY(makeReply(451, {}, ""_ba).isTemporary());
        QVERIFY(makeReply(550, {}, ""_ba).isPermanent());
        QVERIFY(!makeReply(0, {}, ""_ba).isPermanent());
    }
};

QTEST_APPLESS_MAIN(TestReply)
#include "tst_reply.moc"
