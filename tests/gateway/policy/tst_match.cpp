// SPDX-License-Identifier: GPL-3.0-or-later
//
// First match wins, on rules built by hand: each condition, negation, failing and late tables. Whole
// configurations are tst_compile_match's business.
#include "policy/match.h"
#include "policy/rule_index.h"
#include "tables/table_factory.h"

#include "support/threaded_table.h"

#include <QTest>

#include <deque>
#include <future>

using namespace postern;
using namespace postern::policy;

namespace {

tables::TablePtr list(const QByteArrayList& keys, const QByteArray& name = "t") {
    std::vector<tables::Entry> entries;
    for (const QByteArray& key : keys)
        entries.push_back({key, {}});
    return tables::makeInlineTable(name, tables::Shape::List, std::move(entries), '+');
}

Condition condition(ConditionKind kind, tables::TablePtr table = nullptr, bool negated = false) {
    Condition made;
    made.kind = kind;
    made.table = std::move(table);
    made.negated = negated;
    made.words = "words";
    return made;
}

Rule rule(std::vector<Condition> conditions, ActionKind kind = ActionKind::Relay) {
    Rule made;
    made.conditions = std::move(conditions);
    auto action = std::make_shared<Action>();
    action->kind = kind;
    made.action = action;
    return made;
}

Rule reject(std::vector<Condition> conditions) {
    Rule made;
    made.reject = true;
    made.conditions = std::move(conditions);
    return made;
}

RulesetPtr ruleset(std::vector<Rule> rules, Era era = Era::Modern) {
    auto made = std::make_shared<Ruleset>();
    made->era = era;
    made->rules = std::move(rules);
    for (size_t i = 0; i < made->rules.size(); ++i) {
        made->rules[i].origin.line = int(i) + 1;
        made->rules[i].text = "rule " + QByteArray::number(i + 1);
    }
    made->index = RuleIndex::make(*made); // asked without a trace; with one, rule after rule
    return made;
}

MatchContext remote() {
    MatchContext context;
    context.clientAddress = "192.0.2.66";
    context.helo = "Client.Example";
    context.sender = "Me@Office.Example";
    context.recipient = "X@One.Example";
    context.localNames = {"gw.example", "localhost", "192.0.2.1", "[192.0.2.1]"};
    return context;
}

// "relay 1" = decided by rule 1.
QByteArray decide(const RulesetPtr& rules, const MatchContext& context, WantTrace trace = WantTrace::No) {
    QByteArray shown = "never answered";
    match(rules, context, trace, [&](const Verdict& verdict) {
        shown = toString(verdict.decision).toByteArray();
        if (verdict.rule)
            shown += " " + QByteArray::number(verdict.rule->origin.line);
    });
    return shown;
}

std::vector<RuleTrace> trace(const RulesetPtr& rules, const MatchContext& context) {
    std::vector<RuleTrace> result;
    match(rules, context, WantTrace::Yes, [&](Verdict verdict) { result = std::move(verdict.trace); });
    return result;
}

// Answers when the test says so.
class LateTable final : public tables::Table {
  public:
    const QByteArray& name() const override { return m_name; }
    QByteArray kind() const override { return "late"; }
    tables::Shape shape() const override { return tables::Shape::Dynamic; }
    qsizetype size() const override { return -1; }
    void lookup(tables::Service, const QByteArray& key, const tables::LookupDone& done) const override {
        m_asked.append(key);
        m_waiting.push_back(done);
    }
    void fetch(tables::Service, const tables::LookupDone&) const override {}
    QByteArrayList keys() const override { return {}; }

    const QByteArrayList& asked() const { return m_asked; }
    void answer(bool found, bool failed = false) const {
        const auto done = m_waiting.front();
        m_waiting.pop_front();
        tables::LookupResult result;
        result.found = found;
        result.failed = failed;
        result.value = failed ? "the server is away" : "";
        done(std::move(result));
    }

  private:
    QByteArray m_name = "late";
    mutable QByteArrayList m_asked;
    mutable std::deque<tables::LookupDone> m_waiting;
};

} // namespace

