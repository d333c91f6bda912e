// SPDX-License-Identifier: GPL-3.0-or-later
//
// What `status` may say of a next hop: working, putting mail off, failing; and which of two with one name is which.
#include "engine/relay_record.h"
#include "policy/compile.h"
#include "support/memory_file_store.h"

#include <QTest>

using namespace postern;
using namespace postern::engine;
using queue::TryOutcome;
using queue::TryResult;

using Outcomes = std::vector<TryOutcome>;
Q_DECLARE_METATYPE(Outcomes)

namespace {

RelayRecord record(const QByteArray& name, const QByteArray& action, const QByteArray& relay) {
    RelayRecord made;
    made.name = name;
    made.action = action;
    made.relay = relay;
    return made;
}

} // namespace

class TestRelayRecord : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void laterToAllIsDeferring_data() {
        QTest::addColumn<Outcomes>("outcomes");
        QTest::addColumn<bool>("defers");
        QTest::addColumn<QByteArray>("detail");
        QTest::addColumn<qint64>("lastSentAt");
        const TryOutcome later{1, TryResult::Temporary, "451 4.7.1 Greylisted", true};
        const TryOutcome later2{2, TryResult::Temporary, "451 4.3.0 Come back", true};
        const TryOutcome notYet{3, TryResult::Temporary, "the rest follow", false};
        const TryOutcome taken{4, TryResult::Delivered, "250 ok", true};
        const TryOutcome refused{5, TryResult::Permanent, "550 5.1.1 who?", true};
        QTest::addRow("later to the only one") << Outcomes{later} << true << QByteArray("451 4.7.1 Greylisted") << qint64(0);
        QTest::addRow("later to all: its last words") << Outcomes{later, later2} << true << QByteArray("451 4.3.0 Come back") << qint64(0);
        QTest::addRow("one was taken") << Outcomes{later, taken} << false << QByteArray() << qint64(77);
        QTest::addRow("one was refused for good") << Outcomes{later, refused} << false << QByteArray() << qint64(0);
        QTest::addRow("taken") << Outcomes{taken} << false << QByteArray() << qint64(77);
        QTest::addRow("refused for good: it works, and nothing was sent") << Outcomes{refused} << false << QByteArray() << qint64(0);
        QTest::addRow("merely not their turn") << Outcomes{notYet} << false << QByteArray() << qint64(0);
        QTest::addRow("nobody") << Outcomes{} << false << QByteArray() << qint64(0);
    }
    void laterToAllIsDeferring() {
        QFETCH(Outcomes, outcomes);
        RelayRecord hop;
        hop.setStalled(true, "has not moved");
        hop.hear(outcomes, 77);
        QVERIFY(!hop.failing && !hop.isStalled && hop.answered);
        QTEST(hop.defers, "defers");
        QTEST(hop.detail, "detail");
        QTEST(hop.lastSentAt, "lastSentAt");
    }

    void whatIsTakenEndsIt() {
        RelayRecord hop;
        hop.hear({{1, TryResult::Temporary, "451 later", true}}, 1);
        hop.hear({{1, TryResult::Delivered, "250 ok", true}}, 2);
        QVERIFY(!hop.defers);
        QCOMPARE(hop.detail, QByteArray());
    }

    void twoActionsToOneHostAreToldApart() {
        std::map<queue::RouteKey, RelayRecord> relays;
        relays["a"] = record("smtp://mx.example", "bulk", {});
        relays["b"] = record("smtp://mx.example", "people", {});
        relays["c"] = record("smtp://other.example", "rest", {});
        tellTwinsApart(relays, policy::Ruleset());
        QCOMPARE(relays["a"].way, QByteArray("action \"bulk\""));
        QCOMPARE(relays["b"].way, QByteArray("action \"people\""));
        QCOMPARE(relays["c"].way, QByteArray());
        relays.erase("a"); // alone again
        tellTwinsApart(relays, policy::Ruleset());
        QCOMPARE(relays["b"].way, QByteArray());
    }

    void twoRulesToOneHostAreToldApartByTheirLine() {
        test::MemoryFileStore files;
        files.put("/c", "accept for domain a.example relay via smtp://mx.example as \"@one.example\"\n"
                        "accept for any relay via smtp://mx.example\n");
        const policy::Compiled compiled = policy::compile(files, "/c", {});
        QVERIFY(compiled.isUsable());
        const auto bytes = [&](size_t n) { return compiled.ruleset->rules.at(n).action->relay.toBytes(); };
        std::map<queue::RouteKey, RelayRecord> relays;
        relays["a"] = record("smtp://mx.example", {}, bytes(0));
        relays["b"] = record("smtp://mx.example", {}, bytes(1));
        relays["c"] = record("smtp://mx.example", {}, "what an older file said");
        tellTwinsApart(relays, *compiled.ruleset);
        QCOMPARE(relays["a"].way, QByteArray("rule at /c:1"));
        QCOMPARE(relays["b"].way, QByteArray("rule at /c:2"));
        QCOMPARE(relays["c"].way, QByteArray("a rule that is no longer in the configuration"));
    }
};

QTEST_GUILESS_MAIN(TestRelayRecord)
#include "tst_relay_record.moc"
