// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/hosts_file.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern::dns;

class TestHostsFile : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    QByteArray write(const QByteArray& text) {
        const QString path = m_folder.filePath(u"hosts"_s);
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
            qFatal("cannot write");
        return QFile::encodeName(path);
    }

  private Q_SLOTS:
    void aMissingFileIsEmpty() {
        HostsFile hosts("/nonexistent/hosts");
        QVERIFY(hosts.addressesOf("one.example").isEmpty());
        QCOMPARE(hosts.nameOf("192.0.2.1"), "");
    }

    void localhostNeedsNoFile() {
        HostsFile hosts("/nonexistent/hosts");
        QCOMPARE(hosts.addressesOf("localhost"), (QByteArrayList{"127.0.0.1", "::1"}));
        QCOMPARE(hosts.addressesOf("mail.localhost"), (QByteArrayList{"127.0.0.1", "::1"}));
        QCOMPARE(hosts.nameOf("127.0.0.1"), "localhost");
        QVERIFY(hosts.addressesOf("notlocalhost").isEmpty());
    }

    void lines_data() {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArrayList>("addresses");
        using List = QByteArrayList;
        QTest::addRow("first name") << "nas.one.example"_ba << List{"192.0.2.5"};
        QTest::addRow("alias") << "nas"_ba << List{"192.0.2.5"};
        QTest::addRow("capitals in the file") << "printer"_ba << List{"192.0.2.6", "2001:db8::6"};
        QTest::addRow("commented out") << "gone"_ba << List{};
        QTest::addRow("behind a comment sign") << "comment"_ba << List{};
        QTest::addRow("no address") << "broken"_ba << List{};
        QTest::addRow("last line without an end") << "last"_ba << List{"192.0.2.7"};
    }
    void lines() {
        HostsFile hosts(write("# names\n192.0.2.5\tnas.one.example  nas # comment\n#192.0.2.9 gone\n"
                              "2001:DB8:0::6 Printer\r\n192.0.2.6 PRINTER\nnowhere broken\n\n   \n192.0.2.7 last"));
        QFETCH(QByteArray, name);
        QTEST(hosts.addressesOf(name), "addresses");
        QCOMPARE(hosts.nameOf("192.0.2.5"), "nas.one.example");
    }

    void aChangeIsSeen() {
        HostsFile hosts(write("192.0.2.5 nas\n"));
        QCOMPARE(hosts.addressesOf("nas"), QByteArrayList{"192.0.2.5"});
        write("192.0.2.55 nas\n192.0.2.6 printer\n");
        QCOMPARE(hosts.addressesOf("nas"), QByteArrayList{"192.0.2.55"});
        QCOMPARE(hosts.nameOf("192.0.2.5"), "");
    }
};

QTEST_GUILESS_MAIN(TestHostsFile)
#include "tst_hosts_file.moc"
