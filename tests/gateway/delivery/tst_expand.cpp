// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where mail for one recipient ends, over whole configurations: aliases, virtual users, accounts, forwards, and the rules
// again. Expected values come from the reference on aliases and replies.
#include "delivery/explain.h"
#include "policy/compile.h"

#include "support/memory_file_store.h"
#include "support/threaded_table.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

#include <future>
#include <utility>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::delivery;
using policy::Explanation;

namespace {

// ann, bob and vmail have accounts; bob forwards his mail.
Surroundings office() {
    Surroundings around;
    around.account = [](const QByteArray& name) -> Result<std::optional<LocalUser>> {
        if (name == "broken")
            return Error{ErrorCode::Unavailable, "the accounts are away", Permanence::Temporary};
        static const QByteArrayList kUsers{"ann", "bob", "vmail", "root", "away", "cmd"};
        const qint64 uid = name == "root" ? 0 : 1000;
        return kUsers.contains(name) ? std::optional(LocalUser{name, uid, uid, "/home/" + name}) : std::nullopt;
    };
    around.includeFile = [](const QByteArray& path) -> Result<QByteArray> {
        if (path == "/etc/staff")
            return QByteArray("# staff\nann\neve@far.example, :include:/etc/more\n");
        return Error{ErrorCode::NotFound, path + ": no such file", Permanence::Temporary};
    };
    around.forwardFile = [](const LocalUser& user) -> Result<std::optional<QByteArray>> {
        if (user.name == "away")
            return Error{ErrorCode::Unavailable, "the homes are away", Permanence::Temporary};
        if (user.name == "cmd" || user.name == "root")
            return std::optional<QByteArray>("|/bin/filter -x, /home/cmd/copy\n");
        return user.name == "bob" ? std::optional<QByteArray>("bob@far.example, bob\n") : std::nullopt;
    };
    return around;
}

Explanation explained(const QByteArray& config, const QByteArray& recipient, const QByteArray& client = "192.0.2.66") {
    test::MemoryFileStore files;
    files.put("/p/aliases", "root: ann\n");
    files.put("/p/users", "a.example x\njoe@a.example ann\nbare ann\n");
    files.put("/p/all", "a.example x\n@a.example ann\n");
    const policy::Compiled compiled = policy::compileText(files, "/p/smtpd.conf", config, {});
    for (const config::Diagnostic& one : compiled.diagnostics) {
        if (one.severity == config::Severity::Error)
            qWarning("%s", one.print().constData());
    }
    policy::MatchContext context;
    context.clientAddress = client;
    context.isLocalAddress = client == "127.0.0.1";
    context.sender = "sue@send.example";
    context.recipient = recipient;
    context.localNames = {"localhost", "gw.example"};
    Explanation result;
    result.verdict = "never answered";
    explain(compiled.ruleset, context, "gw.example", office(), [&](Explanation one) { result = std::move(one); });
    return result;
}

// "deliver: maildir ann /home/ann/Maildir; relay eve@far.example", or the reply.
QByteArray shown(const Explanation& result) {
    if (!result.reply.isEmpty())
        return result.verdict + ": " + result.reply;
    QByteArrayList ends;
    for (const policy::ExplainedEnvelope& one : result.envelopes) {
        QByteArray text = one.via + " " + (one.relay ? one.recipient : one.user);
        if (!one.path.isEmpty())
            text += " " + one.path;
        ends.append(text);
    }
    return result.verdict + ": " + ends.join("; ");
}

const QByteArray kModern =
    "table al { root = ann, loop1 = loop2, loop2 = loop1, self = self, ann = ann, many = \"ann, eve@far.example, "
    "ann\", "
    "gone = \"error:550 gone for good\", later = \"error:450 come back\", pipe = \"|/bin/x -d\", "
    "box = \"/var/mail/box\", list = \":include:/etc/staff\", nolist = \":include:/etc/nothing\", "
    "bad = \"a b:c\", far = \"eve@far.example\", refused = \"x@nowhere.example\", \"tag\" = bob, \"tag+x\" = ann }\n"
    "action \"in\" maildir alias <al>\naction \"out\" relay\n"
    "action \"exp\" expand-only alias <al>\naction \"fwd\" forward-only alias <al>\n"
    "match from any for domain \"here.example\" action \"in\"\n"
    "action \"plain\" mbox\nmatch from any for domain \"plain.example\" action \"plain\"\n"
    "match from any for domain \"exp.example\" action \"exp\"\n"
    "match from any for domain \"fwd.example\" action \"fwd\"\n"
    "match from local for domain \"nowhere.example\" reject\n"
    "match from local for any action \"out\"\n";

const QByteArray kVirtual =
    "table v { \"joe@v.example\" = ann, \"joe+x@v.example\" = bob, sales = \"ann, eve@far.example\", "
    "\"@v.example\" = vmail, \"shared@w.example\" = nobody }\n"
    "table all { \"@\" = vmail }\n"
    "action \"v\" maildir \"/mail/%{rcpt.domain}/%{rcpt.user:lowercase}\" virtual <v> user vmail\n"
    "action \"all\" mbox virtual <all>\naction \"out\" relay\n"
    "match from any for domain { \"v.example\", \"w.example\" } action \"v\"\n"
    "match from any for domain \"all.example\" action \"all\"\n"
    "match for any action \"out\"\n";

} // namespace

