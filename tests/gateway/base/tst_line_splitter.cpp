// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/line_splitter.h"

#include <QByteArrayList>
#include <QTest>

using namespace postern;

namespace {

struct Outcome {
    QByteArrayList lines;
    QByteArray rest;
    bool tooLong = false;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

// Feeds the input in pieces that end at the given places and takes out lines after each.
Outcome split(const QByteArray& input, qsizetype limit, const QList<qsizetype>& cuts) {
    LineSplitter splitter(limit);
    Outcome outcome;
    qsizetype from = 0;
    QList<qsizetype> ends = cuts;
    ends.append(input.size());
    for (const qsizetype end : ends) {
        splitter.append(QByteArrayView(input).sliced(from, end - from));
        from = end;
        while (auto line = splitter.next())
            outcome.lines.append(*line);
    }
    outcome.tooLong = splitter.tooLong();
    if (!outcome.tooLong)
        outcome.rest = splitter.takeRest();
    return outcome;
}

} // namespace

class TestLineSplitter : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void cutsLines_data();
    void cutsLines();
    void staysTooLong();
    void givesBackTheRest();
    void staysSmall();
    void findsBareLineEnds();
};

void TestLineSplitter::cutsLines_data() {
    QTest::addColumn<QByteArray>("input");
    QTest::addColumn<QByteArrayList>("lines");
    QTest::addColumn<QByteArray>("rest");
    QTest::addColumn<bool>("tooLong");
    using L = QByteArrayList;
    QTest::addRow("nothing") << QByteArray() << L() << QByteArray() << false;
    QTest::addRow("half a line") << QByteArray("EHLO") << L() << QByteArray("EHLO") << false;
    QTest::addRow("one line") << QByteArray("EHLO x\r\n") << L{"EHLO x"} << QByteArray() << false;
    QTest::addRow("an empty line") << QByteArray("\r\n") << L{""} << QByteArray() << false;
    QTest::addRow("pipelined lines and a rest") << QByteArray("a\r\nb\r\nc") << L{"a", "b"} << QByteArray("c") << false;
    QTest::addRow("S-rows: a lone LF ends nothing") << QByteArray("a\nb\r\n") << L{"a\nb"} << QByteArray() << false;
    QTest::addRow("S-rows: a lone CR ends nothing") << QByteArray("a\rb\r\n") << L{"a\rb"} << QByteArray() << false;
    QTest::addRow("S-rows: LF CR is no line end") << QByteArray("a\n\rb\r\n") << L{"a\n\rb"} << QByteArray() << false;
    QTest::addRow("two CR and a LF") << QByteArray("a\r\r\n") << L{"a\r"} << QByteArray() << false;
    QTest::addRow("CR at the end may become a line end") << QByteArray("a\r") << L() << QByteArray("a\r") << false;
    QTest::addRow("NUL is an octet like others")
        << QByteArray("a\0b\r\n", 5) << L{QByteArray("a\0b", 3)} << QByteArray() << false;
    QTest::addRow("as long as the limit") << QByteArray("1234567890\r\n") << L{"1234567890"} << QByteArray() << false;
    QTest::addRow("one octet too long") << QByteArray("12345678901\r\n") << L() << QByteArray() << true;
    QTest::addRow("too long without an end") << QByteArray(50, 'x') << L() << QByteArray() << true;
    QTest::addRow("a good line before one too long") << "ok\r\n" + QByteArray(50, 'x') + "\r\n"
                                                     << L{"ok"} << QByteArray() << true;
}

void TestLineSplitter::cutsLines() {
    QFETCH(QByteArray, input);
    QFETCH(QByteArrayList, lines);
    QFETCH(QByteArray, rest);
    QFETCH(bool, tooLong);
    const Outcome expected{lines, rest, tooLong};
    QVERIFY(split(input, 10, {}) == expected);
    QList<qsizetype> everyOctet;
    for (qsizetype cut = 1; cut < input.size(); ++cut) {
        QVERIFY2(split(input, 10, {cut}) == expected, QByteArray::number(cut).constData());
        everyOctet.append(cut);
    }
    QVERIFY(split(input, 10, everyOctet) == expected);
}

void TestLineSplitter::staysTooLong() { // the rest cannot be trusted: no line comes out of its middle
    LineSplitter splitter(10);
    splitter.append(QByteArray(20, 'x') + "\r\nQUIT\r\n");
    QVERIFY(!splitter.next());
    QVERIFY(splitter.tooLong());
    splitter.append("NOOP\r\n");
    QVERIFY(!splitter.next());
    splitter.clear();
    splitter.append("NOOP\r\n");
    QCOMPARE(splitter.next().value_or(""), QByteArray("NOOP"));
}

void TestLineSplitter::givesBackTheRest() { // content behind DATA, or plaintext behind STARTTLS
    LineSplitter splitter(100);
    splitter.append("DATA\r\nSubject: x\r\n\r\n");
    QCOMPARE(splitter.next().value_or(""), QByteArray("DATA"));
    QCOMPARE(splitter.pending(), 14);
    QCOMPARE(splitter.takeRest(), QByteArray("Subject: x\r\n\r\n"));
    QCOMPARE(splitter.pending(), 0);
    QVERIFY(!splitter.next());
}

void TestLineSplitter::staysSmall() { // a long session must not keep what it has given out
    LineSplitter splitter(1000);
    for (int i = 0; i < 5000; ++i) {
        splitter.append("0123456789012345678901234567890123456789\r\nhalf");
        QVERIFY(splitter.next());
        splitter.append("\r\n");
        QCOMPARE(splitter.next().value_or(""), QByteArray("half"));
        QCOMPARE(splitter.pending(), 0);
    }
}

void TestLineSplitter::findsBareLineEnds() {
    QVERIFY(!hasBareCrLf("plain"));
    QVERIFY(hasBareCrLf("a\rb") && hasBareCrLf("a\nb"));
}

QTEST_APPLESS_MAIN(TestLineSplitter)
#include "tst_line_splitter.moc"
