// SPDX-License-Identifier: GPL-3.0-or-later
#include "delivery/recipient_lookup.h"

#include "support/threaded_table.h"

#include <QTest>

#include <atomic>
#include <future>

using namespace postern;
using namespace postern::delivery;

namespace {

policy::RulesetPtr mailboxes(const tables::TablePtr& aliases) {
    auto action = std::make_shared<policy::Action>();
    action->kind = policy::ActionKind::Local;
    action->method = policy::Method::Mbox;
    action->local.aliases = aliases;
    auto rules = std::make_shared<policy::Ruleset>();
    policy::Rule rule;
    rule.action = action;
    rules->rules.push_back(rule);
    return rules;
}

policy::Verdict taken(const policy::RulesetPtr& rules) {
    policy::Verdict verdict;
    verdict.decision = policy::Decision::Relay;
    verdict.rule = &rules->rules.front();
    verdict.action = rules->rules.front().action;
    return verdict;
}

} // namespace

class TestRecipientLookup : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void accountsAreNotWaitedForOnATablesThread();
    void anAnswerAfterTheEndIsDropped();
};

// An account that is looked up far away may take long; the thread that a database is asked on must be free for the next question.
void TestRecipientLookup::accountsAreNotWaitedForOnATablesThread() {
    const auto table = std::make_shared<test::ThreadedTable>(std::map<QByteArray, QByteArray>{{"all", "ann, eve"}});
    std::atomic<int> asked = 0, onTables = 0;
    Surroundings around;
    around.account = [&](const QByteArray& name) -> Result<std::optional<LocalUser>> {
        ++asked;
        onTables += table->hasAnsweredOn(std::this_thread::get_id()) ? 1 : 0;
        return std::optional(LocalUser{name, 1000, 1000, "/home/" + name});
    };
    RecipientLookup lookup(around);
    const auto rules = mailboxes(table);
    for (int round = 0; round < 20; ++round) {
        policy::MatchContext context;
        context.recipient = "all@a.example";
        std::promise<Outcome> ended;
        auto outcome = ended.get_future();
        lookup.follow(taken(rules), rules, context, [&ended](Outcome one) { ended.set_value(std::move(one)); });
        QCOMPARE(outcome.wait_for(std::chrono::seconds(20)), std::future_status::ready);
        QCOMPARE(outcome.get().ends.size(), size_t(2));
    }
    QVERIFY(asked >= 40);
    QCOMPARE(onTables.load(), 0);
}

namespace {

// Answers when the test says so.
class HeldTable final : public tables::Table {
  public:
    const QByteArray& name() const override { return m_name; }
    QByteArray kind() const override { return "held"; }
    tables::Shape shape() const override { return tables::Shape::Dynamic; }
    qsizetype size() const override { return -1; }
    void lookup(tables::Service, const QByteArray&, const tables::LookupDone& done) const override {
        const std::lock_guard lock(mutex);
        held.push_back(done);
    }
    void fetch(tables::Service, const tables::LookupDone& done) const override { done({}); }
    QByteArrayList keys() const override { return {}; }
    bool isAsked() const {
        const std::lock_guard lock(mutex);
        return !held.empty();
    }

    mutable std::mutex mutex;
    mutable std::vector<tables::LookupDone> held; // guarded by mutex

  private:
    QByteArray m_name = "held";
};

} // namespace

void TestRecipientLookup::anAnswerAfterTheEndIsDropped() {
    const auto table = std::make_shared<HeldTable>();
    std::atomic<int> answered = 0;
    {
        RecipientLookup lookup({});
        const auto rules = mailboxes(table);
        policy::MatchContext context;
        context.recipient = "all@a.example";
        lookup.follow(taken(rules), rules, context, [&answered](const Outcome&) { ++answered; });
        QTRY_VERIFY_WITH_TIMEOUT(table->isAsked(), 20'000);
    }
    const auto held = std::exchange(table->held, {});
    for (const tables::LookupDone& done : held)
        done({true, "ann", "all", false});
    QCOMPARE(answered.load(), 0);
}

QTEST_GUILESS_MAIN(TestRecipientLookup)
#include "tst_recipient_lookup.moc"
