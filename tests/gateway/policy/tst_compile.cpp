// SPDX-License-Identifier: GPL-3.0-or-later
//
// From text to meaning: what each statement becomes, and what is said about what can't be right.
// One file on purpose: rows of text and meaning through one check, in the order of the language's statements.
#include "policy/compile.h"
#include "policy/wire_tls.h"

#include "support/memory_file_store.h"

#include <QTest>

#include <algorithm>

using namespace postern;
using namespace postern::policy;

namespace {

// A disk with the files that the rows mention.
test::MemoryFileStore& disk() {
    static test::MemoryFileStore files;
    static const bool isFilled = [] {
        files.put("/p/tables/users", "ann $6$salt$hash\n");
        files.put("/p/tables/open", "office carol:s3cret\n");
        files.put("/p/tables/secrets", "office carol:s3cret\nbroken :xyz\n");
        files.put("/p/tables/list", "one.example\ntwo.example\n");
        files.put("/p/tables/relays", "# @list\nsmtps://mx1.example.net\nsmtps://mx2.example.net\n");
        files.put("/p/tables/bad", "a b\nlonely\n");
        files.put("/p/tables/empty", "");
        files.put("/p/cert.pem", "x");
        files.put("/p/key.pem", "x");
        files.put("/p/certs/office.crt", "x");
        files.put("/p/certs/office.key", "x");
        files.put("/p/more.conf", "table extra { \"extra.example\" }\n");
        files.letOthersRead("/p/tables/open");
        return true;
    }();
    Q_UNUSED(isFilled)
    return files;
}

Compiled compiled(const QByteArray& text, const CompileOptions& options = {}) {
    return compileText(disk(), "/p/smtpd.conf", text, options);
}

// "error 3: text" a line, notes left out.
QByteArrayList complaints(const Compiled& result) {
    QByteArrayList lines;
    for (const config::Diagnostic& one : result.diagnostics) {
        if (one.severity != config::Severity::Note)
            lines.append(toString(one.severity).toByteArray() + " " + QByteArray::number(one.line) + ": " +
                         one.print());
    }
    return lines;
}

const QByteArray kRule =
    "action \"out\" relay\nmatch from local for any action \"out\"\n"; // so that there is one
const QByteArray kPki = "pki mx.example cert \"/p/cert.pem\"\npki mx.example key \"/p/key.pem\"\n";
const QByteArray kOldPki = "pki mx.example certificate \"/p/cert.pem\"\npki mx.example key \"/p/key.pem\"\n";

// "tag/from/for..." with ! before what is negated and ? before what is implied.
QByteArray conditionsOf(const Rule& rule) {
    static const std::map<ConditionKind, QByteArray> names{
        {ConditionKind::FromAny, "from any"},       {ConditionKind::FromLocal, "from local"},
        {ConditionKind::FromSocket, "from socket"}, {ConditionKind::FromSource, "from src"},
        {ConditionKind::ForAny, "for any"},         {ConditionKind::ForLocal, "for local"},
        {ConditionKind::ForDomain, "for domain"},   {ConditionKind::Tag, "tag"},
        {ConditionKind::Authenticated, "auth"},     {ConditionKind::Helo, "helo"},
        {ConditionKind::Sender, "sender"},          {ConditionKind::Recipient, "recipient"},
        {ConditionKind::Unsupported, "unsupported"}};
    QByteArrayList parts;
    for (const Condition& one : rule.conditions)
        parts.append((one.negated ? "!" : "") + QByteArray(one.implied ? "?" : "") + names.at(one.kind) +
                     (one.regex ? " regex" : ""));
    return parts.join(", ");
}

// What an action does, without its name: the same for the same meaning in any dialect.
QByteArray meaningOf(const Action& action) {
    if (action.kind != ActionKind::Relay)
        return action.kind == ActionKind::Catch ? "catch" : toString(action.method).toByteArray();
    const RelaySpec& spec = action.relay;
    const RelayUrl* url = spec.urls.empty() ? nullptr : &spec.urls.front();
    const WireTls wire = wireTls(spec, url);
    QByteArray text = url ? url->host() + ":" + QByteArray::number(url->meaning().port) : QByteArray("mx");
    text += " " + toString(wire.use).toByteArray() + (wire.verify ? " verify" : "");
    if (url && url->meaning().auth)
        text +=
            " login " + (url->label().isEmpty() ? url->host() : url->label()) + " of " + spec.credentialsName;
    return text;
}

QByteArray meaningOf(const ListenerSpec& listener) {
    static const QByteArray tls[] = {"plain", "starttls", "starttls-required", "wrapped"};
    static const QByteArray auth[] = {"", " auth-optional", " auth"};
    return listener.interface + ":" + QByteArray::number(listener.port) + " " + tls[int(listener.tls)] +
           auth[int(listener.auth)] + (listener.credentials ? " of " + listener.credentials->name() : "") +
           (listener.tag.isEmpty() ? "" : " tag " + listener.tag);
}

} // namespace

class TestCompile : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void limitsWithoutEffectGetANote();
    void complains_data();
    void complains();
    void syntaxOnlyLooksAtNoOtherFile();
    void rulesOnlyForgivesWhatIsNotHere();
    void syntaxOnlyTakesWhatReadersTake_data();
    void syntaxOnlyTakesWhatReadersTake();
    void noPasswordIsEverShown_data();
    void noPasswordIsEverShown();
    void settings_data();
    void settings();
    void listeners_data();
    void listeners();
    void conditions_data();
    void conditions();
    void s01SaysTheSameInTwoDialects();
    void s06SaysTheSameInThreeDialects_data();
    void s06SaysTheSameInThreeDialects();
    void s17WordsBecomeAUrl();
    void severalDestinationsAreSeveralRules();
    void expireHoldsFromItsPlaceOn();
    void rulesAndListenersCarryTheirComments();
    void tablesBesideTheFile();
    void anUnreadableFileIsADiagnostic();
};

