// SPDX-License-Identifier: GPL-3.0-or-later
//
// The same text before different readers: who refuses it, and at which line. What 6.8 says was tried on 6.8.0p2 (the whole
// comparison is tests/oracle); what the others say is from their documentation and sources of the time.
#include "policy/judge.h"

#include "config/own_words.h"
#include "support/memory_file_store.h"

#include <QTest>

using namespace postern;
using namespace postern::policy;
using config::Target;

namespace {

const QByteArray kModernRule = "action \"r\" relay\nmatch for any action \"r\"\n";
const QByteArray kLegacyRule = "accept for any relay\n";
const QByteArray k2012Rule = "accept for all relay\n";

config::Diagnostics judged(const QByteArray& text, Target target, bool syntaxOnly = true) {
    test::MemoryFileStore files;
    JudgeOptions options;
    options.target = target;
    options.syntaxOnly = syntaxOnly;
    return judgeText(files, "f", text, options);
}

// "line: text" of each error, "" = taken.
QByteArray errorsOf(const config::Diagnostics& found) {
    QByteArrayList lines;
    for (const config::Diagnostic& one : found) {
        if (one.severity == config::Severity::Error)
            lines.append(QByteArray::number(one.line) + ": " + one.text);
    }
    return lines.join('\n');
}

} // namespace

class TestJudge : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void readersDiffer_data();
    void readersDiffer();
    void namesAndKinds_data();
    void namesAndKinds();
    void ownWords_data();
    void ownWords();
    void posternTakesEveryDialect();
    void missingFilesOnlyWhenAsked();
    void filesAreListsOrMappings_data();
    void filesAreListsOrMappings();
    void aTargetSetsTheDialect();
    void manyFaultsStayARefusal();
};

// Text; who takes it (modern readers: 6.8 and 7.8); what is said to the first who does not.
void TestJudge::readersDiffer_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("takenBy68");
    QTest::addColumn<bool>("takenBy78");
    QTest::addColumn<QByteArray>("part");
    const auto row = [](const char* name, const QByteArray& text, bool by68, bool by78, const char* part = "") {
        QTest::newRow(name) << kModernRule + text << by68 << by78 << QByteArray(part);
    };
    row("everyday", "listen on lo port 25\n", true, true);
    row("protocols came with 7.3", "action a relay host \"smtps://h\" protocols \"all\"\n", false, true,
        "\"protocols\" exists since OpenSMTPD 7.3");
    row("ciphers of a listener came with 7.3", "listen on lo ciphers \"x\"\n", false, true,
        "\"ciphers\" exists since OpenSMTPD 7.3");
    row("no-dsn on the socket came with 7.5", "listen on socket no-dsn\n", false, true, "exists since OpenSMTPD 7.5");
    row("a name that became a word in 7.3", "table protocols { a }\n", true, false, "\"protocols\" is a word of the language");
    row("new lines in braces came with 7.5", "table t {\n  a,\n  b\n}\n", false, true, "before 7.5 takes no new line");
    row("new lines between entries always were", "table t { a\n\nb }\n", true, true);
    row("a comma behind a new line", "table t { a\n, b }\n", false, true, "before 7.5 takes no new line");
    row("an empty table", "table t { }\n", false, false, "at least one entry");
    row("two certificates came with 7.3", "pki a cert \"/c\"\npki b cert \"/c\"\nlisten on lo tls pki a pki b\n", false, true,
        "before 7.3 takes one \"pki\"");
    row("TLS without a certificate ended with 7.3", "listen on lo tls\n", true, false, "since 7.3 wants a pki");
    row("keys of a mapping as senders came with 7.5", "match mail-from { a = b } for any reject\n", false, true,
        "must be a list");
    row("ttl before another option", "action a maildir ttl 3d alias { a = b }\n", false, false, "\"ttl\" to be the last word");
    row("auth before host", "action a relay auth { a = b } host h\n", false, false, "\"host\" before \"auth\"");
    row("an option twice", "listen on lo port 25 port 26\n", false, false, "is given twice");
    row("two words for one thing", "listen on lo inet4 inet6\n", false, false, "excludes what stands before it");
    row("auth behind from auth", "match from auth auth for any reject\n", false, false, "is given twice");
    row("auth before from auth", "match auth from auth for any reject\n", true, true);
    row("a certificate file twice", "pki a cert \"/c\" cert \"/d\" key \"/k\"\n", true, true);
    row("a port in quotes", "listen on lo port \"25\"\n", false, false, "service named 25");
    row("CR LF", "listen on lo\r\n", false, false, "LF only");
    row("CR LF behind a comment only", "# a\r\n", true, true);
    row("a word that goes on behind a macro", "n = \"127.0\"\nlisten on $n.0.1\n", true, true);
    row("a comment inside a macro takes the rest of the line", "n = \"lo # x\"\nlisten on $n nonsense\n", true, true);
    row("a macro's name with a blank", "\"a b\" = \"c\"\n", false, false, "only letters, digits and _");
    row("a negative number", "mta max-deferred -5\n", true, true);
    row("a limit nobody knows", "mta limit max-mail-per-session 5\n", false, false, "unknown limit");
    row("two conditions in a filter", "filter f phase connect match rdns fcrdns junk\n", false, false, "one condition");
    row("a condition that comes later", "filter f phase connect match helo x junk\n", false, false, "not known yet");
    row("junk when the mail is stored", "filter f phase commit match rdns junk\n", false, false, "cannot be decided");
    row("the user of a mailbox", "action a mbox user root\n", false, false, "cannot stand with mbox");
    row("an authority without its file", "ca x\n", false, false, "expected \"cert\"");
    row("no newline at the end", "listen on lo", true, true);
}

