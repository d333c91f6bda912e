// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rules from each dialect to each other: one row for each thing that is said or meant differently. The meanings are those
// of the reference on eras: who is local, what a relay URL does on the wire.
#include "gateway/convert/conversion.h"

#include <QTest>

using namespace postern;
using config::Dialect;
using config::Target;

namespace {

struct Prelude {
    QByteArray before, after;
};

// Listeners decide whether anybody can sign in; tables must be there to be used.
Prelude preludeFor(Dialect from, Target to, bool signsIn) {
    QByteArray before = from == Dialect::Modern ? "pki gw cert \"/c\" key \"/k\"\n" : "pki gw certificate \"/c\" key \"/k\"\n";
    QByteArray after = dialectOf(to) == Dialect::Modern ? "pki gw cert \"/c\" key \"/k\"\n" : "pki gw certificate \"/c\" key \"/k\"\n";
    if (dialectOf(to) == Dialect::Map2012)
        after = "# not in OpenSMTPD of 2012: " + before;
    const QByteArray listen = signsIn ? "listen on lo tls pki gw auth\n" : "listen on lo\n";
    before += listen;
    after += dialectOf(to) == Dialect::Map2012 && signsIn ? "listen on lo tls certificate gw auth\n" : listen;
    return {before, after};
}

void columns() {
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("after");
    QTest::addColumn<QByteArray>("report"); // part of it; "" or a note = nothing changed or lost
}

void row(const char* name, const char* before, const char* after, const char* report = "") {
    QTest::addRow("%s", name) << QByteArray(before) << QByteArray(after) << QByteArray(report);
}

void check(Dialect from, Target to, bool signsIn) {
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, after);
    QFETCH(QByteArray, report);
    const Prelude prelude = preludeFor(from, to, signsIn);
    const test::Conversion made = test::converted(prelude.before + before + '\n', to, from);
    QVERIFY(!made.isRefused);
    QCOMPARE(made.text, prelude.after + after + '\n');
    QByteArrayList said;
    for (const QByteArray& line : made.report) {
        if (!line.contains(": note: ") && !line.contains("programs of 2012 find certificates") &&
            !line.contains("the certificate is looked for"))
            said.append(line);
    }
    const bool isNote = report.startsWith("note: ");
    if (report.isEmpty() || isNote)
        QCOMPARE(said.join('\n'), QByteArray());
    if (!report.isEmpty())
        QVERIFY2((isNote ? made.report : said).join('\n').contains(": " + report), made.report.join('\n').constData());
}

} // namespace

class TestConvertRules : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void whoMaySend_data();
    void whoMaySend();
    void conditions_data();
    void conditions();
    void deliveries_data();
    void deliveries();
    void relays_data();
    void relays();
    void mapDialect_data();
    void mapDialect();
    void mapDialectToTables_data();
    void mapDialectToTables();
    void backToAccept_data();
    void backToAccept();
    void backToAcceptWithSignIn_data();
    void backToAcceptWithSignIn();
    void backTo2012_data();
    void backTo2012();
    void noListenerLetsNobodySignIn();
    void theServersNameOf2012();
    void olderFormsFor59_data();
    void olderFormsFor59();
    void ownWordsFor68_data();
    void ownWordsFor68();
};

void TestConvertRules::whoMaySend_data() {
    columns();
    row("local was also who signed in", "reject from local for any", "match from local for any reject\nmatch from any auth for any reject");
    row("so it was without a word", "reject for any", "match from local for any reject\nmatch from any auth for any reject");
    row("anybody stays anybody", "reject from any for any", "match from any for any reject");
    row("who signed in had no address", "reject from source \"10.0.0.0/8\" for any", "match from src \"10.0.0.0/8\" !auth for any reject",
        "note: clients that sign in had no address for rules like this one");
    row("unless the list says local", "reject from source { \"10.0.0.0/8\", \"local\" } for any",
        "match from src { \"10.0.0.0/8\", \"local\" } for any reject\nmatch from any auth for any reject");
    row("and so was never in a list", "reject from ! source \"10.0.0.0/8\" for any",
        "match !from src \"10.0.0.0/8\" for any reject\nmatch from any auth for any reject");
    row("not local was not signed in either", "reject from ! local for any", "match !from local !auth for any reject");
    row("signed in, from here", "reject authenticated for any", "match from any auth for any reject");
    row("signed in, from anywhere", "reject authenticated from any for any", "match from any auth for any reject");
    row("not signed in, from here", "reject ! authenticated for any", "match from local !auth for any reject");
    row("not signed in, from anywhere", "reject ! authenticated from any for any", "match from any !auth for any reject");
}
void TestConvertRules::whoMaySend() {
    check(Dialect::Legacy, Target::OpenSmtpd68, true);
}

