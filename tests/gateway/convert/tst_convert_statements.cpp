// SPDX-License-Identifier: GPL-3.0-or-later
//
// Global values, certificates, listeners and tables: one row for each thing that eras spell or mean differently.
#include "gateway/convert/conversion.h"

#include <QTest>

using namespace postern;
using config::Dialect;
using config::Target;

namespace {

constexpr auto kNothing = "";

// Gives the one line that stands where `statement` stood; several lines are joined by a newline.
test::Conversion one(const QByteArray& statement, Dialect from, Target to, const QByteArray& before = {}) {
    test::Conversion made = test::converted(before + statement + '\n', to, from);
    const test::Conversion alone = test::converted(before, to, from);
    if (made.text.startsWith(alone.text))
        made.text.remove(0, alone.text.size());
    if (made.text.endsWith('\n'))
        made.text.chop(1);
    return made;
}

} // namespace

class TestConvertStatements : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void globals_data();
    void globals();
    void listeners_data();
    void listeners();
    void tables_data();
    void tables();
};

void TestConvertStatements::globals_data() {
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<Dialect>("from");
    QTest::addColumn<Target>("to");
    QTest::addColumn<QByteArray>("after");
    QTest::addColumn<QByteArray>("report"); // part of it; "" = silence
    const auto row = [](const char* name, const char* before, Dialect from, Target to, const char* after, const char* report = kNothing) {
        QTest::addRow("%s", name) << QByteArray(before) << from << to << QByteArray(after) << QByteArray(report);
    };
    constexpr auto L = Dialect::Legacy, M = Dialect::Modern, O = Dialect::Map2012;
    constexpr auto T12 = Target::OpenSmtpd2012, T59 = Target::OpenSmtpd59, T68 = Target::OpenSmtpd68, T78 = Target::OpenSmtpd78;
    row("warnings have another name", "bounce-warn 1h, 6h", L, T68, "bounce warn-interval 1h, 6h");
    row("no warnings at all become a year", "bounce-warn", L, T68, "bounce warn-interval 365d", "changed: no warnings");
    row("the lifetime has another name", "expire 4d", L, T68, "queue ttl 4d");
    row("the size has another name", "max-message-size 35M", L, T68, "smtp max-message-size 35M");
    row("session limits turn round", "limit session max-rcpt 5 max-mails 6", L, T68, "smtp limit max-rcpt 5 max-mails 6");
    row("relay limits turn round", "limit mta max-conn-per-host 2", L, T68, "mta limit max-conn-per-host 2");
    row("relay limits of a domain", "limit mta for domain \"a.example\" inet4", L, T68, "mta limit for domain \"a.example\" inet4");
    row("delivery limits turn round", "limit mda max-session 9", L, T68, "mda limit max-session 9");
    row("scheduler limits turn round", "limit scheduler max-inflight 9", L, T68, "scheduler limit max-inflight 9");
    row("deferred mail has another name", "max-mta-deferred 7", L, T68, "mta max-deferred 7");
    row("compression stays", "queue compression", L, T68, "queue compression");
    row("an encryption key loses its word", "queue encryption key abc", L, T68, "queue encryption abc");
    row("an encryption key of the keychain stays here", "queue encryption keychain", M, T68, "queue encryption", "lost: the key in");
    row("an encryption key of the keychain, by era", "queue encryption keychain", L, T59, "queue encryption", "lost: the key in");
    row("an encryption key of the keychain in 2012", "queue encryption keychain", M, T12,
        "# not in OpenSMTPD of 2012: queue encryption keychain", "lost: \"queue encryption keychain\"");
    row("an encryption prompt stays", "queue encryption", L, T68, "queue encryption");
    row("ciphers have another name", "ciphers \"HIGH\"", L, T68, "smtp ciphers \"HIGH\"");
    row("the sub-address sign has another name", "subaddressing-delimiter \"+\"", L, T68, "smtp sub-addr-delim \"+\"");
    row("a curve is lost", "curve \"p256\"", L, T68, "# not in OpenSMTPD 6.8: curve \"p256\"", "lost: \"curve\"");
    row("a filter program of the old kind is lost", "filter f dkim", L, T68, "# not in OpenSMTPD 6.8: filter f dkim", "lost: filter programs");
    row("a filter chain of the old kind is lost", "filter f chain a b", L, T68, "# not in OpenSMTPD 6.8: filter f chain a b", "lost: ");
    row("a filter of the enqueuer is lost", "enqueuer filter f", L, T68, "# not in OpenSMTPD 6.8: enqueuer filter f", "lost: ");
    row("a certificate's word is shorter", "pki a certificate \"/c\"", L, T68, "pki a cert \"/c\"");
    row("a key keeps its word", "pki a key \"/k\"", L, T68, "pki a key \"/k\"");
    row("dhe stays", "pki a dhe auto", L, T68, "pki a dhe auto");
    row("a file of parameters is lost", "pki a dhparams \"/d\"", L, T68, "pki a dhe auto", "lost: a file of Diffie");
    row("an authority within pki is its own statement", "pki a ca \"/ca\"", L, T68, "ca a cert \"/ca\"", "changed: the certificate authority");
    row("an authority's word is shorter", "ca a certificate \"/c\"", L, T68, "ca a cert \"/c\"");
    row("a macro stays", "lan = \"10.0.0.0/8\"", L, T68, "lan = \"10.0.0.0/8\"");
    row("a macro named like a word of the language is renamed", "host = \"h.example\"", L, T68, "host_macro = \"h.example\"",
        "changed: the macro is called $host_macro");
    row("blanks and comments inside stay", "limit  session   max-rcpt 5 # few", L, T68, "smtp limit   max-rcpt 5 # few");
    row("2012: size", "size 10M", O, T68, "smtp max-message-size 10M");
    row("2012: size for 5.9", "size 10M", O, T59, "max-message-size 10M");
    row("2012: the queue's interval is lost", "queue interval 60", O, T68, "# not in OpenSMTPD 6.8: queue interval 60", "lost: ");
    row("2012: the server's name goes elsewhere", "hostname gw.example", O, T68, "# not in OpenSMTPD 6.8: hostname gw.example",
        "changed: the server's name is given to each listener and relay");
    row("2012: compression with an algorithm", "queue compress zlib", O, T68, "queue compression", "changed: the queue");
    row("2012: encryption with algorithms", "queue encryption key k cipher c digest d", O, T68, "queue encryption k", "lost: the cipher");
    row("back: warnings", "bounce warn-interval 1h, 6h", M, T59, "bounce-warn 1h, 6h");
    row("back: lifetime", "queue ttl 4d", M, T59, "expire 4d");
    row("back: size", "smtp max-message-size 35M", M, T59, "max-message-size 35M");
    row("back: size to 2012", "smtp max-message-size 35M", M, T12, "size 35M");
    row("back: limits", "mta limit max-conn-per-host 2", M, T59, "limit mta max-conn-per-host 2");
    row("back: ciphers", "smtp ciphers \"HIGH\"", M, T59, "ciphers \"HIGH\"");
    row("back: key", "queue encryption abc", M, T59, "queue encryption key abc");
    row("back: certificate", "pki a cert \"/c\" key \"/k\"", M, T59, "pki a certificate \"/c\" key \"/k\"");
    row("back: certificates of 2012 have no statement", "pki a cert \"/c\"", M, T12, "# not in OpenSMTPD of 2012: pki a cert \"/c\"", "changed: ");
    row("back: srs is lost", "srs key \"abc\"", M, T59, "# not in OpenSMTPD 5.9: srs key \"abc\"", "lost: \"srs key\"");
    row("back: admd is lost", "admd gw", M, T59, "# not in OpenSMTPD 5.9: admd gw", "lost: ");
    row("back: wrappers are lost", "mda wrapper w \"cmd\"", M, T59, "# not in OpenSMTPD 5.9: mda wrapper w \"cmd\"", "lost: ");
    row("back: filters are lost", "filter f proc-exec \"cmd\"", M, T59, "# not in OpenSMTPD 5.9: filter f proc-exec \"cmd\"", "lost: ");
    row("5.9 has no sign for sub-addresses", "subaddressing-delimiter \"+\"", L, T59,
        "# not in OpenSMTPD 5.9: subaddressing-delimiter \"+\"", "lost: ");
    row("5.9 has no dhe", "pki a key \"/k\" dhe auto", L, T59, "pki a key \"/k\"", "lost: \"dhe\"");
    row("a chain of 5.4.1 for 5.9", "filterchain c a b", L, T59, "filter c chain a b");
    row("the newest keeps what it has", "filter f chain { a, b }", M, T78, "filter f chain { a, b }");
}

