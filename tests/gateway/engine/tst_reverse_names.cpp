// SPDX-License-Identifier: GPL-3.0-or-later
//
// Names of clients: only those that lead back, remembered, and asked for once.
#include "engine/reverse_names.h"

#include "support/fake_clock.h"
#include "support/fake_resolver.h"

#include <QTest>

using namespace postern;
using namespace postern::test;
using engine::ReverseNames;

namespace {

constexpr auto kAddress = "192.0.2.9";

// What comes of asking for an address: "" until it is answered.
struct Asking {
    std::optional<QByteArray> name;
    void ask(ReverseNames& names, const QByteArray& address = kAddress) {
        name = names.find(address, [this](const QByteArray& found) { name = found; });
    }
};

} // namespace

class TestReverseNames : public QObject {
    Q_OBJECT

    FakeClock m_clock;

  private Q_SLOTS:
    void onlyWhatLeadsBackIsAName_data() {
        QTest::addColumn<int>("outcome"); // of the question for the name
        QTest::addColumn<QByteArrayList>("addresses");
        QTest::addColumn<QByteArray>("name");
        const auto row = [](const char* what, dns::Outcome outcome, const QByteArrayList& addresses, const char* name) {
            QTest::addRow("%s", what) << int(outcome) << addresses << QByteArray(name);
        };
        row("leads back", dns::Outcome::Found, {"192.0.2.9"}, "scanner.office.test");
        row("leads back among others", dns::Outcome::Found, {"192.0.2.8", "192.0.2.9"}, "scanner.office.test");
        row("D08 leads elsewhere", dns::Outcome::Found, {"192.0.2.8"}, "");
        row("D08 leads nowhere", dns::Outcome::Found, {}, "");
        row("no name", dns::Outcome::NoSuchName, {"192.0.2.9"}, "");
        row("name servers gone", dns::Outcome::Failed, {"192.0.2.9"}, "");
    }
    void onlyWhatLeadsBackIsAName() {
        QFETCH(int, outcome);
        QFETCH(QByteArrayList, addresses);
        QFETCH(QByteArray, name);
        FakeResolver resolver;
        resolver.nameOf[kAddress] = {dns::Outcome(outcome), "scanner.office.test"};
        resolver.setAddresses("scanner.office.test", addresses);
        ReverseNames names(resolver, m_clock);
        Asking asking;
        asking.ask(names);
        QVERIFY(!asking.name.has_value());
        while (resolver.deliver()) {
        }
        QVERIFY(asking.name.has_value());
        QCOMPARE(*asking.name, name);
    }

    void oneQuestionServesAllWhoWait() {
        FakeResolver resolver;
        resolver.nameOf[kAddress] = {dns::Outcome::Found, "a.test"};
        resolver.setAddresses("a.test", {kAddress});
        ReverseNames names(resolver, m_clock);
        Asking first, second;
        first.ask(names);
        second.ask(names);
        while (resolver.deliver()) {
        }
        QCOMPARE(resolver.asked, 2); // the name, and its addresses
        QCOMPARE(first.name.value_or("nothing"), "a.test");
        QCOMPARE(second.name.value_or("nothing"), "a.test");
        Asking third;
        third.ask(names);
        QCOMPARE(third.name.value_or("nothing"), "a.test"); // at once
        m_clock.advance(Seconds(601));
        Asking later;
        later.ask(names);
        QVERIFY(!later.name.has_value());
        QCOMPARE(resolver.asked, 3);
    }

    void aFailureIsRememberedForAShortWhile() {
        FakeResolver resolver;
        ReverseNames names(resolver, m_clock);
        Asking first, second, third;
        first.ask(names);
        resolver.deliver();
        QCOMPARE(first.name.value_or("nothing"), "");
        second.ask(names);
        QCOMPARE(second.name.value_or("nothing"), "");
        m_clock.advance(Seconds(61));
        third.ask(names);
        QVERIFY(!third.name.has_value());
    }

    void aFloodOfAddressesIsNotAskedForAtOnce() {
        FakeResolver resolver;
        ReverseNames names(resolver, m_clock);
        int nameless = 0;
        for (int i = 0; i < 1000; ++i)
            if (names.find("2001:db8::" + QByteArray::number(i, 16), [](const QByteArray&) {}))
                ++nameless;
        QCOMPARE(resolver.asked, 500);
        QCOMPARE(nameless, 500);
    }

    void whoAsksInsideAnAnswerIsServed() {
        FakeResolver resolver;
        resolver.nameOf[kAddress] = {dns::Outcome::NoSuchName, {}};
        ReverseNames names(resolver, m_clock);
        Asking inner;
        const auto first = names.find(kAddress, [&](const QByteArray&) { inner.ask(names); });
        QVERIFY(!first.has_value());
        resolver.deliver();
        QCOMPARE(inner.name.value_or("nothing"), "");
    }
};

QTEST_APPLESS_MAIN(TestReverseNames)
#include "tst_reverse_names.moc"
