// SPDX-License-Identifier: GPL-3.0-or-later
//
// The typed views: decoded values with their places, the names that comments give, and what is not there.
#include "config/views/action_view.h"
#include "config/views/ca_view.h"
#include "config/views/include_view.h"
#include "config/views/listen_view.h"
#include "config/views/macro_view.h"
#include "config/views/match_view.h"
#include "config/views/pki_view.h"
#include "config/views/rule_view.h"
#include "config/views/setting_view.h"
#include "config/views/table_view.h"
#include "describe.h"

#include <QTest>

using namespace postern::config;
using namespace postern::test;

namespace {

DocumentPtr read(const QByteArray& text, Dialect dialect) {
    ParseOptions options;
    options.dialect = dialect;
    return Document::parse("f.conf", text, options);
}

QByteArray at(const DocumentPtr& document, Range range) {
    return document->bytes().mid(range.offset, range.length);
}

} // namespace

class TestViews : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void listener();
    void listenerWithoutAnything();
    void tlsAndAuthWords_data();
    void tlsAndAuthWords();
    void tableBackends_data();
    void tableBackends();
    void tableContent();
    void relayOfARule();
    void relayOfAnAction();
    void heloWordsOfTheEras();
    void ruleParts();
    void twoForsLeaveTheLast();
    void braceForsAreAlternatives();
    void matchParts();
    void smallStatements();
    void settings();
    void comments();
    void placesAndRanges();
    void macroValuesPointAtTheirUse();
    void viewsOfOtherStatementsAreNone();
    void aCopyOutlivesItsDocument();
};

void TestViews::listener() {
    const DocumentPtr document = read("listen on \"lo 0\" port smtp inet6 tls-require verify pki a pki b ca c auth <u> tag T "
                                      "hostname h mask-src no-dsn received-auth proxy-v2 senders { k = v } masquerade\n",
                                      Dialect::Modern);
    const auto listen = ListenView::from(document->statement(0));
    QVERIFY(listen);
    QCOMPARE(listen->interface()->text, "lo 0");
    QVERIFY(listen->interface()->quoted);
    QCOMPARE(listen->port()->text, "smtp");
    QCOMPARE(listen->family(), 6);
    QCOMPARE(listen->tls(), ListenView::TlsWord::TlsRequire);
    QVERIFY(listen->verifyClient());
    QCOMPARE(listen->pkis().size(), size_t(2));
    QCOMPARE(listen->pkis()[1].text, "b");
    QCOMPARE(listen->ca()->text, "c");
    QCOMPARE(listen->auth(), ListenView::AuthWord::Auth);
    QCOMPARE(describe(*listen->authTable()), "<u>");
    QCOMPARE(listen->tag()->text, "T");
    QCOMPARE(listen->hostname()->text, "h");
    QVERIFY(listen->maskSource() && listen->noDsn() && listen->receivedAuth() && listen->proxyV2() && listen->masquerade());
    QCOMPARE(describe(*listen->senders()), "{k=v}");
}

void TestViews::listenerWithoutAnything() {
    const auto listen = ListenView::from(read("listen on\n", Dialect::Modern)->statement(0));
    QVERIFY(listen && listen->hasError());
    QVERIFY(!listen->interface() && !listen->port() && !listen->authTable() && !listen->tag() && !listen->filters());
    QCOMPARE(listen->tls(), ListenView::TlsWord::None);
    QCOMPARE(listen->auth(), ListenView::AuthWord::None);
    QCOMPARE(listen->family(), 0);
}

void TestViews::tlsAndAuthWords_data() {
    QTest::addColumn<QByteArray>("words");
    QTest::addColumn<int>("tls");
    QTest::addColumn<int>("auth");
    using Tls = ListenView::TlsWord;
    using Auth = ListenView::AuthWord;
    QTest::newRow("tls, auth") << QByteArray("tls auth") << int(Tls::Tls) << int(Auth::Auth);
    QTest::newRow("smtps, auth-optional") << QByteArray("smtps auth-optional") << int(Tls::Smtps) << int(Auth::AuthOptional);
    QTest::newRow("ssl is the older secure") << QByteArray("ssl") << int(Tls::Secure) << int(Auth::None);
    QTest::newRow("secure") << QByteArray("secure") << int(Tls::Secure) << int(Auth::None);
    QTest::newRow("enable auth") << QByteArray("tls enable auth") << int(Tls::Tls) << int(Auth::EnableAuth);
}

