// SPDX-License-Identifier: GPL-3.0-or-later
//
// What an envelope of an older dialect keeps of the delivery its rule asked for.
#include "policy/ruleset.h"

#include <QTest>

using namespace postern;
using namespace postern::policy;

class TestLocalDelivery : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void comesBack_data();
    void comesBack();
    void whatDoesNotReadIsAnError_data();
    void whatDoesNotReadIsAnError();
    void methodsHaveNames();
};

void TestLocalDelivery::comesBack_data() {
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<int>("era");
    for (const Era era : {Era::Map2012, Era::Legacy, Era::Modern}) {
        QTest::addRow("nothing said, era %d", int(era)) << QByteArray() << int(era);
        QTest::addRow("a path, era %d", int(era)) << QByteArray("/mail/%{dest.user}") << int(era);
        QTest::addRow("any octets, era %d", int(era)) << QByteArray("/m/\xff\0\"\\\n", 9) << int(era);
    }
}

void TestLocalDelivery::comesBack() {
    QFETCH(QByteArray, target);
    QFETCH(int, era);
    for (const bool flag : {false, true}) {
        LocalDelivery says;
        says.target = target;
        says.junk = flag;
        says.rcptTo = !flag;
        const auto kept = KeptDelivery::fromBytes(says.toBytes(Era(era)));
        QVERIFY(kept);
        QCOMPARE(int(kept->era), era);
        QCOMPARE(kept->local.target, target);
        QCOMPARE(kept->local.junk, flag);
        QCOMPARE(kept->local.rcptTo, !flag);
    }
}

void TestLocalDelivery::whatDoesNotReadIsAnError_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("no object") << QByteArray("[1]");
    QTest::newRow("a relay's") << RelaySpec().toBytes(); // its dialect is a word
    QTest::newRow("another version") << QByteArray("{\"v\":2,\"era\":1}");
    QTest::newRow("another dialect") << QByteArray("{\"v\":1,\"era\":9}");
    QTest::newRow("cut off") << LocalDelivery().toBytes(Era::Legacy).chopped(1);
}

void TestLocalDelivery::whatDoesNotReadIsAnError() {
    QFETCH(QByteArray, bytes);
    const auto kept = KeptDelivery::fromBytes(bytes);
    QVERIFY(!kept);
    QVERIFY(kept.error().permanence == Permanence::Temporary);
}

void TestLocalDelivery::methodsHaveNames() {
    for (const Method method : {Method::Relay, Method::Catch, Method::Mbox, Method::Maildir, Method::Mda, Method::Lmtp,
                                Method::ExpandOnly, Method::ForwardOnly})
        QVERIFY(methodFromString(toString(method)) == method);
    QVERIFY(!methodFromString("") && !methodFromString("Mbox"));
}

QTEST_APPLESS_MAIN(TestLocalDelivery)
#include "tst_local_delivery.moc"
