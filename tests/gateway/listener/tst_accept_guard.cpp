// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who may come in: the limits of one I/O thread, in all and per address.
#include "listener/accept_guard.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern::listener;
using namespace Qt::StringLiterals;

namespace {

const ClientKey kOne{"\xc0\x00\x02\x01"_ba, false};   // 192.0.2.1
const ClientKey kOther{"\xc0\x00\x02\x02"_ba, false}; // 192.0.2.2
const ClientKey kLoopback{"\x7f\x00\x00\x01"_ba, true};

} // namespace

class TestAcceptGuard : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }
    void capsSessionsInAll();
    void capsSessionsOfOneAddress();
    void countsLoopbackInAllOnly();
    void forgetsWhoIsGone();
    void L10_clientsOfAProxyAreCountedByTheirOwnAddress();
    void L10_oneAddressHasAQuarterAtMost_data();
    void L10_oneAddressHasAQuarterAtMost();
};

void TestAcceptGuard::capsSessionsInAll() { // R01
    AcceptGuard guard({2, 100});
    QVERIFY(guard.admit(kOne) == Admission::Welcome);
    QVERIFY(guard.admit(kOther) == Admission::Welcome);
    QVERIFY(guard.admit(kOther) == Admission::TooMany);
    QCOMPARE(guard.sessions(), 2);
    guard.leave(kOne);
    QVERIFY(guard.admit(kOther) == Admission::Welcome);
}

void TestAcceptGuard::capsSessionsOfOneAddress() { // R01 per-address cap
    AcceptGuard guard({100, 2});
    QVERIFY(guard.admit(kOne) == Admission::Welcome);
    QVERIFY(guard.admit(kOne) == Admission::Welcome);
    QVERIFY(guard.admit(kOne) == Admission::TooManyFromAddress);
    QVERIFY(guard.admit(kOther) == Admission::Welcome); // others are not punished
    QCOMPARE(guard.sessions(), 3);                      // who was refused is not counted
    guard.leave(kOne);
    QVERIFY(guard.admit(kOne) == Admission::Welcome);
}

void TestAcceptGuard::countsLoopbackInAllOnly() {
    AcceptGuard guard({3, 1});
    for (int i = 0; i < 3; ++i)
        QVERIFY(guard.admit(kLoopback) == Admission::Welcome);
    QVERIFY(guard.admit(kLoopback) == Admission::TooMany);
}

void TestAcceptGuard::forgetsWhoIsGone() { // R05: counts are back after a flood
    AcceptGuard guard({10'000, 5'000});
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 300; ++i)
            QVERIFY(guard.admit(kOne) == Admission::Welcome);
        for (int i = 0; i < 300; ++i)
            guard.leave(kOne);
        QCOMPARE(guard.sessions(), 0);
    }
}

void TestAcceptGuard::L10_clientsOfAProxyAreCountedByTheirOwnAddress() {
    AcceptGuard guard({100, 2});
    for (int i = 0; i < 3; ++i)
        QVERIFY(guard.admit(kNobody) == Admission::Welcome); // the proxy's
    QVERIFY(guard.recognise(kOne));
    QVERIFY(guard.recognise(kOne));
    QVERIFY(!guard.recognise(kOne));
    QVERIFY(guard.recognise(kOther));
    QVERIFY(guard.admit(kOne) == Admission::TooManyFromAddress); // also where it comes itself
    guard.leave(kOne);
    QVERIFY(guard.recognise(kOne));
}

void TestAcceptGuard::L10_oneAddressHasAQuarterAtMost_data() {
    QTest::addColumn<int>("sessions");
    QTest::addColumn<int>("perAddress");
    QTest::addColumn<int>("descriptors");
    QTest::addColumn<int>("most");
    QTest::newRow("room for all") << 20'000 << 5'000 << 1'000'000 << 5'000;
    QTest::newRow("the descriptors are few") << 20'000 << 5'000 << 1024 << 256;
    QTest::newRow("the sessions are few") << 100 << 5'000 << 1'000'000 << 25;
    QTest::newRow("a smaller cap stays") << 20'000 << 10 << 1'000'000 << 10;
    QTest::newRow("nobody is shut out") << 2 << 5'000 << 64 << 1;
}

void TestAcceptGuard::L10_oneAddressHasAQuarterAtMost() {
    QFETCH(const int, sessions);
    QFETCH(const int, perAddress);
    QFETCH(const int, descriptors);
    QFETCH(const int, most);
    AcceptGuard guard(fittedTo({sessions, perAddress}, descriptors));
    for (int i = 0; i < most; ++i)
        QVERIFY(guard.admit(kOne) == Admission::Welcome);
    QVERIFY(guard.admit(kOne) == Admission::TooManyFromAddress);
    QVERIFY(guard.admit(kOther) == Admission::Welcome);
}

QTEST_APPLESS_MAIN(TestAcceptGuard)
#include "tst_accept_guard.moc"
