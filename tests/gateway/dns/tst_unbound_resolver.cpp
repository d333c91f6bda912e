// SPDX-License-Identifier: GPL-3.0-or-later
//
// The resolver against a real name server on loopback, a silent one, and none.
#include "dns/resolver.h"
#include "support/engine_main.h"
#include "support/local_name_server.h"

#include <QFile>
#include <QTemporaryDir>

#include <optional>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::test;

class TestUnboundResolver : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::unique_ptr<LocalNameServer> m_server;

    static const char* name(dns::Outcome outcome) {
        switch (outcome) {
        case dns::Outcome::Found: return "found";
        case dns::Outcome::NoData: return "no data";
        case dns::Outcome::NoSuchName: return "no such name";
        case dns::Outcome::Failed: return "failed";
        }
        return "?";
    }

    std::unique_ptr<dns::Resolver> resolver() const {
        return dns::makeUnboundResolver({{m_server->address()}, 15'000, QFile::encodeName(m_folder.filePath(u"hosts"_s))});
    }

    // Answers as text: "found 192.0.2.1 192.0.2.2", "failed: why".
    static void show(std::optional<QByteArray>& into, dns::Outcome outcome, const QByteArrayList& what,
                     const QByteArray& text = {}) {
        into = QByteArrayList(QByteArrayList{name(outcome)} + what).join(' ') + (text.isEmpty() ? "" : ": " + text);
    }
    static std::unique_ptr<dns::Question> askMx(dns::Resolver& resolver, const QByteArray& domain,
                                                std::optional<QByteArray>& into) {
        return resolver.mx(domain, [&into](const dns::MxAnswer& answer) {
            QByteArrayList hosts;
            for (const dns::MxHost& host : answer.hosts)
                hosts.append(QByteArray::number(host.preference) + '/' + host.name);
            show(into, answer.outcome, hosts, answer.text);
        });
    }
    static std::unique_ptr<dns::Question> askAddresses(dns::Resolver& resolver, const QByteArray& host,
                                                       std::optional<QByteArray>& into) {
        return resolver.addresses(host, [&into](const dns::AddressAnswer& answer) {
            show(into, answer.outcome, answer.addresses, answer.text);
        });
    }

  private Q_SLOTS:
    void initTestCase() {
        QFile hosts(m_folder.filePath(u"hosts"_s));
        QVERIFY(hosts.open(QIODevice::WriteOnly));
        hosts.write("192.0.2.200 nas.one.example nas\n");
        hosts.close();
        QStringList chain; // c1 -> c2 -> ... -> c20 -> mx1
        for (int i = 1; i <= 20; ++i)
            chain.append(u"--cname=c%1.one.example,%2.one.example"_s.arg(i).arg(i < 20 ? u"c%1"_s.arg(i + 1) : u"mx1"_s));
        m_server = std::make_unique<LocalNameServer>(
            QStringList{u"one.example"_s, u"home.arpa"_s, u"test"_s, u"2.0.192.in-addr.arpa"_s},
            chain + QStringList{u"--mx-host=one.example,mx2.one.example,20"_s, u"--mx-host=one.example,mx1.one.example,10"_s,
                        u"--host-record=mx1.one.example,192.0.2.1,2001:db8::1"_s,
                        u"--host-record=mx2.one.example,192.0.2.2"_s, u"--host-record=nas.home.arpa,192.0.2.77"_s,
                        u"--host-record=mail.test,192.0.2.78"_s, u"--host-record=six.one.example,2001:db8::6"_s,
                        u"--host-record=a-only.one.example,192.0.2.3"_s, u"--cname=alias.one.example,mx1.one.example"_s,
                        u"--txt-record=text.one.example,hello"_s, u"--dns-rr=null.one.example,15,000000"_s,
                        u"--dns-rr=odd.one.example,15,000a03612062076578616d706c6500"_s, // "a b.example"
                        u"--ptr-record=1.2.0.192.in-addr.arpa,mx1.one.example"_s,
                        u"--dns-rr=66.2.0.192.in-addr.arpa,12,0561 0d 0a 62 63 00"_s.remove(u' ')}); // "a\r\nbc"
        QVERIFY2(m_server->isRunning(), m_server->output().constData());
    }

    void noServerAtAllIsAFailureWithWords_data() {
        QTest::addColumn<QByteArray>("server");
        QTest::addColumn<QByteArray>("answer");
        QTest::addRow("not an address") << "resolver.one.example"_ba
                                        << "failed: name server \"resolver.one.example\" is not an address (192.0.2.53 or 192.0.2.53@5353)"_ba;
    }
    void noServerAtAllIsAFailureWithWords() {
        QFETCH(QByteArray, server);
        const auto asked = dns::makeUnboundResolver({{server}, 15'000, {}});
        std::optional<QByteArray> answer;
        const auto question = askMx(*asked, "one.example", answer);
        QVERIFY(!answer);
        QTRY_VERIFY(answer.has_value());
        QTEST(*answer, "answer");
    }

    void d01ASilentServerIsATimeOut() {
        const SilentPort silent;
        const auto asked =
            dns::makeUnboundResolver({{"127.0.0.1@" + QByteArray::number(silent.port())}, 60, {}});
        std::optional<QByteArray> mail, host;
        const auto first = askMx(*asked, "one.example", mail);
        const auto second = askAddresses(*asked, "mx1.one.example", host);
        QTRY_VERIFY(mail && host);
        QCOMPARE(*mail, "failed: no answer from the name server in time");
        QCOMPARE(*host, "failed: no answer from the name server in time");
    }

    void d01AServerThatRefusesIsTemporary() {
        const auto asked = resolver();
        std::optional<QByteArray> answer;
        const auto question = askMx(*asked, "elsewhere.example", answer);
        QTRY_VERIFY_WITH_TIMEOUT(answer.has_value(), 20'000);
        QVERIFY2(answer->startsWith("failed: name server "), answer->constData());
    }

    // RFC 8375, RFC 6761 6.2: names of an office network are its name server's to answer, not the library's.
    void namesOfTheLocalNetworkAreTheServersToAnswer() {
        const auto asked = resolver();
        std::optional<QByteArray> home, test;
        const auto first = askAddresses(*asked, "nas.home.arpa", home);
        const auto second = askAddresses(*asked, "mail.test", test);
        QTRY_VERIFY_WITH_TIMEOUT(home.has_value() && test.has_value(), 20'000);
        QVERIFY2(home->contains("192.0.2.77"), home->constData());
        QVERIFY2(test->contains("192.0.2.78"), test->constData());
    }

    // A domain of somebody's mail is a whole name: "mx1" must never become a machine of the network that we stand in.
    void searchDomainsAreNeverApplied() {
        qputenv("LOCALDOMAIN", "one.example"); // as "search one.example" in resolv.conf
        qputenv("RES_OPTIONS", "ndots:5");
        const auto asked = resolver();
        std::optional<QByteArray> answer;
        const auto question = askAddresses(*asked, "mx1", answer);
        QTRY_VERIFY_WITH_TIMEOUT(answer.has_value(), 20'000);
        QVERIFY2(!answer->contains("192.0.2.1"), answer->constData());
        std::optional<QByteArray> whole;
        const auto control = askAddresses(*asked, "mx1.one.example", whole);
        QTRY_VERIFY_WITH_TIMEOUT(whole.has_value(), 20'000);
        QVERIFY2(whole->contains("192.0.2.1"), whole->constData());
        qunsetenv("LOCALDOMAIN");
        qunsetenv("RES_OPTIONS");
    }

    void mailServers_data() {
        QTest::addColumn<QByteArray>("domain");
        QTest::addColumn<QByteArray>("answer");
        QTest::addRow("by preference") << "one.example"_ba << "found 10/mx1.one.example 20/mx2.one.example"_ba;
        QTest::addRow("case and final dot") << "ONE.example."_ba << "found 10/mx1.one.example 20/mx2.one.example"_ba;
        QTest::addRow("D02 no such name") << "missing.one.example"_ba << "no such name"_ba;
        QTest::addRow("D02 no MX: implicit") << "a-only.one.example"_ba << "no data"_ba;
        QTest::addRow("D03 null MX") << "null.one.example"_ba << "found 0/"_ba;
        QTest::addRow("D04 name with a space") << "odd.one.example"_ba << "failed: none of its MX records names a host"_ba;
        QTest::addRow("not a name") << "one..example"_ba << "no such name: not a domain name"_ba;
    }
    void mailServers() {
        QFETCH(QByteArray, domain);
        const auto asked = resolver();
        std::optional<QByteArray> answer;
        const auto question = askMx(*asked, domain, answer);
        QVERIFY(!answer); // never before the call returns
        QTRY_VERIFY(answer.has_value());
        QTEST(*answer, "answer");
    }

    void addresses_data() {
        QTest::addColumn<QByteArray>("host");
        QTest::addColumn<QByteArray>("answer");
        QTest::addRow("both families") << "mx1.one.example"_ba << "found 192.0.2.1 2001:db8::1"_ba;
        QTest::addRow("IPv4 only") << "mx2.one.example"_ba << "found 192.0.2.2"_ba;
        QTest::addRow("IPv6 only") << "six.one.example"_ba << "found 2001:db8::6"_ba;
        QTest::addRow("D05 behind a CNAME") << "alias.one.example"_ba << "found 192.0.2.1 2001:db8::1"_ba;
        QTest::addRow("D05 CNAMEs 20 deep") << "c1.one.example"_ba << "failed: name server failure (SERVFAIL)"_ba;
        QTest::addRow("D02 no such name") << "missing.one.example"_ba << "no such name"_ba;
        QTest::addRow("D02 no address") << "text.one.example"_ba << "no data"_ba;
        QTest::addRow("literal") << "[192.0.2.77]"_ba << "found 192.0.2.77"_ba;
        QTest::addRow("localhost") << "localhost"_ba << "found 127.0.0.1 ::1"_ba;
        QTest::addRow("hosts file") << "nas"_ba << "found 192.0.2.200"_ba;
        QTest::addRow("hosts file before the name server") << "nas.one.example"_ba << "found 192.0.2.200"_ba;
        QTest::addRow("not a name") << "a b"_ba << "no such name: not a host name"_ba;
    }
    void addresses() {
        QFETCH(QByteArray, host);
        const auto asked = resolver();
        std::optional<QByteArray> answer;
        const auto question = askAddresses(*asked, host, answer);
        QVERIFY(!answer);
        QTRY_VERIFY(answer.has_value());
        QTEST(*answer, "answer");
    }

    void reverse_data() {
        QTest::addColumn<QByteArray>("address");
        QTest::addColumn<QByteArray>("answer");
        QTest::addRow("a name") << "192.0.2.1"_ba << "found mx1.one.example"_ba;
        QTest::addRow("none") << "192.0.2.99"_ba << "no such name "_ba;
        QTest::addRow("D08 CR and LF in it") << "192.0.2.66"_ba << "no data "_ba;
        QTest::addRow("ourselves") << "127.0.0.1"_ba << "found localhost"_ba;
        QTest::addRow("hosts file") << "192.0.2.200"_ba << "found nas.one.example"_ba;
        QTest::addRow("not an address") << "one.example"_ba << "no such name "_ba;
    }
    void reverse() {
        QFETCH(QByteArray, address);
        const auto asked = resolver();
        std::optional<QByteArray> answer;
        const auto question = asked->reverse(
            address, [&](const dns::NameAnswer& told) { show(answer, told.outcome, {told.name}); });
        QVERIFY(!answer);
        QTRY_VERIFY(answer.has_value());
        QTEST(*answer, "answer");
    }

    void aDestroyedQuestionIsNeverAnswered() {
        const auto asked = resolver();
        std::optional<QByteArray> cancelled, literal, other;
        auto first = askMx(*asked, "one.example", cancelled);
        auto second = askAddresses(*asked, "192.0.2.1", literal);
        first.reset();
        second.reset();
        const auto third = askMx(*asked, "one.example", other);
        QTRY_VERIFY(other.has_value());
        QVERIFY(!cancelled);
        QVERIFY(!literal);
    }

    void anAnswerMayDestroyEveryQuestionAndAskAnew() {
        const auto asked = resolver();
        std::vector<std::unique_ptr<dns::Question>> questions;
        int answers = 0;
        std::optional<QByteArray> last;
        for (int i = 0; i < 5; ++i) {
            questions.push_back(asked->mx("one.example", [&](const dns::MxAnswer&) {
                ++answers;
                questions.clear();
                questions.push_back(askMx(*asked, "a-only.one.example", last));
            }));
        }
        QTRY_VERIFY(last.has_value());
        QCOMPARE(answers, 1);
    }

    void d01OthersAreAnsweredBesideManySilentOnes() {
        // A server that swallows everything must not use up what the healthy one needs.
        const SilentPort silent;
        const auto stuck = dns::makeUnboundResolver({{"127.0.0.1@" + QByteArray::number(silent.port())}, 15'000, {}});
        const auto healthy = resolver();
        std::vector<std::unique_ptr<dns::Question>> questions;
        std::optional<QByteArray> ignored, answer;
        for (int i = 0; i < 300; ++i)
            questions.push_back(askMx(*stuck, "d" + QByteArray::number(i) + ".example", ignored));
        const auto question = askMx(*healthy, "one.example", answer);
        QTRY_VERIFY(answer.has_value());
        questions.clear();
    }

    void manyAtOnce() {
        const auto asked = resolver();
        std::vector<std::unique_ptr<dns::Question>> questions;
        int found = 0, missing = 0;
        for (int i = 0; i < 400; ++i) {
            questions.push_back(asked->mx(i % 2 ? "one.example" : "x" + QByteArray::number(i) + ".one.example",
                                          [&](const dns::MxAnswer& answer) {
                                              ++(answer.outcome == dns::Outcome::Found ? found : missing);
                                          }));
        }
        QTRY_COMPARE_WITH_TIMEOUT(found + missing, 400, 20'000);
        QCOMPARE(found, 200);
    }
};

POSTERN_ENGINE_TEST_MAIN(TestUnboundResolver)
#include "tst_unbound_resolver.moc"