void TestCompile::limitsWithoutEffectGetANote() {
    for (const char* word : {"dsn-notify disable", "dsn-ret headers"}) { // of a listener, 5.7
        const Compiled result = compiled(QByteArray("listen on lo ") + word + "\naccept for any relay\n");
        QVERIFY2(std::any_of(result.diagnostics.begin(), result.diagnostics.end(),
                             [](const auto& one) {
                                 return one.severity == config::Severity::Note && one.line == 1 &&
                                        one.text.contains("dsn-notify and dsn-ret of 5.7 have no effect");
                             }),
                 word);
    }
    for (const char* line : {"scheduler limit max-schedule 3\n", "scheduler limit max-evp-batch-size 3\n",
                             "scheduler limit max-inflight 7 max-msg-batch-size 3\n"}) {
        const Compiled result = compiled(line + kRule);
        QVERIFY2(std::any_of(result.diagnostics.begin(), result.diagnostics.end(),
                             [](const auto& one) {
                                 return one.severity == config::Severity::Note && one.line == 1 &&
                                        one.text.contains("has no effect: the scheduler works in other steps");
                             }),
                 line);
    }
    for (const char* line : {"mda limit task-lowat 3\n", "mda limit task-release 3\n"}) {
        const Compiled result = compiled(line + kRule);
        QVERIFY2(std::any_of(result.diagnostics.begin(), result.diagnostics.end(),
                             [](const auto& one) {
                                 return one.severity == config::Severity::Note && one.line == 1 &&
                                        one.text.contains("has no effect: mail for a user leaves the queue one by one");
                             }),
                 line);
    }
    for (const char* line : {"mda limit max-session 3 max-session-per-user 2 task-hiwat 9\n", "mda wrapper w \"/bin/w\"\n"})
        QVERIFY2(compiled("listen on lo\n" + QByteArray(line) + kRule).diagnostics.empty(), line);
    for (const char* line : {"mta limit task-lowat 3\n", "mta limit task-release 3\n", "mta limit for domain a.example task-hiwat 3\n"}) {
        const Compiled result = compiled(line + kRule);
        QVERIFY2(std::any_of(result.diagnostics.begin(), result.diagnostics.end(),
                             [](const auto& one) {
                                 return one.severity == config::Severity::Note && one.line == 1 &&
                                        one.text.contains("has no effect: mail for a host leaves the queue one by one");
                             }),
                 line);
    }
}

