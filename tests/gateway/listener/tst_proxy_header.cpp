// SPDX-License-Identifier: GPL-3.0-or-later
//
// N09: PROXY headers as HAProxy's specification writes them, and all that is not one.
#include "listener/proxy_header.h"

#include <QTest>

using namespace Qt::StringLiterals;
using postern::listener::ProxyHeader;
using State = ProxyHeader::State;

namespace {

const QByteArray kSignature = QByteArray::fromHex("0d0a0d0a000d0a515549540a");
const QByteArray kFromV4 = QByteArray::fromHex("c0000209" "c0000201" "9c40" "0019"); // 192.0.2.9:40000 to 192.0.2.1:25
const QByteArray kFromV6 = QByteArray::fromHex("20010db8000000000000000000000009" "20010db8000000000000000000000001" "9c40" "0019");

QByteArray header(int command, int family, const QByteArray& rest, int length = -1) {
    const qsizetype said = length < 0 ? rest.size() : length;
    return kSignature + char(command) + char(family) + char(said >> 8) + char(said & 255) + rest;
}

QByteArray field(int type, const QByteArray& value) {
    return QByteArray(1, char(type)) + char(value.size() >> 8) + char(value.size() & 255) + value;
}

// As a connection does it: never more than what is wanted, at most `most` octets at once. What was not taken comes back.
State feed(ProxyHeader& proxy, const QByteArray& bytes, qsizetype most, QByteArray* left = nullptr) {
    State state = State::NeedMore;
    qsizetype at = 0;
    while (state == State::NeedMore && at < bytes.size()) {
        const qsizetype size = std::min({most, proxy.wanted(), bytes.size() - at});
        state = proxy.feed(QByteArrayView(bytes).sliced(at, size));
        at += size;
    }
    if (left)
        *left = bytes.mid(at);
    return state;
}

} // namespace

class TestProxyHeader : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void N09_namesTheClient_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("address");
        QTest::addRow("IPv4") << header(0x21, 0x11, kFromV4) << "192.0.2.9"_ba;
        QTest::addRow("IPv6") << header(0x21, 0x21, kFromV6) << "2001:db8::9"_ba;
        QTest::addRow("IPv4 in IPv6 clothes") << header(0x21, 0x21, QByteArray::fromHex("00000000000000000000ffffc0000209" "00000000000000000000ffffc0000201" "9c40" "0019")) << "192.0.2.9"_ba;
        QTest::addRow("with fields") << header(0x21, 0x11, kFromV4 + field(0x02, "mx.one.example") + field(0xee, "") + field(0x04, QByteArray(200, '\0'))) << "192.0.2.9"_ba;
        // The sum over this header with a blank field, worked out apart, by a table that gives E3069283 for "123456789".
        QTest::addRow("with a checksum") << header(0x21, 0x11, kFromV4 + field(0x03, QByteArray::fromHex("3e340893"))) << "192.0.2.9"_ba;
        QTest::addRow("from the proxy itself") << header(0x20, 0x00, "") << ""_ba;
        QTest::addRow("from the proxy itself, with an address that counts for nothing") << header(0x20, 0x11, kFromV4) << ""_ba;
    }
    void N09_namesTheClient() {
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, address);
        for (const qsizetype most : {qsizetype(1), qsizetype(2), qsizetype(15), qsizetype(17), bytes.size() + 10}) {
            ProxyHeader proxy;
            QByteArray left;
            QVERIFY(feed(proxy, bytes + "EHLO x\r\n", most, &left) == State::Complete);
            QCOMPARE(left, "EHLO x\r\n");
            QCOMPARE(proxy.isLocal(), address.isEmpty());
            QCOMPARE(proxy.address(), address);
            QCOMPARE(proxy.port(), address.isEmpty() ? 0 : 40'000);
        }
    }

    void N09_refuses_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("fault");
        const QByteArray none = "it does not begin with a PROXY header of version 2";
        QTest::addRow("no header but a command") << "EHLO mx.example.org\r\n"_ba << none;
        QTest::addRow("version 1") << "PROXY TCP4 192.0.2.9 192.0.2.1 40000 25\r\n"_ba << none;
        QTest::addRow("one octet of something else") << "E"_ba << none;
        QTest::addRow("a signature that ends differently") << kSignature.chopped(1) + "x" << none;
        QTest::addRow("length 65535") << header(0x21, 0x11, kFromV4, 65535) << "its PROXY header is too long"_ba;
        QTest::addRow("length over the limit, of the proxy itself") << header(0x20, 0x00, "", 5000) << "its PROXY header is too long"_ba;
        QTest::addRow("version 3") << header(0x31, 0x11, kFromV4) << "its PROXY header has an unknown version or command"_ba;
        QTest::addRow("command 2") << header(0x22, 0x11, kFromV4) << "its PROXY header has an unknown version or command"_ba;
        const QByteArray family = "its PROXY header names no client that came by TCP";
        QTest::addRow("UNIX family") << header(0x21, 0x31, QByteArray(216, 'x')) << family;
        QTest::addRow("UDP") << header(0x21, 0x12, kFromV4) << family;
        QTest::addRow("no family: would look like the proxy") << header(0x21, 0x00, "") << family;
        QTest::addRow("addresses cut off") << header(0x21, 0x21, kFromV4) << "its PROXY header ends in the middle of the addresses"_ba;
        const QByteArray broken = "a field of its PROXY header is broken";
        QTest::addRow("field longer than the header") << header(0x21, 0x11, kFromV4 + QByteArray::fromHex("0200ff") + "mx") << broken;
        QTest::addRow("half a field") << header(0x21, 0x11, kFromV4 + "\x02") << broken;
        QTest::addRow("wrong checksum") << header(0x21, 0x11, kFromV4 + field(0x03, QByteArray::fromHex("01020304"))) << broken;
        QTest::addRow("checksum of three octets") << header(0x21, 0x11, kFromV4 + field(0x03, "abc")) << broken;
    }
    void N09_refuses() {
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, fault);
        for (const qsizetype most : {qsizetype(1), bytes.size()}) {
            ProxyHeader proxy;
            QVERIFY(feed(proxy, bytes, most) == State::Faulty);
            QCOMPARE(proxy.fault(), fault);
            QCOMPARE(proxy.address(), "");
        }
    }

    void everyPrefixWantsMore() {
        const QByteArray whole = header(0x21, 0x21, kFromV6 + field(0x02, "mx.one.example"));
        for (qsizetype size = 0; size < whole.size(); ++size) {
            ProxyHeader proxy;
            QVERIFY(feed(proxy, whole.first(size), 3) == State::NeedMore);
            QVERIFY(proxy.wanted() > 0 && proxy.wanted() <= whole.size() - size);
        }
    }
};

QTEST_APPLESS_MAIN(TestProxyHeader)
#include "tst_proxy_header.moc"
