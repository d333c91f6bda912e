// SPDX-License-Identifier: GPL-3.0-or-later
//
// Opening real sockets on loopback, port 0, and turning what `listen on` names into addresses of this computer. A story
// because the machine takes part; whatever only some machines have (IPv6) is asked of the machine, not assumed.
#include "listener/open_listener.h"

#include <QRegularExpression>
#include <QTest>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace postern;
using namespace postern::listener;
using namespace Qt::StringLiterals;

class TestOpenListener : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }
    void refusesWhatIsNoAddress_data();
    void refusesWhatIsNoAddress();
    void refusesAnAddressOfAnotherComputer();
    void namesWhoHoldsThePort();
    void opensTwoFamiliesOnOnePort();
    void opensNonBlockingAndClosedOnExec();
    void opensAgainAtOnceAfterClosing();
    void resolvesInterfaces_data();
    void resolvesInterfaces();
    void refusesUnknownInterfaces_data();
    void refusesUnknownInterfaces();
    void knowsItsOwnAddresses();
};

void TestOpenListener::refusesWhatIsNoAddress_data() {
    QTest::addColumn<QByteArray>("address");
    QTest::addRow("empty") << ""_ba;
    QTest::addRow("host name") << "localhost"_ba;
    QTest::addRow("interface name") << "lo"_ba;
    QTest::addRow("octet too large") << "127.0.0.256"_ba;
    QTest::addRow("address with port") << "127.0.0.1:25"_ba;
}

void TestOpenListener::refusesWhatIsNoAddress() {
    QFETCH(QByteArray, address);
    const auto listener = OpenListener::open(address, 0);
    QVERIFY(!listener);
    QVERIFY(listener.error().code == ErrorCode::Invalid);
    QCOMPARE(listener.error().text, "cannot listen on \"" + address + "\": that is not an IP address");
}

void TestOpenListener::refusesAnAddressOfAnotherComputer() {
    const auto listener = OpenListener::open("192.0.2.1", 0); // RFC 5737: nobody's
    QVERIFY(!listener);
    QVERIFY(listener.error().code == ErrorCode::NotFound);
    QVERIFY(listener.error().text.contains("no such address"));
}

void TestOpenListener::namesWhoHoldsThePort() {
    const auto first = OpenListener::open("127.0.0.1", 0);
    QVERIFY(first);
    const auto second = OpenListener::open("127.0.0.1", (*first)->port());
    QVERIFY(!second);
    QVERIFY(second.error().code == ErrorCode::Busy);
    // The holder is this process, which the text must tell apart from a stranger.
    QCOMPARE(second.error().text, "cannot listen on 127.0.0.1:" + QByteArray::number((*first)->port()) +
                                      ": another listen statement of this configuration already opened it");
}

void TestOpenListener::opensTwoFamiliesOnOnePort() {
    if (!interfaceAddresses("::1", 6) || !ownAddresses().contains("::1"))
        return; // nothing to prove without IPv6
    const auto v6 = OpenListener::open("[::1]", 0);
    QVERIFY(v6);
    QCOMPARE((*v6)->address(), "::1"_ba);
    QCOMPARE((*v6)->name(), "[::1]:" + QByteArray::number((*v6)->port()));
    // If :: took IPv4 too, none of these would work; a single one may find its port taken by another program.
    bool both = false;
    for (int i = 0; i < 20 && !both; ++i) {
        const auto any6 = OpenListener::open("::", 0);
        QVERIFY(any6);
        both = OpenListener::open("0.0.0.0", (*any6)->port()).has_value();
    }
    QVERIFY(both);
}

void TestOpenListener::opensNonBlockingAndClosedOnExec() {
    const auto listener = OpenListener::open("127.0.0.1", 0);
    QVERIFY(listener);
    QVERIFY((*listener)->port() != 0);
    QCOMPARE((*listener)->name(), "127.0.0.1:" + QByteArray::number((*listener)->port()));
    const int fd = int((*listener)->descriptor());
    QVERIFY(::fcntl(fd, F_GETFL) & O_NONBLOCK);
    QVERIFY(::fcntl(fd, F_GETFD) & FD_CLOEXEC);
    QCOMPARE(::accept(fd, nullptr, nullptr), -1);
    QCOMPARE(errno, EAGAIN);
}