void TestCompile::complains_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArrayList>("expected"); // start of each complaint and, behind |, a piece of it
    const auto row = [](const char* title, const QByteArray& text, const QByteArrayList& expected) {
        QTest::newRow(title) << text << expected;
    };
    row("nothing at all", "", {"error 1:|no rules, nothing to do"});
    row("only a listener", "listen on lo port 2525\n", {"error 1:|no rules, nothing to do"});
    row("a rule that does not read is a rule", "match form any for any reject\n", {"error 1:|did you mean \"from\"?"});
    row("a rule that does not read leaves nothing unsaid", "accept form any for any relay\n", {"error 1:|did you mean \"from\"?"});
    row("fine", kRule, {});
    // tables
    row("table undefined", "match from any for domain <ours> reject\n", {"error 1:|no such table: ours"});
    row("table misspelt", "table ours { \"a.example\" }\nmatch from any for domain <our> reject\n",
        {"error 2:|did you mean \"ours\"?"});
    row("table defined later", "match from any for domain <ours> reject\ntable ours { \"a.example\" }\n",
        {"error 1:|defined in line 2, which must come before"});
    row("table twice", "table a { \"x\" }\ntable a { \"y\" }\n" + kRule,
        {"error 2:|table a is defined already"});
    row("a list where a mapping is wanted",
        kPki + "table a { \"x\" }\nlisten on lo port 25 tls pki mx.example auth <a>\n" + kRule,
        {"error 4:|table <a> may not be used for \"auth\": it is a list"});
    row("a mapping where a list is wanted",
        "table a { \"x\" = \"y\" }\nmatch from any for domain <a> reject\n",
        {"error 2:|has keys with values, and a list is wanted"});
    row("an empty file suits any use", "table a file:tables/empty\nmatch from any for domain <a> reject\n",
        {});
    row("table file missing", "table a file:tables/none\n" + kRule, {"error 1:|/p/tables/none"});
    row("B01 table file with a bad line", "table a file:tables/bad\n" + kRule, {"error 2:|/p/tables/bad:2"});
    row("table misspelt, two as near: the first is meant",
        "table aurs { a }\ntable purs { b }\nmatch from any for domain <aurs> reject\nmatch from any for domain <purs> reject\n"
        "match from any for domain <ours> reject\n",
        {"error 5:|did you mean \"aurs\"?"});
    row("backend misspelt", "table a fil:/p/tables/list\n" + kRule, {"error 1:|did you mean \"file\"?"});
    row("a database that is not there", "table a db:/p/x.db\n" + kRule, {"warning 1:|/p/x.db"});
    row("a backend that is none", "table a weather:/p/x\n" + kRule, {"warning 1:|no program table-weather"});
    row("C04 passwords readable by others",
        "table s file:tables/open\naction \"out\" relay host smtps://office@mx.example auth <s>\nmatch from "
        "local for any action \"out\"\n",
        {"warning 2:|can be read by every user"});
    row("an invalid expression", "match from any mail-from regex \"(\" for any reject\n",
        {"warning 1:|never matches"});
    row("an expression that repeats nothing", "match from any mail-from regex \"^*a\\.b\" for any reject\n",
        {"warning 1:|does not read"});
    row("an expression that repeats twice", "match from any mail-from regex \"a\\.b.**\" for any reject\n",
        {"warning 1:|does not read"});
    row("an expression of letters, dots and stars", "match from any mail-from regex \"^a\\.b-c.*@x.y+$\" for any reject\n", {});
    row("an expression with capitals", "match from any mail-from regex \"^Robot\" for any reject\n",
        {"warning 1:|lower case"});
    // actions and rules
    row("action undefined", "match from local for any action \"out\"\n",
        {"error 1:|no such action: out"});
    row("action misspelt", "action \"outbound\" relay\nmatch from local for any action \"outbuond\"\n",
        {"error 2:|did you mean \"outbound\"?"});
    row("action twice", "action \"out\" relay\n" + kRule, {"error 2:|defined already, in line 1"});
    row("C07 open relay", "action \"out\" relay\nmatch from any for any action \"out\"\n",
        {"warning 2:|open relay"});
    row("C07 open relay, older", "accept from any for any relay\n", {"warning 1:|open relay"});
    row("C07 a sender can be forged",
        "action \"out\" relay\nmatch from any mail-from \"@us.example\" for any action \"out\"\n",
        {"warning 2:|open relay"});
    row("signing in closes it", "action \"out\" relay\nmatch from any auth for any action \"out\"\n", {});
    row("a tag closes it", "listen on lo tag IN\naction \"out\" relay\nmatch from any tag IN for any action \"out\"\n", {});
    row("never reached",
        "action \"out\" relay\nmatch from any for any reject\nmatch from local for any action \"out\"\n",
        {"warning 3:|never reached: line 2"});
    row("tls condition", "match from any tls for any reject\n", {"warning 1:|is tested by no release"});
    row("rdns condition", "match from rdns \"*.example\" for any reject\n", {});
    row("a time without its unit is said once", "queue ttl 4\n" + kRule, {"error 1:|a time needs a unit: 4s, 4m, 4h or 4d"});
    row("maildir", "action \"m\" maildir\nmatch from any for local action \"m\"\n", {});
    row("deliver to mbox", "accept for local deliver to mbox\n", {});
    row("expand-only, forward-only, and an accept rule without a delivery",
        "action \"e\" expand-only\naction \"f\" forward-only\nmatch for domain x action \"e\"\nmatch for local action \"f\"\n", {});
    row("backup, hosts by domain, names by source: nothing to say",
        "table d { x.example = \"smtp://h\" }\ntable n { 192.0.2.1 = \"h.example\" }\naction \"b\" relay backup\n"
        "action \"d\" relay domain <d> helo-src <n>\nmatch from local for domain x action \"b\"\n"
        "match from local for any action \"d\"\n",
        {});
    row("mta limit is obeyed", "mta limit max-conn-per-host 3 conn-delay-route 1\nmta max-deferred 5\n" + kRule, {});
    row("mta limit: no connection at all", "mta limit max-conn-per-relay 0\n" + kRule,
        {"warning 1:|nothing is ever sent there"});
    row("L11 ttl 0", "action \"out\" relay ttl 0d\nmatch from local for any action \"out\"\n",
        {"error 1:|a time reads like"});
    row("alias on a relay rule", "table a { \"x\" = \"y\" }\naccept for any alias <a> relay\n",
        {"error 2:|may not be used with a relay rule"});
    // relay URLs
    row("URL misspelt",
        "action \"out\" relay host smtp+tsl://mx.example\nmatch from local for any action \"out\"\n",
        {"error 1:|did you mean \"smtp+tls://\"?"});
    row("URL misspelt, older", "accept for any relay via tsl://mx.example\n",
        {"error 1:|did you mean \"tls://\"?"});
    row("URL of the older dialect",
        "action \"out\" relay host tls://mx.example\nmatch from local for any action \"out\"\n",
        {"error 1:|did you mean \"smtp+tls://\"?"});
    row("label without table",
        "action \"out\" relay host smtps://office@mx.example\nmatch from local for any action \"out\"\n",
        {"warning 1:|add auth <table>"});
    row("+auth without table", "accept for any relay via tls+auth://office@mx.example\n",
        {"error 1:|add auth <table>"});
    row("auth without label",
        "table s { a = \"b:c\" }\naction \"out\" relay host smtps://mx.example auth <s>\nmatch from local "
        "for any action \"out\"\n",
        {"warning 2:|does not sign in"});
    row("auth without host",
        "table s { a = \"b:c\" }\naction \"out\" relay auth <s>\nmatch from local for any action \"out\"\n",
        {"warning 2:|OpenSMTPD wants", "error 2:|auth may not be specified without host"});
    row("label that the table lacks",
        "table s file:tables/secrets\naction \"out\" relay host smtps://bulk@mx.example auth <s>\nmatch from "
        "local for any action \"out\"\n",
        {"warning 2:|no login for the label \"bulk\""});
    row("login that does not read",
        "table s file:tables/secrets\naction \"out\" relay host smtps://broken@mx.example auth <s>\nmatch "
        "from local for any action \"out\"\n",
        {"warning 2:|nothing before the colon"});
    row("tls with a URL that forbids it",
        "action \"out\" relay host smtp+notls://mx.example tls\nmatch from local for any action \"out\"\n",
        {"error 1:|every delivery would fail"});
    row("verify with a URL that may be plain", "accept for any relay via smtp://mx.example verify\n",
        {"error 1:|cannot verify with an insecure protocol"});
    row("relay pki undefined",
        "action \"out\" relay pki mx.example\nmatch from local for any action \"out\"\n",
        {"error 1:|no such pki"});
    row("relay ca undefined", "action \"out\" relay tls ca corp\nmatch from local for any action \"out\"\n",
        {"error 1:|no such ca"});
    row("source that is no address",
        "action \"out\" relay src { \"mx.example\" }\nmatch from local for any action \"out\"\n",
        {"error 1:|is no address"});
    row("an order for one relay", "accept for any relay via smtp://mx.example order random\n",
        {"warning 1:|no several relays"});
    row("shares that are no numbers",
        "action \"out\" relay host { \"smtp://a\" = \"1\", \"smtp://b\" = \"lots\" } order ratio\n"
        "match from local for any action \"out\"\n",
        {"error 1:|the share of smtp://b is \"lots\""});
    row("shares without order ratio",
        "action \"out\" relay host { \"smtp://a\" = \"1\" }\nmatch from local for any action \"out\"\n",
        {"error 1:|has keys with values, and a list is wanted"});
    row("equal shares",
        "action \"out\" relay host { \"smtp://a\", \"smtp://b\" } order ratio\nmatch from local for any action \"out\"\n",
        {});
    row("no messages in a time", "accept for any relay max-rate 0 per 1m\n",
        {"error 1:|\"max-rate\" wants a number from 1 to 1000000"});
    row("messages in no time", "accept for any relay max-rate 5 per 0s\n",
        {"error 1:|a time reads like"});
    row("a login without a label, as in late 2012", "table s { mx.example = \"carol:x\" }\naccept for any relay via tls+auth://mx.example auth <s>\n",
        {"warning 2:|the host is the key of the login"});
    row("no connections", "accept for any relay max-connections 0\n",
        {"error 1:|\"max-connections\" wants a number from 1 to 1000000"});
    row("a table of relays with a slip",
        "action \"out\" relay host { \"smtps://a.example\", \"bogus://b.example\" }\nmatch from local for "
        "any action \"out\"\n",
        {"error 1:|no relay URL: unknown relay schema \"bogus://\""});
    // listeners
    row("auth without tls", "table u file:tables/users\nlisten on lo auth <u>\n" + kRule,
        {"error 2:|auth requires tls/smtps"});
    row("pki without tls", kPki + "listen on lo pki mx.example\n" + kRule,
        {"error 3:|pki requires tls/smtps"});
    row("pki undefined", "listen on lo tls pki mx.example\n" + kRule, {"error 1:|no such pki: mx.example"});
    row("pki misspelt", kPki + "listen on lo tls pki mx.exmaple\n" + kRule,
        {"error 3:|did you mean \"mx.example\"?"});
    row("tls without any pki", "listen on lo tls\n" + kRule, {"error 1:|TLS needs a certificate"});
    row("pki without key", "pki mx.example cert \"/p/cert.pem\"\n" + kRule,
        {"error 1:|pki mx.example has no key; add a line: pki \"mx.example\" key \"FILE\""});
    row("pki behind its use is named by its first line", "listen on lo tls pki mx.example\n" + kPki + kRule,
        {"error 1:|it is defined in line 2, which must come before"});
    row("certificate file missing",
        "pki mx.example cert \"/p/none.pem\"\npki mx.example key \"/p/key.pem\"\n" + kRule,
        {"error 1:|/p/none.pem"});
    row("T06 protocols that are broken", kPki + "listen on lo tls pki mx.example protocols \"tlsv1.0,tlsv1.1\"\n" + kRule,
        {"error 3:|no protocol is left"});
    row("T06 one that is broken beside a good one", kPki + "listen on lo tls pki mx.example protocols \"tlsv1.1,tlsv1.2\"\n" + kRule,
        {"warning 3:|never used"});
    row("protocols misspelt", kPki + "listen on lo tls pki mx.example protocols \"tls1.2\"\n" + kRule,
        {"error 3:|protocols are tlsv1.2, tlsv1.3"});
    row("port out of range", "listen on lo port 65536\n" + kRule, {"error 1:|is no port"});
    row("port misspelt", "listen on lo port submision\n" + kRule, {"error 1:|is no port"});
    row("system accounts", kPki + "listen on lo tls pki mx.example auth\n" + kRule,
        {});
    row("a filter that would not run",
        "filter \"f\" phase connect match fcrdns disconnect \"550 no\"\nlisten on lo filter \"f\"\n" + kRule,
        {"error 2:|filters are not run yet"});
    row("a filter that nobody defines", "listen on lo filter \"f\"\n" + kRule,
        {"error 1:|no such filter: f", "error 1:|filters are not run yet"});
    row("a filter of the socket that would not run",
        "filter \"f\" phase connect match fcrdns disconnect \"550 no\"\nlisten on socket filter \"f\"\n" + kRule,
        {"error 2:|filters are not run yet"});
    row("a filter of 5.4 for what is handed in here", "filter f dkim\nlisten on lo\nenqueuer filter f\naccept for any relay\n",
        {"error 3:|mail that is handed in on this computer must not pass by its filter unseen"});
    row("A14 senders where nobody signs in",
        kPki + "table s { ann = \"@a.example\" }\nlisten on lo tls pki mx.example senders <s>\n" + kRule,
        {"warning 4:|nobody can sign in here"});
    row("a tag too long", "listen on lo tag \"" + QByteArray(33, 't') + "\"\n" + kRule,
        {"error 1:|at most 32"});
    row("secure with port", kOldPki + "listen on lo port 25 secure pki mx.example\naccept for any relay\n",
        {"error 3:|two ports"});
    // settings
    row("ttl does not read", "queue ttl 4w\n" + kRule, {"error 1:|a time reads like"});
    row("size does not read", "smtp max-message-size 35MB\n" + kRule, {"error 1:|a size reads like"});
    row("limit misspelt", "smtp limit max-rcpts 5\n" + kRule, {"error 1:|did you mean \"max-rcpt\"?"});
    row("limit 0", "smtp limit max-rcpt 0\n" + kRule, {"error 1:|takes a number from 1"});
    row("delimiter", "smtp sub-addr-delim \"ab\"\n" + kRule, {"error 1:|one printable character"});
    row("queue key too short", "queue encryption \"0123456789\"\n" + kRule,
        {"error 1:|must be exactly 32 characters, this one has 10"});
    row("queue key too long", "queue encryption \"012345678901234567890123456789012\"\n" + kRule,
        {"error 1:|must be exactly 32 characters, this one has 33"});
    row("queue key", "queue encryption \"01234567890123456789012345678901\"\n" + kRule, {});
    row("queue key from standard input", "queue encryption stdin\n" + kRule, {});
    row("queue key of accept/reject", "queue encryption key \"01234567890123456789012345678901\"\naccept for any relay\n", {});
    row("queue key from the keychain", "queue encryption keychain\n" + kRule, {});
    row("queue key from the keychain, accept/reject", "queue encryption keychain\naccept for any relay\n", {});
    row("queue key from the keychain, 2012", "queue interval 900\nqueue encryption keychain\naccept for any relay\n", {});
    row("a queue key that is the word keychain, and too short", "queue encryption \"keychain\"\n" + kRule,
        {"error 1:|must be exactly 32 characters, this one has 8"});
    row("logins from the keychain", "table t keychain\naction a relay host smtps://office@mx.example auth <t>\nmatch for any action a\n", {});
    row("logins from the keychain, accept/reject", "table t keychain\naccept for any relay via smtps+auth://office@mx.example auth <t>\n", {});
    row("a listener's passwords in the keychain", kPki + "table t keychain\nlisten on lo tls pki mx.example auth <t>\n" + kRule,
        {"error 4:|a listener wants hashes"});
    row("the keychain as a list of domains", "table t keychain\naction a relay\nmatch for domain <t> action a\n",
        {"error 3:|may be used for a relay's \"auth\" only"});
    row("queue key from the terminal", "queue encryption\naccept for any relay\n", {});
    row("queue compression", "queue compression\n" + kRule, {});
    row("2012: the cipher that there is",
        "queue interval 900\nqueue encryption key \"01234567890123456789012345678901\" cipher aes-256-gcm\n"
        "accept for any relay\n",
        {});
    row("2012: another cipher",
        "queue interval 900\nqueue encryption key \"01234567890123456789012345678901\" cipher bf-cbc\n"
        "accept for any relay\n",
        {"error 2:|aes-256-gcm only, not with bf-cbc"});
    row("2012: a digest",
        "queue interval 900\nqueue encryption key \"01234567890123456789012345678901\" digest sha256\n"
        "accept for any relay\n",
        {});
    row("2012: a way to compress",
        "queue interval 900\nqueue compression lzma\naccept for any relay\n", {});
}