class TestMatch : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void conditions_data();
    void conditions();
    void eras_data();
    void eras();
    void noRuleMatches();
    void firstMatchWins();
    void kindsOfActions_data();
    void kindsOfActions();
    void aFailingTableIsNeverNegated_data();
    void aFailingTableIsNeverNegated();
    void aFailingTableBehindAFailedConditionIsNotAsked();
    void whatNobodyCanAnswerIsATemporaryFailure_data();
    void whatNobodyCanAnswerIsATemporaryFailure();
    void expressions_data();
    void expressions();
    void lateTables();
    void answersOfOtherThreads();
    void manyRulesNeedNoStack();
    void traceNamesTheFirstConditionThatFailed();
    void traceOfATableThatFails();
    void traceAndPlainAgree();
    void replies_data();
    void replies();
};

void TestMatch::conditions_data() {
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArrayList>("entries"); // empty = no table
    QTest::addColumn<QByteArray>("session");     // what differs from remote()
    QTest::addColumn<bool>("holds");
    const auto row = [](const char* title, ConditionKind kind, const QByteArrayList& entries,
                        const char* session, bool holds) {
        QTest::newRow(title) << int(kind) << entries << QByteArray(session) << holds;
    };
    using K = ConditionKind;
    row("from any: remote", K::FromAny, {}, "", true);
    row("from any: socket", K::FromAny, {}, "socket", true);
    row("from local: remote is not", K::FromLocal, {}, "", false);
    row("from local: an own address", K::FromLocal, {}, "local", true);
    row("from local: the socket", K::FromLocal, {}, "socket", true);
    row("verified: from local: signed in is not local in action/match", K::FromLocal, {}, "auth", false);
    row("from socket: an own address is not the socket", K::FromSocket, {}, "local", false);
    row("from socket: the socket", K::FromSocket, {}, "socket", true);
    row("from rdns: a client without a name", K::FromRdns, {}, "rdns ", false);
    row("from rdns: a client with a name", K::FromRdns, {}, "rdns mail.example", true);
    row("from rdns: another name", K::FromRdns, {"*.example"}, "rdns mail.other", false);
    row("from rdns: any case, pattern", K::FromRdns, {"*.example"}, "rdns Mail.EXAMPLE", true);
    row("from rdns list: a client without a name", K::FromRdns, {"*"}, "rdns ", false);
    row("what an alias led to has no name", K::FromRdns, {}, "internal", false);
    row("what an alias led to is local", K::FromLocal, {}, "internal", true);
    row("what an alias led to is from anywhere", K::FromAny, {}, "internal", true);
    row("what an alias led to is not the client's address", K::FromSource, {"192.0.2.0/24"}, "internal", false);
    row("what an alias led to is the word local", K::FromSource, {"local"}, "internal", true);
    row("what an alias led to is not the socket", K::FromSocket, {}, "internal", false);
    row("from src: another address", K::FromSource, {"192.0.2.1"}, "", false);
    row("from src: in the prefix", K::FromSource, {"192.0.2.0/24"}, "", true);
    row("from src: IPv6", K::FromSource, {"[2001:db8::/32]"}, "v6", true);
    row("from src: the socket is the word local", K::FromSource, {"local"}, "socket", true);
    row("from src: the socket is no address", K::FromSource, {"0.0.0.0/0"}, "socket", false);
    row("for any", K::ForAny, {}, "", true);
    row("for local: a foreign domain", K::ForLocal, {}, "", false);
    row("for local: localhost", K::ForLocal, {}, "to root@LocalHost", true);
    row("for local: the server's name", K::ForLocal, {}, "to root@gw.example", true);
    row("for local: an own address in brackets", K::ForLocal, {}, "to root@[192.0.2.1]", true);
    row("for domain: another", K::ForDomain, {"two.example"}, "", false);
    row("for domain: any case", K::ForDomain, {"one.example"}, "", true);
    row("for domain: a quoted @ in the local part", K::ForDomain, {"one.example"},
        "to \"a@two.example\"@one.example", true);
    row("P10 for domain: a route trick in the local part is not the domain", K::ForDomain, {"two.example"},
        "to x%two.example@one.example", false);
    row("tag: none", K::Tag, {"signed"}, "", false);
    row("tag: another", K::Tag, {"signed"}, "tag OTHER", false);
    row("tag: any case in action/match", K::Tag, {"signed"}, "tag SIGNED", true);
    row("auth: not signed in", K::Authenticated, {}, "", false);
    row("auth: signed in", K::Authenticated, {}, "auth", true);
    row("auth: the socket counts", K::Authenticated, {}, "socket", true);
    row("auth users: not listed", K::Authenticated, {"bob"}, "auth", false);
    row("auth users: listed", K::Authenticated, {"bob", "carol"}, "auth", true);
    row("auth users: an address is compared as one", K::Authenticated, {"@office.example"},
        "user carol@office.example", true);
    row("helo: another", K::Helo, {"other.example"}, "", false);
    row("helo: any case, pattern", K::Helo, {"*.example"}, "", true);
    row("mail-from: another", K::Sender, {"@evil.example"}, "", false);
    row("mail-from: any case", K::Sender, {"@office.example"}, "", true);
    row("verified: the null sender is not @domain", K::Sender, {"@office.example"}, "null", false);
    row("the null sender is covered by @", K::Sender, {"@"}, "null", true);
    row("rcpt-to: another", K::Recipient, {"y@one.example"}, "", false);
    row("rcpt-to: with a tag, any case", K::Recipient, {"x@one.example"}, "to X+tag@ONE.example", true);
}