class TestExpand : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void aliases_data();
    void aliases();
    void virtualUsers_data();
    void virtualUsers();
    void accounts_data();
    void accounts();
    void aTableThatIsNotConnectedIsNamed_data();
    void aTableThatIsNotConnectedIsNamed();
    void methods_data();
    void methods();
    void oldDialects_data();
    void oldDialects();
    void addressesGoBackToTheRulesAsLocal();
    void B06_tenLevelsAreTheMost();
    void B06_anAliasBombIsRefusedSoon();
    void aTableThatIsAwayIsTemporary();
    void lateTablesAreWaitedFor();
    void answersOfOtherThreads();
    void B07_aDatabaseNamesNoFilesAndCommands_data();
    void B07_aDatabaseNamesNoFilesAndCommands();
    void stepsAreToldInOrder();
    void jsonOfADelivery();
};

void TestExpand::aliases_data() {
    QTest::addColumn<QByteArray>("recipient");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* title, const char* recipient, const char* expected) {
        QTest::newRow(title) << QByteArray(recipient) << QByteArray(expected);
    };
    row("an unknown user", "nobody@here.example", "reject: 550 5.1.1 Invalid recipient: <nobody@here.example>");
    row("B06 two names that lead to each other lead nowhere", "loop1@here.example",
        "reject: 524 5.2.4 Mailing list expansion problem: <loop1@here.example>");
    row("a name that leads to itself is that user, here unknown", "self@here.example",
        "reject: 550 5.1.1 Invalid recipient: <self@here.example>");
    row("B07 an entry that does not read: later", "bad@here.example",
        "tempfail: 424 4.2.4 Mailing list expansion problem: <bad@here.example>");
    row("a reply of the table", "gone@here.example", "reject: 550 gone for good: <gone@here.example>");
    row("a temporary reply of the table", "later@here.example", "tempfail: 450 come back: <later@here.example>");
    row("an address that the rules refuse refuses all", "refused@here.example",
        "reject: 550 5.7.1 Invalid recipient: <refused@here.example>");
    row("a list that can't be read is empty", "nolist@here.example",
        "reject: 524 5.2.4 Mailing list expansion problem: <nolist@here.example>");
    row("expand-only: a user of this computer", "ann@exp.example",
        "reject: 524 5.2.4 Mailing list expansion problem: <ann@exp.example>");
    row("forward-only: a user of this computer", "root@fwd.example",
        "tempfail: 424 4.2.4 Mailing list expansion problem: <root@fwd.example>");
    row("forward-only: a command", "pipe@fwd.example",
        "tempfail: 424 4.2.4 Mailing list expansion problem: <pipe@fwd.example>");
    row("forward-only: a reply", "gone@fwd.example",
        "tempfail: 424 4.2.4 Mailing list expansion problem: <gone@fwd.example>");
    row("a user", "vmail@here.example", "deliver: maildir vmail /home/vmail/Maildir");
    row("any case", "ROOT@Here.Example", "deliver: maildir ann /home/ann/Maildir");
    row("a user that its alias names again", "ann@here.example", "deliver: maildir ann /home/ann/Maildir");
    row("a sub-address without an alias of its own", "root+x@here.example", "deliver: maildir ann /home/ann/Maildir");
    row("a sub-address with an alias of its own", "tag+x@here.example", "deliver: maildir ann /home/ann/Maildir");
    row("a sub-address of a user", "vmail+x@here.example", "deliver: maildir vmail /home/vmail/Maildir");
    row("several places, each once", "many@here.example",
        "expand: maildir ann /home/ann/Maildir; relay eve@far.example");
    row("an address elsewhere", "far@here.example", "expand: relay eve@far.example");
    row("expand-only with an address", "far@exp.example", "expand: relay eve@far.example");
    row("forward-only with an address", "far@fwd.example", "expand: relay eve@far.example");
    row("a command", "pipe@here.example", "expand: mda  /bin/x -d");
    row("a file", "box@here.example", "expand: mbox  /var/mail/box");
    row("a list; an include in it is left out", "list@here.example",
        "expand: maildir ann /home/ann/Maildir; relay eve@far.example");
    row("a .forward file that nobody can read now: later", "away@here.example",
        "tempfail: 451 4.3.0 Temporary failure: <away@here.example>");
    row("commands and files of a .forward file run as its owner", "cmd@here.example",
        "expand: mda cmd /bin/filter -x; mbox cmd /home/cmd/copy");
    row("M08 root's .forward file may not name commands or files", "root@plain.example",
        "tempfail: 424 4.2.4 Mailing list expansion problem: <root@plain.example>");
    row("a .forward file, which names its owner too", "bob@here.example",
        "expand: relay bob@far.example; maildir bob /home/bob/Maildir");
}

