// SPDX-License-Identifier: GPL-3.0-or-later
//
// How much of the disk one client's mail may take, and that the count follows the mail (threats L10).
#include "queue/client_shares.h"
#include "queue/scheduler.h"
#include "support/fake_clock.h"

#include <QTest>

#include <limits>

using namespace postern;
using namespace postern::queue;
using namespace postern::test;

class TestClientShares : public QObject {
    Q_OBJECT

    ClientSharesPtr m_shares;

  private Q_SLOTS:
    void init() { m_shares = std::make_shared<ClientShares>(); }

    void L10_halfOfWhatItWouldFindAlone_data() {
        QTest::addColumn<qint64>("held");
        QTest::addColumn<qint64>("octets");
        QTest::addColumn<qint64>("room");
        QTest::addColumn<bool>("may");
        const qint64 huge = std::numeric_limits<qint64>::max();
        QTest::newRow("nothing yet, half") << 0LL << 50LL << 100LL << true;
        QTest::newRow("nothing yet, more than half") << 0LL << 51LL << 100LL << false;
        QTest::newRow("up to half with what it has") << 40LL << 10LL << 60LL << true;
        QTest::newRow("beyond half with what it has") << 40LL << 11LL << 60LL << false;
        QTest::newRow("has half, asks for nothing more") << 50LL << 0LL << 50LL << true;
        QTest::newRow("has more than half: others filled the rest") << 50LL << 0LL << 40LL << false;
        QTest::newRow("no room at all") << 0LL << 1LL << 0LL << false;
        QTest::newRow("less than no room") << 10LL << 1LL << -100LL << false;
        QTest::newRow("a size beyond all numbers") << 10LL << huge << 1'000'000LL << false; // SIZE=99999999999999999999
        QTest::newRow("L11 above 2^32") << (5LL << 32) << (1LL << 32) << (7LL << 32) << true;
    }
    void L10_halfOfWhatItWouldFindAlone() {
        QFETCH(const qint64, held);
        QFETCH(const qint64, octets);
        QFETCH(const qint64, room);
        QFETCH(const bool, may);
        const auto share = m_shares->take("192.0.2.7", held);
        QCOMPARE(m_shares->mayTake("192.0.2.7", octets, room), may);
    }

    void countsByClient() {
        auto one = m_shares->take("192.0.2.7", 10);
        {
            const auto two = m_shares->take("192.0.2.7", 5);
            QCOMPARE(m_shares->heldBy("192.0.2.7"), 15);
        }
        QCOMPARE(m_shares->heldBy("192.0.2.7"), 10);
        QCOMPARE(m_shares->heldBy("192.0.2.8"), 0);
        one.growTo(30);
        one.growTo(20);
        QCOMPARE(m_shares->heldBy("192.0.2.7"), 30);
        auto moved = std::move(one);
        QCOMPARE(m_shares->heldBy("192.0.2.7"), 30);
        moved = {};
        QCOMPARE(m_shares->heldBy("192.0.2.7"), 0);
    }

    void aHouseholdIsOneClientOfIPv6() {
        const auto share = m_shares->take("2001:db8:1:2::7", 10);
        QCOMPARE(m_shares->heldBy("2001:db8:1:2:ffff::1"), 10);
        QCOMPARE(m_shares->heldBy("2001:db8:1:3::7"), 0);
        const auto mapped = m_shares->take("::ffff:192.0.2.7", 4);
        QCOMPARE(m_shares->heldBy("192.0.2.7"), 4);
    }

    void thisComputerIsNotCounted_data() {
        QTest::addColumn<QByteArray>("address");
        for (const char* address : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "local", ""})
            QTest::newRow(address) << QByteArray(address);
    }
    void thisComputerIsNotCounted() {
        QFETCH(const QByteArray, address);
        const auto share = m_shares->take(address, 1000);
        QCOMPARE(m_shares->heldBy(address), 0);
        QVERIFY(m_shares->mayTake(address, 1000, 1));
    }

    // Counted from the moment the scheduler has the message until nobody has it any more.
    void followsTheMail() {
        FakeClock clock;
        Scheduler scheduler(clock, [](const Way&) { return RouteKey("r"); });
        scheduler.setShares(m_shares);
        QueuedMessage queued;
        queued.message.id = 7;
        queued.message.size = 1000;
        queued.message.createdAt = clock.unixNow();
        queued.message.clientAddress = "192.0.2.7";
        for (const quint32 n : {1U, 2U}) {
            Envelope envelope;
            envelope.id = (EnvelopeId(7) << 32) | n;
            queued.envelopes.push_back(envelope);
        }
        scheduler.add(queued);
        QCOMPARE(m_shares->heldBy("192.0.2.7"), 1000); // once, for two recipients
        auto deliveries = scheduler.due();
        QCOMPARE(deliveries.size(), size_t(1));
        (void)scheduler.finished({{queued.envelopes[0].id, TryResult::Delivered, {}, true}});
        QCOMPARE(m_shares->heldBy("192.0.2.7"), 1000);
        (void)scheduler.finished({{queued.envelopes[1].id, TryResult::Delivered, {}, true}});
        deliveries.clear();
        QCOMPARE(m_shares->heldBy("192.0.2.7"), 0);
    }
};

QTEST_APPLESS_MAIN(TestClientShares)
#include "tst_client_shares.moc"