void TestConvertStatements::globals() {
    QFETCH(QByteArray, before);
    QFETCH(Dialect, from);
    QFETCH(Target, to);
    QFETCH(QByteArray, report);
    const test::Conversion made = one(before, from, to);
    QTEST(made.text, "after");
    const QByteArray said = made.report.join('\n');
    QVERIFY2(report.isEmpty() ? said.isEmpty() : said.contains(": " + report), said.constData());
    const test::Conversion again = one(made.text, dialectOf(to).value(), to);
    QTEST(again.text, "after");
}

void TestConvertStatements::listeners_data() {
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<Dialect>("from");
    QTest::addColumn<Target>("to");
    QTest::addColumn<QByteArray>("after");
    QTest::addColumn<QByteArray>("report");
    const auto row = [](const char* name, const char* before, Dialect from, Target to, const char* after, const char* report = kNothing) {
        QTest::addRow("%s", name) << QByteArray(before) << from << to << QByteArray(after) << QByteArray(report);
    };
    constexpr auto L = Dialect::Legacy, M = Dialect::Modern, O = Dialect::Map2012;
    constexpr auto T12 = Target::OpenSmtpd2012, T59 = Target::OpenSmtpd59, T68 = Target::OpenSmtpd68, T78 = Target::OpenSmtpd78;
    row("what is the same everywhere stays", "listen on lo port 2525 hostname h.example tag T", L, T68,
        "listen on lo port 2525 hostname h.example tag T");
    row("blanks between options stay", "listen on lo    port   2525", L, T68, "listen on lo    port   2525");
    row("tls with its certificate stays", "listen on lo tls pki gw", L, T68, "listen on lo tls pki gw");
    row("6.8 finds a certificate by name", "listen on lo tls-require", L, T68, "listen on lo tls-require");
    row("7.8 wants it named", "listen on lo tls-require hostname gw", L, T78, "listen on lo tls-require hostname gw pki gw", "changed: the certificate was found");
    row("7.8 wants it named in its own dialect, too", "listen on lo smtps", M, T78, "listen on lo smtps pki gw", "changed: the certificate was found");
    row("client certificates", "listen on lo tls-require verify pki gw", L, T68, "listen on lo tls-require verify pki gw");
    row("secure is two listeners", "listen on lo secure pki gw tag T", L, T68, "listen on lo tls pki gw tag T\nlisten on lo smtps pki gw tag T");
    row("ssl of 5.3 is, too", "listen on lo ssl pki gw", L, T68, "listen on lo tls pki gw\nlisten on lo smtps pki gw");
    row("ssl of 5.3 is secure in 5.9", "listen on lo ssl pki gw", L, T59, "listen on lo secure pki gw");
    row("a certificate by name that is defined", "listen on lo tls certificate gw", L, T68, "listen on lo tls pki gw");
    row("a certificate by name that is not", "listen on lo tls certificate out", L, T68,
        "pki out cert \"/etc/mail/certs/out.crt\" key \"/etc/mail/certs/out.key\"\nlisten on lo tls pki out", "changed: the certificate was found by its name");
    row("the same for 5.9", "listen on lo tls certificate out", L, T59,
        "pki out certificate \"/etc/mail/certs/out.crt\" key \"/etc/mail/certs/out.key\"\nlisten on lo tls pki out", "changed: the certificate was found by its name");
    row("the source is masked with another word", "listen on lo mask-source", L, T68, "listen on lo mask-src");
    row("options that kept their names", "listen on lo received-auth no-dsn hostnames { \"127.0.0.1\" = a.example }", L, T68,
        "listen on lo received-auth no-dsn hostnames { \"127.0.0.1\" = a.example }");
    row("senders of users", "listen on lo tls pki gw auth senders { a = \"@b\" } masquerade", L, T68,
        "listen on lo tls pki gw auth senders { a = \"@b\" } masquerade");
    row("dsn-notify is lost", "listen on lo dsn-notify disable tag T", L, T68, "listen on lo tag T", "lost: \"dsn-notify\"");
    row("dsn-ret is lost in 5.9", "listen on lo dsn-ret headers", L, T59, "listen on lo", "lost: \"dsn-ret\"");
    row("an old filter is lost", "listen on lo filter f port 25", L, T68, "listen on lo port 25", "lost: \"filter\"");
    row("the socket's masked source", "listen on socket mask-source", L, T68, "listen on socket mask-src");
    row("Postern's port 0", "listen on lo port 0 tag T", M, T68, "listen on lo tag T", "lost: \"port\"");
    row("signing in of 2012 was optional", "listen on lo tls certificate gw enable auth", O, T59, "listen on lo tls pki gw auth-optional");
    row("the certificate of 2012 is named like the interface", "listen on em0 tls", O, T68,
        "pki em0 cert \"/etc/mail/certs/em0.crt\" key \"/etc/mail/certs/em0.key\"\nlisten on em0 tls pki em0", "changed: the certificate was found by its name");
    row("back: the masked source", "listen on lo mask-src", M, T59, "listen on lo mask-source");
    row("back: ports with names that are words there", "listen on lo port smtps tls pki gw", M, T59, "listen on lo port 465 tls pki gw");
    row("back: a proxy is lost", "listen on lo proxy-v2", M, T59, "listen on lo", "lost: \"proxy-v2\"");
    row("back: ciphers and protocols are lost", "listen on lo tls pki gw ciphers \"HIGH\" protocols \"tlsv1.3\"", M, T68,
        "listen on lo tls pki gw", "lost: \"ciphers\"");
    row("back: a second certificate is lost", "listen on lo tls pki gw pki out", M, T68, "listen on lo tls pki gw", "lost: \"pki\"");
    row("back: 2012 has a certificate by name", "listen on lo tls pki gw", M, T12, "listen on lo tls certificate gw", "changed: the certificate is looked for");
    row("a macro stays", "listen on $if port 25 mask-source", L, T68, "listen on $if port 25 mask-src");
    row("what no reader takes is named", "listen on lo port \"2525\"", L, T68, "listen on lo port \"2525\"", "note: OpenSMTPD 6.8 refuses this, as its own reader did");
    row("a macro that holds more than one word stays", "listen on $both mask-source", L, T68, "listen on $both mask-src");
    row("a macro that holds the changed word and another is written out", "listen on lo $masked tag T", L, T68,
        "listen on lo port 25 mask-src tag T");
    row("a macro that holds the changed word is written out", "listen on lo $mask tag T", L, T68, "listen on lo mask-src tag T");
    row("port's names are no strings to quote", "listen on lo port smtp", L, T68, "listen on lo port smtp");
    row("a word that is reserved now is quoted", "listen on lo tag action", L, T68, "listen on lo tag \"action\"");
}