void TestViews::tlsAndAuthWords() {
    QFETCH(const QByteArray, words);
    QFETCH(const int, tls);
    QFETCH(const int, auth);
    const auto listen = ListenView::from(read("listen on lo " + words + '\n', Dialect::Legacy)->statement(0));
    QCOMPARE(int(listen->tls()), tls);
    QCOMPARE(int(listen->auth()), auth);
}

void TestViews::tableBackends_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("backend");
    QTest::addColumn<QByteArray>("path");
    const auto row = [](const char* name, const char* text, const char* backend, const char* path) {
        QTest::newRow(name) << QByteArray(text) << QByteArray(backend) << QByteArray(path);
    };
    row("file by path", "table t \"/etc/x\"", "file", "/etc/x");
    row("file:", "table t file:/etc/x", "file", "/etc/x");
    row("static: with a path", "table t static:/etc/x", "file", "/etc/x");
    row("S01 relative path", "table t file:tables/users", "file", "tables/users");
    row("db", "table t db:/etc/x.db", "db", "/etc/x.db");
    row("another program", "table t sqlite:/etc/s.conf", "sqlite", "/etc/s.conf");
    row("backend alone", "table t getpwnam", "getpwnam", "");
    row("backend in quotes", "table t \"passwd:/etc/p\"", "passwd", "/etc/p");
    row("inline", "table t { a }", "static", "");
    row("map source plain", "map t source plain \"/etc/x\"", "file", "/etc/x");
    row("map source file in braces", "map t { source file \"/etc/x\" }", "file", "/etc/x");
    row("map source db", "map t source db \"/etc/x.db\"", "db", "/etc/x.db");
    row("map by path", "map t \"x:y\"", "file", "x:y");
    row("nothing", "table t", "", "");
}

void TestViews::tableBackends() {
    QFETCH(const QByteArray, text);
    QFETCH(const QByteArray, backend);
    QFETCH(const QByteArray, path);
    const auto table = TableView::from(read(text + '\n', Dialect::Map2012)->statement(0));
    QCOMPARE(table->name()->text, "t");
    QCOMPARE(table->isMap(), text.startsWith("map"));
    QCOMPARE(table->backend(), backend);
    QCOMPARE(table->path(), path);
}

void TestViews::tableContent() {
    const DocumentPtr document = read("table t { \"a b\" = 'c d', e => f }\n", Dialect::Legacy);
    const auto table = TableView::from(document->statement(0));
    QVERIFY(table->content());
    QCOMPARE(table->content()->pairs.size(), size_t(2));
    QCOMPARE(table->content()->pairs[0].value.text, "c d");
    QCOMPARE(at(document, table->content()->pairs[0].value.range), "'c d'");
    QVERIFY(!table->source());
}

void TestViews::relayOfARule() {
    const auto rule = RuleView::from(read("accept for any relay via \"mx\" port 25 tls certificate c auth m as \"@d\"\n",
                                          Dialect::Map2012)->statement(0));
    const RelayClauses relay = rule->relay();
    QCOMPARE(rule->method()->kind, ClauseKind::Relay);
    QCOMPARE(relay.host()->value.text, "mx");
    QCOMPARE(relay.host()->form, TableArgument::Form::Literal);
    QCOMPARE(relay.port()->text, "25");
    QCOMPARE(relay.tlsWord()->kind, ClauseKind::Tls);
    QVERIFY(!relay.verify() && !relay.noVerify() && !relay.isBackup() && !relay.srs());
    QCOMPARE(relay.pki()->text, "c");
    QCOMPARE(relay.auth()->form, TableArgument::Form::Name);
    QVERIFY(relay.auth()->bareName);
    QCOMPARE(relay.as()->text, "@d");
}

void TestViews::relayOfAnAction() {
    const auto action = ActionView::from(
        read("action a relay host <h> tls no-verify auth <s> src { \"1.2.3.4\" } helo-src <n> mail-from x srs ttl 1h\n",
             Dialect::Modern)->statement(0));
    const RelayClauses relay = action->relay();
    QCOMPARE(action->name()->text, "a");
    QCOMPARE(action->method()->kind, ClauseKind::Relay);
    QCOMPARE(describe(*relay.host()), "<h>");
    QVERIFY(relay.noVerify() && relay.srs());
    QCOMPARE(describe(*relay.source()), "[1.2.3.4]");
    QCOMPARE(describe(*relay.heloBySource()), "<n>");
    QCOMPARE(relay.as()->text, "x");
    QCOMPARE(action->ttl()->text, "1h");
}