void TestExpand::aliases() {
    QFETCH(QByteArray, recipient);
    QTEST(shown(explained(kModern, recipient)), "expected");
}

void TestExpand::virtualUsers_data() {
    QTest::addColumn<QByteArray>("recipient");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* title, const char* recipient, const char* expected) {
        QTest::newRow(title) << QByteArray(recipient) << QByteArray(expected);
    };
    row("no entry at all", "eve@w.example", "reject: 524 5.2.4 Mailing list expansion problem: <eve@w.example>");
    row("user@domain", "joe@v.example", "deliver: maildir vmail /mail/v.example/joe");
    row("user+tag@domain before user@domain", "Joe+X@v.example", "deliver: maildir vmail /mail/v.example/joe+x");
    row("user+tag, then user@domain", "joe+y@v.example", "deliver: maildir vmail /mail/v.example/joe+y");
    row("user before @domain", "sales@v.example", "expand: maildir vmail /mail/v.example/sales; relay eve@far.example");
    row("user, at a domain without entry", "sales@w.example",
        "expand: maildir vmail /mail/w.example/sales; relay eve@far.example");
    row("@domain", "anybody@v.example", "deliver: maildir vmail /mail/v.example/anybody");
    row("user NAME: who has no account here is delivered all the same", "shared@w.example",
        "deliver: maildir vmail /mail/w.example/shared");
    row("the catch-all is not followed for ever", "x@all.example", "deliver: mbox vmail");
}

void TestExpand::virtualUsers() {
    QFETCH(QByteArray, recipient);
    QTEST(shown(explained(kVirtual, recipient)), "expected");
}

void TestExpand::accounts_data() {
    QTest::addColumn<QByteArray>("user");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("not in the table") << QByteArray("ann")
                                      << QByteArray("reject: 550 5.1.1 Invalid recipient: <ann@a.example>");
    QTest::newRow("B07 a line that does not read")
        << QByteArray("bad") << QByteArray("tempfail: 451 4.3.0 Temporary failure: <bad@a.example>");
    QTest::newRow("uid:gid:home") << QByteArray("jo") << QByteArray("deliver: maildir jo /v/jo/Maildir");
    QTest::newRow("name:uid:gid:home of 2012")
        << QByteArray("old") << QByteArray("deliver: maildir old /v/old/Maildir");
}

