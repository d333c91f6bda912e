// SPDX-License-Identifier: GPL-3.0-or-later
//
// What can be the name of a host (RFC 1035 §2.3.4).
#include "base/host_name.h"

#include <QTest>

using namespace postern;

class TestHostName : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void judges_data() {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<bool>("good");
        QTest::newRow("a name") << QByteArray("mx.one.example") << true;
        QTest::newRow("one label") << QByteArray("localhost") << true;
        QTest::newRow("an underscore") << QByteArray("_mta-sts.one.example") << true;
        QTest::newRow("a label of 63 octets") << QByteArray(63, 'a') << true;
        QTest::newRow("a label of 64 octets") << QByteArray(64, 'a') << false;
        QTest::newRow("253 octets") << (QByteArray(62, 'a') + '.').repeated(4) + "a" << true;
        QTest::newRow("254 octets") << (QByteArray(62, 'a') + '.').repeated(4) + "ab" << false;
        QTest::newRow("nothing") << QByteArray() << false;
        QTest::newRow("a dot at the start") << QByteArray(".example") << false;
        QTest::newRow("a dot at the end") << QByteArray("example.") << false;
        QTest::newRow("two dots") << QByteArray("a..b") << false;
        QTest::newRow("NUL") << QByteArray("a\0b", 3) << false;
        QTest::newRow("a slash") << QByteArray("../a") << false;
        QTest::newRow("an octet above 127") << QByteArray("m\xc3\xbcll") << false;
    }

    void judges() {
        QFETCH(QByteArray, name);
        QTEST(isHostName(name), "good");
    }

    void compares_data() { // RFC 5891: U-label and A-label, composed and decomposed, are one name
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("comparable");
        QTest::newRow("ASCII in lower case") << QByteArray("Mx.One.EXAMPLE") << QByteArray("mx.one.example");
        QTest::newRow("U-label") << QByteArray("mx.b\xc3\xbc" "cher.example") << QByteArray("mx.xn--bcher-kva.example");
        QTest::newRow("U-label, decomposed") << QByteArray("bu\xcc\x88" "cher.example") << QByteArray("xn--bcher-kva.example");
        QTest::newRow("U-label, upper case") << QByteArray("B\xc3\x9c" "CHER.Example") << QByteArray("xn--bcher-kva.example");
        QTest::newRow("A-label") << QByteArray("XN--bcher-KVA.example") << QByteArray("xn--bcher-kva.example");
        QTest::newRow("the label behind a star") << QByteArray("*.b\xc3\xbc" "cher.example") << QByteArray("*.xn--bcher-kva.example");
        QTest::newRow("a star in such a label stays") << QByteArray("b\xc3\xbc*.example") << QByteArray("b\xc3\xbc*.example");
        QTest::newRow("no UTF-8 stays") << QByteArray("b\xff.example") << QByteArray("b\xff.example");
    }
    void compares() {
        QFETCH(QByteArray, name);
        QTEST(comparableName(name), "comparable");
    }
};

QTEST_APPLESS_MAIN(TestHostName)
#include "tst_host_name.moc"