void TestMatch::conditions() {
    QFETCH(int, kind);
    QFETCH(QByteArrayList, entries);
    QFETCH(QByteArray, session);
    QFETCH(bool, holds);
    MatchContext context = remote();
    if (session == "socket") {
        context.isSocket = true;
        context.clientAddress.clear();
    } else if (session == "local") {
        context.clientAddress = "127.0.0.1";
        context.isLocalAddress = true;
    } else if (session == "v6") {
        context.clientAddress = "2001:db8:1::9";
    } else if (session == "auth" || session.startsWith("user ")) {
        context.isAuthenticated = true;
        context.user = session == "auth" ? "Carol" : session.sliced(5);
    } else if (session.startsWith("tag ")) {
        context.tag = session.sliced(4);
    } else if (session.startsWith("to ")) {
        context.recipient = session.sliced(3);
    } else if (session == "null") {
        context.sender.clear();
    } else if (session == "internal") {
        context.isInternal = true;
    } else if (session.startsWith("rdns")) {
        context.reverseName = session.sliced(5);
    }
    const tables::TablePtr table = entries.isEmpty() ? nullptr : list(entries);
    for (const WantTrace wanted : {WantTrace::No, WantTrace::Yes}) {
        QCOMPARE(decide(ruleset({rule({condition(ConditionKind(kind), table)})}), context, wanted),
                 holds ? "relay 1" : "no-match");
        QCOMPARE(decide(ruleset({rule({condition(ConditionKind(kind), table, true)})}), context, wanted),
                 holds ? "no-match" : "relay 1");
    }
}

void TestMatch::eras_data() {
    QTest::addColumn<int>("era");
    QTest::addColumn<QByteArray>("test");
    QTest::addColumn<bool>("holds");
    const auto row = [](const char* title, Era era, const char* test, bool holds) {
        QTest::newRow(title) << int(era) << QByteArray(test) << holds;
    };
    row("action/match: signed in is not local", Era::Modern, "local", false);
    row("accept/reject: signed in is local", Era::Legacy, "local", true);
    row("2012: signed in is local", Era::Map2012, "local", true);
    row("action/match: from src compares the address", Era::Modern, "source", true);
    row("accept/reject: from source compares the word local", Era::Legacy, "source", false);
    row("accept/reject: a list that holds local", Era::Legacy, "source local", true);
    row("2012: signed in passes every source", Era::Map2012, "other source", true);
    row("accept/reject: the signed-in client's own address is not tested", Era::Legacy, "any address", false);
    row("accept/reject: from any", Era::Legacy, "any", true);
    row("accept/reject: the tag is compared to the letter", Era::Legacy, "tag signed", false);
    row("accept/reject: the same tag", Era::Legacy, "tag SIGNED", true);
}