void TestCompile::complains() {
    QFETCH(QByteArray, text);
    QFETCH(QByteArrayList, expected);
    const Compiled result = compiled(text);
    const QByteArrayList found = complaints(result);
    const QByteArray all = found.join("\n");
    QVERIFY2(found.size() == expected.size(), all.constData());
    for (qsizetype i = 0; i < found.size(); ++i) {
        const qsizetype bar = expected[i].indexOf('|');
        QVERIFY2(found[i].startsWith(expected[i].first(bar)) &&
                     found[i].contains(expected[i].sliced(bar + 1)),
                 all.constData());
    }
    const bool hasError = std::any_of(expected.begin(), expected.end(),
                                      [](const QByteArray& one) { return one.startsWith("error"); });
    QCOMPARE(result.isUsable(), !hasError);
}

void TestCompile::syntaxOnlyLooksAtNoOtherFile() {
    CompileOptions options;
    options.syntaxOnly = true;
    const Compiled result =
        compiled("table a file:/nowhere/a\npki x cert \"/nowhere/c\"\npki x key \"/nowhere/k\"\n"
                 "listen on lo tls pki x auth <a>\nmatch from any for domain <a> reject\n",
                 options);
    QCOMPARE(complaints(result), QByteArrayList());
}

// For "which rule decides?" a server's file counts as it stands, but what no reader would take is wrong still.
void TestCompile::rulesOnlyForgivesWhatIsNotHere() {
    const QByteArray lacking = "pki mx.example cert \"/p/none.pem\"\npki mx.example key \"/p/key.pem\"\ntable al file:/p/none\n"
                               "queue encryption \"short\"\nfilter f proc-exec \"x\"\nlisten on lo tls pki mx.example filter f\n"
                               "listen on lo port 2525 tls pki mx.example auth <al>\n" + kRule;
    QVERIFY(!compiled(lacking).isUsable());
    CompileOptions options;
    options.rulesOnly = true;
    const Compiled forgiven = compiled(lacking, options);
    QVERIFY2(forgiven.isUsable(), complaints(forgiven).join('\n').constData());
    QCOMPARE(forgiven.ruleset->rules.size(), size_t(1));
    QVERIFY(compiled("listen on lo tls pki none ca none\nlisten on lo port 2525 filter none\n" + kRule, options).isUsable());
    QVERIFY(!compiled("match for any action \"nowhere\"\n", options).isUsable());
    QVERIFY(!compiled("include \"none.conf\"\n" + kRule, options).isUsable());
}

