// SPDX-License-Identifier: GPL-3.0-or-later
//
// %{...} in paths and commands: values, ranges, modifiers, and what must not get into a shell.
#include "delivery/specifiers.h"

#include <QTest>

using namespace postern::delivery;
using postern::policy::Era;

namespace {

SpecifierValues values() {
    SpecifierValues v;
    v.sender = "Sue@send.example";
    v.recipient = "Joe+Lists@example.org";
    v.destination = "joe@dest.example";
    v.user = "joe";
    v.home = "/home/j$oe";
    return v;
}

QByteArray filled(const QByteArray& text, Era era, const SpecifierValues& with = values()) {
    const auto made = expandSpecifiers(text, with, era);
    return made ? *made : QByteArray("error");
}

} // namespace

class TestSpecifiers : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void fills_data();
    void fills();
    void letters_data();
    void letters();
    void M01_whatAShellWouldObeyBecomesAColon();
    void M01_nothingLeavesItsPlaceInACommand_data();
    void M01_nothingLeavesItsPlaceInACommand();
    void M06_P13_noValueIsAPath_data();
    void M06_P13_noValueIsAPath();
    void nullSender();
    void wrappers();
    void lengths();
};

void TestSpecifiers::fills_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* text, const char* expected) {
        QTest::newRow(text) << QByteArray(text) << QByteArray(expected);
    };
    row("%{bogus}", "error");
    row("%{rcpt:bogus}", "error");
    row("%{rcpt", "error");
    row("%{rcpt.user[]}", "error");
    row("%{rcpt.user[x]}", "error");
    row("%{rcpt.user[0}", "error");
    row("%{rcpt.user[99]}", "error");
    row("%{rcpt.user[0:1]:lowercase}", "error");
    row("%{mda}", "error");
    row("~/Maildir", "/home/j$oe/Maildir");
    row("x~/y", "x~/y");
    row("%{sender}|%{sender.user}|%{sender.domain}", "Sue@send.example|Sue|send.example");
    row("%{rcpt}|%{rcpt.user}|%{rcpt.domain}", "Joe+Lists@example.org|Joe+Lists|example.org");
    row("%{dest}|%{dest.user}|%{dest.domain}", "joe@dest.example|joe|dest.example");
    row("%{user.username}|%{user.directory}", "joe|/home/j$oe");
    row("%{mbox.from}", "Sue@send.example");
    row("%{RCPT.User:LOWERCASE}", "joe+lists");
    row("%{rcpt.user:uppercase|strip}", "JOE");
    row("%{rcpt:strip}", "Joe@example.org");
    row("%{rcpt.domain[0]}", "e");
    row("%{rcpt.domain[2:]}", "ample.org");
    row("%{rcpt.domain[:2]}", "exa");
    row("%{rcpt.domain[1:2]}", "xa");
    row("%{rcpt.domain[-3:]}", "org");
    row("%{rcpt.domain[0:-4]}", "example");
    row("%{rcpt.domain[8:99]}", "org");
    row("100%% %x %", "100% %x %");
}

void TestSpecifiers::fills() {
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, expected);
    QCOMPARE(filled(text, Era::Modern), expected);
    if (!text.contains("mbox.from"))
        QCOMPARE(filled(text, Era::Legacy), expected);
}

void TestSpecifiers::letters_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* text, const char* expected) {
        QTest::newRow(text) << QByteArray(text) << QByteArray(expected);
    };
    row("/mail/%9a", "error");
    row("/mail/%d/%u", "/mail/example.org/Joe+Lists");
    row("%a %U %D", "joe Sue send.example");
    row("%0a/%1a/%a", "j/o/joe");
    row("%x %%", "%x %%");
    row("%{rcpt}", "%{rcpt}");
}

void TestSpecifiers::letters() {
    QFETCH(QByteArray, text);
    QTEST(filled(text, Era::Map2012), "expected");
}

void TestSpecifiers::M01_whatAShellWouldObeyBecomesAColon() {
    SpecifierValues hostile = values();
    hostile.sender = "a`$(x)|y;'&*?!#%{z}~@b.example";
    QCOMPARE(filled("%{sender.user}", Era::Modern, hostile), "a::(x):y;::::::::z::");
    QCOMPARE(filled("%{sender.user:raw}", Era::Modern, hostile), "a`$(x)|y;'&*?!#%{z}~");
}