void TestExpand::accounts() {
    QFETCH(QByteArray, user);
    const QByteArray config = "table us { jo = \"10:20:/v/jo\", old = \"old:10:20:/v/old\", bad = \"x:y:/z\" }\n"
                              "action \"in\" maildir userbase <us>\nmatch from any for any action \"in\"\n";
    QTEST(shown(explained(config, user + "@a.example")), "expected");
    QCOMPARE(shown(explained("action \"in\" mbox\nmatch from any for any action \"in\"\n", "broken@a.example")),
             "tempfail: 451 4.3.0 Temporary failure: <broken@a.example>");
}

// Wherever a table stands that nobody connects to: the client comes again, and the trace says which table it was.
void TestExpand::aTableThatIsNotConnectedIsNamed_data() {
    QTest::addColumn<QByteArray>("config");
    const QByteArray rule = "match from any for any action \"in\"\n";
    QTest::newRow("aliases") << "action \"in\" mbox alias <gone>\n" + rule;
    QTest::newRow("virtual users") << "action \"in\" mbox virtual <gone>\n" + rule;
    QTest::newRow("users") << "action \"in\" mbox userbase <gone>\n" + rule;
    QTest::newRow("a condition") << QByteArray("action \"in\" mbox\nmatch from any for domain <gone> action \"in\"\n");
    QTest::newRow("a condition that is negated") << QByteArray("action \"in\" mbox\nmatch !from src <gone> for any action \"in\"\n");
}

void TestExpand::aTableThatIsNotConnectedIsNamed() {
    QFETCH(QByteArray, config);
    const policy::Explanation found = explained("table gone ldap:/etc/mail/ldap.conf\n" + config, "ann@a.example");
    QCOMPARE(found.verdict, "tempfail");
    QCOMPARE(found.reply, "451 4.3.0 Temporary failure: <ann@a.example>");
    QVERIFY2(found.trace.back().because.startsWith("table gone: cannot open /etc/mail/ldap.conf"), found.trace.back().because.constData());
    QVERIFY(found.toText().contains("cannot be decided now: table gone: cannot open"));
}

void TestExpand::methods_data() {
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* method, const char* expected) {
        QTest::newRow(method) << QByteArray(method) << QByteArray(expected);
    };
    row("mbox", "deliver: mbox ann");
    row("maildir", "deliver: maildir ann /home/ann/Maildir");
    row("maildir \"%{user.directory}/m/%{rcpt.domain}\" junk", "deliver: maildir ann /home/ann/m/a.example");
    row("mda \"/bin/lda -d %{user.username} -f %{sender}\"", "deliver: mda ann /bin/lda -d ann -f sue@send.example");
    row("mda \"/bin/lda\" wrapper w", "deliver: mda ann /bin/wrap -- /bin/lda");
    row("lmtp \"/run/lmtp\" rcpt-to", "deliver: lmtp ann /run/lmtp");
    row("lmtp localhost:24 user vmail", "deliver: lmtp vmail localhost:24");
    row("relay", "relay: relay ann@a.example");
    row("catch", "deliver: catch ");
}

void TestExpand::methods() {
    QFETCH(QByteArray, method);
    const QByteArray config =
        "mda wrapper w \"/bin/wrap -- %{mda}\"\naction \"a\" " + method + "\nmatch from any for any action \"a\"\n";
    QTEST(shown(explained(config, "ann@a.example")), "expected");
}