void TestJudge::readersDiffer() {
    QFETCH(QByteArray, text);
    QFETCH(bool, takenBy68);
    QFETCH(bool, takenBy78);
    QFETCH(QByteArray, part);
    const QByteArray by68 = errorsOf(judged(text, Target::OpenSmtpd68)), by78 = errorsOf(judged(text, Target::OpenSmtpd78));
    QVERIFY2(by68.isEmpty() == takenBy68, by68.constData());
    QVERIFY2(by78.isEmpty() == takenBy78, by78.constData());
    QVERIFY2((by68 + by78).contains(part), (by68 + by78).constData());
}

void TestJudge::namesAndKinds_data() {
    QTest::addColumn<int>("target");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, Target target, const QByteArray& text, const char* expected) {
        QTest::newRow(name) << int(target) << text << QByteArray(expected);
    };
    const auto k68 = Target::OpenSmtpd68;
    const auto k78 = Target::OpenSmtpd78;
    const auto k59 = Target::OpenSmtpd59;
    const auto k2012 = Target::OpenSmtpd2012;
    row("no rule", k68, "listen on lo\n", "no rules, nothing to do");
    row("a table behind its use", k68, "match for domain <t> reject\ntable t { a }\n", "1: no such table: t");
    row("a table twice", k68, "table t { a }\ntable t { b }\n" + kModernRule, "2: table \"t\" is defined already");
    row("a list where keys are wanted", k68, "action a mbox alias { a, b }\n" + kModernRule, "keys with values");
    row("keys where a list is wanted", k68, "action a relay host { a = b }\n" + kModernRule, "must be a list");
    row("accounts are for userbase", k68, "table t getpwnam\naction a mbox alias <t>\n" + kModernRule, "2: this table");
    row("a path that does not start with /", k68, "table t file:x\n" + kModernRule, "path that starts with /");
    row("an action behind its use", k68, "match for any action a\naction a relay\n", "1: no such action: a");
    row("an action twice", k68, "action a relay\n" + kModernRule + "action a mbox\n", "4: action \"a\" is defined already");
    row("a filter nobody defined", k68, "listen on lo filter f\n" + kModernRule, "1: no such filter: f");
    row("a filter twice in a chain", k68, "filter f phase connect match rdns junk\nfilter c chain { f, f }\n" + kModernRule,
        "2: a filter cannot stand twice");
    row("a chain in a chain", k68,
        "filter f phase connect match rdns junk\nfilter c chain { f }\nlisten on lo filter { c }\n" + kModernRule,
        "3: a chain cannot stand in a chain");
    const QByteArray shared = "proc p \"x\"\nfilter f proc p\nfilter g proc p\nfilter c chain { f, g }\n" + kModernRule;
    row("filters of one proc in a chain", k68, shared, "");
    row("filters of one proc in a chain, later", k78, shared, "cannot share a proc");
    row("a proc nobody defined", k68, "filter f proc p\n" + kModernRule, "1: no such proc: p");
    row("a wrapper nobody defined", k68, "action a mbox wrapper w\n" + kModernRule, "1: no mda wrapper");
    row("srs without a key", k68, "action a relay srs\n" + kModernRule, "1: \"srs\" needs a line \"srs key\"");
    row("a certificate without TLS", k68, "pki a cert \"/c\"\nlisten on lo pki a\n" + kModernRule, "2: pki requires");
    row("a certificate nobody defined", k68, "listen on lo tls pki a\n" + kModernRule, "1: no such pki: a");
    row("capitals in a certificate's name", k68, "pki A.b cert \"/c\"\nlisten on lo tls pki a.B\n" + kModernRule, "");
    row("auth without TLS", k68, "listen on lo auth\n" + kModernRule, "1: auth requires tls/smtps");
    row("a name that is no host's", k68, "pki \"a b\" cert \"/c\"\n" + kModernRule, "1: not a valid domain name");
    row("two sockets", k68, "listen on socket\nlisten on socket\n" + kModernRule, "2: \"listen on socket\"");
    row("port 0", k68, "listen on lo port 0\n" + kModernRule, "1: OpenSMTPD takes a port from 1 to 65535");
    row("port 65535", k68, "listen on lo port 65535\n" + kModernRule, "");
    row("port 65535 was too much", k59, "listen on lo port 65535\n" + kLegacyRule, "from 1 to 65534");
    row("a long tag", k68, "listen on lo tag " + QByteArray(33, 'x') + '\n' + kModernRule, "1: a tag has at most 32");
    row("a long time", k68, "queue ttl 24856d\n" + kModernRule, "24855d");
    row("srs for less than a day", k68, "srs ttl 5s\n" + kModernRule, "at least one day");
    row("an unknown choice of key exchange", k68, "pki a dhe maybe\n" + kModernRule, "none, auto or legacy");
    // The older ones.
    row("a word before its time", k59, "subaddressing-delimiter \"+\"\n" + kLegacyRule, "exists since OpenSMTPD 6.0.3");
    row("a word after its time", k59, "listen on lo certificate x\n" + kLegacyRule, "exists up to OpenSMTPD 5.4 only");
    row("authenticated came later", k59, "accept authenticated for any relay\n", "exists since OpenSMTPD 6.0.3");
    row("no newline at the end", k59, "accept for any relay", "does not end in a newline");
    row("from without source", k59, "accept from 10.0.0.1 for any relay\n", "wants \"source\"");
    row("all", k59, "accept for all relay\n", "wants \"any\"");
    row("expire too early", k59, "accept expire 3d for any relay\n", "parts of a rule in this order");
    row("aliases for a relay", k59, "table a { a = b }\naccept for any alias <a> relay\n", "may not be used with a relay rule");
    row("a list in parentheses", k59, "accept for domain ( a, b ) relay\n", "in parentheses is of 2012");
    row("5.9: a list where keys are wanted", k59, "accept for local alias { a, b } deliver to mbox\n", "1: this table must have keys");
    row("5.9: keys where a list is wanted", k59, "accept for domain { a = b } deliver to mbox\n", "1: this table must be a list");
    row("5.9: one name is a list", k59, "accept for local alias \"a\" deliver to mbox\n", "1: this table must have keys");
    row("5.9: networks", k59, "table t { a = b }\naccept from source <t> for any relay\n", "2: this table must be a list");
    row("5.9: senders of mail", k59, "accept sender { a = b } for any relay\n", "1: this table must be a list");
    row("5.9: recipients", k59, "accept recipient { a = b } for any relay\n", "1: this table must be a list");
    row("5.9: addresses to send from", k59, "accept for any relay source { a = b }\n", "1: this table must be a list");
    row("5.9: names by address", k59, "accept for any relay hostnames { a }\n", "1: this table must have keys");
    row("5.9: logins of a relay", k59, "accept for any relay via \"tls+auth://a@h\" auth { a }\n", "1: this table must have keys");
    row("5.9: logins of a listener are not looked at", k59, "listen on lo tls auth { a }\n" + kLegacyRule, "");
    row("5.9: who may send as whom", k59, "listen on lo tls auth senders { a }\n" + kLegacyRule, "1: this table must have keys");
    row("5.9: names of a listener", k59, "listen on lo hostnames { a }\n" + kLegacyRule, "1: this table must have keys");
    row("5.9: accounts serve users only", k59, "table t getpwnam\naccept for domain <t> deliver to mbox\n", "2: this table");
    row("5.9: a program answers anything", k59, "table t sqlite:/x\naccept for domain <t> alias <t> deliver to mbox\n", "");
    row("2012: aliases are keys with values", k2012, "table t { a, b }\naccept for local alias <t> deliver to mbox\n", "2: this table must have keys");
    row("2012: virtual users for a relay", k2012, "table t { a, b }\naccept for domain d virtual <t> relay\n", "");
    row("parentheses in 2012", k2012, "accept for domain ( a, b ) relay\n", "");
    row("all in 2012", k2012, k2012Rule, "");
    row("port before tls in 2012", k2012, "accept for all relay via \"h\" port 25 tls\n", "");
    row("tls before port in 2012", k2012, "accept for all relay via \"h\" tls port 25\n", "before the word for TLS");
    row("options of a listener have one place in 2012", k2012, "listen on lo tls tag x certificate y\n" + k2012Rule, "one place");
    row("a word of later years", k2012, "listen on lo mask-source\n" + k2012Rule, "exists since OpenSMTPD 5.4.1");
    row("tls-require verify", k2012, "listen on lo tls-require verify\n" + k2012Rule,
        "\"tls-require verify\" exists since OpenSMTPD 5.4.1");
    row("a map nobody defined", k2012, "accept for local alias nix deliver to mbox\n", "1: no such table: nix");
}