void TestMatch::eras() {
    QFETCH(int, era);
    QFETCH(QByteArray, test);
    QFETCH(bool, holds);
    MatchContext context = remote();
    context.isAuthenticated = true;
    context.user = "carol";
    context.tag = "SIGNED";
    Condition tested = condition(ConditionKind::FromAny);
    if (test == "local")
        tested = condition(ConditionKind::FromLocal);
    else if (test == "source")
        tested = condition(ConditionKind::FromSource, list({"192.0.2.66"}));
    else if (test == "source local")
        tested = condition(ConditionKind::FromSource, list({"local"}));
    else if (test == "any address")
        tested = condition(ConditionKind::FromSource, list({"0.0.0.0/0", "::/0"}));
    else if (test == "other source")
        tested = condition(ConditionKind::FromSource, list({"203.0.113.1"}));
    else if (test.startsWith("tag ")) {
        tested = condition(ConditionKind::Tag);
        tested.exactTag = test.sliced(4);
    }
    QCOMPARE(decide(ruleset({rule({tested})}, Era(era)), context), holds ? "relay 1" : "no-match");
}

void TestMatch::noRuleMatches() {
    QCOMPARE(decide(ruleset({}), remote()), "no-match");
    QCOMPARE(decide(ruleset({rule({condition(ConditionKind::ForLocal)})}), remote()), "no-match");
}

void TestMatch::firstMatchWins() {
    const auto all = condition(ConditionKind::FromAny);
    QCOMPARE(decide(ruleset({reject({all}), rule({all})}), remote()), "reject 1");
    QCOMPARE(decide(ruleset({rule({all}), reject({all})}), remote()), "relay 1");
    QCOMPARE(decide(ruleset({rule({all, condition(ConditionKind::ForLocal)}), reject({all})}), remote()),
             "reject 2");
}

void TestMatch::kindsOfActions_data() {
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("decision");
    QTest::newRow("a delivery on this computer") << int(ActionKind::Local) << QByteArray("local 1");
    QTest::newRow("relay") << int(ActionKind::Relay) << QByteArray("relay 1");
    QTest::newRow("catch") << int(ActionKind::Catch) << QByteArray("catch 1");
}

void TestMatch::kindsOfActions() {
    QFETCH(int, kind);
    QTEST(decide(ruleset({rule({}, ActionKind(kind)), rule({})}), remote()), "decision");
}

void TestMatch::aFailingTableIsNeverNegated_data() {
    QTest::addColumn<bool>("negated");
    QTest::addColumn<bool>("traced");
    for (const bool negated : {false, true}) {
        for (const bool traced : {false, true})
            QTest::addRow("negated %d traced %d", negated, traced) << negated << traced;
    }
}

void TestMatch::aFailingTableIsNeverNegated() {
    QFETCH(bool, negated);
    QFETCH(bool, traced);
    const auto table = tables::makeUnavailableTable("unwanted", "db");
    const auto rules = ruleset({rule({condition(ConditionKind::FromSource, table, negated)}), rule({})});
    Verdict verdict;
    match(rules, remote(), traced ? WantTrace::Yes : WantTrace::No,
          [&](Verdict v) { verdict = std::move(v); });
    QVERIFY(verdict.decision == Decision::TemporaryFailure);
    QCOMPARE(verdict.reason, "table unwanted is not connected: nothing here answers for the backend db");
    QCOMPARE(verdict.rule, &rules->rules[0]);
}

void TestMatch::aFailingTableBehindAFailedConditionIsNotAsked() {
    const auto table = tables::makeUnavailableTable("unwanted", "db");
    const auto rules = ruleset(
        {rule({condition(ConditionKind::FromLocal), condition(ConditionKind::FromSource, table)}), rule({})});
    QCOMPARE(decide(rules, remote()), "relay 2");
}

void TestMatch::whatNobodyCanAnswerIsATemporaryFailure_data() {
    QTest::addColumn<int>("kind");
    QTest::addColumn<bool>("negated");
    for (const bool negated : {false, true}) {
        QTest::addRow("tls: tested by no reader, negated %d", negated) << int(ConditionKind::Tls) << negated;
        QTest::addRow("from rdns: nobody looked the name up, negated %d", negated) << int(ConditionKind::FromRdns) << negated;
        QTest::addRow("unsupported, negated %d", negated) << int(ConditionKind::Unsupported) << negated;
    }
}

