// SPDX-License-Identifier: GPL-3.0-or-later
//
// Strangers' text made harmless, file names made safe, times and sizes in words.
#include "window/words/file_name.h"
#include "window/words/phrases.h"
#include "window/words/safe_text.h"

#include <QRegularExpression>
#include <QTest>
#include <QTextDocument>

using namespace postern::window;
using namespace Qt::StringLiterals;

class TestWords final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void aLineIsHarmless_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("shown");
        QTest::addRow("ordinary text stays") << u"Grüße, 你好, مرحبا"_s << u"Grüße, 你好, مرحبا"_s;
        QTest::addRow("G02 right-to-left override is named") << u"exe.\u202Etxt"_s << u"exe.[U+202E]txt"_s;
        QTest::addRow("G02 isolates are named") << u"a\u2066b\u2069"_s << u"a[U+2066]b[U+2069]"_s;
        QTest::addRow("G02 zero width space is named") << u"pay\u200Bpal"_s << u"pay[U+200B]pal"_s;
        QTest::addRow("joiner of families stays") << u"\U0001F469\u200D\U0001F467"_s << u"\U0001F469\u200D\U0001F467"_s;
        QTest::addRow("control characters are named") << QString(u"a\u0007b\u001bc"_s) << u"a[U+0007]b[U+001B]c"_s;
        QTest::addRow("line ends become one space") << u"a\r\n\t b"_s << u"a b"_s;
        QTest::addRow("a lone surrogate is named") << QString(QChar(0xd800)) << u"[U+D800]"_s;
        QTest::addRow("G01 markup is only text") << u"<img src=x> &amp;"_s << u"<img src=x> &amp;"_s;
        QTest::addRow("G02 a flood of marks ends") << u"a"_s + QString(50, QChar(0x0301)) << u"a"_s + QString(4, QChar(0x0301));
    }

    void aLineIsHarmless() {
        QFETCH(QString, text);
        QFETCH(QString, shown);
        QCOMPARE(safeLine(text), shown);
    }

    void aSubjectOfAMillionCharactersIsShort() {
        const QString shown = safeLine(QString(1'000'000, u'x')); // G02
        QVERIFY(shown.size() <= kMostLine + 1);
        QVERIFY(shown.endsWith(u'…'));
    }

    void aBodyKeepsItsLinesAndBreaksEndlessOnes() {
        QCOMPARE(safeBody(u"a\r\nb\tc\n"_s, 1000), u"a\nb\tc\n"_s);
        QVERIFY(safeBody(QString(5000, u'x'), 10'000).count(u'\n') >= 4);
        QCOMPARE(safeBody(u"a\u202Eb"_s, 100), u"a[U+202E]b"_s);
    }

    void fileNamesAreSafe_data() {
        QTest::addColumn<QString>("suggested");
        QTest::addColumn<QString>("name");
        QTest::addRow("ordinary") << u"Mill Lane rev C.pdf"_s << u"Mill Lane rev C.pdf"_s;
        QTest::addRow("G06 a path keeps only its end") << u"../../etc/passwd"_s << u"passwd"_s;
        QTest::addRow("G06 a Windows path too") << u"C:\\Windows\\x.txt"_s << u"x.txt"_s;
        QTest::addRow("G06 .desktop is not run") << u"bill.desktop"_s << u"bill.desktop.saved"_s;
        QTest::addRow("G06 .exe is not run") << u"bill.pdf.exe"_s << u"bill.pdf.exe.saved"_s;
        QTest::addRow("a hidden file becomes visible") << u".bashrc"_s << u"bashrc"_s;
        QTest::addRow("a device of Windows") << u"CON.txt"_s << u"_CON.txt"_s;
        QTest::addRow("characters no file may have") << u"a<b>:c?.txt"_s << u"a_b__c_.txt"_s;
        QTest::addRow("G02 an override shows itself") << u"a\u202Egpj.txt"_s << u"a[U+202E]gpj.txt"_s;
        QTest::addRow("trailing dots and spaces go") << u"a.txt. ."_s << u"a.txt"_s;
        QTest::addRow("nothing left") << u"///"_s << u"attachment"_s;
        QTest::addRow("nothing there") << QString() << u"attachment"_s;
    }

    void fileNamesAreSafe() {
        QFETCH(QString, suggested);
        QFETCH(QString, name);
        QCOMPARE(safeFileName(suggested, u"attachment"_s), name);
        QVERIFY(safeFileName(QString(1000, u'x') + u".txt"_s, {}).size() <= 130);
    }

    void relaysAreCalledByTheirHost_data() {
        QTest::addColumn<QString>("relay");
        QTest::addColumn<QString>("words");
        QTest::addRow("url with label") << u"smtp+tls://scans@smtp.mailhaus.example:587"_s << u"smtp.mailhaus.example"_s;
        QTest::addRow("plain url") << u"smtp://192.168.20.60"_s << u"192.168.20.60"_s;
        QTest::addRow("an unusual port stays") << u"smtp://127.0.0.1:2525"_s << u"127.0.0.1:2525"_s;
        QTest::addRow("unusual port of IPv6") << u"lmtp://[2001:db8::1]:24"_s << u"[2001:db8::1]:24"_s;
        QTest::addRow("IPv6") << u"smtp://[2001:db8::1]:25"_s << u"[2001:db8::1]"_s;
        QTest::addRow("not a url") << u"mail servers of ferrand-sons.example"_s << u"mail servers of ferrand-sons.example"_s;
    }

    void relaysAreCalledByTheirHost() {
        QFETCH(QString, relay);
        QFETCH(QString, words);
        QCOMPARE(relayWords(relay), words);
    }

    void aSentenceBeginsAndEndsAsOne() {
        QCOMPARE(sentence(u"cannot make folder /x: Not a directory"_s), u"Cannot make folder /x: Not a directory."_s);
        QCOMPARE(sentence(u"The disk is full."_s), u"The disk is full."_s);
        QCOMPARE(sentence({}), QString());
    }

    void anEndlessWordCanBeBrokenWithoutOtherChange() {
        const QString word(900, u'x');
        QCOMPARE(breakable(word).remove(QChar(0x200b)), word);
        QVERIFY(breakable(word) != word);
        QCOMPARE(breakable(u"an ordinary subject about scan 14"_s), u"an ordinary subject about scan 14"_s);
    }

    void aToolTipShowsEveryLetter() { // G01
        QCOMPARE(plainToolTip(u"Scan 5 & <b>more</b>"_s), u"<p>Scan 5 &amp; &lt;b&gt;more&lt;/b&gt;</p>"_s);
        QVERIFY(Qt::mightBeRichText(plainToolTip(u"a & b"_s))); // so that the view does not show "&amp;"
    }

    void sizesAndSpansReadEasily() {
        QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
        QCOMPARE(sizeWords(12), u"12 bytes"_s);
        QCOMPARE(sizeWords(38'000), u"38 KB"_s);
        QCOMPARE(sizeWords(1'800'000), u"1.8 MB"_s);
        QCOMPARE(sizeWords(182'000'000'000), u"182 GB"_s);
        QCOMPARE(spanWords(-5), u"0 s"_s);
        QCOMPARE(spanWords(23 * 60), u"23 min"_s);
        QCOMPARE(spanWords(22 * 3600), u"22 h"_s);
    }
};

QTEST_GUILESS_MAIN(TestWords)
#include "tst_words.moc"
