// SPDX-License-Identifier: GPL-3.0-or-later
//
// crypt(3) hashes: which are good enough, and that the right password (only) fits. Vectors: Drepper's SHA-crypt text
// (checked with `openssl passwd`), crypt_blowfish's own; yescrypt as libxcrypt 4.4 computes it.
#include "listener/password_hash.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::listener;
using namespace Qt::StringLiterals;

class TestPasswordHash : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }
    void refusesWeakHashes_data();
    void refusesWeakHashes();
    void tellsRightFromWrong_data();
    void tellsRightFromWrong();
    void pretendsWithoutAnExample();
};

void TestPasswordHash::refusesWeakHashes_data() {
    QTest::addColumn<QByteArray>("hash");
    QTest::addColumn<QByteArray>("description");
    QTest::addRow("A15 plain text") << "secret"_ba << "not a password hash (plain text?)"_ba;
    QTest::addRow("A15 plain text that is long") << QByteArray(100, 'a') << "not a password hash (plain text?)"_ba;
    QTest::addRow("A15 empty") << ""_ba << "not a password hash (plain text?)"_ba;
    QTest::addRow("A15 DES") << "rEK1ecacw.7.c"_ba << "a DES hash, which is too weak, or plain text"_ba;
    QTest::addRow("A15 MD5") << "$1$saltstri$4N4hTUlG9HHHnWYR3fPvg/"_ba << "an MD5 hash, which is too weak"_ba;
    QTest::addRow("A15 {scheme}") << "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr"_ba
                                  << "a hash with a {scheme}, which is not supported"_ba;
    QTest::addRow("unknown kind") << "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA"_ba
                                  << "a hash of an unknown kind"_ba;
    QTest::addRow("cut in the middle") << "$6$saltstring$svn8UoSVapNtMuq1"_ba << "a damaged hash"_ba;
    QTest::addRow("bcrypt, one character short")
        << "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe"_ba << "a damaged hash"_ba;
    QTest::addRow("with a line end")
        << "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5\n"_ba << "a damaged hash"_ba;
}

void TestPasswordHash::refusesWeakHashes() {
    QFETCH(QByteArray, hash);
    QVERIFY(kindOfHash(hash) == HashKind::Unusable);
    QTEST(describeUnusable(hash), "description");
    // Plain text is not even compared.
    QVERIFY(verifyPassword(Secret(QByteArray(hash)), hash) == PasswordCheck::CannotTell);
}

void TestPasswordHash::tellsRightFromWrong_data() {
    QTest::addColumn<QByteArray>("hash");
    QTest::addColumn<QByteArray>("password");
    QTest::addRow("SHA-256") << "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"_ba << "Hello world!"_ba;
    QTest::addRow("SHA-512")
        << "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"_ba
        << "Hello world!"_ba;
    QTest::addRow("bcrypt $2a$") << "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"_ba << "U*U"_ba;
    QTest::addRow("bcrypt $2b$") << "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"_ba << "U*U"_ba;
    QTest::addRow("bcrypt $2y$") << "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"_ba << "U*U"_ba;
    QTest::addRow("yescrypt") << "$y$j75$AAt9R641xPvCI9nXw1HHW/$RyxpZMNQvJMvorAsCK99bUhsdbfYRTxNHxQdllU3dx0"_ba << "pleaseletmein"_ba;
}

void TestPasswordHash::tellsRightFromWrong() {
    QFETCH(QByteArray, hash);
    QFETCH(QByteArray, password);
    QVERIFY(kindOfHash(hash) == HashKind::Usable);
    QVERIFY(verifyPassword(Secret(password + "x"_ba), hash) == PasswordCheck::Wrong);
    QVERIFY(verifyPassword(Secret(password.toUpper()), hash) == PasswordCheck::Wrong || password == password.toUpper());
    QVERIFY(verifyPassword(Secret(QByteArray()), hash) == PasswordCheck::Wrong);
    QByteArray other = hash;
    other.back() = other.back() == '1' ? '5' : '1';
    QVERIFY(verifyPassword(Secret(QByteArray(password)), other) == PasswordCheck::Wrong);
    QVERIFY(verifyPassword(Secret(QByteArray(password)), hash) == PasswordCheck::Right);
}

void TestPasswordHash::pretendsWithoutAnExample() { // A13: an unknown user costs work, too, and nothing is remembered
    pretendToVerify(Secret("x"_ba), "plain");
    QVERIFY(kindOfHash("*") == HashKind::Locked);
    QVERIFY(kindOfHash("!$6$x") == HashKind::Locked);
}

QTEST_APPLESS_MAIN(TestPasswordHash)
#include "tst_password_hash.moc"