// What an address may hold, quoted ones too (RFC 5321), in commands that a shell will read.
void TestSpecifiers::M01_nothingLeavesItsPlaceInACommand_data() {
    QTest::addColumn<QByteArray>("sender");
    QTest::addColumn<QByteArray>("command");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const char* sender, const char* command, const char* expected) {
        QTest::addRow("%s", name) << QByteArray(sender) << QByteArray(command) << QByteArray(expected);
    };
    row("two commands", "\"a;touch x\"@b.example", "cmd %{sender.user}", "cmd :a:touch:x:");
    row("two commands, asked for raw", "\"a;touch x\"@b.example", "cmd '%{sender.user:raw}'", "cmd ':a:touch x:'");
    row("quotes ended from inside", "\"a\\\"b\"@b.example", "cmd \"%{sender.user}\"", "cmd \":a::b:\"");
    row("without its quotes", "\"a>/x\"@b.example", "cmd %{sender.user[1:3]}", "cmd a::");
    row("an option", "-rf@b.example", "rm %{sender.user}", "rm :rf");
    row("an option by a range", "a-rf@b.example", "rm %{sender.user[1:]}", "rm :rf");
    row("a path", "../../etc/x@b.example", "cat >/srv/%{sender.user}", "cat >/srv/..:..:etc:x");
    row("a subshell", "$(id)`id`@b.example", "cmd %{sender}", "cmd ::id::id:@b.example");
    row("a name pattern", "[a-z]*@b.example", "cmd %{sender.user}", "cmd :a-z::");
    row("two lines", "\"a\nb\"@b.example", "cmd %{sender.user:raw}", "cmd :a:b:");
    row("an address as most are", "Ann.B+x=y_z-1@b.example", "cmd -f %{sender}", "cmd -f Ann.B+x=y_z-1@b.example");
}

void TestSpecifiers::M01_nothingLeavesItsPlaceInACommand() {
    QFETCH(QByteArray, sender);
    QFETCH(QByteArray, command);
    SpecifierValues hostile = values();
    hostile.sender = sender;
    const auto made = expandSpecifiers(command, hostile, Era::Modern, SpecifierPlace::Command);
    QTEST(made ? *made : QByteArray("error"), "expected");
}

void TestSpecifiers::M06_P13_noValueIsAPath_data() {
    QTest::addColumn<QByteArray>("recipient");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const char* recipient, const char* path, const char* expected) {
        QTest::addRow("%s", name) << QByteArray(recipient) << QByteArray(path) << QByteArray(expected);
    };
    row("P13 a tag that climbs", "a+../../x@b.example", "/srv/%{rcpt.user}", "/srv/a+..:..:x");
    row("the folder above", "\"..\"@b.example", "/srv/%{rcpt.user[1:2]}/x", "/srv/:./x");
    row("the folder above, in two halves", "a.@b.example", "/srv/x%{rcpt.user[1]}%{rcpt.user[1]}", "/srv/x::");
    row("the folder above, raw", "..@b.example", "/srv/%{rcpt.user:raw}", "error");
    row("the administrator's own", "a@b.example", "/srv/x/../%{rcpt.user}", "/srv/x/../a");
    row("a control character", "\"a\nb\"@b.example", "/srv/%{rcpt.user:raw}", "/srv/\"a:b\"");
}

void TestSpecifiers::M06_P13_noValueIsAPath() {
    QFETCH(QByteArray, recipient);
    QFETCH(QByteArray, path);
    SpecifierValues hostile = values();
    hostile.recipient = recipient;
    const auto made = expandSpecifiers(path, hostile, Era::Modern, SpecifierPlace::Path);
    QTEST(made ? *made : QByteArray("error"), "expected");
}

void TestSpecifiers::nullSender() {
    SpecifierValues bounce = values();
    bounce.sender.clear();
    QCOMPARE(filled("<%{sender}> %{mbox.from} %{sender.user[0]}", Era::Modern, bounce), "<> MAILER-DAEMON ");
    QCOMPARE(filled("%{mbox.from}", Era::Legacy, bounce), "error"); // since 6.4
}

void TestSpecifiers::wrappers() {
    SpecifierValues wrapped = values();
    wrapped.mda = "/bin/x | y";
    QCOMPARE(filled("/bin/wrap %{mda}", Era::Modern, wrapped), "/bin/wrap /bin/x | y");
}

void TestSpecifiers::lengths() {
    QCOMPARE(filled("%{" + QByteArray(128, 'x') + "}", Era::Modern), "error");
    QCOMPARE(filled(QByteArray(1025, 'x'), Era::Modern), "error");
    QCOMPARE(filled(QByteArray(1024, 'x'), Era::Modern).size(), 1024);
}

QTEST_APPLESS_MAIN(TestSpecifiers)
#include "tst_specifiers.moc"
