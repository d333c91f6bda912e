// SPDX-License-Identifier: GPL-3.0-or-later
//
// Domains that say they take no mail (RFC 7505): which answers of DNS mean that, remembered, and asked for once.
#include "engine/mail_domains.h"

#include "support/fake_clock.h"
#include "support/fake_resolver.h"

#include <QTest>

using namespace postern;
using namespace postern::test;
using engine::MailDomains;

class TestMailDomains : public QObject {
    Q_OBJECT

    FakeClock m_clock;

  private Q_SLOTS:
    void onlyADotAloneIsANullMx_data() {
        QTest::addColumn<int>("outcome");
        QTest::addColumn<QByteArrayList>("hosts");
        QTest::addColumn<bool>("isNull");
        QTest::newRow("a dot alone") << int(dns::Outcome::Found) << QByteArrayList{""} << true;
        QTest::newRow("a dot among others") << int(dns::Outcome::Found) << QByteArrayList{"", "mx.example"} << false;
        QTest::newRow("a host") << int(dns::Outcome::Found) << QByteArrayList{"mx.example"} << false;
        QTest::newRow("records that name no host") << int(dns::Outcome::Found) << QByteArrayList() << false;
        QTest::newRow("no MX") << int(dns::Outcome::NoData) << QByteArrayList() << false;
        QTest::newRow("no such domain") << int(dns::Outcome::NoSuchName) << QByteArrayList() << false;
        QTest::newRow("name servers gone") << int(dns::Outcome::Failed) << QByteArrayList{""} << false;
    }
    void onlyADotAloneIsANullMx() {
        QFETCH(const int, outcome);
        QFETCH(const QByteArrayList, hosts);
        QFETCH(const bool, isNull);
        FakeResolver resolver;
        std::vector<dns::MxHost> list;
        for (const QByteArray& host : hosts)
            list.push_back({0, host});
        resolver.mxOf["a.example"] = {dns::Outcome(outcome), list, {}};
        MailDomains domains(resolver, m_clock);
        std::optional<bool> first, second;
        QVERIFY(!domains.hasNullMx("a.example", [&](bool found) { first = found; }));
        QVERIFY(!domains.hasNullMx("a.example", [&](bool found) { second = found; }));
        QVERIFY(!first);
        while (resolver.deliver()) {
        }
        QCOMPARE(first, std::optional<bool>(isNull));
        QCOMPARE(second, first);
        QCOMPARE(resolver.asked, 1);
        QCOMPARE(domains.hasNullMx("a.example", [](bool) { QFAIL("known already"); }), first);
    }

    void whatIsKnownIsForgottenInTime_data() {
        QTest::addColumn<int>("outcome");
        QTest::addColumn<int>("seconds");
        QTest::newRow("an answer, after ten minutes") << int(dns::Outcome::NoData) << 600;
        QTest::newRow("a failure, after one") << int(dns::Outcome::Failed) << 60;
    }
    void whatIsKnownIsForgottenInTime() {
        QFETCH(const int, outcome);
        QFETCH(const int, seconds);
        FakeResolver resolver;
        resolver.mxOf["a.example"] = {dns::Outcome(outcome), {}, {}};
        MailDomains domains(resolver, m_clock);
        QVERIFY(!domains.hasNullMx("a.example", [](bool) {}));
        while (resolver.deliver()) {
        }
        m_clock.advance(Seconds(seconds - 1));
        QVERIFY(domains.hasNullMx("a.example", [](bool) {}).has_value());
        m_clock.advance(Seconds(1));
        QVERIFY(!domains.hasNullMx("a.example", [](bool) {}).has_value());
    }
};

QTEST_APPLESS_MAIN(TestMailDomains)
#include "tst_mail_domains.moc"
