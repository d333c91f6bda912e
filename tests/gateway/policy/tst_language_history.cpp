// SPDX-License-Identifier: GPL-3.0-or-later
//
// When each word came and went: one row a word, from the manual pages and parsers of the releases. A reader that has the
// word takes the line; one that has it not refuses that line, and is told since or until when it exists.
#include "policy/judge.h"

#include "support/memory_file_store.h"

#include <QTest>

using namespace postern;
using namespace postern::policy;
using config::Target;

namespace {

// What a target says of line 1, "" = taken.
QByteArray complaint(const QByteArray& line, const QByteArray& rest, Target target) {
    test::MemoryFileStore files;
    JudgeOptions options;
    options.target = target;
    options.syntaxOnly = true;
    for (const config::Diagnostic& one : judgeText(files, "f", line + rest, options)) {
        if (one.severity == config::Severity::Error)
            return QByteArray::number(one.line) + ": " + one.text;
    }
    return {};
}

enum class Takes : quint8 { Both, Older, Newer, None };

} // namespace

class TestLanguageHistory : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void oldWords_data();
    void oldWords() { check(Target::OpenSmtpd2012, Target::OpenSmtpd59, "accept for any relay\n"); }
    void modernWords_data();
    void modernWords() { check(Target::OpenSmtpd68, Target::OpenSmtpd78, "action \"r\" relay\nmatch for any action \"r\"\n"); }
    void wordsOfAnotherDialect_data();
    void wordsOfAnotherDialect();

  private:
    static void columns() {
        QTest::addColumn<QByteArray>("line");
        QTest::addColumn<int>("takes");
        QTest::addColumn<QByteArray>("why"); // the refusal of the one that does not
    }
    static void row(const char* name, const char* line, Takes takes, const char* why = "") {
        QTest::newRow(name) << QByteArray(line) + '\n' << int(takes) << QByteArray(why);
    }
    static void check(Target older, Target newer, const QByteArray& rest) {
        QFETCH(const QByteArray, line);
        QFETCH(const int, takes);
        QFETCH(const QByteArray, why);
        const QByteArray byOlder = complaint(line, rest, older), byNewer = complaint(line, rest, newer);
        const auto wanted = Takes(takes);
        QVERIFY2(byOlder.isEmpty() == (wanted == Takes::Both || wanted == Takes::Older), byOlder.constData());
        QVERIFY2(byNewer.isEmpty() == (wanted == Takes::Both || wanted == Takes::Newer), byNewer.constData());
        for (const QByteArray& said : {byOlder, byNewer})
            QVERIFY2(said.isEmpty() || (said.left(said.indexOf(':')).toInt() <= line.count('\n') && said.contains(why)), said.constData());
    }
};