void TestConvertRules::conditions_data() {
    columns();
    row("nobody can sign in, so local is local", "reject for any", "match from local for any reject");
    row("without for it is local", "reject from any", "match from any for local reject");
    row("for domain", "reject from any for domain \"a.example\"", "match from any for domain \"a.example\" reject");
    row("not for a domain", "reject from any for ! domain \"a.example\"", "match from any !for domain \"a.example\" reject");
    row("not for local", "reject from any for ! local", "match from any !for local reject");
    row("5.3 had no source before the table", "reject from \"10.0.0.1\" for any", "match from src \"10.0.0.1\" for any reject");
    row("sender", "reject sender \"@a\" from any for any", "match mail-from \"@a\" from any for any reject");
    row("not a sender", "reject from any sender ! \"@a\" for any", "match from any !mail-from \"@a\" for any reject");
    row("recipient", "reject from any recipient \"b@a\" for any", "match from any rcpt-to \"b@a\" for any reject");
    row("not a recipient", "reject from any recipient ! \"b@a\" for any", "match from any !rcpt-to \"b@a\" for any reject");
    row("tag", "reject tagged T from any for any", "match tag T from any for any reject");
    row("not a tag", "reject tagged ! T from any for any", "match !tag T from any for any reject");
    row("a tag that is a word now", "reject tagged mx from any for any", "match tag \"mx\" from any for any reject");
    row("the socket's tag has to be given", "reject tagged \"local\" from any for any",
        "listen on socket tag \"local\"\nmatch tag \"local\" from any for any reject");
    row("tags that differ in capitals stay two", "reject tagged In from any for any\nreject tagged IN from any for any",
        "match tag In from any for any reject\nmatch tag \"IN_2\" from any for any reject");
}
void TestConvertRules::conditions() {
    check(Dialect::Legacy, Target::OpenSmtpd68, false);
}

void TestConvertRules::deliveries_data() {
    columns();
    row("mbox", "accept from any for local deliver to mbox", "action \"local_mail\" mbox\nmatch from any for local action \"local_mail\"");
    row("maildir", "accept from any for local deliver to maildir", "action \"local_mail\" maildir\nmatch from any for local action \"local_mail\"");
    row("maildir with a path", "accept from any for local deliver to maildir \"~/m\"",
        "action \"local_mail\" maildir \"~/m\"\nmatch from any for local action \"local_mail\"");
    row("mda", "accept from any for domain a.example deliver to mda \"/bin/x %{dest.user}\"",
        "action \"a.example\" mda \"/bin/x %{dest.user}\"\nmatch from any for domain a.example action \"a.example\"");
    row("mda with the shell's signs", "accept from any for any deliver to mda \"cat | x\"",
        "action \"incoming\" mda \"cat | x\"\nmatch from any for any action \"incoming\"", "changed: the command uses the shell");
    row("mda as a user", "accept from any for any deliver to mda \"/bin/x\" as vmail",
        "action \"incoming\" mda \"/bin/x\" user vmail\nmatch from any for any action \"incoming\"");
    row("lmtp", "accept from any for any deliver to lmtp \"/s\" rcpt-to as vmail",
        "action \"incoming\" lmtp \"/s\" rcpt-to user vmail\nmatch from any for any action \"incoming\"");
    row("aliases", "accept from any for local alias { a = b } deliver to mbox",
        "action \"local_mail\" mbox alias { a = b }\nmatch from any for local action \"local_mail\"");
    row("virtual users with a user base", "accept from any for any virtual { a = b } userbase { b = \"1:1:/b\" } deliver to maildir",
        "action \"incoming\" maildir virtual { a = b } userbase { b = \"1:1:/b\" }\nmatch from any for any action \"incoming\"");
    row("forwarding only", "accept from any for any alias { a = b } forward-only",
        "action \"incoming\" forward-only alias { a = b }\nmatch from any for any action \"incoming\"");
    row("no delivery: what aliases lead to", "accept from any for any alias { a = b }",
        "action \"incoming\" expand-only alias { a = b }\nmatch from any for any action \"incoming\"");
    row("a lifetime stands last", "accept from any for any deliver to mbox expire 2h",
        "action \"incoming\" mbox ttl 2h\nmatch from any for any action \"incoming\"");
    row("the lifetime in force at the rule", "accept from any for local deliver to mbox\nexpire 2d\naccept from any for any deliver to mbox",
        "action \"local_mail\" mbox ttl 4d\nmatch from any for local action \"local_mail\"\nqueue ttl 2d\n"
        "action \"incoming\" mbox\nmatch from any for any action \"incoming\"");
    row("the same delivery is one action", "accept from any for domain a.example relay\naccept from any for domain b.example relay",
        "action \"outbound\" relay\nmatch from any for domain a.example action \"outbound\"\n"
        "match from any for domain b.example action \"outbound\"");
    row("deliveries that differ have names that do", "accept from any for domain a.example deliver to mbox\n"
        "accept from any sender \"@x\" for domain a.example deliver to maildir",
        "action \"a.example\" mbox\naction \"a.example_2\" maildir\nmatch from any for domain a.example action \"a.example\"\n"
        "match from any mail-from \"@x\" for domain a.example action \"a.example_2\"");
    row("catching is Postern's", "accept from any for any catch",
        "# not in OpenSMTPD 6.8: accept from any for any catch\nmatch from any for any reject", "lost: only Postern can catch mail");
}
void TestConvertRules::deliveries() {
    check(Dialect::Legacy, Target::OpenSmtpd68, false);
}