void TestConvertStatements::listeners() {
    QFETCH(QByteArray, before);
    QFETCH(Dialect, from);
    QFETCH(Target, to);
    QFETCH(QByteArray, report);
    const QByteArray macros = "if = \"lo\"\nboth = \"lo port 25\"\nmask = \"mask-source\"\n"
                              "masked = \"port 25 mask-source\"\n";
    const bool named = before.contains("em0");
    const QByteArray pkis = from == Dialect::Modern ? "pki gw cert \"/c\" key \"/k\"\n" : "pki gw certificate \"/c\" key \"/k\"\n";
    const test::Conversion made = one(before, from, to, macros + (named ? QByteArray() : pkis));
    QTEST(made.text, "after");
    QByteArray said = made.report.join('\n');
    if (to == Target::OpenSmtpd2012) // the pki statement above
        said.replace("4: changed: programs of 2012", "");
    QVERIFY2(report.isEmpty() ? said.isEmpty() : said.contains(": " + report), said.constData());
}

void TestConvertStatements::tables_data() {
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<Dialect>("from");
    QTest::addColumn<Target>("to");
    QTest::addColumn<QByteArray>("after");
    QTest::addColumn<QByteArray>("report");
    const auto row = [](const char* name, const char* before, Dialect from, Target to, const char* after, const char* report = kNothing) {
        QTest::addRow("%s", name) << QByteArray(before) << from << to << QByteArray(after) << QByteArray(report);
    };
    constexpr auto L = Dialect::Legacy, M = Dialect::Modern, O = Dialect::Map2012;
    constexpr auto T12 = Target::OpenSmtpd2012, T59 = Target::OpenSmtpd59, T68 = Target::OpenSmtpd68, T78 = Target::OpenSmtpd78;
    row("a file", "table a file:/etc/mail/aliases", L, T68, "table a file:/etc/mail/aliases");
    row("a path", "table a \"/etc/mail/aliases\"", L, T68, "table a \"/etc/mail/aliases\"");
    row("a list with a comment", "table a { b # first\n c }", L, T68, "table a { b # first\n c }");
    row("a mapping", "table a { b => c, d = e }", L, T68, "table a { b => c, d = e }");
    row("an entry that is a word now", "table a { b, action }", L, T68, "table a { b, \"action\" }");
    row("a name that is a word now", "table smtp { b }", L, T68, "table \"smtp\" { b }");
    row("plain map", "map a source plain \"/etc/mail/a\"", O, T68, "table a file:/etc/mail/a");
    row("bare plain map", "map a \"/etc/mail/a\"", O, T59, "table a file:/etc/mail/a");
    row("db map", "map a source db \"/etc/mail/a.db\"", O, T68, "table a db:/etc/mail/a.db");
    row("db map in braces", "map a { source db \"/etc/mail/a.db\" }", O, T68, "table a db:/etc/mail/a.db");
    row("external map", "map a { source external \"/x\" }", O, T68, "# not in OpenSMTPD 6.8: map a { source external \"/x\" }", "lost: ");
    row("back: file", "table a file:/etc/mail/a", L, T12, "map a source plain \"/etc/mail/a\"");
    row("back: db", "table a db:/etc/mail/a.db", M, T12, "map a source db \"/etc/mail/a.db\"");
    row("back: sqlite is lost", "table a sqlite:/etc/mail/a", M, T12, "# not in OpenSMTPD of 2012: table a sqlite:/etc/mail/a", "lost: ");
    row("back: entries are lost", "table a { b }", M, T12, "# not in OpenSMTPD of 2012: table a { b }", "lost: ");
    row("a path beside the configuration", "table a file:tables/a", M, T68, "table a file:/etc/mail/tables/a", "changed: OpenSMTPD wants");
    row("an alias that leads to a maildir", "table a { ann = \"maildir:/m\" }", L, T68, "table a { ann = \"maildir:/m\" }", "lost: an alias can't lead");
    row("a keychain", "table a keychain", M, T78, "table a file:/etc/mail/a", "lost: logins");
    row("new lines in braces for 6.8", "table a {\n  b,\n  c\n}", M, T68, "table a { b, c }");
    row("new lines in braces for 7.8", "table a {\n  b,\n  c\n}", M, T78, "table a {\n  b,\n  c\n}");
    row("a comment that has no place inside any more", "table a { b, # first\n c }", M, T68, "# first\ntable a { b, c }");
}

void TestConvertStatements::tables() {
    QFETCH(QByteArray, before);
    QFETCH(Dialect, from);
    QFETCH(Target, to);
    QFETCH(QByteArray, report);
    const test::Conversion made = one(before, from, to);
    QTEST(made.text, "after");
    const QByteArray said = made.report.join('\n');
    QVERIFY2(report.isEmpty() ? said.isEmpty() : said.contains(": " + report), said.constData());
    const test::Conversion again = one(made.text, dialectOf(to).value(), to);
    QTEST(again.text, "after");
}

QTEST_GUILESS_MAIN(TestConvertStatements)
#include "tst_convert_statements.moc"