void TestExpand::oldDialects_data() {
    QTest::addColumn<QByteArray>("config");
    QTest::addColumn<QByteArray>("recipient");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* title, const char* config, const char* recipient, const char* expected) {
        QTest::newRow(title) << QByteArray(config) << QByteArray(recipient) << QByteArray(expected);
    };
    row("accept/reject: no virtual user is a plain 550",
        "accept from any for any virtual { \"a@a.example\" = ann } deliver to mbox\n", "x@a.example",
        "reject: 550 5.2.4 Invalid recipient: <x@a.example>");
    row("accept/reject: an alias that does not read is a plain 451",
        "accept from any for any alias { bad = \"b:d\" } deliver to mbox\n", "bad@a.example",
        "tempfail: 451 4.2.4 Temporary failure: <bad@a.example>");
    row("accept/reject: accepted for expansion only, and a user is none",
        "accept from any for domain \"a.example\" alias { x = ann }\n", "x@a.example",
        "reject: 550 5.2.4 Invalid recipient: <x@a.example>");
    row("accept/reject: accepted for expansion only, to an address",
        "accept from any for domain \"a.example\" alias { x = \"eve@far.example\" }\naccept for any relay\n",
        "x@a.example", "expand: relay eve@far.example");
    row("accept/reject: forward-only, to an address",
        "accept from any for domain \"a.example\" alias { x = \"eve@far.example\" } forward-only\naccept for any relay\n",
        "x@a.example", "expand: relay eve@far.example");
    row("accept/reject: forward-only, and a user is none",
        "accept from any for domain \"a.example\" alias { x = ann } forward-only\n", "x@a.example",
        "tempfail: 451 4.2.4 Temporary failure: <x@a.example>");
    row("accept/reject: maildir: of an alias",
        "accept from any for any alias { x = \"maildir:/m/x\" } deliver to mbox\n", "x@a.example",
        "expand: maildir  /m/x");
    row("accept/reject: as USER", "accept from any for any deliver to mda \"/bin/lda %{user.username}\" as vmail\n",
        "ann@a.example", "deliver: mda vmail /bin/lda vmail");
    row("2012: the map names domain and users",
        "map v \"/p/users\"\n"
        "accept from any for virtual v deliver to maildir \"/m/%d/%a\"\n",
        "joe@a.example", "deliver: maildir ann /m/a.example/ann");
    row("2012: the whole domain", "map v \"/p/all\"\naccept from any for virtual v deliver to mbox\n", "who@a.example",
        "deliver: mbox ann");
    row("2012: a bare name is no key", "map v \"/p/users\"\naccept from any for virtual v deliver to mbox\n",
        "bare@a.example", "reject: 550 5.2.4 Invalid recipient: <bare@a.example>");
    row("2012: an alias", "map al \"/p/aliases\"\naccept for local alias al deliver to mbox\n", "root@localhost",
        "deliver: mbox ann");
}

void TestExpand::oldDialects() {
    QFETCH(QByteArray, config);
    QFETCH(QByteArray, recipient);
    QTEST(shown(explained(config, recipient, "127.0.0.1")), "expected");
}

// The client is a stranger; "from local" takes what the alias led to, "from src" of the client's own network does not.
void TestExpand::addressesGoBackToTheRulesAsLocal() {
    const QByteArray config =
        "table al { far = \"eve@far.example\" }\naction \"in\" mbox alias <al>\n"
        "action \"a\" relay host smtp://net.example\naction \"b\" relay host smtp://local.example\n"
        "match from any for domain \"here.example\" action \"in\"\n"
        "match from src \"192.0.2.0/24\" for any action \"a\"\nmatch from local for any action \"b\"\n";
    const Explanation result = explained(config, "far@here.example");
    QCOMPARE(result.envelopes.size(), size_t(1));
    QCOMPARE(result.envelopes[0].relay.value().url, "smtp://local.example");
    QCOMPARE(result.line, 5);
}

void TestExpand::B06_tenLevelsAreTheMost() {
    const auto chain = [](int names) {
        QByteArray table;
        for (int i = 1; i < names; ++i)
            table += "u" + QByteArray::number(i) + " = u" + QByteArray::number(i + 1) + ", ";
        return "table al { " + table + "u" + QByteArray::number(names) +
               " = ann }\naction \"in\" mbox alias <al>\nmatch from any for any action \"in\"\n";
    };
    QCOMPARE(shown(explained(chain(10), "u1@a.example")),
             "reject: 524 5.2.4 Mailing list expansion problem: <u1@a.example>");
    QCOMPARE(shown(explained(chain(9), "u1@a.example")), "deliver: mbox ann");
}

