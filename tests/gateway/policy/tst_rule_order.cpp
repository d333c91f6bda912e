// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which rules are never reached: row by row, and as a law, that a rule called unreached decides for no recipient at all.
#include "policy/compile.h"
#include "policy/match.h"
#include "policy/rule_order.h"
#include "tables/table_factory.h"

#include "support/memory_file_store.h"

#include <QRandomGenerator>
#include <QTest>

#include <array>
#include <ctime>

using namespace postern;
using namespace postern::policy;

namespace {

QByteArray described(const std::vector<Unreached>& found) {
    QByteArrayList parts;
    for (const Unreached& one : found)
        parts.append(QByteArray::number(one.rule + 1) + " by " + QByteArray::number(one.by + 1));
    return parts.join(", ");
}

class Generator {
  public:
    explicit Generator(quint32 seed) : m_random(seed) {}

    RulesetPtr ruleset() {
        auto made = std::make_shared<Ruleset>();
        made->era = std::array{Era::Map2012, Era::Legacy, Era::Modern}[below(3)];
        for (size_t i = below(8) + 2; i > 0; --i)
            made->rules.push_back(rule(int(i), made->era));
        for (size_t i = 0; i < made->rules.size(); ++i)
            made->rules[i].origin.line = int(i) + 1;
        return made;
    }

    MatchContext context() {
        MatchContext made;
        made.clientAddress = pick({"192.0.2.7", "192.0.9.1", "10.1.1.1", "2001:db8::1", "2001:db8::2", "203.0.113.5"});
        made.isSocket = below(6) == 0;
        made.isLocalAddress = below(5) == 0;
        made.isAuthenticated = below(3) == 0;
        made.user = made.isAuthenticated ? pick({"ann", "bob", "ann@a.example"}) : QByteArray();
        made.helo = pick({"a.example", "x.a.example", "b.example", "unknown"});
        made.tag = pick({"", "in", "IN", "out"});
        made.sender = pick({"", "ann@a.example", "ann+x@a.example", "bob@x.a.example", "ann@b.example", "carl@c.test"});
        made.recipient = pick({"ann@a.example", "ann+x@a.example", "bob@x.a.example", "bob@b.example", "x@gw.test",
                               "carl@y.x.a.example", "Ann@A.example"});
        made.localNames = {"localhost", "gw.test"};
        return made;
    }

  private:
    size_t below(size_t limit) { return m_random.generate() % limit; }
    QByteArray pick(const QByteArrayList& of) { return of[qsizetype(below(size_t(of.size())))]; }
    bool maybe(size_t oneIn) { return below(oneIn) == 0; }

    tables::TablePtr list(const QByteArrayList& of) {
        std::vector<tables::Entry> entries;
        for (size_t i = below(3) + 1; i > 0; --i)
            entries.push_back({pick(of), {}});
        return tables::makeInlineTable("t" + QByteArray::number(++m_tables), tables::Shape::List, std::move(entries), '+');
    }

    void add(Rule& rule, ConditionKind kind, tables::TablePtr table = nullptr) {
        Condition made;
        made.kind = kind;
        made.negated = maybe(5);
        made.table = std::move(table);
        rule.conditions.push_back(std::move(made));
    }

    Rule rule(int number, Era era) {
        static const QByteArrayList domains{"a.example", "b.example", "*.example", "*.a.example", "*", "x.a.example", "gw.test"};
        static const QByteArrayList mail{"ann", "ann+x", "@a.example", "ann@a.example", "ann@*.example", "@*.example",
                                         "@", "bob@b.example", "@*", "bob", "ann+x@a.example"};
        static const QByteArrayList nets{"192.0.2.0/24", "192.0.2.7", "192.0.0.0/16", "10/8", "local",
                                         "2001:db8::/32", "[2001:db8::1]", "0/0"};
        Rule made;
        made.reject = maybe(3);
        auto action = std::make_shared<Action>();
        action->name = QByteArray::number(number);
        made.action = made.reject ? nullptr : action;
        if (maybe(4)) {
            if (era == Era::Modern) {
                add(made, ConditionKind::Tag, list({"in", "out"}));
            } else {
                add(made, ConditionKind::Tag);
                made.conditions.back().exactTag = pick({"in", "IN"});
            }
        }
        switch (below(5)) {
        case 0: add(made, ConditionKind::FromLocal); break;
        case 1: add(made, ConditionKind::FromSocket); break;
        case 2: add(made, ConditionKind::FromSource, list(nets)); break;
        default: add(made, ConditionKind::FromAny); break;
        }
        switch (below(4)) {
        case 0: add(made, ConditionKind::ForLocal); break;
        case 1: add(made, ConditionKind::ForDomain, list(domains)); break;
        default: add(made, ConditionKind::ForAny); break;
        }
        if (maybe(5))
            add(made, ConditionKind::Helo, list(domains));
        if (maybe(3))
            add(made, ConditionKind::Authenticated, maybe(2) ? nullptr : list({"ann", "bob", "@a.example"}));
        if (maybe(3))
            add(made, ConditionKind::Sender, list(mail));
        if (maybe(3))
            add(made, ConditionKind::Recipient, list(mail));
        return made;
    }