void TestConvertRules::relays_data() {
    columns();
    // What stands behind `relay`, and what behind `relay` of the action, whose name is in the last column's place of the match.
    const auto relay = [](const char* name, const char* before, const char* after, const char* action, const char* report = "") {
        QTest::addRow("%s", name) << "accept from any for domain a.example relay" + QByteArray(before)
                                  << "action \"" + QByteArray(action) + "\" relay" + after +
                                         "\nmatch from any for domain a.example action \"" + action + '"'
                                  << QByteArray(report);
    };
    relay("a bare host tried TLS", " via h.example", " host \"smtp://h.example\"", "h.example");
    relay("smtp+tls:// tried TLS", " via smtp+tls://h.example", " host \"smtp://h.example\"", "h.example");
    relay("smtp:// never did", " via smtp://h.example", " host \"smtp+notls://h.example\"", "h.example");
    relay("tls:// did not look at the certificate", " via tls://h.example", " host \"smtp+tls://h.example\" tls no-verify", "h.example");
    relay("tls:// with verify did", " via tls://h.example verify", " host \"smtp+tls://h.example\"", "h.example");
    relay("smtps:// did not look either", " via smtps://h.example", " host \"smtps://h.example\" tls no-verify", "h.example");
    relay("smtps:// with verify did", " via smtps://h.example verify", " host \"smtps://h.example\"", "h.example");
    relay("signing in", " via tls+auth://l@h.example auth { l = \"u:p\" }",
          " host \"smtp+tls://l@h.example\" tls no-verify auth { l = \"u:p\" }", "l");
    relay("signing in, TLS at once", " via smtps+auth://l@h.example:466 auth { l = \"u:p\" } verify",
          " host \"smtps://l@h.example:466\" auth { l = \"u:p\" }", "l");
    relay("either way must be chosen", " via secure://h.example", " host \"smtp+tls://h.example\" tls no-verify", "h.example", "lost: either way of TLS");
    relay("either way, signing in", " via secure+auth://l@h.example auth { l = \"u:p\" }",
          " host \"smtp+tls://l@h.example\" tls no-verify auth { l = \"u:p\" }", "l", "lost: either way of TLS");
    relay("either way on the port of TLS", " via secure://h.example:465", " host \"smtps://h.example:465\" tls no-verify", "h.example", "lost: either way of TLS");
    relay("lmtp", " via lmtp://h.example:24", " host \"lmtp://h.example:24\"", "h.example");
    relay("backup:// of a URL", " via backup://h.example", " backup mx \"h.example\"", "backup");
    relay("tls+backup://", " via tls+backup://h.example", " backup mx \"h.example\" tls no-verify", "backup");
    relay("backup", " backup", " backup", "backup");
    relay("backup of a name", " backup \"h.example\"", " backup mx \"h.example\"", "backup");
    relay("ports and addresses stay", " via \"tls://[2001:db8::1]:587\"", " host \"smtp+tls://[2001:db8::1]:587\" tls no-verify", "2001_db8__1");
    relay("TLS to the recipient's server", " tls", " tls no-verify", "outbound");
    relay("with a look at its certificate", " tls verify", " tls", "outbound");
    relay("as somebody", " as \"a@b\"", " mail-from \"a@b\"", "outbound");
    relay("from an address", " source \"192.0.2.1\"", " src \"192.0.2.1\"", "outbound");
    relay("with a name", " hostname h.example", " helo h.example", "outbound");
    relay("with names by address", " hostnames { \"192.0.2.1\" = a.example }", " helo-src { \"192.0.2.1\" = a.example }", "outbound");
    relay("5.3 called that helo", " helo { \"192.0.2.1\" = a.example }", " helo-src { \"192.0.2.1\" = a.example }", "outbound");
    relay("with a certificate", " pki gw", " pki gw", "outbound");
    QTest::addRow("5.3's list of recipients") << QByteArray("accept from any for domain a.example virtual { \"b@a.example\" } relay")
                                              << QByteArray("action \"outbound\" relay\nmatch from any for domain a.example "
                                                            "rcpt-to { \"b@a.example\" } action \"outbound\"")
                                              << QByteArray();
    QTest::addRow("an open relay stays one") << QByteArray("accept from any for any relay")
                                             << QByteArray("action \"outbound\" relay\nmatch from any for any action \"outbound\"")
                                             << QByteArray();
    QTest::addRow("a macro that holds a URL gets the new spelling")
        << QByteArray("up = \"tls://h.example\" # ours\naccept from any for local relay via $up verify\naccept from any for any relay via $up")
        << QByteArray("up = \"smtp+tls://h.example\" # ours\naction \"h.example\" relay host $up\n"
                      "action \"h.example_2\" relay host $up tls no-verify\nmatch from any for local action \"h.example\"\n"
                      "match from any for any action \"h.example_2\"")
        << QByteArray("note: this relay URL is spelled as OpenSMTPD 6.8 reads it");
    QTest::addRow("a macro that is no URL elsewhere is written out")
        << QByteArray("up = \"h.example\"\naccept from any for any relay via $up hostname $up")
        << QByteArray("up = \"h.example\"\naction \"h.example\" relay host \"smtp://h.example\" helo $up\n"
                      "match from any for any action \"h.example\"")
        << QByteArray("note: $up is written out");
    QTest::addRow("a macro that is defined again is written out")
        << QByteArray("up = \"tls://a.example\"\naccept from any for local relay via $up verify\nup = \"b.example\"\nreject from any for any")
        << QByteArray("up = \"tls://a.example\"\naction \"a.example\" relay host \"smtp+tls://a.example\"\n"
                      "match from any for local action \"a.example\"\nup = \"b.example\"\nmatch from any for any reject")
        << QByteArray("note: $up is written out");
    QTest::addRow("a login without a label goes by the host")
        << QByteArray("table s { h.example = \"u:p\" }\naccept from any for any relay via tls+auth://h.example auth <s>")
        << QByteArray("table s { h.example = \"u:p\" }\naction \"h.example\" relay host \"smtp+tls://h.example@h.example\" tls no-verify "
                      "auth <s>\nmatch from any for any action \"h.example\"")
        << QByteArray();
    QTest::addRow("a macro that fits stays")
        << QByteArray("me = \"gw.example\"\naccept from any for any relay hostname $me")
        << QByteArray("me = \"gw.example\"\naction \"outbound\" relay helo $me\nmatch from any for any action \"outbound\"")
        << QByteArray();
    QTest::addRow("a table of relays")
        << QByteArray("table up { \"tls://a.example\", \"smtps://b.example\" }\naccept from any for any relay via <up>")
        << QByteArray("table up { \"smtp+tls://a.example\", \"smtps://b.example\" }\naction \"up\" relay host <up> tls no-verify\n"
                      "match from any for any action \"up\"")
        << QByteArray("changed: the URLs in this table");
}
void TestConvertRules::relays() {
    check(Dialect::Legacy, Target::OpenSmtpd68, false);
}

