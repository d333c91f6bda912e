// SPDX-License-Identifier: GPL-3.0-or-later
//
// The words for a port that cannot be opened, and reading who holds it or which way is out from the kernel's tables.
#include "listener/default_routes.h"
#include "listener/listen_error.h"

#include <QRegularExpression>
#include <QTest>

#include <cerrno>

using namespace postern;
using namespace postern::listener;
using namespace Qt::StringLiterals;

class TestListenError : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }
    void saysWhatToDo_data();
    void saysWhatToDo();
    void findsTheSocketInTheWay_data();
    void findsTheSocketInTheWay();
    void findsDefaultRoutes_data();
    void findsDefaultRoutes();
};

void TestListenError::saysWhatToDo_data() {
    QTest::addColumn<int>("number");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<quint16>("port");
    QTest::addColumn<QByteArray>("holder");
    QTest::addColumn<bool>("isOurs");
    QTest::addColumn<QByteArray>("program");
    QTest::addColumn<QByteArray>("code");
    QTest::addColumn<QByteArray>("text");

    QTest::addRow("port taken, holder known")
        << EADDRINUSE << "127.0.0.1:25"_ba << quint16(25) << "master (process 812)"_ba << false << ""_ba
        << "busy"_ba
        << "cannot listen on 127.0.0.1:25: port 25 on 127.0.0.1 is taken by master (process 812); stop that program or "
           "use another port"_ba;
    QTest::addRow("port taken, holder hidden")
        << EADDRINUSE << "[::1]:2525"_ba << quint16(2525) << ""_ba << false << ""_ba << "busy"_ba
        << "cannot listen on [::1]:2525: port 2525 on [::1] is taken by another program (sudo ss -ltnp 'sport = :2525' "
           "shows which); stop it or use another port"_ba;
    QTest::addRow("port taken by ourselves")
        << EADDRINUSE << "127.0.0.1:25"_ba << quint16(25) << "postern (process 5)"_ba << true << ""_ba
        << "busy"_ba
        << "cannot listen on 127.0.0.1:25: another listen statement of this configuration already opened it"_ba;
    QTest::addRow("port 25 not permitted: the exact command")
        << EACCES << "0.0.0.0:25"_ba << quint16(25) << ""_ba << false << "/usr/bin/posternctl"_ba << "denied"_ba
        << "cannot listen on 0.0.0.0:25: ports below 1024 need a permission; give it with: sudo setcap "
           "'cap_net_bind_service=+ep' /usr/bin/posternctl and start again, or use port 2525"_ba;
    QTest::addRow("program path with a space is quoted")
        << EACCES << "0.0.0.0:587"_ba << quint16(587) << ""_ba << false << "/opt/my mail/o'p"_ba << "denied"_ba
        << "cannot listen on 0.0.0.0:587: ports below 1024 need a permission; give it with: sudo setcap "
           "'cap_net_bind_service=+ep' '/opt/my mail/o'\\''p' and start again, or use port 2587"_ba;
    QTest::addRow("high port not permitted")
        << EACCES << "127.0.0.1:2525"_ba << quint16(2525) << ""_ba << false << ""_ba << "denied"_ba
        << "cannot listen on 127.0.0.1:2525: the system does not permit it (Permission denied)"_ba;
    QTest::addRow("address of another computer")
        << EADDRNOTAVAIL << "192.0.2.1:25"_ba << quint16(25) << ""_ba << false << ""_ba << "not-found"_ba
        << "cannot listen on 192.0.2.1:25: this computer has no such address now; check the address, or whether its "
           "network is connected"_ba;
    QTest::addRow("no IPv6") << EAFNOSUPPORT << "[::1]:25"_ba << quint16(25) << ""_ba << false << ""_ba
                             << "unsupported"_ba
                             << "cannot listen on [::1]:25: this computer has no IPv6"_ba;
}

void TestListenError::saysWhatToDo() {
    QFETCH(int, number);
    QFETCH(QByteArray, name);
    QFETCH(quint16, port);
    QFETCH(QByteArray, holder);
    QFETCH(bool, isOurs);
    QFETCH(QByteArray, program);
    const Error error = listenError(number, name, port, {holder, isOurs, program});
    QTEST(error.text, "text");
    QTEST(toString(error.code).toByteArray(), "code");
    QVERIFY(error.permanence == Permanence::Temporary);
}

void TestListenError::findsTheSocketInTheWay_data() {
    QTest::addColumn<QByteArray>("address");
    QTest::addColumn<quint16>("port");
    QTest::addColumn<QList<quint64>>("inodes");

    QTest::addRow("the same address") << "0100007F"_ba << quint16(25) << QList<quint64>{111, 333};
    QTest::addRow("another address: only the wildcard is in the way")
        << "0100A8C0"_ba << quint16(25) << QList<quint64>{333};
    QTest::addRow("we want the wildcard: all are in the way")
        << "00000000"_ba << quint16(25) << QList<quint64>{111, 333};
    QTest::addRow("a connection of that port does not listen") << "0100007F"_ba << quint16(587) << QList<quint64>{};
    QTest::addRow("another port") << "0100007F"_ba << quint16(26) << QList<quint64>{};
}

void TestListenError::findsTheSocketInTheWay() {
    // proc(5) /proc/net/tcp: 0019 = 25, 024B = 587, state 0A = LISTEN, 01 = ESTABLISHED
    static const QByteArray table =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0\n"
        "   1: 0100007F:024B 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0 20 4 0 10 -1\n"
        "   2: 00000000:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0\n";
    QFETCH(QByteArray, address);
    QFETCH(quint16, port);
    QTEST(listeningInodes(table, address, port), "inodes");
}

void TestListenError::findsDefaultRoutes_data() {
    QTest::addColumn<bool>("isV6");
    QTest::addColumn<QByteArray>("table");
    QTest::addColumn<QByteArrayList>("interfaces");

    const QByteArray head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";
    QTest::addRow("no route") << false << head << QByteArrayList{};
    QTest::addRow("cable and wireless, once each")
        << false
        << head + "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
                  "eth0\t00000000\t0201A8C0\t0003\t0\t0\t200\t00000000\t0\t0\t0\n"
                  "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
                  "eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t0000FFFF\t0\t0\t0\n"
        << QByteArrayList{"eth0", "wlan0"};
    QTest::addRow("half of everything is not everything (0.0.0.0/1 of a tunnel)")
        << false << head + "tun0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000080\t0\t0\t0\n" << QByteArrayList{};
    QTest::addRow("a rejected default is no way out")
        << false << head + "eth0\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0\n" << QByteArrayList{};
    QTest::addRow("IPv6 default, loopback's reject entry left out")
        << true
        << "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
           "fd000000000000000000000000000001 00000400 00000002 00000000 00000003     eth0\n"
           "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
           "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n"_ba
        << QByteArrayList{"eth0"};
}

void TestListenError::findsDefaultRoutes() {
    QFETCH(bool, isV6);
    QFETCH(QByteArray, table);
    QTEST(isV6 ? defaultRouteInterfaces6(table) : defaultRouteInterfaces(table), "interfaces");
}

QTEST_APPLESS_MAIN(TestListenError)
#include "tst_listen_error.moc"