    QRandomGenerator m_random;
    int m_tables = 0;
};

} // namespace

class TestRuleOrder : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void finds_data();
    void finds();
    void anUnreachedRuleNeverDecides();
    void manyRulesCostLittle_data();
    void manyRulesCostLittle();
};

void TestRuleOrder::finds_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected"); // "2 by 1": rule 2 is never reached because of rule 1
    const auto row = [](const char* name, const QByteArray& text, const QByteArray& expected) {
        QTest::newRow(name) << text << expected;
    };
    row("two different domains", "match from any for domain \"a.test\" reject\nmatch from any for domain \"b.test\" reject\n", "");
    row("the same rule twice", "match from any for domain \"a.test\" reject\nmatch from any for domain \"A.test\" reject\n", "2 by 1");
    row("behind a catch-all", "match from any for any reject\nmatch from local for any reject\nmatch auth reject\n", "2 by 1, 3 by 1");
    row("a domain inside a wildcard", "match from any for domain \"*.test\" reject\nmatch from any for domain \"a.test\" reject\n", "2 by 1");
    row("a wildcard does not cover two labels", "match from any for domain \"*.test\" reject\nmatch from any for domain \"a.b.test\" reject\n", "");
    row("nor the bare domain", "match from any for domain \"*.test\" reject\nmatch from any for domain \"test\" reject\n", "");
    row("nor a deeper wildcard", "match from any for domain \"*.test\" reject\nmatch from any for domain \"*.b.test\" reject\n", "");
    row("any name covers a wildcard", "match from any for domain \"*\" reject\nmatch from any for domain \"*.b.test\" reject\n", "2 by 1");
    row("a list inside a list", "match from any for domain { \"a.test\", \"b.test\", \"c.test\" } reject\n"
                                   "match from any for domain { \"c.test\", \"a.test\" } reject\n", "2 by 1");
    row("a list that is larger", "match from any for domain { \"a.test\", \"b.test\" } reject\n"
                                    "match from any for domain { \"a.test\", \"c.test\" } reject\n", "");
    row("the same table", "table t { \"a.test\" }\nmatch from any for domain <t> reject\nmatch from any for domain <t> mail-from \"x\" reject\n", "2 by 1");
    row("an address inside a network", "match from src \"192.0.2.0/24\" for any reject\nmatch from src \"192.0.2.9\" for any reject\n", "2 by 1");
    row("a network inside a network", "match from src \"10/8\" for any reject\nmatch from src { \"10.1.0.0/16\", \"10.2.3.4\" } for any reject\n", "2 by 1");
    row("a network that is larger", "match from src \"10.1.0.0/16\" for any reject\nmatch from src \"10/8\" for any reject\n", "");
    row("the two families", "match from src \"0/0\" for any reject\nmatch from src \"2001:db8::/32\" for any reject\n", "");
    row("socket is local", "match from local for any reject\nmatch from socket for any reject\n", "2 by 1");
    row("local is more than socket", "match from socket for any reject\nmatch from local for any reject\n", "");
    row("implied from and for", "match for any reject\nmatch from local for domain \"a.test\" reject\n", "2 by 1");
    row("an implied for is no for any", "match from local reject\nmatch from local for any reject\n", "");
    row("signed in is not local since 6.4", "match from local for any reject\nmatch from any auth for any reject\n", "");
    row("a user is somebody who signed in", "match from any auth for any reject\nmatch from any auth { \"ann\" } for any reject\n", "2 by 1");
    row("a sender's domain", "match from any mail-from \"@a.test\" for any reject\nmatch from any mail-from \"ann@a.test\" for any reject\n", "2 by 1");
    row("a sender's sub-address", "match from any mail-from \"ann\" for any reject\nmatch from any mail-from \"ann+x@a.test\" for any reject\n", "2 by 1");
    row("the same, at a domain", "match from any mail-from \"ann@a.test\" for any reject\nmatch from any mail-from \"ann+x@a.test\" for any reject\n", "2 by 1");
    row("everybody", "match from any mail-from \"@\" for any reject\nmatch from any mail-from \"ann@a.test\" for any reject\n", "2 by 1");
    row("a wildcard inside everybody there", "match from any helo \"*.a.test\" for any reject\nmatch from any helo { \"x.a.test\", \"y.a.test\" } for any reject\n", "2 by 1");
    row("a recipient is at its domain", "match from any for domain \"a.test\" reject\nmatch from any for rcpt-to \"ann@a.test\" reject\n", "2 by 1");
    row("a user without domain is at any", "match from any for domain \"a.test\" reject\nmatch from any for rcpt-to \"ann\" reject\n", "");
    row("not turned round", "match ! from src \"10.1.0.0/16\" for any reject\nmatch ! from src \"10/8\" for any reject\n", "2 by 1");
    row("not the wrong way round", "match ! from src \"10/8\" for any reject\nmatch ! from src \"10.1.0.0/16\" for any reject\n", "");
    row("a rule and its opposite", "match from src \"10/8\" for any reject\nmatch ! from src \"10/8\" for any reject\n", "");
    row("not any is nobody", "match ! from any for any reject\nmatch from any for any reject\n", "1 by 1");
    row("a tag", "match tag A from any for any reject\nmatch tag a from any for domain \"a.test\" reject\n", "2 by 1");
    row("the same expression", "match from any for domain regex \"^a\" reject\nmatch from any for domain regex \"^a\" reject\n", "2 by 1");
    row("an expression is not a name", "match from any for domain regex \"a.test\" reject\nmatch from any for domain \"a.test\" reject\n", "");
    row("what this version cannot test covers nothing", "match from rdns \"*.test\" for any reject\nmatch from any for any reject\n", "");
    row("a table that is asked elsewhere", "table t db:/x.db\nmatch from any for domain <t> reject\nmatch from any for domain <t> reject\n", "2 by 1");
    row("two such tables", "table t db:/x.db\ntable u db:/y.db\nmatch from any for domain <t> reject\nmatch from any for domain <u> reject\n", "");
    row("signed in counts as local before 6.4", "reject from local for any\nreject authenticated from any for any\n", "2 by 1");
    row("tags to the letter before 6.4", "reject tagged A from any for any\nreject tagged a from any for any\n", "");
}