void TestOpenListener::opensAgainAtOnceAfterClosing() {
    quint16 port = 0;
    {
        const auto listener = OpenListener::open("127.0.0.1", 0);
        QVERIFY(listener);
        port = (*listener)->port();
    }
    QVERIFY(OpenListener::open("127.0.0.1", port));
}

void TestOpenListener::resolvesInterfaces_data() {
    QTest::addColumn<QByteArray>("interface");
    QTest::addColumn<int>("family");
    QTest::addColumn<QByteArrayList>("addresses"); // exactly
    QTest::addRow("IPv4 literal") << "127.0.0.1"_ba << 0 << QByteArrayList{"127.0.0.1"};
    QTest::addRow("IPv4 literal of elsewhere stays: binding will tell") << "192.0.2.7"_ba << 0
                                                                        << QByteArrayList{"192.0.2.7"};
    QTest::addRow("IPv4 literal in brackets") << "[127.0.0.1]"_ba << 4 << QByteArrayList{"127.0.0.1"};
    QTest::addRow("IPv6 literal") << "::1"_ba << 0 << QByteArrayList{"::1"};
    QTest::addRow("IPv6 literal in brackets") << "[2001:DB8:0::7]"_ba << 6 << QByteArrayList{"2001:db8::7"};
    QTest::addRow("IPv6 literal as in mail") << "[IPv6:2001:db8::7]"_ba << 0 << QByteArrayList{"2001:db8::7"};
    QTest::addRow("group lo0, IPv4") << "lo0"_ba << 4 << QByteArrayList{"127.0.0.1"};
    QTest::addRow("interface lo, IPv4") << "lo"_ba << 4 << QByteArrayList{"127.0.0.1"};
    QTest::addRow("group all, IPv4") << "all"_ba << 4 << QByteArrayList{"0.0.0.0"};
    QTest::addRow("host name, IPv4") << "localhost"_ba << 4 << QByteArrayList{"127.0.0.1"};
}

void TestOpenListener::resolvesInterfaces() {
    QFETCH(QByteArray, interface);
    QFETCH(int, family);
    const auto addresses = interfaceAddresses(interface, family);
    QVERIFY2(addresses, addresses ? "" : addresses.error().text.constData());
    QTEST(*addresses, "addresses");
}

void TestOpenListener::refusesUnknownInterfaces_data() {
    QTest::addColumn<QByteArray>("interface");
    QTest::addColumn<int>("family");
    QTest::addColumn<QByteArray>("text");
    QTest::addRow("unknown name") << "no-such-interface.invalid"_ba << 0
                                  << "no interface, address or host is called no-such-interface.invalid"_ba;
    QTest::addRow("empty") << ""_ba << 0 << "no interface, address or host is called \"\""_ba;
    QTest::addRow("empty brackets") << "[]"_ba << 0 << "no interface, address or host is called \"[]\""_ba;
    QTest::addRow("IPv4 literal where IPv6 is asked") << "127.0.0.1"_ba << 6 << "127.0.0.1 is not an IPv6 address"_ba;
    QTest::addRow("IPv6 literal where IPv4 is asked") << "::1"_ba << 4 << "::1 is not an IPv4 address"_ba;
}

void TestOpenListener::refusesUnknownInterfaces() {
    QFETCH(QByteArray, interface);
    QFETCH(int, family);
    const auto addresses = interfaceAddresses(interface, family);
    QVERIFY(!addresses);
    QTEST(addresses.error().text, "text");
}

void TestOpenListener::knowsItsOwnAddresses() {
    const QByteArrayList own = ownAddresses();
    QVERIFY(own.contains("127.0.0.1"));
    for (const QByteArray& address : own)
        QVERIFY2(!address.contains('%'), address.constData());
    // What egress became is part of what this computer owns; without a default route it says so.
    if (const auto egress = interfaceAddresses("egress", 0)) {
        for (const QByteArray& address : *egress)
            QVERIFY2(own.contains(address.split('%').first()), address.constData());
    } else {
        QVERIFY(egress.error().text.contains("default route") || egress.error().text.contains("no IP address"));
    }
}

QTEST_APPLESS_MAIN(TestOpenListener)
#include "tst_open_listener.moc"
