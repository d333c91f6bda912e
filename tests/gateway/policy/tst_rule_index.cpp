// SPDX-License-Identifier: GPL-3.0-or-later
//
// Many rules at once decide as one rule after the other does: generated rules over few names, so that most things happen.
#include "policy/match.h"
#include "policy/rule_index.h"
#include "tables/table_factory.h"

#include <QRandomGenerator>
#include <QTest>

using namespace postern;
using namespace postern::policy;

namespace {

const QByteArrayList kDomains{"a.example", "*.example",   "b.example", "*.b.example", "mail*",
                              "*",         "x.a.example", "c.test",    "*t"};
const QByteArrayList kSources{"192.0.2.1",     "192.0.2.0/24",  "192.0/16", "192.0.0.0/16",   "local",    "10/8",
                              "2001:db8::/32", "[2001:db8::1]", "::/0",     "not an address", "0.0.0.0/0"};
const QByteArrayList kAddresses{"ann@a.example",   "@a.example",   "ann", "@*.example", "@", "",
                                "ann+x@a.example", "bob@*.example"};

class Dice {
  public:
    explicit Dice(quint32 seed) : m_generator(seed) {}
    bool once(int outOf) { return m_generator.bounded(outOf) == 0; }
    QByteArray one(const QByteArrayList& list) { return list[m_generator.bounded(int(list.size()))]; }
    int below(int limit) { return m_generator.bounded(limit); }

  private:
    QRandomGenerator m_generator;
};

tables::TablePtr someOf(Dice& dice, const QByteArrayList& entries) {
    std::vector<tables::Entry> some;
    for (const QByteArray& entry : entries) {
        if (dice.once(4))
            some.push_back({entry, {}});
    }
    if (dice.once(20)) { // a long list is asked by itself
        for (int i = 0; i < 300; ++i)
            some.push_back({"filler" + QByteArray::number(i) + ".test", {}});
    }
    return tables::makeInlineTable("t", tables::Shape::List, std::move(some), '+');
}

Condition anyCondition(Dice& dice) {
    using K = ConditionKind;
    static constexpr std::array kKinds{K::FromAny, K::FromLocal, K::FromSocket, K::FromSource, K::FromRdns,
                                       K::ForAny,  K::ForLocal,  K::ForDomain,  K::Tag,        K::Authenticated,
                                       K::Helo,    K::Sender,    K::Recipient,  K::Tls};
    Condition made;
    made.kind = kKinds[size_t(dice.below(dice.once(10) ? int(kKinds.size()) : int(kKinds.size()) - 1))];
    made.negated = dice.once(4);
    switch (made.kind) {
    case K::ForDomain:
    case K::Helo: made.table = someOf(dice, kDomains); break;
    case K::FromRdns:
        if (dice.once(2))
            made.table = someOf(dice, kDomains);
        break;
    case K::FromSource: made.table = someOf(dice, kSources); break;
    case K::Sender:
    case K::Recipient: made.table = someOf(dice, kAddresses); break;
    case K::Tag:
    case K::Authenticated: made.table = someOf(dice, {"ann", "bob", "signed"}); break;
    case K::FromAny:
    case K::FromLocal:
    case K::FromSocket:
    case K::ForAny:
    case K::ForLocal:
    case K::Tls:
    case K::Unsupported: break;
    }
    if (made.table && dice.once(30))
        made.table = tables::makeUnavailableTable("away", "db");
    return made;
}

std::shared_ptr<Ruleset> anyRules(Dice& dice) {
    auto rules = std::make_shared<Ruleset>();
    rules->era = std::array{Era::Map2012, Era::Legacy, Era::Modern}[size_t(dice.below(3))];
    for (int i = dice.below(12); i >= 0; --i) {
        Rule rule;
        rule.reject = true;
        rule.origin.line = int(rules->rules.size()) + 1;
        for (int n = dice.below(4); n >= 0; --n)
            rule.conditions.push_back(anyCondition(dice));
        rules->rules.push_back(std::move(rule));
    }
    return rules;
}

MatchContext anyContext(Dice& dice) {
    MatchContext context;
    context.clientAddress = dice.one({"192.0.2.1", "192.0.9.9", "10.1.2.3", "2001:db8::1", "127.0.0.1", "203.0.113.5"});
    context.isLocalAddress = context.clientAddress == "127.0.0.1";
    context.isSocket = dice.once(8);
    context.isInternal = dice.once(8);
    context.isAuthenticated = dice.once(3);
    context.user = context.isAuthenticated ? dice.one({"ann", "Bob", "eve"}) : QByteArray();
    if (!dice.once(5))
        context.reverseName = dice.one({"", "a.example", "mail7"});
    context.helo = dice.one({"a.example", "mailx", "x.a.example"});
    context.tag = dice.one({"", "SIGNED", "other"});
    context.sender = dice.one({"", "ann@a.example", "Ann+x@A.example", "bob@b.example", "eve@x.b.example"});
    context.recipient = dice.one({"ann@a.example", "x@x.a.example", "ann+y@c.test", "root@localhost"});
    context.localNames = {"localhost"};
    return context;
}

QByteArray decide(const RulesetPtr& rules, const MatchContext& context) {
    QByteArray shown;
    match(rules, context, WantTrace::No, [&](const Verdict& verdict) {
        shown = toString(verdict.decision).toByteArray() + " " +
                QByteArray::number(verdict.rule ? verdict.rule->origin.line : 0) + " " + verdict.reason;
    });
    return shown;
}

} // namespace

class TestRuleIndex : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void decidesAsOneRuleAfterTheOther();
    void aLateRuleStillHasItsTurn();
};

void TestRuleIndex::decidesAsOneRuleAfterTheOther() {
    QHash<QByteArray, int> seen;
    for (quint32 seed = 1; seed <= 600; ++seed) {
        Dice dice(seed);
        const auto rules = anyRules(dice);
        const auto indexed = std::make_shared<Ruleset>(*rules);
        indexed->index = RuleIndex::make(*indexed);
        for (int i = 0; i < 4; ++i) {
            const MatchContext context = anyContext(dice);
            const QByteArray expected = decide(rules, context);
            const QByteArray said = "seed " + QByteArray::number(seed) + ": " + decide(indexed, context);
            QCOMPARE(said, "seed " + QByteArray::number(seed) + ": " + expected);
            ++seen[expected.left(6)];
        }
    }
    // The dice must not miss the point.
    QVERIFY(seen["reject"] > 300 && seen["no-mat"] > 100 && seen["tempor"] > 50);
}

// A table that is not in memory stops the index, and the walk goes on from there.
void TestRuleIndex::aLateRuleStillHasItsTurn() {
    auto rules = std::make_shared<Ruleset>();
    for (int line = 1; line <= 3; ++line) {
        Rule rule;
        rule.reject = true;
        rule.origin.line = line;
        Condition domain;
        domain.kind = ConditionKind::ForDomain;
        domain.table = line == 2 ? tables::makeUnavailableTable("away", "db")
                                 : tables::makeInlineTable("t", tables::Shape::List, {{"b.example", {}}}, '+');
        rule.conditions = {domain};
        rules->rules.push_back(std::move(rule));
    }
    rules->index = RuleIndex::make(*rules);
    MatchContext context;
    context.recipient = "x@b.example";
    QCOMPARE(decide(rules, context), "reject 1 ");
    context.recipient = "x@c.example";
    QVERIFY(decide(rules, context).startsWith("temporary-failure 2 table away"));
}

QTEST_APPLESS_MAIN(TestRuleIndex)
#include "tst_rule_index.moc"
