// SPDX-License-Identifier: GPL-3.0-or-later
//
// Everything the language can say is in the snapshot, with the place it was written at, whatever of it the engine does today.
#include "policy/compile.h"

#include "support/memory_file_store.h"

#include <QTest>

#include <algorithm>

using namespace postern;
using namespace postern::policy;

namespace {

Compiled compiled(const QByteArray& text) {
    test::MemoryFileStore files;
    files.put("/p/cert.pem", "x");
    files.put("/p/key.pem", "x");
    files.put("/p/dh.pem", "x");
    return compileText(files, "/p/smtpd.conf", text, {});
}

Ruleset rulesOf(const QByteArray& text) {
    return *compiled(text).ruleset;
}

// The bytes an origin stands on.
QByteArray textAt(const QByteArray& text, const Origin& origin) {
    return text.mid(origin.offset, origin.length);
}

QByteArray keysOf(const tables::TablePtr& table) {
    return table ? table->keys().join(',') : QByteArray("none");
}

const QByteArray kLegacyRule = "accept for any relay\n";

} // namespace

class TestSnapshot : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void listenerOptions();
    void listenerOptionsOf57();
    void socketListener_data();
    void socketListener();
    void theSocketIsWrittenOnce();
    void certificates();
    void tablesKnowWhereTheyComeFrom();
    void deliveries_data();
    void deliveries();
    void tablesOfADelivery();
    void theMapOf2012NamesDomainsAndUsers();
    void relayOptions();
    void ownWordsOfARelay_data();
    void ownWordsOfARelay();
    void aKeychainIsAnOrigin();
    void settingsOfActionMatch();
    void settingsOfAcceptReject();
    void mtaLimitsOfADomainStartAsACopy();
    void P07_mtaLimitsOfADomainHoldForEachSpelling();
    void limitsThatDoNotRead_data();
    void limitsThatDoNotRead();
    void warnIntervals_data();
    void warnIntervals();
    void filters_data();
    void filters();
    void filterProblems_data();
    void filterProblems();
    void filtersOf54();
    void everythingHasItsPlace();
};

void TestSnapshot::listenerOptions() {
    const Ruleset rules = rulesOf(
        "pki a cert \"cert.pem\"\npki a key \"key.pem\"\nca corp cert \"cert.pem\"\n"
        "table names { \"192.0.2.1\" = one.example }\ntable who { ann = \"ann@a.example\" }\n"
        "filter f1 phase connect match !rdns disconnect \"550 no\"\nfilter f2 phase data match fcrdns junk\n"
        "listen on 192.0.2.1 port 2525 tls-require verify pki a ca corp auth { ann = x } tag T hostname h.example "
        "hostnames <names> mask-src no-dsn received-auth proxy-v2 senders <who> masquerade filter { f1, f2 } "
        "ciphers \"HIGH\" protocols \"tlsv1.3\"\n"
        "match reject\n");
    QCOMPARE(rules.listeners.size(), size_t(1));
    const ListenerSpec& one = rules.listeners[0];
    QCOMPARE(keysOf(one.hostnames), "192.0.2.1");
    QCOMPARE(keysOf(one.senders), "ann");
    QVERIFY(one.masquerade && one.proxyV2 && one.verifyClient && one.maskSource && one.noDsn && one.receivedAuth);
    QCOMPARE(one.filters, (QByteArrayList{"f1", "f2"}));
    QCOMPARE(one.ciphers, "HIGH");
    QCOMPARE(one.protocols, "tlsv1.3");
    QCOMPARE(one.tag, "T");
    QVERIFY(!one.dsnNotifyOff && !one.dsnHeadersOnly);
}

void TestSnapshot::listenerOptionsOf57() {
    QVERIFY(rulesOf("listen on lo dsn-notify disable\n" + kLegacyRule).listeners[0].dsnNotifyOff);
    QVERIFY(rulesOf("listen on lo dsn-ret headers\n" + kLegacyRule).listeners[0].dsnHeadersOnly);
}