// One name for the whole file in 2012; since then each listener and relay says its own.
void TestConvertRules::theServersNameOf2012() {
    const QByteArray before = "listen on lo\nhostname \"gw.example\"\naccept for local deliver to mbox\n"
                              "accept from all for domain a relay via \"h.example\"\naccept for all relay backup \"mx\"\n";
    const test::Conversion newer = test::converted(before, Target::OpenSmtpd68, Dialect::Map2012);
    QCOMPARE(newer.text, QByteArray("listen on lo hostname gw.example\n# not in OpenSMTPD 6.8: hostname \"gw.example\"\n"
                                    "action \"local_mail\" mbox\naction \"h.example\" relay host \"smtp://h.example\" helo gw.example\n"
                                    "action \"backup\" relay backup mx \"mx\" helo gw.example\n"
                                    "match from local for local action \"local_mail\"\nmatch from any for domain a action \"h.example\"\n"
                                    "match from local for any action \"backup\"\n"));
    const test::Conversion older = test::converted(before, Target::OpenSmtpd59, Dialect::Map2012);
    QVERIFY2(older.text.contains("relay via \"smtp+tls://h.example\" hostname gw.example\n"), older.text.constData());
    QVERIFY2(older.report.join('\n').contains("/etc/mail/mailname"), older.report.join('\n').constData());
    QCOMPARE(test::converted(before, Target::OpenSmtpd2012, Dialect::Map2012).text, before);
}

