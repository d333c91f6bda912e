// SPDX-License-Identifier: GPL-3.0-or-later
//
// What mailboxes do to lines. Expected values: what mail.local, mail.mboxfile and mail.maildir write.
#include "mda/message_text.h"

#include <QTest>

#include <ctime>

using namespace postern::mda;

namespace {

std::string asMbox(FromLines which, const std::string& text, size_t step) {
    MboxText mbox(which);
    std::string out;
    for (size_t at = 0; at < text.size(); at += step)
        mbox.feed(std::string_view(text).substr(at, step), out);
    mbox.finish(out);
    return out;
}

} // namespace

class TestMessageText : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void M07_fromLines_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("afterEmpty");
        QTest::addColumn<QByteArray>("every");
        const auto row = [](const char* name, const char* text, const char* afterEmpty, const char* every) {
            QTest::addRow("%s", name) << QByteArray(text) << QByteArray(afterEmpty) << QByteArray(every);
        };
        row("behind an empty line", "S: x\n\nFrom me\n", "S: x\n\n>From me\n\n", "S: x\n\n>From me\n\n");
        row("in the middle of a paragraph", "S: x\n\na\nFrom me\n", "S: x\n\na\nFrom me\n\n",
            "S: x\n\na\n>From me\n\n");
        row("the very first line", "From me\n\nb\n", ">From me\n\nb\n\n", ">From me\n\nb\n\n");
        row("not quite", "\nFromage\nfrom x\n From x\n", "\nFromage\nfrom x\n From x\n\n",
            "\nFromage\nfrom x\n From x\n\n");
        row("escaped before", "\n>From me\n", "\n>From me\n\n", "\n>From me\n\n");
        row("two in a row", "\nFrom a\n\nFrom b\n", "\n>From a\n\n>From b\n\n", "\n>From a\n\n>From b\n\n");
        row("cut at the end, no line end", "\n\nFro", "\n\nFro\n\n", "\n\nFro\n\n");
        row("no line end", "a", "a\n\n", "a\n\n");
        row("nothing at all", "", "\n", "\n");
    }
    void M07_fromLines() {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, afterEmpty);
        QFETCH(QByteArray, every);
        for (size_t step = 1; step <= size_t(text.size()) + 1; ++step) {
            QCOMPARE(asMbox(FromLines::AfterEmpty, text.toStdString(), step), afterEmpty.toStdString());
            QCOMPARE(asMbox(FromLines::Every, text.toStdString(), step), every.toStdString());
        }
    }
    void theFromLine() {
        qputenv("TZ", "UTC");
        ::tzset();
        QCOMPARE(MboxText::fromLine("ann@a.example", 1717492087),
                 std::string("From ann@a.example Tue Jun  4 09:08:07 2024\n"));
        QCOMPARE(MboxText::fromLine("\"a b\n\"@a.example", 0),
                 std::string("From \"a_b_\"@a.example Thu Jan  1 00:00:00 1970\n"));
    }
    void junk_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<bool>("isJunk");
        QTest::newRow("X-Spam: yes") << QByteArray("A: b\nX-Spam: Yes\n\n") << true;
        QTest::newRow("X-Spam-Flag: YES") << QByteArray("X-SPAM-FLAG: YES\n\n") << true;
        QTest::newRow("no") << QByteArray("X-Spam: no\n\n") << false;
        QTest::newRow("more behind it") << QByteArray("X-Spam: yes, very\n\n") << false;
        QTest::newRow("two blanks") << QByteArray("X-Spam:  yes\n\n") << false;
        QTest::newRow("in the body") << QByteArray("A: b\n\nX-Spam: yes\n") << false;
        QTest::newRow("behind a long field") << QByteArray("A: " + QByteArray(5000, 'b') + "\nX-Spam: yes\n\n") << true;
    }
    void junk() {
        QFETCH(QByteArray, text);
        QFETCH(bool, isJunk);
        for (const size_t step : {size_t(1), size_t(7), size_t(10000)}) {
            JunkWatch watch;
            for (size_t at = 0; at < size_t(text.size()); at += step)
                watch.feed(std::string_view(text.constData(), size_t(text.size())).substr(at, step));
            QCOMPARE(watch.isJunk(), isJunk);
        }
    }
    void M04_theLastLine_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("last");
        QTest::newRow("nothing") << QByteArray() << QByteArray();
        QTest::newRow("of several") << QByteArray("a\nb\n") << QByteArray("b");
        QTest::newRow("without its end") << QByteArray("a\nb") << QByteArray("b");
        QTest::newRow("empty ones behind it") << QByteArray("a\n\n \r\n") << QByteArray("a");
        QTest::newRow("control characters") << QByteArray("x\x1b[31my\tz\r\n") << QByteArray("x [31my z");
        QTest::newRow("no end to it") << QByteArray(100'000, 'x') << QByteArray(300, 'x');
    }
    void M04_theLastLine() {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, last);
        LastLine line;
        line.feed({text.constData(), size_t(text.size())});
        QCOMPARE(QByteArray::fromStdString(line.text()), last);
    }
};

QTEST_GUILESS_MAIN(TestMessageText)
#include "tst_message_text.moc"