void TestSnapshot::socketListener_data() {
    QTest::addColumn<QByteArray>("config");
    QTest::addColumn<QByteArray>("tag");
    QTest::addColumn<bool>("written");
    QTest::newRow("not written, action/match: no tag") << QByteArray("match reject\n") << QByteArray() << false;
    QTest::newRow("not written, accept/reject: the tag local") << kLegacyRule << QByteArray("local") << false;
    QTest::newRow("written with a tag") << QByteArray("listen on socket tag HERE\nmatch reject\n") << QByteArray("HERE")
                                        << true;
}

void TestSnapshot::socketListener() {
    QFETCH(QByteArray, config);
    const SocketSpec socket = rulesOf(config).socket;
    QTEST(socket.tag, "tag");
    QTEST(socket.origin.line != 0, "written");
}

void TestSnapshot::theSocketIsWrittenOnce() {
    const Compiled twice = compiled("listen on socket\nlisten on socket mask-src\nmatch reject\n");
    QVERIFY(!twice.isUsable());
    QVERIFY(twice.diagnostics.size() > 1);
}

void TestSnapshot::certificates() {
    const Ruleset rules = rulesOf("pki a certificate \"cert.pem\"\npki a key \"key.pem\"\npki a dhparams \"dh.pem\"\n"
                                  "pki b certificate \"cert.pem\"\npki b key \"key.pem\"\npki b dhe auto\n"
                                  "ca corp certificate \"cert.pem\"\n" +
                                  kLegacyRule);
    QCOMPARE(rules.pki("a")->dhParams, "/p/dh.pem");
    QCOMPARE(rules.pki("b")->dhe, "auto");
    QCOMPARE(rules.cas.size(), size_t(1));
    QCOMPARE(rules.cas[0].origin.line, 7);
}

void TestSnapshot::tablesKnowWhereTheyComeFrom() {
    const Ruleset rules = rulesOf("table in { a, b }\ntable d db:/etc/mail/x.db\nmatch reject\n");
    QCOMPARE(rules.tableOrigins.at("in").backend, "static");
    QCOMPARE(rules.tableOrigins.at("in").origin.line, 1);
    QCOMPARE(rules.tableOrigins.at("d").backend, "db");
    QCOMPARE(rules.tableOrigins.at("d").path, "/etc/mail/x.db");
}

void TestSnapshot::deliveries_data() {
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("expected"); // method, target, junk, rcpt-to, user, wrapper
    const auto row = [](const char* method, const char* expected) {
        QTest::newRow(method) << QByteArray(method) << QByteArray(expected);
    };
    row("mbox", "mbox||||");
    row("maildir", "maildir||||");
    row("maildir \"~/mail/%{rcpt.user}\" junk", "maildir|~/mail/%{rcpt.user}|junk||");
    row("maildir junk", "maildir||junk||");
    row("mda \"/bin/x -d %{user.username}\" user vmail wrapper w", "mda|/bin/x -d %{user.username}||vmail|w");
    row("lmtp \"/run/lmtp\" rcpt-to", "lmtp|/run/lmtp|rcpt-to||");
    row("lmtp localhost:24 user vmail", "lmtp|localhost:24||vmail|");
    row("expand-only", "expand-only||||");
    row("forward-only", "forward-only||||");
}

void TestSnapshot::deliveries() {
    QFETCH(QByteArray, method);
    const Ruleset rules =
        rulesOf("mda wrapper w \"/bin/wrap %{mda}\"\naction \"a\" " + method + "\nmatch action \"a\"\n");
    const Action& action = *rules.actions.at("a");
    const LocalDelivery& local = action.local;
    QTEST(toString(action.method).toByteArray() + "|" + local.target + "|" + (local.junk ? "junk" : "") +
              (local.rcptTo ? "rcpt-to" : "") + "|" + local.user + "|" + local.wrapper,
          "expected");
}

void TestSnapshot::tablesOfADelivery() {
    const Ruleset rules = rulesOf("table al { root = ann }\ntable us { ann = \"1:1:/home/ann\" }\n"
                                  "action \"a\" mbox alias <al> userbase <us>\naction \"v\" mbox virtual <al>\n"
                                  "match action \"a\"\nmatch for any action \"v\"\n");
    QCOMPARE(keysOf(rules.actions.at("a")->local.aliases), "root");
    QCOMPARE(keysOf(rules.actions.at("a")->local.userbase), "ann");
    QCOMPARE(keysOf(rules.actions.at("a")->local.virtualUsers), "none");
    QCOMPARE(keysOf(rules.actions.at("v")->local.virtualUsers), "root");
}