void TestCompile::syntaxOnlyTakesWhatReadersTake_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("relay URLs are looked at when mail goes out")
        << QByteArray("action \"out\" relay host bogus://x\nmatch from local for any action \"out\"\n");
    QTest::newRow("so are pki and ca of a relay")
        << QByteArray("action \"out\" relay pki p ca c\nmatch from local for any action \"out\"\n");
    QTest::newRow("filters")
        << "filter \"f\" phase connect match fcrdns disconnect \"550 no\"\nlisten on lo filter \"f\"\n" +
               kRule;
    QTest::newRow("certificates by name") << "listen on lo tls\n" + kRule;
    QTest::newRow("a queue key that is too short") << "queue encryption \"0123456789\"\n" + kRule;
}

void TestCompile::syntaxOnlyTakesWhatReadersTake() {
    QFETCH(QByteArray, text);
    CompileOptions options;
    options.syntaxOnly = true;
    QVERIFY2(compiled(text, options).isUsable(), complaints(compiled(text, options)).join("\n").constData());
    QVERIFY(!compiled(text).isUsable());
}

void TestCompile::noPasswordIsEverShown_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("inline login in a rule") << QByteArray(
        "accept for any relay via tls+auth://office@mx.example auth { office = \"carol:s3cret\" }\n");
    QTest::newRow("inline login that is broken") << QByteArray(
        "accept for any relay via tls+auth://office@mx.example auth { office = \":s3cret\" }\n");
    QTest::newRow("inline login without label")
        << QByteArray("accept for any relay via tls://mx.example auth { office = \"carol:s3cret\" }\n");
    QTest::newRow("password in the URL")
        << QByteArray("accept for any relay via smtp://carol:s3cret@mx.example\n");
    QTest::newRow("a list instead of a mapping")
        << QByteArray("accept for any relay via tls+auth://office@mx.example auth { \"carol:s3cret\" }\n");
    QTest::newRow("queue key") << "queue encryption \"s3cret\"\n" + kRule;
}