// 2012 (any of its snapshots) and 5.9.
void TestLanguageHistory::oldWords_data() {
    columns();
    using enum Takes;
    // statements
    row("map", "map m source plain \"/f\"", Older, "exists up to the OpenSMTPD of 2012-11-14 only");
    row("map in braces, several kinds", "map m { source db \"/f\" }", Older, "2012-11-14 only");
    row("table", "table t { a }", Both);
    row("pki", "pki h certificate \"/c\"", Newer, "exists since OpenSMTPD 5.4.1");
    row("pki dhparams, until 5.9", "pki h dhparams \"/d\"", Newer, "5.4.1");
    row("pki dhe, since 6.0", "pki h dhe auto", None, "exists since OpenSMTPD");
    row("pki ca, 5.4.1 to 5.4.6", "pki h ca \"/d\"", None, "exists");
    row("ca", "ca x certificate \"/c\"", Newer, "exists since OpenSMTPD 5.7.1");
    row("filter NAME PROGRAM", "filter f \"/bin/f\"", Newer, "exists since OpenSMTPD 5.3");
    row("filterchain", "filterchain c a", None, "exists");
    row("enqueuer filter", "enqueuer filter f", None, "exists from OpenSMTPD 5.7.1 to OpenSMTPD 5.7.3 only");
    row("hostname at the top", "hostname h", Older, "exists up to the OpenSMTPD of 2012-12-31 only");
    row("expire", "expire 4d", Both);
    row("size", "size 35M", Older);
    row("max-message-size", "max-message-size 35M", Both);
    row("bounce-warn", "bounce-warn 4h, 1d", Both);
    row("queue compression", "queue compression", Both);
    row("queue compress", "queue compress", Older);
    row("queue interval", "queue interval 900", Older);
    row("queue encryption key", "queue encryption key \"01234567890123456789012345678901\"", Both);
    row("queue encryption by question", "queue encryption", Newer);
    row("limit mta", "limit mta max-conn-per-host 3", Newer, "exists since OpenSMTPD 5.4");
    row("limit mda", "limit mda max-session 3", Newer, "exists since OpenSMTPD 5.4.1");
    row("limit scheduler", "limit scheduler max-inflight 3", Newer, "exists since OpenSMTPD 5.4.1");
    row("limit session", "limit session max-rcpt 3", Newer, "exists since OpenSMTPD 5.7.1");
    row("max-mta-deferred", "max-mta-deferred 10", Newer, "exists since OpenSMTPD 5.4.1");
    row("ciphers", "ciphers HIGH", Newer, "exists since OpenSMTPD 5.7.1");
    row("curve, gone with 5.9.1", "curve \"p\"", None, "exists from OpenSMTPD 5.7.1 to OpenSMTPD 5.7.3 only");
    row("subaddressing-delimiter, since 6.0.3", "subaddressing-delimiter \"+\"", None, "exists since OpenSMTPD 6.0.3");
    // listeners
    row("tls-require", "listen on lo tls-require", Both);
    row("tls-require verify", "listen on lo tls-require verify", Newer, "exists since OpenSMTPD 5.4.1");
    row("smtps verify", "listen on lo smtps verify", Newer, "exists since OpenSMTPD 5.4.1");
    row("auth", "listen on lo tls auth", Both);
    row("auth-optional", "listen on lo tls auth-optional", Both);
    row("enable auth", "listen on lo tls enable auth", Older, "exists up to the OpenSMTPD of 2012-10-04 only");
    row("certificate", "listen on lo tls certificate c", Older, "exists up to OpenSMTPD 5.4 only");
    row("ssl", "listen on lo ssl", Older, "exists up to OpenSMTPD 5.4 only");
    row("secure", "listen on lo secure", Newer, "exists from OpenSMTPD 5.4.1 to OpenSMTPD 6.0.2 only");
    row("pki of a listener", "pki h certificate \"/c\"\nlisten on lo tls pki h", Newer, "");
    row("ca of a listener", "ca x certificate \"/c\"\nlisten on lo tls ca x", Newer, "");
    row("hostname of a listener", "listen on lo hostname h", Newer, "exists since OpenSMTPD 5.3");
    row("hostnames", "listen on lo hostnames { \"127.0.0.1\" = h }", Newer, "exists since OpenSMTPD 5.4.1");
    row("inet4", "listen on lo inet4", Newer, "exists since OpenSMTPD 5.4");
    row("inet6", "listen on lo inet6", Newer, "exists since OpenSMTPD 5.4");
    row("mask-source", "listen on lo mask-source", Newer, "exists since OpenSMTPD 5.4.1");
    row("received-auth", "listen on lo received-auth", Newer, "exists since OpenSMTPD 5.7.1");
    row("no-dsn", "listen on lo no-dsn", Newer, "exists since OpenSMTPD 5.4.4");
    row("dsn-notify disable", "listen on lo dsn-notify disable", None, "exists from OpenSMTPD 5.7.1 to OpenSMTPD 5.7.3 only");
    row("dsn-ret headers", "listen on lo dsn-ret headers", None, "exists from OpenSMTPD 5.7.1 to OpenSMTPD 5.7.3 only");
    row("senders", "listen on lo senders { u = \"u@x\" }", Newer, "exists since OpenSMTPD 5.7.1");
    row("senders masquerade", "listen on lo senders { u = \"u@x\" } masquerade", Newer, "exists since OpenSMTPD 5.7.1");
    row("listen on socket", "listen on socket mask-source", Newer, "exists since OpenSMTPD 5.4.1"); // to 2012 an interface
    // rules
    row("on TAG", "accept on lo0 for any relay", Older, "exists up to the OpenSMTPD of 2012-12-31 only");
    row("tag behind the rule", "accept for any relay tag T", Older, "exists up to the OpenSMTPD of 2012-12-04 only");
    row("tagged", "accept tagged T for any relay", Both);
    row("from all", "accept from all for any relay", Older, "");
    row("for all", "accept for all relay", Older, "");
    row("for network", "accept for network \"10.0.0.0/8\" relay", Older, "");
    row("for virtual", "map v source plain \"/f\"\naccept for virtual v deliver to mbox", Older, "");
    row("sender", "accept sender \"@x\" for any relay", Newer, "exists since OpenSMTPD 5.3");
    row("recipient", "accept recipient \"@x\" for any relay", Newer, "exists since OpenSMTPD 5.4.1");
    row("authenticated, since 6.0.3", "accept authenticated for any relay", None, "exists since OpenSMTPD 6.0.3");
    row("negation", "accept from ! local for any relay", Newer, "\"!\" exists since OpenSMTPD 5.4.1");
    row("users, in December 2012", "table u { a = b }\naccept for local users <u> deliver to mbox", Older, "exists from");
    row("userbase", "table u { a = b }\naccept for local userbase <u> deliver to mbox", Newer, "exists since OpenSMTPD 5.3");
    row("forward-only", "accept for local forward-only", Newer, "exists since OpenSMTPD 5.4.1");
    row("deliver to lmtp", "accept for local deliver to lmtp \"localhost:24\"", Newer, "exists since OpenSMTPD 5.3.1");
    row("lmtp rcpt-to", "accept for local deliver to lmtp \"localhost:24\" rcpt-to", Newer, "exists since OpenSMTPD 5.3.1");
    row("negation of a domain", "accept from any for ! domain x relay", Newer, "\"!\" exists since OpenSMTPD 5.4.1");
    row("negation of a tag", "accept tagged ! T for any relay", Newer, "\"!\" exists since OpenSMTPD 5.4.1");
    row("negation of a sender", "accept sender ! \"@x\" for any relay", Newer, "exists since OpenSMTPD 5.3");
    row("relay backup", "accept for domain x relay backup mx", Both);
    row("relay source", "accept for any relay source { \"10.0.0.1\" }", Both);
    row("relay helo <t>", "accept for any relay source { \"10.0.0.1\" } helo { \"10.0.0.1\" = h }", None, "exists from OpenSMTPD 5.3 to OpenSMTPD 5.4 only");
    row("relay hostname", "accept for any relay hostname h", Newer, "exists since OpenSMTPD 5.4.1");
    row("relay hostnames", "accept for any relay hostnames { \"10.0.0.1\" = h }", Newer, "exists since OpenSMTPD 5.4.1");
    row("relay pki", "pki h certificate \"/c\"\naccept for any relay pki h", Newer, "");
    row("relay tls verify", "accept for any relay tls verify", Newer, "5.4.1");
    row("relay via verify", "accept for any relay via \"tls://h\" verify", Newer, "exists since OpenSMTPD 5.4.1");
    row("relay via certificate", "accept for any relay via \"tls://h\" certificate c", Older, "exists up to OpenSMTPD 5.4 only");
    row("relay via HOST port N tls", "accept for any relay via \"h\" port 25 tls", Older, "exists up to the OpenSMTPD of 2012-05-28 only");
    row("relay as", "accept for any relay as \"@x\"", Both);
    row("expire of a rule", "accept for any relay expire 2d", Both);
}