void TestRuleOrder::finds() {
    QFETCH(const QByteArray, text);
    test::MemoryFileStore files;
    QTEST(described(unreachedRules(*compileText(files, "/p/smtpd.conf", text, {}).ruleset)), "expected");
}

void TestRuleOrder::anUnreachedRuleNeverDecides() {
    int found = 0, decided = 0;
    for (quint32 seed = 0; seed < 1500; ++seed) {
        Generator generator(seed);
        const RulesetPtr rules = generator.ruleset();
        const std::vector<Unreached> unreached = unreachedRules(*rules);
        found += int(unreached.size());
        for (int i = 0; i < 60; ++i) {
            const MatchContext context = generator.context();
            match(rules, context, WantTrace::No, [&](const Verdict& verdict) {
                if (!verdict.rule)
                    return;
                ++decided;
                for (const Unreached& one : unreached) {
                    if (verdict.rule == &rules->rules[one.rule])
                        QFAIL(("seed " + QByteArray::number(seed) + ": rule " + QByteArray::number(one.rule + 1) +
                               " decides for " + context.recipient + ", but was called unreached because of rule " +
                               QByteArray::number(one.by + 1))
                                  .constData());
                }
            });
            if (QTest::currentTestFailed())
                return;
        }
    }
    QVERIFY2(found > 500 && decided > 10000, "the generator has become too tame to prove anything");
}

void TestRuleOrder::manyRulesCostLittle_data() {
    QTest::addColumn<QByteArray>("rule"); // %1 is the number
    QTest::newRow("one domain each") << QByteArray("match from any for domain \"d%1.test\" reject\n");
    QTest::newRow("one sender each") << QByteArray("match from any mail-from \"@d%1.test\" for any reject\n");
    QTest::newRow("one user each") << QByteArray("match from any mail-from \"d%1\" for any reject\n");
    QTest::newRow("one network each") << QByteArray("match from src \"10.%2.0/32\" for any reject\n");
    QTest::newRow("one wildcard each") << QByteArray("match from any for domain \"*.d%1.test\" reject\n");
}

// Processor time of the least of three rounds; what sanitizers add falls out of the comparison.
double secondsToJudge(QByteArray rule, int rules) {
    QByteArray text;
    for (int i = 0; i < rules; ++i)
        text += QByteArray(rule).replace("%1", QByteArray::number(i)).replace("%2", QByteArray::number(i / 256) + "." + QByteArray::number(i % 256));
    test::MemoryFileStore files;
    const RulesetPtr ruleset = compileText(files, "/p/smtpd.conf", text, {}).ruleset;
    double least = 1e9;
    for (int round = 0; round < 3; ++round) {
        const std::clock_t before = std::clock();
        if (ruleset->rules.size() != size_t(rules) || !unreachedRules(*ruleset).empty())
            return -1;
        least = std::min(least, double(std::clock() - before) / CLOCKS_PER_SEC);
    }
    return least;
}

void TestRuleOrder::manyRulesCostLittle() {
    QFETCH(const QByteArray, rule);
    const double few = secondsToJudge(rule, 300), many = secondsToJudge(rule, 3000);
    QVERIFY(few >= 0 && many >= 0);
    // Ten times as many cost ten times as much, some more for the caches; each against each would cost a hundred times as much.
    QVERIFY2(many < 50 * few + 0.01, (QByteArray::number(few) + " s, " + QByteArray::number(many) + " s").constData());
}

QTEST_APPLESS_MAIN(TestRuleOrder)
#include "tst_rule_order.moc"