void TestSnapshot::theMapOf2012NamesDomainsAndUsers() {
    const Ruleset rules = rulesOf("map v { a.example => x, \"joe@a.example\" => joe }\n"
                                  "accept from any for virtual v deliver to mbox\n");
    QCOMPARE(rules.rules.size(), size_t(1));
    QVERIFY(rules.rules[0].action->local.virtualUsers == rules.rules[0].conditions.back().table);
}

void TestSnapshot::relayOptions() {
    const QByteArray text = "table d { a.example = \"smtp://b.example\" }\ntable h { \"192.0.2.1\" = one.example }\n"
                            "srs key \"s3cret\"\naction \"r\" relay domain <d> src \"192.0.2.1\" helo-src <h> srs "
                            "ciphers \"HIGH\" protocols \"tlsv1.2\"\naction \"u\" relay host smtps://x.example\n"
                            "match action \"r\"\nmatch for any action \"u\"\n";
    const Ruleset rules = rulesOf(text);
    const RelaySpec& relay = rules.actions.at("r")->relay;
    QCOMPARE(keysOf(relay.hostByDomain), "a.example");
    QCOMPARE(keysOf(relay.heloBySource), "192.0.2.1");
    QVERIFY(relay.srs);
    QCOMPARE(relay.ciphers, "HIGH");
    QCOMPARE(relay.protocols, "tlsv1.2");
    QCOMPARE(textAt(text, relay.urlOrigin), "<d>");
    QCOMPARE(textAt(text, rules.actions.at("u")->relay.urlOrigin), "smtps://x.example");
}

// Postern's own words mean the same in every dialect, around a table or a list.
void TestSnapshot::ownWordsOfARelay_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("modern") << QByteArray("table up { \"smtp://z\", \"smtp://a\" }\n"
                                          "action a relay host <up> order failover max-rate 30 per 2m max-connections 4\n"
                                          "match for any action a\n");
    QTest::newRow("legacy") << QByteArray("table up { \"smtp://z\", \"smtp://a\" }\n"
                                          "accept for any relay via <up> order failover max-rate 30 per 2m max-connections 4\n");
    QTest::newRow("2012") << QByteArray("map \"up\" source plain \"up\"\n"
                                        "accept for all relay via map \"up\" order failover max-rate 30 per 2m "
                                        "max-connections 4\n");
    QTest::newRow("the options in another order, from a macro")
        << QByteArray("how = \"failover\"\ntable up { \"smtp://z\", \"smtp://a\" }\n"
                      "accept for any relay via <up> max-connections 4 max-rate 30 per 2m order $how\n");
}

void TestSnapshot::ownWordsOfARelay() {
    QFETCH(QByteArray, text);
    test::MemoryFileStore files;
    files.put("/p/up", "smtp://z\nsmtp://a\n");
    const Compiled result = compileText(files, "/p/smtpd.conf", text, {});
    QVERIFY(result.isUsable());
    const Ruleset& rules = *result.ruleset;
    const RelaySpec& spec = (rules.rules.front().action ? rules.rules.front().action : rules.actions.at("a"))->relay;
    QVERIFY(spec.order == RelayOrder::Failover);
    QCOMPARE(spec.maxRate, (RelayRate{30, 120}));
    QCOMPARE(spec.maxConnections, 4);
    QCOMPARE(spec.relays().size(), size_t(2));
    QCOMPARE(spec.relays().front().url, "smtp://z");
}

void TestSnapshot::aKeychainIsAnOrigin() {
    const Ruleset rules = rulesOf("table logins keychain\naction a relay host \"smtps://office@mx.example\" auth <logins>\n"
                                  "match for any action a\n");
    QCOMPARE(rules.tableOrigins.at("logins").backend, "keychain");
    QCOMPARE(rules.tableOrigins.at("logins").path, "");
    QCOMPARE(rules.actions.at("a")->relay.credentials, rules.table("logins"));
    QCOMPARE(rules.table("logins")->kind(), "keychain");
}