void TestCompile::noPasswordIsEverShown() {
    QFETCH(QByteArray, text);
    const Compiled result = compiled(text);
    for (const config::Diagnostic& one : result.diagnostics)
        QVERIFY2(!one.print().contains("s3cret"), one.print().constData());
    for (const Rule& rule : result.ruleset->rules)
        QVERIFY2(!rule.text.contains("s3cret"), rule.text.constData());
}

void TestCompile::settings_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("expected"); // ttl size rcpt mails delimiter name
    const auto row = [](const char* line, const char* expected) {
        QTest::newRow(line) << QByteArray(line) << QByteArray(expected);
    };
    row("", "345600 36700160 1000 100 +");
    row("queue ttl 12h", "43200 36700160 1000 100 +");
    row("expire 12h", "43200 36700160 1000 100 +");
    row("smtp max-message-size 1.5M", "345600 1572864 1000 100 +");
    row("smtp max-message-size 5G", "345600 5368709120 1000 100 +");
    row("max-message-size 1000", "345600 1000 1000 100 +");
    row("smtp limit max-rcpt 3 max-mails 7", "345600 36700160 3 7 +");
    row("limit session max-rcpt 3", "345600 36700160 3 100 +");
    row("smtp sub-addr-delim \"-\"", "345600 36700160 1000 100 -");
    row("hostname \"gw.example\"", "345600 36700160 1000 100 + gw.example");
}

void TestCompile::settings() {
    QFETCH(QByteArray, line);
    const bool older = !line.startsWith("smtp") && !line.startsWith("queue") && !line.isEmpty();
    const Compiled result = compiled(line + "\n" + (older ? QByteArray("accept for any relay\n") : kRule));
    QVERIFY2(complaints(result).isEmpty(), complaints(result).join("\n").constData());
    const Settings& s = result.ruleset->settings;
    QByteArray shown = QByteArray::number(s.queueTtl) + " " + QByteArray::number(s.maxMessageSize) + " " +
                       QByteArray::number(s.maxRecipients) + " " + QByteArray::number(s.maxMails) + " " +
                       s.subAddressDelimiter;
    if (!s.serverName.isEmpty())
        shown += " " + s.serverName;
    QTEST(shown, "expected");
}

void TestCompile::listeners_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArrayList>("expected");
    const auto row = [](const char* line, const QByteArrayList& expected) {
        QTest::newRow(line) << QByteArray(line) << expected;
    };
    row("", {"localhost:25 plain"});
    row("listen on socket", {"localhost:25 plain"});
    row("listen on lo", {"lo:25 plain"});
    row("listen on 127.0.0.1 port 0", {"127.0.0.1:0 plain"});
    row("listen on lo port submission tag IN", {"lo:587 plain tag IN"});
    row("listen on lo tls pki mx.example", {"lo:25 starttls"});
    row("listen on lo tls-require pki mx.example auth-optional <users>",
        {"lo:25 starttls-required auth-optional of users"});
    row("listen on lo smtps pki mx.example auth <users>", {"lo:465 wrapped auth of users"});
    row("listen on lo smtps pki mx.example port 2465", {"lo:2465 wrapped"});
    row("listen on lo secure pki mx.example", {"lo:25 starttls", "lo:465 wrapped"});
}

void TestCompile::listeners() {
    QFETCH(QByteArray, line);
    const bool older = line.contains("secure");
    const Compiled result = compiled((older ? kOldPki : kPki) + "table users file:tables/users\n" + line +
                                     "\n" + (older ? QByteArray("accept for any relay\n") : kRule));
    QVERIFY2(complaints(result).isEmpty(), complaints(result).join("\n").constData());
    QByteArrayList shown;
    for (const ListenerSpec& one : result.ruleset->listeners)
        shown.append(meaningOf(one));
    QTEST(shown, "expected");
}