void TestViews::heloWordsOfTheEras() {
    const auto rule = [](const QByteArray& words) {
        return *RuleView::from(read("accept for any relay " + words + '\n', Dialect::Legacy)->statement(0));
    };
    QCOMPARE(describe(*rule("helo <t>").relay().heloBySource()), "<t>");
    QCOMPARE(describe(*rule("hostnames <t>").relay().heloBySource()), "<t>");
    QCOMPARE(rule("hostname h").relay().helo()->text, "h");
}

void TestViews::ruleParts() {
    const auto rule = RuleView::from(read("accept tagged T from ! source <a> sender <s> recipient <r> for domain <d> alias <x> "
                                          "userbase <u> deliver to maildir \"/m\" expire 2d\n", Dialect::Legacy)->statement(0));
    QVERIFY(!rule->isReject());
    QCOMPARE(rule->tagged()->valueText(), "T");
    QCOMPARE(rule->fromClause()->kind, ClauseKind::FromSource);
    QVERIFY(rule->fromClause()->negated);
    QCOMPARE(rule->fromClause()->text, "from ! source <a>");
    QCOMPARE(rule->forClauses().size(), size_t(1));
    QCOMPARE(describe(*rule->sender()), "Sender(<s>)");
    QCOMPARE(describe(*rule->recipient()), "Recipient(<r>)");
    QCOMPARE(describe(*rule->alias()), "<x>");
    QCOMPARE(describe(*rule->userbase()), "<u>");
    QVERIFY(!rule->virtualUsers() && !rule->authenticated());
    QCOMPARE(rule->method()->valueText(), "/m");
    QCOMPARE(rule->expire()->text, "2d");
    QVERIFY(RuleView::from(read("reject for any\n", Dialect::Legacy)->statement(0))->isReject());
}

void TestViews::twoForsLeaveTheLast() {
    const auto rule = RuleView::from(read("accept for local for any relay\n", Dialect::Legacy)->statement(0));
    QCOMPARE(rule->forClauses().size(), size_t(1));
    QCOMPARE(rule->forClauses().front()->kind, ClauseKind::ForAny);
}

void TestViews::braceForsAreAlternatives() {
    const auto rule = RuleView::from(read("accept for { domain a, local } relay\n", Dialect::Map2012)->statement(0));
    QCOMPARE(rule->forClauses().size(), size_t(2));
    QCOMPARE(rule->forClauses()[1]->kind, ClauseKind::ForLocal);
}

void TestViews::matchParts() {
    const auto match = MatchView::from(read("match auth <u> from any !for domain regex { a } tag T helo h tls mail-from <s> "
                                            "rcpt-to <r> action out\n", Dialect::Modern)->statement(0));
    QVERIFY(!match->isReject());
    QCOMPARE(match->action()->text, "out");
    QCOMPARE(match->fromClause()->kind, ClauseKind::FromAny);
    QVERIFY(match->forClause()->negated && match->forClause()->regex);
    QCOMPARE(describe(*match->auth()), "Authenticated(<u>)");
    QCOMPARE(describe(*match->tag()), "Tagged(T)");
    QVERIFY(match->helo() && match->tls() && match->sender() && match->recipient());
    const auto reject = MatchView::from(read("match from any reject\n", Dialect::Modern)->statement(0));
    QVERIFY(reject->isReject() && !reject->action() && !reject->forClause());
}

void TestViews::smallStatements() {
    const DocumentPtr document = read("n = 'v w'\ninclude \"x\"\npki p cert c key k\nca a cert f\n", Dialect::Modern);
    QCOMPARE(MacroView::from(document->statement(0))->name()->text, "n");
    QCOMPARE(MacroView::from(document->statement(0))->value()->text, "v w");
    QCOMPARE(IncludeView::from(document->statement(1))->path()->text, "x");
    const auto pki = PkiView::from(document->statement(2));
    QCOMPARE(pki->name()->text, "p");
    QCOMPARE(pki->certificate()->text, "c");
    QCOMPARE(pki->key()->text, "k");
    QVERIFY(!pki->dhe());
    QCOMPARE(CaView::from(document->statement(3))->certificate()->text, "f");
}