void TestSnapshot::settingsOfActionMatch() {
    const QByteArray text =
        "queue compression\nqueue ttl 2d\nsmtp ciphers \"HIGH\"\nadmd mail.example\n"
        "srs key \"one\"\nsrs key backup \"two\"\nsrs ttl 3d\nmta max-deferred 7\n"
        "mta limit inet4 max-conn-per-host 3 conn-delay-route 9\nmda limit max-session 8 task-hiwat 9\n"
        "scheduler limit max-inflight 11 max-schedule 12\nsmtp limit max-mails 5 max-rcpt 6\n"
        "mda wrapper w \"/bin/w\"\nmatch reject\n";
    const Settings s = rulesOf(text).settings;
    QVERIFY(s.compression);
    QCOMPARE(s.queueTtl, 2 * 86400);
    QCOMPARE(s.ciphers, "HIGH");
    QCOMPARE(s.admd, "mail.example");
    QCOMPARE(s.srsKey.expose(), "one");
    QCOMPARE(s.srsBackupKey.expose(), "two");
    QCOMPARE(s.srsTtl, 3 * 86400);
    QCOMPARE(s.maxDeferred, 7);
    QCOMPARE(s.mta.family, 4);
    QCOMPARE(s.mta.maxConnPerHost, 3);
    QCOMPARE(s.mta.connDelayRoute, 9);
    QCOMPARE(s.mta.maxConnPerHost, 3);
    QCOMPARE(s.mta.maxConnPerSource, 100); // not written: the default
    QCOMPARE(s.mda.maxSession, 8);
    QCOMPARE(s.mda.taskHiwat, 9);
    QCOMPARE(s.scheduler.maxInflight, 11);
    QCOMPARE(s.scheduler.maxSchedule, 12);
    QCOMPARE(s.maxMails, 5);
    QCOMPARE(s.maxRecipients, 6);
    QCOMPARE(s.wrappers.at("w").command, "/bin/w");
    QCOMPARE(textAt(text, s.origins.at(config::Setting::SrsTtl)), "srs ttl 3d");
}

void TestSnapshot::settingsOfAcceptReject() {
    const Settings s = rulesOf("queue encryption key 01234567890123456789012345678901\nmax-mta-deferred 5\nexpire 3d\n"
                               "limit session max-rcpt 7\nlimit mda max-session 3\nlimit mta max-conn-per-host 4\n"
                               "limit mta for domain A.example session-mail-max 9\nlimit scheduler max-inflight 8\nciphers \"HIGH\"\n" +
                               kLegacyRule)
                           .settings;
    QVERIFY(s.queueKey == QueueKey::Written);
    QCOMPARE(s.queueKeyText.expose(), "01234567890123456789012345678901");
    QCOMPARE(s.maxDeferred, 5);
    QCOMPARE(s.queueTtl, 3 * 86400);
    QCOMPARE(s.maxRecipients, 7);
    QCOMPARE(s.mda.maxSession, 3);
    QCOMPARE(s.mta.maxConnPerHost, 4);
    QCOMPARE(s.mtaByDomain.at("a.example").sessionMailMax, 9);
    QCOMPARE(s.scheduler.maxInflight, 8);
    QCOMPARE(s.ciphers, "HIGH");
    for (const QByteArray& text : {"queue encryption keychain\n" + kLegacyRule, "queue interval 9\nqueue encryption keychain\n" + kLegacyRule,
                                   QByteArray("queue encryption keychain\nmatch reject\n")}) {
        const Settings keychain = rulesOf(text).settings;
        QVERIFY(keychain.queueKey == QueueKey::Keychain);
        QVERIFY(keychain.queueKeyText.isEmpty());
    }
    QVERIFY(rulesOf("queue encryption stdin\nmatch reject\n").settings.queueKey == QueueKey::StandardInput);
    QVERIFY(rulesOf("queue encryption\nmatch reject\n").settings.queueKey == QueueKey::Terminal);
}

void TestSnapshot::mtaLimitsOfADomainStartAsACopy() {
    const Settings s = rulesOf("mta limit max-conn-per-host 3\nmta limit for domain A.example session-mail-max 9\n"
                               "mta limit max-conn-per-host 4\nmatch reject\n")
                           .settings;
    const MtaLimits& own = s.mtaByDomain.at("a.example");
    QCOMPARE(own.maxConnPerHost, 3); // as it was at that line
    QCOMPARE(own.sessionMailMax, 9);
    QCOMPARE(own.origin.line, 2);
    QCOMPARE(s.mta.maxConnPerHost, 4);
    QCOMPARE(s.mta.sessionMailMax, 100);
}