void TestConvertRules::mapDialect_data() {
    columns();
    row("all is any", "reject from all for all", "match from any for any reject");
    row("the words before URLs", "accept from all for all relay via mx.example.net port 587 tls auth secrets as \"a@b\"",
        "action \"mx.example.net\" relay host \"smtp+tls://mx.example.net@mx.example.net:587\" tls no-verify auth <secrets> "
        "mail-from \"a@b\"\nmatch from any for any action \"mx.example.net\"");
    row("smtp:// tried TLS in 2012", "accept from all for all relay via \"smtp://h.example\"",
        "action \"h.example\" relay host \"smtp://h.example\"\nmatch from any for any action \"h.example\"");
    row("a bare host did, too", "accept from all for all relay via \"h.example\"",
        "action \"h.example\" relay host \"smtp://h.example\"\nmatch from any for any action \"h.example\"");
    row("the host is the key of the login", "accept from all for all relay via tls+auth://h.example auth secrets",
        "action \"h.example\" relay host \"smtp+tls://h.example@h.example\" tls no-verify auth <secrets>\n"
        "match from any for any action \"h.example\"");
    row("several destinations are several rules", "accept from all for { local, domain \"a.example\" } deliver to mbox",
        "action \"local_mail\" mbox\nmatch from any for local action \"local_mail\"\n"
        "match from any for domain \"a.example\" action \"local_mail\"");
    row("several destinations, one of them with its own users: the last one is asked first",
        "accept from all for { virtual map vusers, all } deliver to mbox",
        "action \"incoming\" mbox\naction \"vusers\" mbox virtual <vusers>\n"
        "match from any for any action \"incoming\"\nmatch from any for domain <vusers> action \"vusers\"");
    row("aliases of a map", "accept from all for local alias people deliver to mbox",
        "action \"local_mail\" mbox alias <people>\nmatch from any for local action \"local_mail\"");
    row("virtual domains", "accept from all for virtual map vusers deliver to maildir",
        "action \"vusers\" maildir virtual <vusers>\nmatch from any for domain <vusers> action \"vusers\"");
    row("domains of a map", "accept from all for domain map people relay",
        "action \"outbound\" relay\nmatch from any for domain <people> action \"outbound\"");
    row("domains in parentheses", "accept from all for domain ( \"a\", \"b\" ) relay",
        "action \"outbound\" relay\nmatch from any for domain { \"a\", \"b\" } action \"outbound\"");
    row("who signed in passed every source", "reject from \"10.0.0.1\" for all",
        "match from src \"10.0.0.1\" for any reject\nmatch from any auth for any reject");
    row("on and tag", "reject on T from all for all", "match tag T from any for any reject");
    row("a tag behind the rule", "accept from all for all relay tag T", "action \"outbound\" relay\nmatch from any for any tag T action \"outbound\"");
    row("letters have names", "accept from all for all deliver to maildir \"/m/%d/%u\"",
        "action \"incoming\" maildir \"/m/%{dest.domain}/%{dest.user}\"\nmatch from any for any action \"incoming\"", "changed: %a is read as");
    row("the letter of one character", "accept from all for all deliver to maildir \"/m/%0d\"",
        "action \"incoming\" maildir \"/m/%{dest.domain[0]}\"\nmatch from any for any action \"incoming\"");
    row("letters of the sender", "accept from all for all deliver to mda \"x %U %D %a\"",
        "action \"incoming\" mda \"x %{sender.user} %{sender.domain} %{user.username}\"\nmatch from any for any action \"incoming\"", "changed: %a is read as");
    row("a list of relays", "accept from all for all relay via map ups", "action \"ups\" relay host <ups>\nmatch from any for any action \"ups\"",
        "changed: ");
    row("networks as destinations are lost", "accept from all for network \"10/8\" relay", "# not in OpenSMTPD 6.8: accept from all for network \"10/8\" relay",
        "lost: no other reader");
}
void TestConvertRules::mapDialect() {
    check(Dialect::Map2012, Target::OpenSmtpd68, true);
}