void TestJudge::namesAndKinds() {
    QFETCH(int, target);
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, expected);
    const QByteArray errors = errorsOf(judged(text, Target(target)));
    QVERIFY2(expected.isEmpty() ? errors.isEmpty() : errors.contains(expected), errors.constData());
}

void TestJudge::ownWords_data() {
    QTest::addColumn<QByteArray>("text");
    for (const config::OwnWord& word : config::ownWords())
        QTest::newRow(word.form) << QByteArray(word.example);
}

// What only Postern has: read without a word, and refused at its line by everyone else.
void TestJudge::ownWords() {
    QFETCH(QByteArray, text);
    QCOMPARE(errorsOf(judged(text, Target::Postern)), "");
    for (const Target reader : {Target::OpenSmtpd68, Target::OpenSmtpd78})
        QVERIFY2(errorsOf(judged(text, reader)).startsWith("1: "), errorsOf(judged(text, reader)).constData());
}

void TestJudge::posternTakesEveryDialect() {
    for (const QByteArray& text : {kModernRule, kLegacyRule, k2012Rule})
        QCOMPARE(errorsOf(judged(text, Target::Postern)), "");
}

void TestJudge::missingFilesOnlyWhenAsked() {
    const QByteArray text = "table t file:/nowhere\ninclude \"/gone\"\n" + kModernRule;
    QCOMPARE(errorsOf(judged(text, Target::OpenSmtpd68)), "");
    const QByteArray errors = errorsOf(judged(text, Target::OpenSmtpd68, false));
    QVERIFY2(errors.contains("1: ") && errors.contains("2: "), errors.constData());
}

