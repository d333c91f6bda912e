// SPDX-License-Identifier: GPL-3.0-or-later
//
// The open sockets, with interfaces whose addresses the test lets come and go; all of 127.0.0.0/8 is this computer.
#include "engine/listener_book.h"

#include "base/log.h"
#include "support/test_certs.h"
#include "tls/identity.h"

#include <QFileInfo>
#include <QHostAddress>
#include <QRegularExpression>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QTest>

#include <map>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::engine;
using namespace postern::test;

namespace {

QByteArray shown(const ListenerBook& book) {
    QByteArrayList open;
    for (const QByteArray& name : book.openNames())
        open.append(name.left(name.lastIndexOf(':')));
    return open.join(' ');
}

// A ruleset with these listeners, one a line, on ports that the system chooses.
LoadedConfig configOf(const QByteArrayList& interfaces) {
    auto rules = std::make_shared<policy::Ruleset>();
    for (qsizetype i = 0; i < interfaces.size(); ++i) {
        policy::ListenerSpec spec;
        spec.interface = interfaces[i];
        spec.port = 0;
        spec.origin.file = "smtpd.conf";
        spec.origin.line = int(i) + 1;
        rules->listeners.push_back(spec);
    }
    return {rules, {}, {}};
}

} // namespace

class TestListenerBook : public QObject {
    Q_OBJECT

    std::map<QByteArray, QByteArrayList> m_interfaces; // what there is; empty = no address now
    ListenerBook::AddressesOf addressesOf() {
        return [this](const QByteArray& name, int) -> Result<QByteArrayList> {
            const auto at = m_interfaces.find(name);
            if (at == m_interfaces.end() || at->second.isEmpty())
                return Error{ErrorCode::NotFound, "interface " + name + " has no IP address now", Permanence::Temporary};
            return at->second;
        };
    }

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() {
        QTest::failOnWarning(QRegularExpression(u".*"_s));
        m_interfaces = {{"lo", {"127.0.0.1"}}, {"egress", {"127.0.0.2", "127.0.0.3"}}};
    }

    void K04_anInterfaceThatGoesAndComesBack() {
        ListenerBook book({}, addressesOf());
        book.apply(configOf({"lo", "egress"}));
        QCOMPARE(shown(book), "127.0.0.1 127.0.0.2 127.0.0.3");
        const QByteArray first = book.openNames().first();
        QVERIFY(!book.refresh()); // nothing changed, nobody is told

        m_interfaces["egress"] = {};
        QVERIFY(book.refresh());
        QCOMPARE(shown(book), "127.0.0.1");
        QCOMPARE(book.openNames().first(), first); // the other one was not touched
        QCOMPARE(book.failures().size(), size_t(1));
        QCOMPARE(book.failures()[0].name, "egress");
        QCOMPARE(book.failures()[0].reason, "interface egress has no IP address now");
        QCOMPARE(book.failures()[0].origin.line, 2);

        m_interfaces["egress"] = {"127.0.0.4"}; // another lease
        QVERIFY(book.refresh());
        QCOMPARE(shown(book), "127.0.0.1 127.0.0.4");
        QVERIFY(book.failures().empty());
        QCOMPARE(book.services().size(), size_t(2));
    }

    void K04_anAddressThatAppearsLater() {
        m_interfaces["lo"] = {};
        ListenerBook book({}, addressesOf());
        book.apply(configOf({"lo"}));
        QCOMPARE(shown(book), "");
        m_interfaces["lo"] = {"127.0.0.1", "127.0.0.5"};
        QVERIFY(book.refresh());
        QCOMPARE(shown(book), "127.0.0.1 127.0.0.5"); // all of them
    }

    // An address that this computer does not have: 192.0.2.1 is for documentation only.
    void anAddressThatIsNotHereIsNamedAndTheOthersServe() {
        m_interfaces["lo"] = {"192.0.2.1", "127.0.0.1"};
        ListenerBook book({}, addressesOf());
        book.apply(configOf({"lo"}));
        QCOMPARE(shown(book), "127.0.0.1");
        QCOMPARE(book.failures().size(), size_t(1));
        QCOMPARE(book.failures()[0].name, "192.0.2.1:0");
        QVERIFY(book.failures()[0].reason.contains("has no such address now"));
    }