void TestConvertRules::mapDialectToTables_data() {
    columns();
    row("all is any", "reject from all for all", "reject from any for any");
    row("what is the same keeps its bytes", "accept   for local  deliver to mbox", "accept   for local  deliver to mbox");
    row("smtp:// has another name", "accept for all relay via \"smtp://h.example\"", "accept for any relay via \"smtp+tls://h.example\"");
    row("ssl:// has another name", "accept for all relay via \"ssl://h.example\"", "accept for any relay via \"secure://h.example\"");
    row("the words before URLs", "accept for all relay via mx.example.net port 587 tls auth secrets as \"a@b\"",
        "accept for any relay via \"tls+auth://mx.example.net@mx.example.net:587\" auth <secrets> as \"a@b\"");
    row("who signed in passed every source", "reject from \"10.0.0.1\" for all",
        "reject from source \"10.0.0.1\" for any\nreject from source \"local\" for any");
    row("on is tagged", "reject on T from all for all", "reject tagged T from any for any");
    row("maps are tables", "accept for local alias people deliver to mbox", "accept for local alias <people> deliver to mbox");
}
void TestConvertRules::mapDialectToTables() {
    check(Dialect::Map2012, Target::OpenSmtpd59, true);
}

void TestConvertRules::backToAccept_data() {
    columns();
    row("from local for local may go unsaid", "match reject", "reject");
    row("from any", "match from any for any reject", "reject from any for any");
    row("a list", "match from src \"10.0.0.1\" for any reject", "reject from source \"10.0.0.1\" for any");
    row("not a list", "match !from src \"10.0.0.1\" for any reject", "reject from ! source \"10.0.0.1\" for any");
    row("mail-from and rcpt-to", "match from any mail-from \"@a\" !rcpt-to \"@b\" for any reject", "reject from any sender \"@a\" recipient ! \"@b\" for any");
    row("from mail-from", "match from mail-from \"@a\" for any reject", "reject from any sender \"@a\" for any");
    row("for rcpt-to", "match from any for rcpt-to \"b@a\" reject", "reject from any for any recipient \"b@a\"");
    row("the socket", "match from socket for any reject", "reject from any tagged \"local\" for any");
    row("one of several tags", "match from any tag { A, B } for any reject",
        "reject from any tagged \"A\" for any\nreject from any tagged \"B\" for any");
    row("HELO names are lost", "match from any helo \"a\" for any reject", "# not in OpenSMTPD 5.9: match from any helo \"a\" for any reject", "lost: a client's HELO");
    row("regular expressions are lost", "match from any mail-from regex \"a\" for any reject",
        "# not in OpenSMTPD 5.9: match from any mail-from regex \"a\" for any reject", "lost: regular expressions");
    row("reverse names are lost", "match from rdns for any reject", "# not in OpenSMTPD 5.9: match from rdns for any reject", "lost: a client's name");
    row("an action goes into its rules", "action \"a\" mbox alias { a = b } ttl 3d\nmatch from any for local action \"a\"\nmatch from any for domain b action \"a\"",
        "accept from any for local alias { a = b } deliver to mbox expire 3d\n"
        "accept from any for domain b alias { a = b } deliver to mbox expire 3d");
    row("an action that nobody uses is kept as a comment", "action \"a\" mbox\nmatch from any for any reject",
        "# not in OpenSMTPD 5.9: action \"a\" mbox\nreject from any for any");
    row("user is as", "action \"a\" mda \"x\" user u\nmatch from any for any action \"a\"", "accept from any for any deliver to mda \"x\" as u");
    row("user of a maildir can't be said", "action \"a\" maildir user u\nmatch from any for any action \"a\"",
        "# not in OpenSMTPD 5.9: match from any for any action \"a\"\nreject from any for any", "lost: delivery as another user");
    row("junk is lost", "action \"a\" maildir junk\nmatch from any for any action \"a\"", "accept from any for any deliver to maildir", "lost: \"junk\"");
    row("expand-only has no words", "action \"a\" expand-only alias { a = b }\nmatch from any for any action \"a\"", "accept from any for any alias { a = b }");
    row("forward-only stands last", "action \"a\" forward-only alias { a = b }\nmatch from any for any action \"a\"", "accept from any for any alias { a = b } forward-only");
    row("smtp:// tries TLS", "action \"a\" relay host smtp://h.example\nmatch from any for any action \"a\"", "accept from any for any relay via \"smtp+tls://h.example\"");
    row("smtp+notls:// does not", "action \"a\" relay host smtp+notls://h.example\nmatch from any for any action \"a\"", "accept from any for any relay via \"smtp://h.example\"");
    row("smtp+tls:// looks at certificates", "action \"a\" relay host smtp+tls://h.example\nmatch from any for any action \"a\"",
        "accept from any for any relay via \"tls://h.example\" verify");
    row("unless it is told not to", "action \"a\" relay host smtp+tls://h.example tls no-verify\nmatch from any for any action \"a\"",
        "accept from any for any relay via \"tls://h.example\"");
    row("signing in", "action \"a\" relay host smtps://l@h.example auth { l = \"u:p\" }\nmatch from any for any action \"a\"",
        "accept from any for any relay via \"smtps+auth://l@h.example\" auth { l = \"u:p\" } verify");
    row("tls makes smtp:// a must", "action \"a\" relay host smtp://h.example tls\nmatch from any for any action \"a\"",
        "accept from any for any relay via \"tls://h.example\" verify");
    row("tls without a host", "action \"a\" relay tls\nmatch from any for any action \"a\"", "accept from any for any relay tls verify");
    row("backup", "action \"a\" relay backup mx \"m.example\"\nmatch from any for any action \"a\"", "accept from any for any relay backup \"m.example\"");
    row("the rest of a relay", "action \"a\" relay helo g src \"192.0.2.1\" mail-from \"@x\" pki gw\nmatch from any for any action \"a\"",
        "accept from any for any relay hostname g source \"192.0.2.1\" as \"@x\" pki gw");
    row("srs is lost", "srs key \"k\"\naction \"a\" relay srs\nmatch from any for any action \"a\"",
        "# not in OpenSMTPD 5.9: srs key \"k\"\naccept from any for any relay", "lost: \"srs\"");
    row("a table of relays has one left", "table t { \"smtp://a\", \"smtp://b\" }\naction \"a\" relay host <t>\nmatch from any for any action \"a\"",
        "table t { \"smtp+tls://a\", \"smtp+tls://b\" }\naccept from any for any relay via \"smtp+tls://a\"", "lost: a rule of OpenSMTPD 5.9 has one relay");
    row("a table of one relay is that relay, with its certificate looked at",
        "table t { \"smtps://a\" }\naction \"a\" relay host <t>\nmatch from any for any action \"a\"",
        "table t { \"smtps://a\" }\naccept from any for any relay via \"smtps://a\" verify");
    row("or not, where the action says so",
        "table t { \"smtps://a\" }\naction \"a\" relay host <t> tls no-verify\nmatch from any for any action \"a\"",
        "table t { \"smtps://a\" }\naccept from any for any relay via \"smtps://a\"");
    row("relays by domain can't be said", "table t { a = \"smtp://b\" }\naction \"a\" relay domain <t>\nmatch from any for any action \"a\"",
        "table t { a = \"smtp://b\" }\n# not in OpenSMTPD 5.9: match from any for any action \"a\"\nreject from any for any", "lost: a table of relays by domain");
    row("a lifetime stands before the rules", "match from any for any reject\nqueue ttl 2d", "expire 2d\nreject from any for any");
}
void TestConvertRules::backToAccept() {
    check(Dialect::Modern, Target::OpenSmtpd59, false);
}