void TestSnapshot::P07_mtaLimitsOfADomainHoldForEachSpelling() { // RFC 5891 §5
    const QByteArray composed = "b\xc3\xbc" "cher.example", decomposed = "bu\xcc\x88" "cher.example", ace = "xn--bcher-kva.example";
    for (const QByteArray& written : {composed, decomposed, ace}) {
        const Settings s = rulesOf("mta limit for domain \"" + written + "\" session-mail-max 9\nmatch reject\n").settings;
        for (const QByteArray& asked : {composed, decomposed, ace})
            QCOMPARE(s.mtaLimitsFor(asked).sessionMailMax, 9);
        QCOMPARE(s.mtaLimitsFor("bucher.example").sessionMailMax, 100);
    }
}

void TestSnapshot::limitsThatDoNotRead_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("says");
    QTest::newRow("unknown key, near miss")
        << QByteArray("mta limit max-con-per-host 3") << QByteArray("did you mean \"max-conn-per-host\"");
    QTest::newRow("a key of another limit") << QByteArray("mda limit max-inflight 3") << QByteArray("unknown limit");
    QTest::newRow("too large") << QByteArray("scheduler limit max-inflight 99999999999")
                               << QByteArray("takes a number from 0 to 1000000");
    QTest::newRow("sessions take no zero") << QByteArray("smtp limit max-rcpt 0") << QByteArray("from 1 to");
}

void TestSnapshot::limitsThatDoNotRead() {
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, says);
    const Compiled result = compiled(line + "\nmatch reject\n");
    QVERIFY(!result.isUsable());
    const bool said = std::any_of(result.diagnostics.begin(), result.diagnostics.end(),
                                  [&](const config::Diagnostic& one) { return one.print().contains(says); });
    QVERIFY(said);
}

void TestSnapshot::warnIntervals_data() {
    QTest::addColumn<QByteArray>("config");
    QTest::addColumn<QByteArray>("hours");
    QTest::newRow("not written: four hours") << QByteArray("match reject\n") << QByteArray("4");
    QTest::newRow("more than four: the first four")
        << QByteArray("bounce warn-interval 1h, 2h, 3h, 5h, 6h\nmatch reject\n") << QByteArray("1 2 3 5");
    QTest::newRow("each statement starts anew")
        << QByteArray("bounce-warn 1h, 2h\nbounce-warn 6h\n" + kLegacyRule) << QByteArray("6");
    QTest::newRow("accept/reject: an empty list is none") << QByteArray("bounce-warn\n" + kLegacyRule) << QByteArray();
}

void TestSnapshot::warnIntervals() {
    QFETCH(QByteArray, config);
    QByteArrayList hours;
    for (const qint64 seconds : rulesOf(config).settings.warnIntervals)
        hours.append(QByteArray::number(seconds / 3600));
    QTEST(hours.join(' '), "hours");
}

void TestSnapshot::filters_data() {
    QTest::addColumn<QByteArray>("definition");
    QTest::addColumn<QByteArray>("expected"); // kind|phase|condition|verb|argument
    const auto row = [](const char* definition, const char* expected) {
        QTest::newRow(definition) << QByteArray(definition) << QByteArray(expected);
    };
    row("phase connect match !fcrdns disconnect \"550 no\"", "0|connect|!fcrdns|1|550 no");
    row("phase helo match helo regex { \"x$\" } reject \"550 no\"", "0|helo|helo regex { \"x$\" }|0|550 no");
    row("phase rcpt-to match rcpt-to \"a@b.example\" rewrite \"c@b.example\"",
        "0|rcpt-to|rcpt-to \"a@b.example\"|2|c@b.example");
    row("phase data match src \"192.0.2.0/24\" junk", "0|data|src \"192.0.2.0/24\"|4|");
    row("phase mail-from match rdns { \"*.x\" } bypass", "0|mail-from|rdns { \"*.x\" }|5|");
    row("chain { f0, g0 }", "1|connect|||f0,g0");
    row("proc p0", "2|connect|||p0");
    row("proc-exec \"/bin/f -x\" user nobody group mail chroot \"/var/x\"", "3|connect|||/bin/f -x nobody mail /var/x");
}

