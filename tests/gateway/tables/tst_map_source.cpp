// SPDX-License-Identifier: GPL-3.0-or-later
//
// What makemap reads. The rows say what the program of OpenSMTPD 6.8 makes of the same lines; a story runs it beside ours.
#include "tables/map_source.h"

#include <QTest>

using namespace postern::tables;

namespace {

// "k=v | k=v", then " !LINE" for each problem.
QByteArray shown(const MapSource& source) {
    QByteArrayList items;
    for (const Entry& entry : source.entries)
        items.append(entry.value.isEmpty() ? entry.key : entry.key + '=' + entry.value);
    QByteArray text = items.join(" | ");
    for (const TableProblem& problem : source.problems)
        text += " !" + QByteArray::number(problem.line);
    return text;
}

} // namespace

class TestMapSource : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void parses_data();
    void parses();
    void givesUpOnAFileOfRubbish();
};

void TestMapSource::parses_data() {
    QTest::addColumn<bool>("isSet");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* title, bool isSet, const QByteArray& text, const char* expected) {
        QTest::addRow("%s", title) << isSet << text << QByteArray(expected);
    };
    row("a blank or a colon behind the key", false, "joe dave\nlong\tA B\nx:y z\ne: f\n", "joe=dave | long=A B | x=y z | e=f");
    row("a colon of its own before the value", false, "k : v\n", "k=v");
    row("a value that begins with a colon", false, "k :include:/l\n", "k=:include:/l");
    row("keys are lower-cased, values are not", false, "Bob Ann\n", "bob=Ann");
    row("blanks before the key", false, "  lead  x\n\t tab y\n", "lead=x | tab=y");
    row("a backslash joins lines", false, "k \\\n\\\nv\na b \\\n c\n", "k=v | a=b  c");
    row("comments, also behind an entry", false, "# c\nk v#w\n # c\n", "k=v");
    row("a \\# is a #", false, "a\\#b c\n", "a#b=c");
    row("other backslashes stay", false, "k a\\b\n", "k=a\\b");
    row("no line end at the end", false, "last one", "last=one");
    row("a key in brackets (7.5)", false, "[::1]: x\n", "[::1]=x");
    row("a set: the whole line", true, "a.example\nB c d\n10.0.0.0/8\nx:y\n", "a.example | b c d | 10.0.0.0/8 | x:y");
    row("nothing", false, "", "");
    row("a key alone in a mapping", false, "a b\nlonely\nc:\n", "a=b !2 !3");
    row("a key twice, whatever its case", false, "A x\nb y\na z\n", "a=x | b=y !3");
    row("B01 NUL", false, QByteArray("a b\nc \0d\n", 9), "a=b !2");
    row("the line of a problem is the first of those joined", false, "a b\nlon\\\nely\nc d\n", "a=b | c=d !2");
}

void TestMapSource::parses() {
    QFETCH(bool, isSet);
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, expected);
    QCOMPARE(shown(parseMapSource(text, isSet ? MapContent::Set : MapContent::Mapping)), expected);
}

void TestMapSource::givesUpOnAFileOfRubbish() {
    const MapSource source = parseMapSource(QByteArray("x\n").repeated(100'000), MapContent::Mapping);
    QCOMPARE(source.problems.size(), size_t(20));
}

QTEST_APPLESS_MAIN(TestMapSource)
#include "tst_map_source.moc"