// Nobody signs in where no listener is written: that one is on loopback, without auth.
void TestConvertRules::noListenerLetsNobodySignIn() {
    const test::Conversion made = test::converted("match from local for any reject\nmatch from src \"10.0.0.1\" for any reject\n",
                                                  Target::OpenSmtpd59, Dialect::Modern);
    QCOMPARE(made.text, QByteArray("reject from local for any\nreject from source \"10.0.0.1\" for any\n"));
    QCOMPARE(made.report, QByteArrayList());
}

void TestConvertRules::backToAcceptWithSignIn_data() {
    columns();
    row("the pair of one old rule is one again", "match from local for any reject\nmatch from any auth for any reject", "reject from local for any");
    row("other conditions keep it two", "match from local for local reject\nmatch from any auth for any reject",
        "reject from local for local\nreject from source \"local\" for any", "changed: clients that have signed in are local");
    row("signed in", "match from auth for any reject", "reject from source \"local\" for any",
        "note: from source \"local\" is how OpenSMTPD 5.9 asks for clients that signed in");
    row("signed in, the other spelling", "match auth from any for any reject", "reject from source \"local\" for any");
    row("not signed in", "match from any !auth for any reject", "reject from ! source \"local\" for any");
    row("local alone", "match from local for any reject", "reject from local for any", "changed: clients that have signed in are local");
    row("a certain user can't be asked for", "match auth { a } from any for any reject",
        "# not in OpenSMTPD 5.9: match auth { a } from any for any reject", "lost: which user signed in");
    row("an address of one who signed in", "match from src \"10.0.0.1\" auth for any reject",
        "# not in OpenSMTPD 5.9: match from src \"10.0.0.1\" auth for any reject", "lost: the address of a client");
    row("an address of one who did not", "match from src \"10.0.0.1\" !auth for any reject", "reject from source \"10.0.0.1\" for any");
}
void TestConvertRules::backToAcceptWithSignIn() {
    check(Dialect::Modern, Target::OpenSmtpd59, true);
}