    void ofTwoOnOneAddressTheFirstServes() {
        ListenerBook book({}, addressesOf());
        LoadedConfig config = configOf({"lo"});
        book.apply(config);
        const quint16 port = book.services().at(0)->socket->port();
        auto rules = std::make_shared<policy::Ruleset>(*configOf({"lo", "lo"}).rules);
        for (policy::ListenerSpec& spec : rules->listeners)
            spec.port = port;
        config.rules = rules;
        book.clear();
        book.apply(config);
        QCOMPARE(book.openNames(), QByteArrayList{"127.0.0.1:" + QByteArray::number(port)});
        QCOMPARE(book.services().at(0)->spec.origin.line, 1);
        QCOMPARE(book.failures().size(), size_t(1));
        QCOMPARE(book.failures()[0].origin.line, 2);
        QCOMPARE(book.failures()[0].reason, "127.0.0.1:" + QByteArray::number(port) +
                                                " is already taken by the listener of line 1; remove one of the two");
        QVERIFY(!book.refresh());
    }

    // A client that stays connected must not keep the port of a listener that is gone: nobody would be served there, and it
    // could not be opened again.
    void aPortThatIsDroppedIsFreeWhileASessionHoldsIt() {
        ListenerBook book({}, addressesOf());
        const auto on = [&](quint16 port) {
            LoadedConfig config = configOf({"lo"});
            auto rules = std::make_shared<policy::Ruleset>(*config.rules);
            rules->listeners[0].port = port;
            config.rules = rules;
            return config;
        };
        book.apply(configOf({"lo"}));
        const ListenerBook::Services session = book.services(); // as sessions keep theirs
        const QByteArray name = book.openNames().first();
        const auto port = quint16(name.mid(name.lastIndexOf(':') + 1).toUInt());
        const auto isServed = [port] {
            QTcpSocket client;
            client.connectToHost(QHostAddress::LocalHost, port);
            return client.waitForConnected(5'000);
        };
        QVERIFY(isServed());
        m_interfaces["lo"] = {"127.0.0.4"};
        book.apply(configOf({"lo"}));
        QVERIFY(!isServed());
        m_interfaces["lo"] = {"127.0.0.1"};
        book.apply(on(port));
        QVERIFY2(book.failures().empty(), book.failures().empty() ? "" : book.failures().front().reason.constData());
        QVERIFY(isServed());
    }

    void aReloadKeepsWhatStays() {
        ListenerBook book({}, addressesOf());
        book.apply(configOf({"lo"}));
        const auto socket = book.services().at(0)->socket;
        book.apply(configOf({"lo", "egress"}));
        QCOMPARE(book.services().at(0)->socket, socket);
        QCOMPARE(book.services().size(), size_t(3));
    }

    void statusSaysWhatAnInterfaceBecame() {
        ListenerBook book({}, addressesOf());
        book.apply(configOf({"egress"}));
        const auto rows = book.statuses({}, {});
        QCOMPARE(rows.size(), 2);
        QCOMPARE(rows[0].interface, u"egress"_s);
        QCOMPARE(rows[0].address, u"127.0.0.2"_s);
        QCOMPARE(rows[1].address, u"127.0.0.3"_s);
    }

    void theLocalSocketIsAlwaysThere() {
        const QTemporaryDir folder;
        const QByteArray path = folder.path().toUtf8() + "/smtp.sock";
        const auto connects = [&] {
            const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
            sockaddr_un where{};
            where.sun_family = AF_UNIX;
            std::memcpy(where.sun_path, path.constData(), size_t(path.size()));
            const bool good = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
            ::close(descriptor);
            return good;
        };
        {
            ListenerBook book(path, addressesOf());
            LoadedConfig config = configOf({"lo"});
            auto rules = std::make_shared<policy::Ruleset>(*config.rules);
            rules->socket.tag = "local";
            rules->socket.maskSource = true;
            config.rules = rules;
            book.apply(config);
            QVERIFY(connects());
            QCOMPARE(book.openNames().size(), 1); // not among the addresses
            QCOMPARE(book.services().size(), size_t(2));
            const policy::ListenerSpec& spec = book.services().at(1)->spec;
            QVERIFY(spec.isSocket && spec.maskSource);
            QCOMPARE(spec.tag, "local");
            QVERIFY(book.socketStatus({}).open);
            QCOMPARE(book.socketStatus({{"socket", 3}}).sessions, 3);
            const auto mode = QFileInfo(QString::fromUtf8(path)).permissions() & (QFile::ReadOther | QFile::WriteOther | QFile::ReadGroup | QFile::WriteGroup);
            const bool forEverybody = ::geteuid() == 0;
            QCOMPARE(mode != QFile::Permissions(), forEverybody);
            book.apply(configOf({"lo"})); // a reload leaves it open, with what is written now
            QVERIFY(connects());
            QVERIFY(!book.services().at(1)->spec.maskSource);
            QVERIFY(!book.refresh());
        }
        QVERIFY(!QFileInfo::exists(QString::fromUtf8(path)));
    }

    void aLocalSocketThatWasLeftOverIsReplaced() {
        const QTemporaryDir folder;
        const QByteArray path = folder.path().toUtf8() + "/smtp.sock";
        const int old = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        std::memcpy(where.sun_path, path.constData(), size_t(path.size()));
        QCOMPARE(::bind(old, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
        ::close(old); // as after a kill: the file stays
        ListenerBook book(path, addressesOf());
        book.apply(configOf({"lo"}));
        QVERIFY(book.socketStatus({}).open);
    }

    void whatIsNoSocketIsNotRemoved() {
        const QTemporaryDir folder;
        QFile file(folder.filePath(u"smtp.sock"_s));
        QVERIFY(file.open(QIODevice::WriteOnly));
        ListenerBook book(file.fileName().toUtf8(), addressesOf());
        book.apply(configOf({"lo"}));
        QVERIFY(!book.socketStatus({}).open);
        QVERIFY(book.socketStatus({}).detail.startsWith(u"cannot open the local socket "_s));
        QCOMPARE(book.failures().size(), size_t(1));
        QVERIFY(file.exists());
    }

    // The choice of certificates, by what is written and by era.
    void certificates_data() {
        QTest::addColumn<int>("era");
        QTest::addColumn<QByteArrayList>("listed");
        QTest::addColumn<QByteArray>("hostname");
        QTest::addColumn<QByteArray>("own");     // pki whose certificate is the default, "" = none
        QTest::addColumn<QByteArray>("byName");  // pki that a client gets who asks for its name
        const auto row = [](const char* what, policy::Era era, const QByteArrayList& listed, const char* hostname, const char* own, const char* byName) {
            QTest::addRow("%s", what) << int(era) << listed << QByteArray(hostname) << QByteArray(own) << QByteArray(byName);
        };
        using policy::Era;
        row("the host name's entry", Era::Modern, {}, "mx.two.example", "mx.two.example", "mx.one.example");
        row("else the star", Era::Modern, {}, "mx.nine.example", "*", "mx.one.example");
        row("the first of several that are written", Era::Modern, {"mx.two.example", "mx.one.example"}, "mx.nine.example", "mx.two.example", "mx.one.example");
        row("action/match: one that is not written is not given", Era::Modern, {"mx.two.example"}, "mx.nine.example", "mx.two.example", "");
        row("accept/reject: all there are", Era::Legacy, {"mx.two.example"}, "mx.nine.example", "mx.two.example", "mx.one.example");
        row("2012 knows its own only", Era::Map2012, {"mx.two.example"}, "mx.nine.example", "mx.two.example", "");
    }
    void certificates() {
        QFETCH(int, era);
        QFETCH(QByteArrayList, listed);
        QFETCH(QByteArray, hostname);
        QFETCH(QByteArray, own);
        QFETCH(QByteArray, byName);
        TestCerts certs;
        LoadedConfig config;
        auto rules = std::make_shared<policy::Ruleset>();
        rules->era = policy::Era(era);
        for (const char* name : {"mx.one.example", "mx.two.example", "*"}) {
            const auto files = certs.issue({.dnsNames = {QByteArray(name) == "*" ? "star.example" : name}});
            rules->pkis.push_back({name, files.certFile, files.keyFile, {}, {}, {}});
            config.identities[name] = tls::loadIdentity(files.certFile, files.keyFile)->identity;
        }
        config.rules = rules;
        policy::ListenerSpec spec;
        spec.tls = policy::ListenTls::StartTls;
        spec.pki = listed;
        spec.hostname = hostname;
        const auto tls = serverTls(config, spec, hostname);
        QVERIFY(tls.has_value());
        QCOMPARE(tls->identity, config.identities[own]);
        const tls::IdentityPtr found = tls->names ? tls->names->find("mx.one.example") : nullptr;
        QCOMPARE(found, byName.isEmpty() ? nullptr : config.identities[byName]);
    }
};

QTEST_GUILESS_MAIN(TestListenerBook)
#include "tst_listener_book.moc"
