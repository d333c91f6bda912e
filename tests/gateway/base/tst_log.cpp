// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log.h"

#include <QTest>

#include <thread>
#include <vector>

using namespace postern;

class TestLog : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init();
    void cleanup();
    void showsTextHarmlessly_data();
    void showsTextHarmlessly();
    void capsLength();
    void redacts_data();
    void redacts();
    void linesArriveSafe();
    void keepsTheThreshold();
    void takesLinesFromThreads();
    void namesLevelsAndAreas();

  private:
    std::vector<LogLine> m_lines;
};

void TestLog::init() {
    m_lines.clear();
    setLogToStandardError(false);
    setLogThreshold(LogLevel::Info);
    setLogListener([this](const LogLine& line) { m_lines.push_back(line); });
}

void TestLog::cleanup() {
    setLogListener({});
}

void TestLog::showsTextHarmlessly_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("shown");
    QTest::addRow("plain") << QByteArray("hello, world") << QByteArray("hello, world");
    QTest::addRow("UTF-8 stays") << QByteArray("Grüße ✉ 😀") << QByteArray("Grüße ✉ 😀");
    QTest::addRow("line ends") << QByteArray("a\r\nb") << QByteArray("a\\x0d\\x0ab");
    QTest::addRow("NUL") << QByteArray("a\0b", 3) << QByteArray("a\\x00b");
    QTest::addRow("terminal escape") << QByteArray("\x1b[31m") << QByteArray("\\x1b[31m");
    QTest::addRow("DEL") << QByteArray("\x7f") << QByteArray("\\x7f");
    QTest::addRow("C1 control U+0085") << QByteArray("\xc2\x85") << QByteArray("\\xc2\\x85");
    QTest::addRow("G02 right-to-left override U+202E") << QByteArray("\xe2\x80\xae"
                                                                     "x")
                                                       << QByteArray("\\xe2\\x80\\xaex");
    QTest::addRow("G02 zero width space U+200B") << QByteArray("\xe2\x80\x8b") << QByteArray("\\xe2\\x80\\x8b");
    QTest::addRow("G02 isolate U+2066") << QByteArray("\xe2\x81\xa6") << QByteArray("\\xe2\\x81\\xa6");
    QTest::addRow("line separator U+2028") << QByteArray("\xe2\x80\xa8") << QByteArray("\\xe2\\x80\\xa8");
    QTest::addRow("broken UTF-8") << QByteArray("\xff\xc3(") << QByteArray("\\xff\\xc3(");
    QTest::addRow("overlong slash") << QByteArray("\xc0\xaf") << QByteArray("\\xc0\\xaf");
    QTest::addRow("surrogate") << QByteArray("\xed\xa0\x80") << QByteArray("\\xed\\xa0\\x80");
    QTest::addRow("cut in a character") << QByteArray("a\xc3") << QByteArray("a\\xc3");
}

void TestLog::showsTextHarmlessly() {
    QFETCH(QByteArray, text);
    QTEST(harmless(text), "shown");
}

void TestLog::capsLength() {
    QCOMPARE(harmless(QByteArray(10, 'x'), 10), QByteArray(10, 'x'));
    QCOMPARE(harmless(QByteArray(11, 'x'), 10), QByteArray(10, 'x') + "…");
    QVERIFY(harmless(QByteArray(1'000'000, '\0'), 400).size() < 420);
}

void TestLog::redacts_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("shown");
    QTest::addRow("nothing to hide") << QByteArray("connected to mx.example.net:25")
                                     << QByteArray("connected to mx.example.net:25");
    QTest::addRow("X01 AUTH PLAIN") << QByteArray("> AUTH PLAIN AGJvYgBzZWNyZXQ=") << QByteArray("> AUTH PLAIN ***");
    QTest::addRow("X01 auth in lower case") << QByteArray("auth xoauth2 dXNlcj1h") << QByteArray("auth xoauth2 ***");
    QTest::addRow("X01 relay URL") << QByteArray("relay smtps://bob:secret@mail.example.net:465 failed")
                                   << QByteArray("relay smtps://bob:***@mail.example.net:465 failed");
    QTest::addRow("X01 password with an @")
        << QByteArray("smtps://bob:p@ss:w@mail.example.net") << QByteArray("smtps://bob:***@mail.example.net");
    QTest::addRow("X01 password with a slash")
        << QByteArray("smtps://bob:p/s@mail.example.net") << QByteArray("smtps://bob:***@mail.example.net");
    QTest::addRow("X01 database address")
        << QByteArray("pgsql://u:p%40w@db/mail") << QByteArray("pgsql://u:***@db/mail");
    QTest::addRow("X01 two URLs in a line")
        << QByteArray("a://u:p@h b://v:q@i") << QByteArray("a://u:***@h b://v:***@i");
    QTest::addRow("a label is no secret")
        << QByteArray("smtps://office@mail.example.net") << QByteArray("smtps://office@mail.example.net");
    QTest::addRow("a port is no password")
        << QByteArray("smtp://mail.example.net:587") << QByteArray("smtp://mail.example.net:587");
    QTest::addRow("an address is no URL")
        << QByteArray("from a@b.example to c@d.example") << QByteArray("from a@b.example to c@d.example");
}

void TestLog::redacts() {
    QFETCH(QByteArray, text);
    QTEST(redact(text), "shown");
}

void TestLog::linesArriveSafe() {
    log(LogLevel::Notice, LogArea::Smtp, "client said \r\nAUTH PLAIN c2VjcmV0");
    QCOMPARE(m_lines.size(), size_t(1));
    QCOMPARE(m_lines[0].text, QByteArray("client said \\x0d\\x0aAUTH PLAIN ***"));
    QVERIFY(m_lines[0].level == LogLevel::Notice && m_lines[0].area == LogArea::Smtp);
    QVERIFY(m_lines[0].unixMs > 1'700'000'000'000);
}

void TestLog::keepsTheThreshold() {
    log(LogLevel::Debug, LogArea::Queue, "unseen");
    QVERIFY(m_lines.empty());
    setLogThreshold(LogLevel::Debug);
    log(LogLevel::Debug, LogArea::Queue, "seen");
    QCOMPARE(m_lines.size(), size_t(1));
}

void TestLog::takesLinesFromThreads() {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([] {
            for (int i = 0; i < 200; ++i)
                log(LogLevel::Info, LogArea::Engine, "line");
        });
    for (std::thread& thread : threads)
        thread.join();
    QCOMPARE(m_lines.size(), size_t(800)); // the listener runs under the log's own lock
}

void TestLog::namesLevelsAndAreas() {
    QCOMPARE(toString(LogLevel::Warning), QByteArrayView("warning"));
    QCOMPARE(toString(LogArea::Queue), QByteArrayView("queue"));
}

QTEST_APPLESS_MAIN(TestLog)
#include "tst_log.moc"