void TestViews::settings() {
    const auto setting = [](const QByteArray& text, Dialect dialect) {
        return *SettingView::from(read(text + '\n', dialect)->statement(0));
    };
    QVERIFY(setting("expire 4d", Dialect::Legacy).setting() == Setting::QueueTtl);
    QVERIFY(setting("queue ttl 4d", Dialect::Modern).setting() == Setting::QueueTtl);
    QVERIFY(setting("size 1M", Dialect::Map2012).setting() == Setting::MaxMessageSize);
    QVERIFY(setting("srs key backup \"k\"", Dialect::Modern).setting() == Setting::SrsBackupKey);
    QVERIFY(setting("queue encryption key k cipher c", Dialect::Map2012).setting() == Setting::QueueEncryption);
    QCOMPARE(setting("bounce-warn 1h, 2h", Dialect::Legacy).value(1)->text, "2h");
    const auto limits = setting("limit mta for domain d inet4 max-rcpt 10", Dialect::Legacy).limits();
    QCOMPARE(limits.size(), size_t(2));
    QCOMPARE(limits[0].key.text, "inet4");
    QVERIFY(limits[0].number.text.isEmpty());
    QCOMPARE(limits[1].number.text, "10");
    QCOMPARE(setting("limit mta for domain d inet4", Dialect::Legacy).forDomain()->valueText(), "d");
    QCOMPARE(toString(Setting::QueueTtl).toByteArray(), "queue ttl");
}

void TestViews::comments() {
    const DocumentPtr document = read("# Head\n\n  ## The office \nlisten on a # Printers\n"
                                      "listen on b\nlisten on c # not above\nlisten on d\n\\\nlisten on e \\\n tls # last\n",
                                      Dialect::Modern);
    const auto statements = document->statements();
    QCOMPARE(statements.size(), size_t(5));
    QCOMPARE(statements[0].commentAbove(), "The office");
    QCOMPARE(statements[0].commentBehind(), "Printers");
    QCOMPARE(statements[1].commentAbove(), "");
    QCOMPARE(statements[1].commentBehind(), "");
    QCOMPARE(statements[3].commentAbove(), "");
    QCOMPARE(statements[4].commentBehind(), "last");
    QCOMPARE(statements[4].text(), "listen on e tls");
}

void TestViews::placesAndRanges() {
    const DocumentPtr document = read("\n  listen on \\\n\tlo port 25\n", Dialect::Modern);
    const StatementView statement = document->statement(0);
    QCOMPARE(statement.file(), "f.conf");
    QCOMPARE(statement.line(), 2);
    QCOMPARE(statement.column(), 3);
    QCOMPARE(at(document, statement.range()), "listen on \\\n\tlo port 25");
    QCOMPARE(statement.node().text(), at(document, statement.range()));
    QCOMPARE(statement.node().range(), statement.range());
    const Value* port = ListenView::from(statement)->port();
    QCOMPARE(at(document, port->range), "25");
    const Diagnostic made = statement.diagnostic(Severity::Warning, port->range, "why");
    QCOMPARE(made.print(), "f.conf:3:10: warning: why");
    QCOMPARE(statement.diagnostic(Severity::Error, "x").print(), "f.conf:2:3: error: x");
}

void TestViews::macroValuesPointAtTheirUse() {
    const DocumentPtr document = read("o = \"port 25 tls\"\nlisten on lo $o\n", Dialect::Modern);
    const auto listen = ListenView::from(document->statement(1));
    QCOMPARE(listen->port()->text, "25");
    QVERIFY(listen->port()->fromMacro);
    QCOMPARE(at(document, listen->port()->range), "$o");
    QCOMPARE(at(document, listen->clause(ClauseKind::Tls)->range), "$o");
}

void TestViews::viewsOfOtherStatementsAreNone() {
    const StatementView statement = read("listen on lo\n", Dialect::Modern)->statement(0);
    QVERIFY(!RuleView::from(statement) && !ActionView::from(statement) && !MatchView::from(statement) &&
            !TableView::from(statement) && !PkiView::from(statement) && !CaView::from(statement) &&
            !IncludeView::from(statement) && !MacroView::from(statement) && !SettingView::from(statement));
}

void TestViews::aCopyOutlivesItsDocument() {
    const Value* port = nullptr;
    std::optional<ListenView> copy;
    {
        const auto listen = ListenView::from(read("listen on lo port 25\n", Dialect::Modern)->statement(0));
        port = listen->port();
        copy = listen;
    }
    QCOMPARE(port->text, "25");
    QCOMPARE(copy->text(), "listen on lo port 25");
}

QTEST_APPLESS_MAIN(TestViews)
#include "tst_views.moc"