// 6.8 and 7.8. What came with 6.6 and 6.7 both have; what 6.4 had is in rows that look everyday.
void TestLanguageHistory::modernWords_data() {
    columns();
    using enum Takes;
    // statements of 6.4
    row("bounce warn-interval", "bounce warn-interval 4h, 1d", Both);
    row("ca cert", "ca x cert \"/c\"", Both);
    row("mda limit", "mda limit max-session 3", Both);
    row("mda wrapper", "mda wrapper w \"x %{mda}\"", Both);
    row("mta limit", "mta limit for domain x inet4", Both);
    row("mta max-deferred", "mta max-deferred 3", Both);
    row("pki cert, key, dhe", "pki h cert \"/c\" key \"/k\" dhe auto", Both);
    row("queue compression", "queue compression", Both);
    row("queue encryption", "queue encryption stdin", Both);
    row("queue ttl", "queue ttl 4d", Both);
    row("scheduler limit", "scheduler limit max-inflight 3", Both);
    row("smtp ciphers", "smtp ciphers HIGH", Both);
    row("smtp limit", "smtp limit max-mails 3 max-rcpt 4", Both);
    row("smtp max-message-size", "smtp max-message-size 35M", Both);
    row("smtp sub-addr-delim", "smtp sub-addr-delim \"-\"", Both);
    row("table", "table t { a }", Both);
    // since 6.6
    row("proc, since 6.6", "proc p \"x\" user u group g chroot \"/\"", Both);
    row("srs key, since 6.6", "srs key x", Both);
    row("srs key backup, since 6.6", "srs key x\nsrs key backup y", Both);
    row("srs ttl, since 6.6", "srs ttl 4d", Both);
    row("filter chain, since 6.6", "filter f phase connect match fcrdns junk\nfilter c chain { f }", Both);
    row("filter proc, since 6.6", "proc p \"x\"\nfilter f proc p", Both);
    row("filter proc-exec, since 6.6", "filter f proc-exec \"x\" user u", Both);
    row("filter reject, since 6.6", "filter f phase helo match helo x reject \"550 no\"", Both);
    row("filter disconnect, since 6.6", "filter f phase ehlo match rdns x disconnect \"421 no\"", Both);
    row("filter rewrite, since 6.6", "filter f phase mail-from match mail-from x rewrite \"y\"", Both);
    row("filter report, since 6.6", "filter f phase rcpt-to match rcpt-to x report \"y\"", Both);
    row("filter junk, since 6.6", "filter f phase data match src x junk", Both);
    row("filter commit, since 6.6", "filter f phase commit match ! rdns regex x reject \"550 no\"", Both);
    row("proxy-v2, since 6.6", "listen on lo proxy-v2", Both);
    row("filter of a listener, since 6.6", "filter f phase connect match fcrdns junk\nlisten on lo filter { f }", Both);
    row("from rdns, since 6.6", "match from rdns for any reject", Both);
    row("from rdns regex, since 6.6", "match from rdns regex \"x\" for any reject", Both);
    row("regex, since 6.6", "match mail-from regex \"x\" for domain regex \"y\" reject", Both);
    row("relay srs, since 6.6", "srs key x\naction a relay srs", Both);
    // since 6.7, 6.8
    row("from auth, since 6.7", "match from auth for any reject", Both);
    row("from mail-from, since 6.7", "match from mail-from x for any reject", Both);
    row("for rcpt-to, since 6.7", "match from any for rcpt-to x reject", Both);
    row("bypass, since 6.7", "filter f phase connect match fcrdns bypass", Both);
    row("auth in filters, since 6.7", "filter f phase mail-from match auth junk", Both);
    row("relay domain, since 6.7", "action a relay domain { x = \"smtp://y\" }", Both);
    row("relay filter, since 6.7", "filter f phase connect match fcrdns junk\naction a relay filter f", Both);
    row("tag on the socket, since 6.7", "listen on socket tag T", Both);
    row("admd, since 6.8", "admd x", Both);
    // later than 6.8
    row("protocols of a listener, since 7.3", "pki h cert \"/c\"\nlisten on lo tls pki h protocols \"tlsv1.3\"", Newer, "exists since OpenSMTPD 7.3");
    row("ciphers of a listener, since 7.3", "pki h cert \"/c\"\nlisten on lo tls pki h ciphers x", Newer, "exists since OpenSMTPD 7.3");
    row("ciphers of a relay, since 7.3", "action a relay ciphers x", Newer, "exists since OpenSMTPD 7.3");
    row("protocols of a relay, since 7.3", "action a relay protocols x", Newer, "exists since OpenSMTPD 7.3");
    row("several pki, since 7.3", "pki a cert \"/c\"\npki b cert \"/c\"\nlisten on lo tls pki a pki b", Newer, "7.3");
    row("TLS without pki, until 7.3", "listen on lo tls", Older, "since 7.3 wants a pki");
    row("no-dsn on the socket, since 7.5", "listen on socket no-dsn", Newer, "exists since OpenSMTPD 7.5");
    row("new lines in braces, since 7.5", "table t { a,\n b }", Newer, "7.5");
    row("a mapping's keys as senders, since 7.5", "table t { a = b }\nmatch mail-from <t> for any reject", Newer, "must be a list");
    row("a mapping's keys as recipients, since 7.5", "table t { a = b }\nmatch for any rcpt-to <t> reject", Newer, "must be a list");
    row("a mapping's keys as users, since 7.5", "table t { a = b }\nmatch auth <t> for any reject", Newer, "must be a list");
    row("a mapping's keys as addresses, since 7.5", "table t { a = b }\naction a relay src <t>", Newer, "must be a list");
    // everyday, since 6.4
    row("listener words", "listen on lo inet4 port smtp tag T hostname h mask-src no-dsn received-auth", Both);
    row("sign-in", "pki h cert \"/c\"\nlisten on lo tls-require verify pki h auth-optional { a = b } senders { a = b } masquerade", Both);
    row("smtps verify", "pki h cert \"/c\"\nca c cert \"/c\"\nlisten on lo smtps verify pki h ca c auth", Both);
    row("conditions", "match ! from socket ! for local ! auth ! helo x ! tag T ! tls ! mail-from x ! rcpt-to y reject", Both);
    row("local methods", "action a maildir \"/m\" junk alias { a = b } userbase { a = b } user u ttl 1d", Both);
    row("lmtp", "action a lmtp \"/s\" rcpt-to virtual { a = b } ttl 1d", Both);
    row("expand-only, forward-only", "action a expand-only\naction b forward-only alias { a = b }", Both);
    row("relay words", "action a relay helo h src \"10.0.0.1\" host x tls no-verify auth { a = b } mail-from \"@x\" ttl 1d", Both);
    row("helo-src", "action a relay helo-src { \"10.0.0.1\" = h } src \"10.0.0.1\"", Both);
    row("relay backup mx", "action a relay backup mx m", Both);
    // reserved, and unused
    row("names that are words need quotes", "action mbox mbox", None, "word of the language");
    row("quoted they are names", "action \"mbox\" mbox", Both);
    row("protocols became a word in 7.3", "table protocols { a }", Older, "\"protocols\" is a word of the language");
    row("recipient is a word, unused", "table recipient { a }", None, "word of the language");
    row("smtp-in is a word, unused", "table smtp-in { a }", None, "word of the language");
    row("noop is a word, unused", "table noop { a }", None, "word of the language");
}