// What the real smtpd -n of 6.8 says of such files, tried by hand: a URL's colon ends a key, an empty file is a mapping.
void TestJudge::filesAreListsOrMappings_data() {
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<bool>("isList");
    QTest::addColumn<bool>("isMapping");
    QTest::newRow("words") << QByteArray("a\nb\n") << true << false;
    QTest::newRow("keys and values") << QByteArray("# text\n\na b\nc d\n") << false << true;
    QTest::newRow("relays") << QByteArray("smtps://mx1\nsmtps://mx2\n") << false << true;
    QTest::newRow("relays with the mark") << QByteArray("# @list\nsmtps://mx1\n") << true << false;
    QTest::newRow("nothing") << QByteArray() << false << true;
}

void TestJudge::filesAreListsOrMappings() {
    QFETCH(QByteArray, file);
    QFETCH(bool, isList);
    QFETCH(bool, isMapping);
    const auto isTaken = [&](const QByteArray& action) {
        test::MemoryFileStore files;
        files.put("/p/t", file);
        const QByteArray text = "table t file:/p/t\n" + action + kModernRule;
        return !config::isRefused(judgeText(files, "/p/smtpd.conf", text, {Target::OpenSmtpd68, {}, false}), Target::OpenSmtpd68);
    };
    QCOMPARE(isTaken("action a relay host <t>\n"), isList);
    QCOMPARE(isTaken("action a mbox alias <t>\n"), isMapping);
}

void TestJudge::aTargetSetsTheDialect() {
    QVERIFY(errorsOf(judged(kLegacyRule, Target::OpenSmtpd68)).startsWith("1: \"accept\" does not belong to"));
    QVERIFY(errorsOf(judged(kModernRule, Target::OpenSmtpd59)).startsWith("1: \"action\" does not belong to"));
    QCOMPARE(errorsOf(judged(kLegacyRule, Target::OpenSmtpd59)), "");
}

// Only so many are kept of one file; who refuses is never lost among them.
void TestJudge::manyFaultsStayARefusal() {
    const QByteArray text = QByteArray("listen on lo port 25 port 26\n").repeated(1500) + "listen on socket no-dsn\n" +
                            QByteArray("table { }\n") + kModernRule;
    QVERIFY(config::isRefused(judged(text, Target::OpenSmtpd68), Target::OpenSmtpd68));
    const QByteArray own = QByteArray("table t {\na }\n") + QByteArray("pki a cert \"/c\" cert \"/d\"\n").repeated(1500) +
                           kModernRule + "listen on socket no-dsn\n";
    QVERIFY(config::isRefused(judged(own, Target::OpenSmtpd68), Target::OpenSmtpd68));
}

QTEST_APPLESS_MAIN(TestJudge)
#include "tst_judge.moc"