void TestSnapshot::filters() {
    QFETCH(QByteArray, definition);
    const Ruleset rules = rulesOf("filter f0 phase connect match rdns junk\nfilter g0 phase connect match rdns junk\n"
                                  "proc p0 \"/bin/p\" user u\nfilter x " +
                                  definition + "\nmatch reject\n");
    QCOMPARE(rules.filters.size(), size_t(3));
    QCOMPARE(rules.procs.size(), size_t(1));
    QCOMPARE(rules.procs[0].command + " " + rules.procs[0].user, "/bin/p u");
    const FilterSpec& f = rules.filters[2];
    QByteArray rest = f.argument + f.members.join(',');
    if (f.kind == FilterKind::ProcExec)
        rest = f.process.command + " " + f.process.user + " " + f.process.group + " " + f.process.chroot;
    const QByteArray shown = QByteArray::number(int(f.kind)) + "|" + toString(f.phase).toByteArray() + "|" +
                             (f.condition ? f.condition->words : QByteArray()) + "|" +
                             (f.kind == FilterKind::Phase ? QByteArray::number(int(f.verb)) : QByteArray()) + "|" +
                             rest;
    QTEST(shown, "expected");
}

void TestSnapshot::filterProblems_data() {
    QTest::addColumn<QByteArray>("config");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* title, const char* config, const char* says) {
        QTest::newRow(title) << QByteArray(config) << QByteArray(says);
    };
    row("defined twice", "filter a phase connect match rdns junk\nfilter a phase connect match rdns junk\n",
        "defined already");
    row("unknown in a chain", "filter a chain { b }\n", "no such filter: b");
    row("unknown process", "filter a proc p\n", "no such proc: p");
    row("two conditions", "filter a phase data match rdns fcrdns junk\n", "one condition");
    row("process twice", "proc p \"/bin/x\"\nproc p \"/bin/x\"\n", "defined already");
}

void TestSnapshot::filterProblems() {
    QFETCH(QByteArray, config);
    QFETCH(QByteArray, says);
    const Compiled result = compiled(config + "match reject\n");
    QVERIFY(!result.isUsable());
    const bool said = std::any_of(result.diagnostics.begin(), result.diagnostics.end(),
                                  [&](const config::Diagnostic& one) { return one.text.contains(says); });
    QVERIFY(said);
}

void TestSnapshot::filtersOf54() {
    const Ruleset rules =
        rulesOf("filter a dkim -k key\nfilter b chain a\nlisten on lo filter b\nenqueuer filter a\n" + kLegacyRule);
    QCOMPARE(rules.filters.size(), size_t(2));
    QVERIFY(rules.filters[0].kind == FilterKind::Program);
    QCOMPARE(rules.filters[0].members, (QByteArrayList{"dkim", "-k", "key"}));
    QVERIFY(rules.filters[1].kind == FilterKind::Chain);
    QCOMPARE(rules.listeners[0].filters, QByteArrayList{"b"});
    QCOMPARE(rules.enqueuerFilter, "a");
}

void TestSnapshot::everythingHasItsPlace() {
    const QByteArray text = "table t { a }\n"
                            "listen on lo \\\n port 25\n"
                            "action \"a\" relay\n"
                            "match from any for domain <t> tag X action \"a\" # why\n";
    const Ruleset rules = rulesOf(text);
    QCOMPARE(textAt(text, rules.tableOrigins.at("t").origin), "table t { a }");
    QCOMPARE(textAt(text, rules.listeners[0].origin), "listen on lo \\\n port 25");
    QCOMPARE(textAt(text, rules.actions.at("a")->origin), "action \"a\" relay");
    const Rule& rule = rules.rules[0];
    QCOMPARE(textAt(text, rule.origin), "match from any for domain <t> tag X action \"a\"");
    QByteArrayList parts;
    for (const Condition& one : rule.conditions)
        parts.append(textAt(text, one.origin));
    QCOMPARE(parts, (QByteArrayList{"tag X", "from any", "for domain <t>"}));
    QCOMPARE(rule.conditions[1].origin.column, 7);
    QCOMPARE(rule.conditions[1].origin.line, 5);
}

QTEST_APPLESS_MAIN(TestSnapshot)
#include "tst_snapshot.moc"