void TestConvertRules::backTo2012_data() {
    columns();
    row("any is all", "reject from any for any", "reject from all for all");
    row("tables are maps", "accept from any for domain <d> alias <a> deliver to mbox", "accept from all for domain map d alias a deliver to mbox");
    row("tagged is on and stands first", "accept from any tagged T for any relay", "accept on T from all for all relay");
    row("lists are in parentheses", "accept from any for domain { \"a\", \"b\" } relay", "accept from all for domain ( \"a\", \"b\" ) relay");
    row("names have letters", "accept from any for local deliver to maildir \"/m/%{dest.domain}/%{dest.user}\"",
        "accept from all for local deliver to maildir \"/m/%d/%u\"");
    row("relays by what they do", "accept from any for any relay via smtp+tls://h.example", "accept from all for all relay via \"smtp://h.example\"");
    row("the label must be the host", "accept from any for any relay via tls+auth://l@h.example auth <s>",
        "# not in OpenSMTPD of 2012: accept from any for any relay via tls+auth://l@h.example auth <s>\nreject from all for all", "lost: this relay can't be said");
    row("if it is, fine", "accept from any for any relay via tls+auth://h.example@h.example auth <s>",
        "accept from all for all relay via \"tls+auth://h.example\" auth s");
    row("senders can't be asked", "reject from any sender \"@a\" for any", "# not in OpenSMTPD of 2012: reject from any sender \"@a\" for any", "lost: the sender");
    row("nothing can be negated", "reject from ! source \"10.0.0.1\" for any", "# not in OpenSMTPD of 2012: reject from ! source \"10.0.0.1\" for any", "lost: \"!\"");
    row("lmtp is not there", "accept from any for any deliver to lmtp \"/s\"",
        "# not in OpenSMTPD of 2012: accept from any for any deliver to lmtp \"/s\"\nreject from all for all", "lost: delivery by LMTP");
}
void TestConvertRules::backTo2012() {
    check(Dialect::Legacy, Target::OpenSmtpd2012, false);
}

void TestConvertRules::olderFormsFor59_data() {
    columns();
    row("what it takes keeps its bytes", "accept  tagged T  for any relay via tls://h.example  verify", "accept  tagged T  for any relay via tls://h.example  verify");
    row("a list without source", "accept from \"10.0.0.1\" for any relay", "accept from source \"10.0.0.1\" for any relay");
    row("helo", "accept from any for any relay helo { a = b }", "accept from any for any relay hostnames { a = b }");
    row("users", "accept from any for any users { a = \"1:1:/a\" } deliver to mbox", "accept from any for any userbase { a = \"1:1:/a\" } deliver to mbox");
    row("a list of recipients", "accept from any for any virtual { \"a@b\" } relay", "accept from any for any recipient { \"a@b\" } relay");
    row("parts in another order", "accept from any for any expire 2d relay", "accept from any for any relay expire 2d");
    row("signed in, since 6.0.3", "accept authenticated from any for any relay", "accept from source \"local\" for any relay");
}
void TestConvertRules::olderFormsFor59() {
    check(Dialect::Legacy, Target::OpenSmtpd59, true);
}

void TestConvertRules::ownWordsFor68_data() {
    columns();
    row("an order, a rate and a number of connections", "action a relay host \"smtps://h\" order random max-rate 5 per 1m max-connections 2",
        "action a relay host \"smtps://h\"", "lost: \"order\"");
    row("in turn is what all do", "action a relay host { \"smtps://h\" } order round-robin", "action a relay host { \"smtps://h\" }");
    row("shares", "action a relay host { \"smtps://h\" = \"3\", \"smtps://g\" = \"1\" } order ratio",
        "action a relay host { \"smtps://h\", \"smtps://g\" }", "lost: \"order\"");
    row("shares in a table", "table t { \"smtps://h\" = \"3\", \"smtps://g\" = \"1\" }\naction a relay host <t> order ratio",
        "table t { \"smtps://h\", \"smtps://g\" }\naction a relay host <t>", "lost: the shares of these relays");
}

void TestConvertRules::ownWordsFor68() {
    check(Dialect::Modern, Target::OpenSmtpd68, false);
}

QTEST_GUILESS_MAIN(TestConvertRules)
#include "tst_convert_rules.moc"