void TestCompile::conditions_data() {
    QTest::addColumn<QByteArray>("rule");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* rule, const char* expected) {
        QTest::newRow(rule) << QByteArray(rule) << QByteArray(expected);
    };
    row("match reject", "?from local, ?for local");
    row("match for any reject", "?from local, for any");
    row("match rcpt-to a mail-from b auth helo h for any from any tag t reject",
        "tag, from any, for any, helo, auth, sender, recipient");
    row("match !from src \"10.0.0.0/8\" !for domain \"a.example\" reject", "!from src, !for domain");
    row("match from socket for local reject", "from socket, for local");
    row("match from auth for any reject", "from any, for any, auth");
    row("match !from auth { \"bob\" } for any reject", "from any, for any, !auth");
    row("match from mail-from regex \"^x\" for any reject", "from any, for any, sender regex");
    row("match !from mail-from \"@a\" for rcpt-to \"b@c\" reject", "from any, for any, !sender, recipient");
    row("reject", "?from local, ?for local");
    row("reject tagged T from any sender \"@a\" recipient \"b@c\" authenticated for domain \"d\"",
        "tag, auth, from any, sender, recipient, for domain");
    row("reject from ! source { 10.0.0.0/8 } for ! domain \"a.example\"", "!from src, !for domain");
    row("reject ! authenticated tagged ! T sender ! \"@a\" for any",
        "!tag, !auth, ?from local, !sender, for any");
    row("accept for domain \"a.example\" virtual { \"x@a.example\" } relay",
        "?from local, recipient, for domain");
}

void TestCompile::conditions() {
    QFETCH(QByteArray, rule);
    const Compiled result = compiled("listen on lo tag T\n" + rule + "\n");
    QVERIFY2(complaints(result).isEmpty(), complaints(result).join("\n").constData());
    QCOMPARE(result.ruleset->rules.size(), size_t(1));
    QTEST(conditionsOf(result.ruleset->rules[0]), "expected");
}

void TestCompile::s01SaysTheSameInTwoDialects() {
    const QByteArray listeners =
        "office = \"127.0.0.1\"\ntable users file:tables/users\n"
        "listen on $office port 2525\nlisten on $office port 2587 tls pki mx.example auth <users>\n";
    const Compiled older =
        compiled(kOldPki + listeners +
                 "reject from local for domain \"blocked.example\"\naccept from local for any relay\n");
    const Compiled newer =
        compiled(kPki + listeners +
                 "action \"out\" relay\nmatch from local for domain \"blocked.example\" reject\n"
                 "match from local for any action \"out\"\n");
    for (const Compiled* one : {&older, &newer}) {
        QVERIFY2(complaints(*one).isEmpty(), complaints(*one).join("\n").constData());
        const Ruleset& rules = *one->ruleset;
        QCOMPARE(rules.listeners.size(), size_t(2));
        QCOMPARE(meaningOf(rules.listeners[0]), "127.0.0.1:2525 plain");
        QCOMPARE(meaningOf(rules.listeners[1]), "127.0.0.1:2587 starttls auth of users");
        QCOMPARE(rules.listeners[1].pki, QByteArrayList{"mx.example"});
        QCOMPARE(rules.rules.size(), size_t(2));
        QVERIFY(rules.rules[0].reject);
        QCOMPARE(conditionsOf(rules.rules[0]), "from local, for domain");
        QCOMPARE(conditionsOf(rules.rules[1]), "from local, for any");
        QCOMPARE(meaningOf(*rules.rules[1].action), "mx opportunistic");
        QVERIFY(rules.files.contains("/p/tables/users"));
    }
    QVERIFY(older.ruleset->era == Era::Legacy);
    QVERIFY(newer.ruleset->era == Era::Modern);
}

void TestCompile::s06SaysTheSameInThreeDialects_data() {
    QTest::addColumn<QByteArray>("map2012");
    QTest::addColumn<QByteArray>("legacy");
    QTest::addColumn<QByteArray>("modern"); // "" = has no such thing
    QTest::addColumn<QByteArray>("meaning");
    const auto row = [](const char* title, const char* map2012, const char* legacy, const char* modern,
                        const char* meaning) {
        QTest::newRow(title) << QByteArray(map2012) << QByteArray(legacy) << QByteArray(modern)
                             << QByteArray(meaning);
    };
    row("never TLS", "", "smtp://mx.example", "smtp+notls://mx.example", "mx.example:25 none");
    row("opportunistic", "smtp://mx.example", "smtp+tls://mx.example", "smtp://mx.example",
        "mx.example:25 opportunistic");
    row("a bare host", "mx.example", "mx.example", "mx.example", "mx.example:25 opportunistic");
    row("mandatory STARTTLS", "tls://mx.example", "tls://mx.example", "smtp+tls://mx.example tls no-verify",
        "mx.example:25 required");
    row("mandatory STARTTLS, verified", "", "tls://mx.example verify", "smtp+tls://mx.example",
        "mx.example:25 required verify");
    row("TLS from the start", "smtps://mx.example", "smtps://mx.example", "smtps://mx.example tls no-verify",
        "mx.example:465 wrapped");
    row("TLS from the start, verified", "", "smtps://mx.example verify", "smtps://mx.example",
        "mx.example:465 wrapped verify");
    row("either", "ssl://mx.example", "secure://mx.example", "", "mx.example:25 either");
    row("STARTTLS with login", "tls+auth://office@mx.example:587 auth secrets",
        "tls+auth://office@mx.example:587 auth <secrets>",
        "smtp+tls://office@mx.example:587 auth <secrets> tls no-verify",
        "mx.example:587 required login office of secrets");
    row("TLS from the start with login", "smtps+auth://office@mx.example auth secrets",
        "smtps+auth://office@mx.example auth <secrets>",
        "smtps://office@mx.example auth <secrets> tls no-verify",
        "mx.example:465 wrapped login office of secrets");
    row("either with login", "ssl+auth://office@mx.example auth secrets",
        "secure+auth://office@mx.example auth <secrets>", "", "mx.example:25 either login office of secrets");
}