void TestExpand::B06_anAliasBombIsRefusedSoon() {
    QByteArray table;
    for (int level = 0; level < 8; ++level) { // each of ten names a level leads to ten of the next: 10^8 ways
        for (int name = 0; name < 10; ++name) {
            table += "l" + QByteArray::number(level) + "n" + QByteArray::number(name) + " = \"";
            for (int to = 0; to < 10; ++to)
                table +=
                    QByteArray(to ? ", " : "") + "l" + QByteArray::number(level + 1) + "n" + QByteArray::number(to);
            table += "\", ";
        }
    }
    const QByteArray config =
        "table al { " + table + "last = ann }\naction \"in\" mbox alias <al>\nmatch from any for any action \"in\"\n";
    const Explanation result = explained(config, "l0n0@a.example");
    QCOMPARE(result.verdict, "reject"); // the last ones are nobody's names, and each was looked at once
    QVERIFY(result.trace.size() < 200);
}

void TestExpand::aTableThatIsAwayIsTemporary() {
    for (const char* use : {"alias", "virtual", "userbase"})
        QCOMPARE(shown(explained(QByteArray("table t db:/x.db\naction \"in\" mbox ") + use +
                                     " <t>\nmatch from any for any action \"in\"\n",
                                 "ann@a.example")),
                 "tempfail: 451 4.3.0 Temporary failure: <ann@a.example>");
}

namespace {

class LateTable final : public tables::Table {
  public:
    const QByteArray& name() const override { return m_name; }
    QByteArray kind() const override { return "late"; }
    tables::Shape shape() const override { return tables::Shape::Dynamic; }
    qsizetype size() const override { return -1; }
    void lookup(tables::Service, const QByteArray& key, const tables::LookupDone& done) const override {
        asked.push_back({key, done});
    }
    void fetch(tables::Service, const tables::LookupDone&) const override {}
    QByteArrayList keys() const override { return {}; }

    mutable std::vector<std::pair<QByteArray, tables::LookupDone>> asked;

  private:
    QByteArray m_name = "late";
};

} // namespace