void TestMatch::whatNobodyCanAnswerIsATemporaryFailure() {
    QFETCH(int, kind);
    QFETCH(bool, negated);
    const auto asked = condition(ConditionKind(kind), nullptr, negated);
    for (const WantTrace wanted : {WantTrace::No, WantTrace::Yes}) {
        QCOMPARE(decide(ruleset({rule({asked}), rule({})}), remote(), wanted), "temporary-failure 1");
        // Not asked where a condition before it fails.
        QCOMPARE(decide(ruleset({rule({condition(ConditionKind::ForLocal), asked}), rule({})}), remote(), wanted), "relay 2");
    }
}

void TestMatch::expressions_data() {
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("expression");
    QTest::addColumn<QByteArray>("client");
    QTest::addColumn<bool>("holds");
    const auto row = [](const char* title, ConditionKind kind, const char* expression, const char* client, bool holds) {
        QTest::newRow(title) << int(kind) << QByteArray(expression) << QByteArray(client) << holds;
    };
    using K = ConditionKind;
    row("unanchored", K::ForDomain, "ne[.]ex", "192.0.2.66", true);
    row("anchored", K::ForDomain, "^ne", "192.0.2.66", false);
    row("the key is in lower case, and so is the entry", K::Sender, "^Me@", "192.0.2.66", true);
    row("helo", K::Helo, "^client[.]", "192.0.2.66", true);
    row("source, IPv4", K::FromSource, "^192[.]0[.]2[.][0-9]+$", "192.0.2.66", true);
    row("source, IPv6 is written in brackets", K::FromSource, "^\\[2001:db8:", "2001:db8::9", true);
    row("no regular expression never matches", K::ForDomain, "(", "192.0.2.66", false);
}

void TestMatch::expressions() {
    QFETCH(int, kind);
    QFETCH(QByteArray, expression);
    QFETCH(QByteArray, client);
    QFETCH(bool, holds);
    auto asked = condition(ConditionKind(kind), list({expression}));
    asked.regex = true;
    MatchContext context = remote();
    context.clientAddress = client;
    for (const WantTrace wanted : {WantTrace::No, WantTrace::Yes})
        QCOMPARE(decide(ruleset({rule({asked})}), context, wanted), holds ? "relay 1" : "no-match");
}

// The answer may be there before the question has returned: neither is lost, and nobody goes on twice.
void TestMatch::answersOfOtherThreads() {
    const auto table = std::make_shared<test::ThreadedTable>(std::map<QByteArray, QByteArray>{{"one.example", ""}});
    std::vector<Rule> rules;
    for (int i = 0; i < 50; ++i)
        rules.push_back(rule({condition(ConditionKind::ForDomain, table), condition(ConditionKind::ForDomain, table, true)}));
    rules.push_back(reject({condition(ConditionKind::ForDomain, table)}));
    const RulesetPtr all = ruleset(std::move(rules));
    for (int round = 0; round < 20; ++round) {
        std::promise<QByteArray> decided;
        match(all, remote(), WantTrace::No, [&decided](const Verdict& verdict) {
            decided.set_value(toString(verdict.decision).toByteArray() + " " + QByteArray::number(verdict.rule->origin.line));
        });
        auto answer = decided.get_future();
        QCOMPARE(answer.wait_for(std::chrono::seconds(20)), std::future_status::ready);
        QCOMPARE(answer.get(), "reject 51");
    }
}

void TestMatch::lateTables() {
    const auto late = std::make_shared<LateTable>();
    const auto rules =
        ruleset({rule({condition(ConditionKind::ForDomain, late), condition(ConditionKind::Sender, late)}),
                 reject({condition(ConditionKind::Recipient, late)}), rule({})});
    const auto run = [&](std::vector<std::pair<bool, bool>> answers) {
        QByteArray shown = "waiting";
        match(rules, remote(), WantTrace::No, [&](const Verdict& verdict) {
            shown = toString(verdict.decision).toByteArray() +
                    QByteArray(verdict.rule ? " " + QByteArray::number(verdict.rule->origin.line) : "");
        });
        for (const auto& [found, failed] : answers) {
            if (shown != "waiting")
                return QByteArray("answered too early");
            late->answer(found, failed);
        }
        return shown;
    };
    QCOMPARE(run({{true, false}, {false, true}}), "temporary-failure 1");
    QCOMPARE(run({{false, true}}), "temporary-failure 1");
    QCOMPARE(run({{false, false}, {false, false}}), "relay 3");
    QCOMPARE(run({{true, false}, {false, false}, {true, false}}), "reject 2");
    QCOMPARE(run({{true, false}, {true, false}}), "relay 1");
    QCOMPARE(late->asked().first(2), (QByteArrayList{"one.example", "me@office.example"}));
}