void TestCompile::s06SaysTheSameInThreeDialects() {
    QFETCH(QByteArray, map2012);
    QFETCH(QByteArray, legacy);
    QFETCH(QByteArray, modern);
    const auto quoted = [](const QByteArray& relay) { // only the URL
        const qsizetype blank = relay.indexOf(' ');
        return "\"" + relay.left(blank < 0 ? relay.size() : blank) + "\"" +
               (blank < 0 ? QByteArray() : relay.sliced(blank));
    };
    const auto check = [](const QByteArray& text, Era era) -> QByteArray {
        const Compiled result = compiled(text);
        if (!complaints(result).isEmpty())
            return complaints(result).join("\n");
        if (result.ruleset->era != era)
            return "read as another dialect";
        return meaningOf(*result.ruleset->rules.at(0).action);
    };
    if (!map2012.isEmpty())
        QTEST(check("map \"secrets\" source plain \"tables/secrets\"\naccept for all relay via " +
                        quoted(map2012) + "\n",
                    Era::Map2012),
              "meaning");
    if (!legacy.isEmpty())
        QTEST(check("table secrets file:tables/secrets\naccept for any relay via " + quoted(legacy) + "\n",
                    Era::Legacy),
              "meaning");
    if (!modern.isEmpty())
        QTEST(check("table secrets file:tables/secrets\naction \"out\" relay host " + quoted(modern) +
                        "\nmatch from local for any action \"out\"\n",
                    Era::Modern),
              "meaning");
}

void TestCompile::s17WordsBecomeAUrl() {
    for (const QByteArray& words : {QByteArray("port 587 tls"), QByteArray("tls port 587")}) {
        const Compiled result =
            compiled("map \"passwords\" source plain \"tables/secrets\"\n"
                     "accept for all relay via \"office\" " +
                     words + " certificate \"office\" auth \"passwords\" as \"scans@example.org\"\n");
        QVERIFY2(result.isUsable(), complaints(result).join("\n").constData());
        const Action& action = *result.ruleset->rules.at(0).action;
        QCOMPARE(meaningOf(action), "office:587 required login office of passwords"); // the host is the key
        QCOMPARE(action.relay.mailFrom, "scans@example.org");
        QCOMPARE(action.relay.pki, "office");
        QCOMPARE(result.ruleset->pki("office")->certFile, "/p/certs/office.crt");
    }
}

void TestCompile::severalDestinationsAreSeveralRules() {
    const Compiled result = compiled("map \"m\" source plain \"tables/list\"\naccept for { domain "
                                     "\"a.example\", local, domain \"b.example\" } relay\n");
    QVERIFY2(complaints(result).isEmpty(), complaints(result).join("\n").constData());
    QCOMPARE(result.ruleset->rules.size(), size_t(3));
    QCOMPARE(conditionsOf(result.ruleset->rules[1]), "?from local, for local");
    QCOMPARE(result.ruleset->rules[0].conditions[1].table->keys(),
             QByteArrayList{"b.example"}); // the last first
    QCOMPARE(result.ruleset->rules[0].action, result.ruleset->rules[2].action);
}

void TestCompile::expireHoldsFromItsPlaceOn() {
    const Compiled result =
        compiled("accept for domain \"a.example\" relay\nexpire 1h\naccept for domain \"b.example\" relay\n"
                 "accept for domain \"c.example\" relay expire 2h\nexpire 3h\n");
    QCOMPARE(result.ruleset->rules.at(0).action->ttl, std::optional<qint64>(345600));
    QCOMPARE(result.ruleset->rules.at(1).action->ttl, std::optional<qint64>(3600));
    QCOMPARE(result.ruleset->rules.at(2).action->ttl, std::optional<qint64>(7200));
    const Compiled newer = compiled(kRule);
    QVERIFY(!newer.ruleset->rules.at(0).action->ttl); // today's queue ttl, whatever it is when mail comes
}

void TestCompile::rulesAndListenersCarryTheirComments() {
    const Compiled result = compiled("listen on lo port 2525 # printers\naction \"c\" catch\n# everything is "
                                     "kept\nmatch from any for any action \"c\"\n");
    QVERIFY2(complaints(result).isEmpty(), complaints(result).join("\n").constData());
    QCOMPARE(result.ruleset->listeners[0].comment, "printers");
    QCOMPARE(result.ruleset->rules[0].comment, "everything is kept");
    QCOMPARE(result.ruleset->rules[0].text, "match from any for any action \"c\"");
    QCOMPARE(result.ruleset->rules[0].origin.line, 4);
    QVERIFY(result.ruleset->rules[0].action->kind == ActionKind::Catch);
}

void TestCompile::tablesBesideTheFile() {
    const Compiled result = compiled(
        "include \"more.conf\"\ntable list file:tables/list\nmatch from any for domain <list> reject\n"
        "match from any for domain <extra> reject\naction \"r\" relay host <relays>\ntable relays "
        "file:tables/relays\n");
    QCOMPARE(complaints(result).size(), 1); // <relays> comes too late
    QCOMPARE(result.ruleset->table("list")->size(), 2);
    QCOMPARE(result.ruleset->table("extra")->size(), 1);
    QVERIFY(result.ruleset->files.contains("/p/more.conf"));
    QVERIFY(result.ruleset->files.contains("/p/tables/list"));
}

void TestCompile::anUnreadableFileIsADiagnostic() {
    const Compiled result = compile(disk(), "/p/none.conf", {});
    QVERIFY(!result.isUsable());
    QVERIFY(result.ruleset);
    QCOMPARE(result.diagnostics.size(), size_t(1));
    QVERIFY(result.diagnostics[0].print().contains("/p/none.conf"));
}

QTEST_APPLESS_MAIN(TestCompile)
#include "tst_compile.moc"