namespace {

// One rule for all: mailboxes with these aliases.
policy::RulesetPtr aliased(const tables::TablePtr& aliases) {
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

Outcome expanded(const policy::RulesetPtr& rules, const QByteArray& recipient) {
    policy::MatchContext context;
    context.recipient = recipient;
    std::promise<Outcome> ended;
    expand(rules, context, office(), policy::WantTrace::No, [&ended](Outcome one) { ended.set_value(std::move(one)); });
    return ended.get_future().get();
}

} // namespace

void TestExpand::answersOfOtherThreads() {
    std::map<QByteArray, QByteArray> entries;
    for (int i = 0; i < 8; ++i)
        entries["all" + QByteArray::number(i)] = "all" + QByteArray::number(i + 1) + ", ann, vmail";
    entries["all8"] = "ann";
    const auto rules = aliased(std::make_shared<test::ThreadedTable>(entries));
    for (int round = 0; round < 50; ++round) {
        const Outcome outcome = expanded(rules, "all0@a.example");
        QCOMPARE(outcome.refusal.has_value(), false);
        QCOMPARE(outcome.ends.size(), size_t(2));
    }
}

void TestExpand::B07_aDatabaseNamesNoFilesAndCommands_data() {
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<bool>("isTaken");
    QTest::newRow("a user") << QByteArray("ann") << true;
    QTest::newRow("an address") << QByteArray("eve@a.example, ann") << true;
    QTest::newRow("a command") << QByteArray("|/bin/sh -c id") << false;
    QTest::newRow("a command behind a user") << QByteArray("ann, \"|/bin/sh -c id\"") << false;
    QTest::newRow("a file") << QByteArray("/etc/passwd") << false;
    QTest::newRow("a list of this computer") << QByteArray(":include:/etc/staff") << false;
}

void TestExpand::B07_aDatabaseNamesNoFilesAndCommands() {
    QFETCH(QByteArray, value);
    QFETCH(bool, isTaken);
    const auto rules = aliased(std::make_shared<test::ThreadedTable>(
        std::map<QByteArray, QByteArray>{{"all", value}, {"eve", "vmail"}}));
    const Outcome outcome = expanded(rules, "all@a.example");
    QCOMPARE(outcome.refusal.has_value(), !isTaken);
    if (!isTaken) {
        QCOMPARE(outcome.refusal->code, 424);
        QVERIFY2(outcome.reason.contains("names a command or a file of this computer"), outcome.reason.constData());
    }
}

void TestExpand::lateTablesAreWaitedFor() {
    const auto late = std::make_shared<LateTable>();
    auto action = std::make_shared<policy::Action>();
    action->kind = policy::ActionKind::Local;
    action->method = policy::Method::Mbox;
    action->local.aliases = late;
    auto rules = std::make_shared<policy::Ruleset>();
    policy::Rule rule;
    rule.action = action;
    rules->rules.push_back(rule);
    policy::MatchContext context;
    context.recipient = "all+x@a.example";
    std::optional<Outcome> outcome;
    expand(rules, context, office(), policy::WantTrace::No, [&](Outcome one) { outcome = std::move(one); });
    QByteArrayList asked;
    const std::vector<QByteArray> answers{"", "ann, vmail", "", ""};
    for (size_t i = 0; i < answers.size(); ++i) {
        QVERIFY(!outcome);
        QCOMPARE(late->asked.size(), i + 1);
        asked.append(late->asked[i].first);
        tables::LookupResult result;
        result.found = !answers[i].isEmpty();
        result.value = answers[i];
        // Taken away: whoever answers must not keep the question, which keeps the table.
        const tables::LookupDone done = std::exchange(late->asked[i].second, {});
        done(result);
    }
    QCOMPARE(asked, (QByteArrayList{"all+x", "all", "ann", "vmail"}));
    QVERIFY(outcome.has_value());
    QCOMPARE(outcome->ends.size(), size_t(2));
    QCOMPARE(outcome->ends[1].user.name, "vmail");
}

void TestExpand::stepsAreToldInOrder() {
    const QByteArray config =
        "table al { team = \"ann, eve@far.example\" }\naction \"in\" mbox alias <al>\naction \"out\" relay\n"
        "match from any for domain \"here.example\" action \"in\"\nmatch for any action \"out\"\n";
    QByteArrayList told;
    for (const policy::RuleTrace& one : explained(config, "team@here.example").trace)
        told.append(QByteArray::number(one.line) + (one.matched ? " yes " : " no ") + one.because);
    QCOMPARE(told.value(1), "2 yes <al>: team goes to ann, eve@far.example");
    QCOMPARE(told.value(2), "2 yes ann is a user on this computer");
    QVERIFY2(told.value(3).startsWith(
                 "4 no for eve@far.example, where an alias leads: for domain \"here.example\": far.example"),
             told.value(3).constData());
    QVERIFY2(told.value(4).startsWith(
                 "5 yes for eve@far.example, where an alias leads: from local (not written): an alias led here"),
             told.value(4).constData());
    QCOMPARE(told.size(), 5);
}

void TestExpand::jsonOfADelivery() {
    const QJsonObject object =
        explained("action \"in\" maildir\nmatch from any for any action \"in\"\n", "ann@a.example").toJson();
    QCOMPARE(QJsonDocument(object.value(u"envelopes").toArray()).toJson(QJsonDocument::Compact),
             QByteArray(
                 R"([{"path":"/home/ann/Maildir","rcpt":"ann@a.example","relay":null,"user":"ann","via":"maildir"}])"));
    QCOMPARE(object.value(u"verdict"), QJsonValue(u"deliver"_s));
    QCOMPARE(object.value(u"line"), QJsonValue(2));
    QCOMPARE(object.value(u"reply"), QJsonValue(QJsonValue::Null));
    QCOMPARE(object.keys(), (QStringList{u"envelopes"_s, u"line"_s, u"reply"_s, u"rule"_s, u"trace"_s, u"verdict"_s}));
}

QTEST_APPLESS_MAIN(TestExpand)
#include "tst_expand.moc"