void TestLanguageHistory::wordsOfAnotherDialect_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<int>("target");
    const auto to = [](Target target, std::initializer_list<const char*> lines) {
        for (const char* line : lines)
            QTest::addRow("%s to %s", line, config::toString(target).toByteArray().constData()) << QByteArray(line) + '\n' << int(target);
    };
    // All of the older verbs left with 6.4.
    for (const Target target : {Target::OpenSmtpd68, Target::OpenSmtpd78})
        to(target, {"accept for any relay", "reject for any", "expire 4d", "bounce-warn 4h", "max-message-size 35M",
                    "max-mta-deferred 3", "limit session max-rcpt 3", "limit mta inet4", "subaddressing-delimiter \"+\"",
                    "listen on lo mask-source", "pki h certificate \"/c\"", "match sender x for any reject",
                    "match tagged x for any reject", "match authenticated for any reject", "match from source x for any reject",
                    "action a relay via \"smtp://h\"", "action a relay as \"@x\"", "action a relay source \"10.0.0.1\"",
                    "action a relay hostname h", "action a mbox expire 4d", "map m source plain \"/f\""});
    for (const Target target : {Target::OpenSmtpd2012, Target::OpenSmtpd59})
        to(target, {"action a relay", "match for any reject", "queue ttl 4d", "bounce warn-interval 4h", "smtp max-message-size 35M",
                    "mta max-deferred 3", "smtp limit max-rcpt 3", "listen on lo mask-src", "listen on lo proxy-v2",
                    "srs key x", "proc p \"x\"", "admd x", "mda wrapper w \"x\"", "pki h cert \"/c\""});
}

void TestLanguageHistory::wordsOfAnotherDialect() {
    QFETCH(const QByteArray, line);
    QFETCH(const int, target);
    const bool isModern = Target(target) == Target::OpenSmtpd68 || Target(target) == Target::OpenSmtpd78;
    const QByteArray said =
        complaint(line, isModern ? "action \"r\" relay\nmatch for any action \"r\"\n" : "accept for any relay\n", Target(target));
    QVERIFY2(said.startsWith("1: "), said.constData());
}

QTEST_APPLESS_MAIN(TestLanguageHistory)
#include "tst_language_history.moc"
