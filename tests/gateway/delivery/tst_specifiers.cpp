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
