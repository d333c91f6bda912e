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

QTEST_APPLESS_MAIN(TestAcceptGuard)
#include "tst_accept_guard.moc"
