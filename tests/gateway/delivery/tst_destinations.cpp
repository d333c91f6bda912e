// SPDX-License-Identifier: GPL-3.0-or-later
//
// The right-hand side of an alias: every form, what keeps a comma, and what spoils a line.
#include "delivery/destinations.h"

#include <QTest>

using namespace postern::delivery;
using postern::policy::Era;

namespace {

QByteArray shown(const postern::Result<std::vector<Destination>>& list) {
    if (!list)
        return "error";
    QByteArrayList words;
    for (const Destination& one : *list) {
        static constexpr std::array kNames{"reply", "include", "command", "file", "maildir", "address", "user"};
        words.append(QByteArray(kNames[size_t(one.kind)]) + " " + one.text);
    }
    return words.join(" | ");
}

} // namespace

class TestDestinations : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void reads_data();
    void reads();
    void maildirIsAWordOfAcceptReject();
    void files_data();
    void files();
    void errorsNameWhatDoesNotRead();
};

void TestDestinations::reads_data() {
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* title, const char* value, const char* expected) {
        QTest::newRow(title) << QByteArray(value) << QByteArray(expected);
    };
    row("B07 a name that is none spoils the whole line", "ann, b:ob", "error");
    row("B07 a blank inside a name", "ann bob", "error");
    row("B07 a domain with an underscore", "ann@a_b.example", "error");
    row("B07 a line end in a command, which a shell would take for another one", "|/bin/x\n/bin/rm -r /", "error");
    row("B07 a line end in the text of a reply", "error:550 gone\r\n250 ok", "error");
    row("B07 a control character in a path", "/var/mail/x\x01y", "error");
    row("a tab in a command", "|/bin/x\t-d", "command /bin/x\t-d");
    row("a bar and nothing behind it", "\"| \"", "error");
    row("no local part", "@a.example", "error");
    row("a reply without text", "error:550", "error");
    row("a reply that is a success", "error:250 fine", "error");
    row("a reply with two blanks", "error:550  gone", "error");
    row("a user", "ann", "user ann");
    row("a user with a sub-address", "ann+x", "user ann+x");
    row("an address", "ann@a.example", "address ann@a.example");
    row("an address with all its characters", "a!#$%*/?|^{}`~&'+-=_.b@x-1.example",
        "address a!#$%*/?|^{}`~&'+-=_.b@x-1.example");
    row("several, blanks around", " ann ,bob@b.example , eve", "user ann | address bob@b.example | user eve");
    row("empty pieces", "ann,,bob,", "user ann | user bob");
    row("a command", "|/bin/x -d", "command /bin/x -d");
    row("a quoted command keeps its comma", "\"|/bin/x a, b\", ann", "command /bin/x a, b | user ann");
    row("quotes inside a command keep a comma", "|/bin/x 'a, b', ann", "command /bin/x 'a, b' | user ann");
    row("a backslash keeps a comma", "|/bin/x a\\, b", "command /bin/x a\\, b");
    row("a file", "/var/mail/x", "file /var/mail/x");
    row("an include", ":include:/etc/list", "include /etc/list");
    row("an include without its first colon", "include:/etc/list", "include /etc/list");
    row("a reply", "error:550 gone for good", "reply 550 gone for good");
    row("a reply with its first colon", ":error:421 later", "reply 421 later");
    row("nothing", "", "");
}

void TestDestinations::reads() {
    QFETCH(QByteArray, value);
    QTEST(shown(parseDestinations(value, Era::Modern)), "expected");
}

void TestDestinations::maildirIsAWordOfAcceptReject() {
    QCOMPARE(shown(parseDestinations("maildir:/m/x", Era::Modern)), "error");
    QCOMPARE(shown(parseDestinations("maildir:/m/x", Era::Legacy)), "maildir /m/x");
}

void TestDestinations::files_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("B07 one bad line spoils the file") << QByteArray("ann\nb:ob\n") << QByteArray("error");
    QTest::newRow("a list a line, comments, CR LF")
        << QByteArray("# staff\nann, bob\r\n\n  # end\neve") << QByteArray("user ann | user bob | user eve");
    QTest::newRow("a backslash joins lines") << QByteArray("ann,\\\nbob\n") << QByteArray("user ann | user bob");
    QTest::newRow("includes in it are left out") << QByteArray(":include:/x\nann\n") << QByteArray("user ann");
}

void TestDestinations::files() {
    QFETCH(QByteArray, text);
    QTEST(shown(parseDestinationFile(text, Era::Modern)), "expected");
}

void TestDestinations::errorsNameWhatDoesNotRead() {
    const auto list = parseDestinations("ann, b\x1bob", Era::Modern);
    QVERIFY(!list);
    QVERIFY2(list.error().text.contains("\"b\\x1bob\" holds control characters"), list.error().text.constData());
}

QTEST_APPLESS_MAIN(TestDestinations)
#include "tst_destinations.moc"
