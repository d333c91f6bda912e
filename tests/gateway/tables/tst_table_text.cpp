// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/table_text.h"

#include <QTest>

using namespace postern::tables;

namespace {

// "list: a | b" or "mapping: k=v | k=v", then " !LINE" for each problem.
QByteArray shown(const TableText& table) {
    QByteArrayList items;
    for (const Entry& entry : table.entries)
        items.append(table.shape == Shape::List ? entry.key : entry.key + "=" + entry.value);
    QByteArray text =
        (table.shape == Shape::List ? QByteArray("list: ") : QByteArray("mapping: ")) + items.join(" | ");
    for (const TableProblem& problem : table.problems)
        text += " !" + QByteArray::number(problem.line);
    return text;
}

} // namespace

class TestTableText : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void parses_data();
    void parses();
    void saysWhatIsWrongWithALine();
    void givesUpOnAFileOfRubbish();
};

void TestTableText::parses_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* title, const QByteArray& text, const char* expected) {
        QTest::addRow("%s", title) << text << QByteArray(expected);
    };
    row("B01 a mapping line without a value", "a b\nlonely\nc d\n", "mapping: a=b | c=d !2");
    row("B01 a mapping line with a separator and nothing behind it", "a b\nc:\n", "mapping: a=b !2");
    row("B01 a mapping line without a key", "a b\n: c\n", "mapping: a=b !2");
    row("B01 a NUL octet", QByteArray("a\nb\0c\n", 6), "list: a !2");
    row("B01 a line too long", QByteArray("a\n") + QByteArray(70000, 'x') + "\nb\n", "list: a | b !2");
    row("an empty file is a mapping", "", "mapping: ");
    row("only comments", "# nothing\n\n", "mapping: ");
    row("a list", "one.example\ntwo.example\n", "list: one.example | two.example");
    row("no final newline", "one.example\ntwo.example", "list: one.example | two.example");
    row("white space around lines goes", "  one.example \t\n\n\ttwo.example\r\n",
        "list: one.example | two.example");
    row("comments only at the start of a line", "# c\none # data\n", "mapping: one=# data");
    row("a list line is the whole line", "one\ntwo words here\n", "list: one | two words here");
    row("B01 separators: blank, tab, colon, colon and blank", "a b\nc\td\ne:f\ng: h\ni \t j\n",
        "mapping: a=b | c=d | e=f | g=h | i=j");
    row("a separate colon", "a : b\n", "mapping: a=b");
    row("the value is the rest of the line", "office carol:s3cret with blank\n",
        "mapping: office=carol:s3cret with blank");
    row("a second colon is data", "office::x\n", "mapping: office=:x");
    row("a colon behind the blank is data", "office :x\n", "mapping: office=:x");
    row("B01 an IPv6 key in brackets", "[2001:db8::1] out.example\n", "mapping: [2001:db8::1]=out.example");
    row("a bracket that never closes", "a b\n[2001:db8 x\n", "mapping: a=b !2");
    row("@list makes a list", "# @list\n10.0.0.1 10.0.0.2\n", "list: 10.0.0.1 10.0.0.2");
    row("@list without a blank", "#@list\na:b\n", "list: a:b");
    row("@list after data is a comment", "a b\n# @list\nc d\n", "mapping: a=b | c=d");
    row("relay URLs are a list", "smtps://mx1.example.net\ntls://mx2.example.net:587\n",
        "list: smtps://mx1.example.net | tls://mx2.example.net:587");
    row("relay URLs with shares are a mapping", "smtps://mx1.example.net 3\ntls://a@mx2.example.net:587\t 1\n",
        "mapping: smtps://mx1.example.net=3 | tls://a@mx2.example.net:587=1");
    row("relay URLs with remarks are a list", "smtps://mx1.example.net  # main 3\n", "list: smtps://mx1.example.net  # main 3");
    row("a mapping to relay URLs is a mapping", "one.example: smtps://mx1.example.net\n",
        "mapping: one.example=smtps://mx1.example.net");
    row("an IPv6 prefix without brackets in a list by marker", "# @list\n2001:db8::/32\n",
        "list: 2001:db8::/32");
}

void TestTableText::parses() {
    QFETCH(QByteArray, text);
    QTEST(shown(parseTableText(text)), "expected");
}

void TestTableText::saysWhatIsWrongWithALine() {
    const TableText table = parseTableText("a b\nlonely\n");
    QCOMPARE(table.problems.size(), size_t(1));
    QVERIFY(table.problems[0].text.startsWith("invalid map entry"));
}

void TestTableText::givesUpOnAFileOfRubbish() {
    const TableText table = parseTableText("a b\n" + QByteArray("x\n").repeated(1000));
    QCOMPARE(table.problems.size(), size_t(21));
    QVERIFY(table.problems.back().text.startsWith("too many"));
}

QTEST_APPLESS_MAIN(TestTableText)
#include "tst_table_text.moc"
