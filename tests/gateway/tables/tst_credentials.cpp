// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/credentials.h"

#include <QTest>

using namespace postern::tables;

class TestCredentials : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void relay_data();
    void relay();
    void listener_data();
    void listener();
    void errorsDoNotRepeatTheValue();
};

void TestCredentials::relay_data() {
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<QByteArray>("login"); // "" = refused
    QTest::newRow("empty") << QByteArray() << QByteArray();
    QTest::newRow("too short") << QByteArray("ab") << QByteArray();
    QTest::newRow("no user") << QByteArray(":secret") << QByteArray();
    QTest::newRow("no password") << QByteArray("carol:") << QByteArray();
    QTest::newRow("user and password") << QByteArray("carol:s3cret") << QByteArray("carol/s3cret");
    QTest::newRow("the first colon splits") << QByteArray("carol:a:b:c") << QByteArray("carol/a:b:c");
    QTest::newRow("a password alone is for the label") << QByteArray("s3cret") << QByteArray("office/s3cret");
    QTest::newRow("an address as user")
        << QByteArray("carol@example.org:s3cret") << QByteArray("carol@example.org/s3cret");
}

void TestCredentials::relay() {
    QFETCH(QByteArray, value);
    auto login = parseRelayCredentials("office", value);
    const QByteArray shown =
        login ? QByteArray(login->user + "/").append(login->password.expose()) : QByteArray();
    QTEST(shown, "login");
}

void TestCredentials::listener_data() {
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<QByteArray>("login");
    QTest::newRow("empty") << QByteArray() << QByteArray();
    QTest::newRow("no user") << QByteArray(":$6$salt$hash") << QByteArray();
    QTest::newRow("no hash") << QByteArray("carol:") << QByteArray();
    QTest::newRow("a hash") << QByteArray("$6$salt$hash") << QByteArray("ann/$6$salt$hash");
    QTest::newRow("user and hash") << QByteArray("carol:$2b$08$hash") << QByteArray("carol/$2b$08$hash");
}

void TestCredentials::listener() {
    QFETCH(QByteArray, value);
    auto login = parseListenerCredentials("ann", value);
    const QByteArray shown = login ? QByteArray(login->user + "/" + login->hash) : QByteArray();
    QTEST(shown, "login");
}

void TestCredentials::errorsDoNotRepeatTheValue() {
    const auto login = parseRelayCredentials("office", ":s3cret");
    QVERIFY(!login);
    QVERIFY(login.error().text.contains("office"));
    QVERIFY(!login.error().text.contains("s3cret"));
}

QTEST_APPLESS_MAIN(TestCredentials)
#include "tst_credentials.moc"