void TestMatch::manyRulesNeedNoStack() {
    std::vector<Rule> rules(20000, rule({condition(ConditionKind::ForDomain, list({"else.example"}))}));
    rules.push_back(reject({}));
    QCOMPARE(decide(ruleset(std::move(rules)), remote()), "reject 20001");
}

void TestMatch::traceNamesTheFirstConditionThatFailed() {
    Condition from = condition(ConditionKind::FromLocal);
    from.words = "from local";
    from.implied = true;
    Condition ours = condition(ConditionKind::ForDomain, list({"two.example", "*.three.example"}, "ours"));
    ours.words = "for domain <ours>";
    Condition notOurs = ours;
    notOurs.negated = true;
    notOurs.words = "!for domain <ours>";
    Condition any = condition(ConditionKind::FromAny);
    any.words = "from any";
    const auto lines =
        trace(ruleset({rule({from}), rule({any, ours}), rule({any, notOurs}), rule({})}), remote());
    QCOMPARE(lines.size(), size_t(3));
    QCOMPARE(lines[0].because, "from local (not written): 192.0.2.66 is not this computer");
    QVERIFY(!lines[0].matched);
    QCOMPARE(lines[1].because, "for domain <ours>: one.example is not listed in <ours>");
    QCOMPARE(lines[1].rule, "rule 2");
    QVERIFY(lines[2].matched);
    QCOMPARE(lines[2].because,
             "from any: 192.0.2.66 is anybody; !for domain <ours>: one.example is not listed in <ours>");
    MatchContext other = remote();
    other.recipient = "x@a.three.example";
    QCOMPARE(trace(ruleset({rule({ours})}), other)[0].because,
             "for domain <ours>: a.three.example is listed in <ours> as *.three.example");
}

void TestMatch::traceOfATableThatFails() {
    const auto lines = trace(
        ruleset({rule({condition(ConditionKind::ForDomain, tables::makeUnavailableTable("ours", "ldap"))})}),
        remote());
    QCOMPARE(lines.size(), size_t(1));
    QVERIFY(!lines[0].matched);
    QCOMPARE(lines[0].because, "table ours is not connected: nothing here answers for the backend ldap");
}

void TestMatch::traceAndPlainAgree() {
    const auto rules = ruleset(
        {reject({condition(ConditionKind::Sender, list({"@evil.example"}))}),
         rule({condition(ConditionKind::ForDomain, list({"two.example"}), true)}, ActionKind::Catch)});
    QCOMPARE(decide(rules, remote(), WantTrace::No), "catch 2");
    QCOMPARE(decide(rules, remote(), WantTrace::Yes), "catch 2");
}

void TestMatch::replies_data() {
    QTest::addColumn<int>("decision");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("no rule") << int(Decision::NoMatch) << 550
                             << QByteArray("5.7.1 Invalid recipient: <x@one.example>");
    QTest::newRow("reject") << int(Decision::Reject) << 550
                            << QByteArray("5.7.1 Invalid recipient: <x@one.example>");
    QTest::newRow("table failure") << int(Decision::TemporaryFailure) << 451
                                   << QByteArray("4.3.0 Temporary failure: <x@one.example>");
    QTest::newRow("local, unless its aliases say otherwise")
        << int(Decision::Local) << 250 << QByteArray("2.1.5 Destination address valid: Recipient ok");
    QTest::newRow("relay") << int(Decision::Relay) << 250
                           << QByteArray("2.1.5 Destination address valid: Recipient ok");
    QTest::newRow("catch") << int(Decision::Catch) << 250
                           << QByteArray("2.1.5 Destination address valid: Recipient ok");
}

void TestMatch::replies() {
    QFETCH(int, decision);
    Verdict verdict;
    verdict.decision = Decision(decision);
    verdict.reason = "table secrets: the server at 10.0.0.1 is away"; // for our eyes only
    const ReplyLine reply = replyFor(verdict, "x@one.example");
    QTEST(reply.code, "code");
    QTEST(reply.text, "text");
}

QTEST_APPLESS_MAIN(TestMatch)
#include "tst_match.moc"
