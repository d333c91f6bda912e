// SPDX-License-Identifier: GPL-3.0-or-later
//
// Everyday statements of the three dialects, as the grammar pages write them: what they are read as, without a complaint.
#include "describe.h"

#include <QTest>

using namespace postern::config;
using namespace postern::test;

class TestParser : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void reads2012_data();
    void reads2012() { check(Dialect::Map2012); }
    void readsLegacy_data();
    void readsLegacy() { check(Dialect::Legacy); }
    void readsModern_data();
    void readsModern() { check(Dialect::Modern); }
    void expandsMacros_data();
    void expandsMacros() { check(Dialect::Legacy); }

  private:
    void check(Dialect dialect);
    void columns() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("expected");
    }
    void row(const char* name, const QByteArray& text, const QByteArray& expected) {
        QTest::newRow(name) << text << expected;
    }
};

void TestParser::check(Dialect dialect) {
    QFETCH(const QByteArray, text);
    QFETCH(const QByteArray, expected);
    ParseOptions options;
    options.dialect = dialect;
    const DocumentPtr document = Document::parse("f", text + '\n', options);
    QCOMPARE(printed(document->diagnostics()), QByteArray());
    QCOMPARE(describe(document), expected);
    QCOMPARE(document->root().text(), text + '\n');
}

void TestParser::reads2012_data() {
    columns();
    row("map with braces", "map \"a\" { source plain \"/p\" }", "Table map source plain (a /p)");
    row("map without braces", "map aliases source db \"/e.db\"", "Table map source db (aliases /e.db)");
    row("map by path", "map aliases \"/etc/mail/aliases\"", "Table map (aliases /etc/mail/aliases)");
    row("map over several lines", "map a {\n source file \"/p\"\n}", "Table map source file (a /p)");
    row("listener with mandatory-to-offer auth", "listen on bnx0 tls certificate \"c\" enable auth",
        "Listen listen on (bnx0) Tls Certificate(c) EnableAuth");
    row("alias is a map's name", "accept for local alias aliases deliver to mbox",
        "Rule accept ForLocal Alias(<aliases>) Mbox");
    row("from all", "accept from all for domain example.org deliver to maildir",
        "Rule accept FromAny ForDomain(example.org) Maildir");
    row("from map", "accept from map src for all relay", "Rule accept FromSource(<src>) ForAny Relay");
    row("from a list in parentheses", "accept from ( 10.0.0.1, ::1 ) for all relay",
        "Rule accept FromSource([10.0.0.1 ::1]) ForAny Relay");
    row("S17 words before URLs, port before tls",
        "accept for all relay via \"mx\" port 587 tls certificate \"office\" auth \"passwords\" as \"a@b.example\"",
        "Rule accept ForAny Relay Via(mx) Port(587) Tls Certificate(office) Auth(<passwords>) As(a@b.example)");
    row("S07 list of relays", "accept for all relay via map \"upstreams\"", "Rule accept ForAny Relay Via(<upstreams>)");
    row("URL with auth map", "accept for all relay via tls+auth://smtp.example.com auth secrets",
        "Rule accept ForAny Relay Via(tls+auth://smtp.example.com) Auth(<secrets>)");
    row("several destinations", "accept for { domain a.example alias m, local } deliver to mbox",
        "Rule accept ForDomain(a.example) Alias(<m>) ForLocal Mbox");
    row("virtual map", "accept for virtual map vmap deliver to maildir \"/m/%d/%u\"",
        "Rule accept ForVirtual(<vmap>) Maildir(/m/%d/%u)");
    row("tag at the end", "accept for all relay tag LOCAL", "Rule accept ForAny Relay Tagged(LOCAL)");
    row("on", "reject on lo0 for all", "Rule reject On(lo0) ForAny");
    row("expire", "expire 4d", "Setting expire (4d)");
    row("size", "size 10M", "Setting size (10M)");
    row("queue interval", "queue interval 900", "Setting queue interval (900)");
    row("queue compress", "queue compress gzip", "Setting queue compress (gzip)");
    row("queue encryption with cipher", "queue encryption key \"k\" cipher aes digest sha256",
        "Setting queue encryption key cipher digest (k aes sha256)");
    row("hostname", "hostname localhost", "Setting hostname (localhost)");
}

void TestParser::readsLegacy_data() {
    columns();
    row("every listener option",
        "listen on egress inet4 port submission tls-require verify pki mx ca c auth <u> tag T hostname h hostnames <n> "
        "mask-source received-auth no-dsn senders <s> masquerade filter f",
        "Listen listen on (egress) Inet4 Port(submission) TlsRequire+verify Pki(mx) Ca(c) Auth(<u>) Tag(T) Hostname(h) "
        "Hostnames(<n>) MaskSource ReceivedAuth NoDsn Senders+masquerade(<s>) Filters(f)");
    row("auth without a table is followed by an option", "listen on lo smtps auth hostname h",
        "Listen listen on (lo) Smtps Auth Hostname(h)");
    row("auth-optional with an inline table", "listen on lo tls auth-optional { a = b }",
        "Listen listen on (lo) Tls AuthOptional({a=b})");
    row("secure", "listen on lo secure", "Listen listen on (lo) Secure");
    row("socket", "listen on socket mask-source", "Listen listen on (socket) MaskSource");
    row("port 0 lets the system choose", "listen on 127.0.0.1 port 0", "Listen listen on (127.0.0.1) Port(0)");
    row("pki in one line", "pki mx certificate \"/c\" key \"/k\" dhe auto", "Pki pki (mx) Certificate(/c) Key(/k) Dhe(auto)");
    row("ca", "ca me certificate \"/c\"", "Ca ca (me) Certificate(/c)");
    row("table with a backend", "table aliases db:/etc/a.db", "Table table (aliases db:/etc/a.db)");
    row("list over blanks and commas", "table t { a, \"b c\" d }", "Table table (t) [a b c d]");
    row("mapping with both signs", "table t { k = v, j => w }", "Table table (t) {k=v j=w}");
    row("mapping without a comma", "table t { k = v\nj = w }", "Table table (t) {k=v j=w}");
    row("plain accept", "accept", "Rule accept");
    row("negations stand behind the word",
        "accept tagged ! X from ! source <a> for ! domain <b> sender ! <c> recipient ! <d> ! authenticated relay",
        "Rule accept !Tagged(X) !FromSource(<a>) !ForDomain(<b>) !Sender(<c>) !Recipient(<d>) !Authenticated Relay");
    row("S10 relay via with everything",
        "accept for any relay via tls+auth://l@h:587 auth <s> verify as \"@x\" source <a> hostname h hostnames <n> pki p "
        "ca c expire 12h",
        "Rule accept ForAny Relay Via(tls+auth://l@h:587) Auth(<s>) Verify As(@x) Source(<a>) Helo(h) HeloSource(<n>) "
        "Pki(p) Ca(c) Ttl(12h)");
    row("relay with mandatory TLS", "accept for any relay tls verify", "Rule accept ForAny Relay Tls+verify");
    row("backup", "accept for domain <b> relay backup mx1 as x", "Rule accept ForDomain(<b>) Relay Backup(mx1) As(x)");
    row("backup without a name", "accept for any relay backup expire 1d", "Rule accept ForAny Relay Backup Ttl(1d)");
    row("S07 relay table", "accept for any relay via <upstreams>", "Rule accept ForAny Relay Via(<upstreams>)");
    row("deliver to lmtp", "accept for local deliver to lmtp \"/s\" rcpt-to as vmail",
        "Rule accept ForLocal Lmtp+rcpt-to(/s) User(vmail)");
    row("deliver to mda", "accept for any virtual <v> userbase <u> deliver to mda \"x %{user.username}\"",
        "Rule accept ForAny Virtual(<v>) Userbase(<u>) Mda(x %{user.username})");
    row("maildir without path", "accept for local alias <a> deliver to maildir expire 1d",
        "Rule accept ForLocal Alias(<a>) Maildir Ttl(1d)");
    row("forward-only", "accept for local alias <a> forward-only", "Rule accept ForLocal Alias(<a>) ForwardOnly");
    row("catch is Postern's own", "accept from any for any catch", "Rule accept FromAny ForAny Catch");
    row("reject", "reject from any sender \"@spam.example\" for any", "Rule reject FromAny Sender(@spam.example) ForAny");
    row("S13 bounce-warn", "bounce-warn 4h, 1d, 2d", "Setting bounce-warn (4h 1d 2d)");
    row("empty bounce-warn switches warnings off", "bounce-warn", "Setting bounce-warn");
    row("limit mta for a domain", "limit mta for domain x.example inet4 max-conn-per-host 3",
        "Setting limit mta (inet4 max-conn-per-host 3) ForDomain(x.example)");
    row("limit session", "limit session max-rcpt 10 max-mails 5", "Setting limit session (max-rcpt 10 max-mails 5)");
    row("queue encryption", "queue encryption key \"x\"", "Setting queue encryption key (x)");
    row("max-message-size", "max-message-size 35", "Setting max-message-size (35)");
    row("subaddressing-delimiter", "subaddressing-delimiter \"-\"", "Setting subaddressing-delimiter (-)");
    row("filter chain", "filter c chain a b", "Filter filter chain (c a b)");
    row("include", "include \"/etc/mail/more.conf\"", "Include include (/etc/mail/more.conf)");
    row("continuation lines", "accept from any \\\n  for any \\\n  relay", "Rule accept FromAny ForAny Relay");
    row("comment continued in the next line", "# accept \\\n from any\nreject for any", "Rule reject ForAny");
    row("a quoted word is no keyword", "table \"relay\" { \"any\" }", "Table table (relay) [any]");
}

void TestParser::readsModern_data() {
    columns();
    row("every relay option",
        "action \"o\" relay helo h helo-src <n> src <a> host smtp+tls://l@h:587 auth <s> tls no-verify pki p ca c "
        "mail-from \"@x\" filter { f, g } srs ciphers \"C\" protocols \"P\" ttl 3d",
        "Action action (o) Relay Helo(h) HeloSource(<n>) Source(<a>) Host(smtp+tls://l@h:587) Auth(<s>) Tls+no-verify "
        "Pki(p) Ca(c) As(@x) Filters([f g]) Srs Ciphers(C) Protocols(P) Ttl(3d)");
    row("relay by domain", "action o relay domain <d>", "Action action (o) Relay HostByDomain(<d>)");
    row("backup mx", "action o relay backup mx h", "Action action (o) Relay Backup+mx(h)");
    row("maildir with junk", "action l maildir \"~/m\" junk alias <a>", "Action action (l) Maildir+junk(~/m) Alias(<a>)");
    row("lmtp", "action l lmtp \"/s\" rcpt-to virtual <v> user x", "Action action (l) Lmtp+rcpt-to(/s) Virtual(<v>) User(x)");
    row("mda with wrapper", "action l mda \"c\" wrapper w", "Action action (l) Mda(c) Wrapper(w)");
    row("expand-only", "action l expand-only userbase <u>", "Action action (l) ExpandOnly Userbase(<u>)");
    row("a reserved name in quotes", "action \"mbox\" mbox", "Action action (mbox) Mbox");
    row("catch is Postern's own", "action c catch ttl 1d", "Action action (c) Catch Ttl(1d)");
    row("each condition may be negated",
        "match !from src <a> !for domain regex <b> !auth <u> !helo h !mail-from regex \"x\" !rcpt-to { y } !tag T !tls "
        "action o",
        "Match match !FromSource(<a>) !ForDomain~(<b>) !Authenticated(<u>) !HeloIs(h) !Sender~(x) !Recipient([y]) "
        "!Tagged(T) !TlsUsed UseAction(o)");
    row("from auth without a table", "match from auth for any action o", "Match match FromAuth ForAny UseAction(o)");
    row("auth without a table", "match auth from any for any action o", "Match match Authenticated FromAny ForAny UseAction(o)");
    row("from rdns, for rcpt-to", "match from rdns regex \"x\" for rcpt-to <r> reject",
        "Match match FromRdns~(x) ForRecipient(<r>) Reject");
    row("from mail-from", "match from mail-from \"@a\" for any action o", "Match match FromMailFrom(@a) ForAny UseAction(o)");
    row("from socket", "match from socket reject", "Match match FromSocket Reject");
    row("braces over several lines", "table t {\n a,\n b\n}", "Table table (t) [a b]");
    row("listener with a service word as port", "listen on lo port smtp tls pki a pki b filter { f, g } proxy-v2",
        "Listen listen on (lo) Port(smtp) Tls Pki(a) Pki(b) Filters([f g]) ProxyV2");
    row("listen on socket", "listen on socket filter f tag T", "Listen listen on (socket) Filters(f) Tag(T)");
    row("pki", "pki \"mx\" cert \"/c\" key \"/k\"", "Pki pki (mx) Certificate(/c) Key(/k)");
    row("queue ttl", "queue ttl 4d", "Setting queue ttl (4d)");
    row("warn-interval", "bounce warn-interval 1h, 6h, 2d", "Setting bounce warn-interval (1h 6h 2d)");
    row("smtp limit", "smtp limit max-rcpt 30", "Setting smtp limit (max-rcpt 30)");
    row("smtp max-message-size", "smtp max-message-size 35m", "Setting smtp max-message-size (35m)");
    row("mta limit", "mta limit for domain d inet6", "Setting mta limit (inet6) ForDomain(d)");
    row("mda wrapper", "mda wrapper w \"c %{mda}\"", "Setting mda wrapper (w c %{mda})");
    row("srs key backup", "srs key backup \"k\"", "Setting srs key backup (k)");
    row("admd", "admd \"x\"", "Setting admd (x)");
    row("queue encryption", "queue encryption secret", "Setting queue encryption (secret)");
    row("queue encryption by the keychain", "queue encryption keychain", "Setting queue encryption keychain");
    row("queue encryption by a key of that name", "queue encryption \"keychain\"", "Setting queue encryption (keychain)");
    row("filter phase", "filter r phase connect match !rdns disconnect \"550 no\"",
        "Filter filter (r) Phase !Rdns Disconnect(550 no)");
    row("filter with a regex list", "filter d phase connect match rdns regex { '.*\\.d\\..*', 'e' } junk",
        "Filter filter (d) Phase Rdns~([.*\\.d\\..* e]) Junk");
    row("filter chain", "filter c chain { a, b }", "Filter filter (c) Chain([a b])");
    row("filter proc-exec", "filter r proc-exec \"x -y\" user u group g", "Filter filter (r) ProcExec(x -y) User(u) Group(g)");
    row("proc", "proc p \"/bin/x\" chroot \"/c\"", "Proc proc (p /bin/x) Chroot(/c)");
}

void TestParser::expandsMacros_data() {
    columns();
    row("S01 an address", "office = \"127.0.0.1\"\nlisten on $office port 2525",
        "Macro (office 127.0.0.1)\nListen listen on (127.0.0.1) Port(2525)");
    row("a value becomes a number", "p = \"25\"\nlisten on lo port $p", "Macro (p 25)\nListen listen on (lo) Port(25)");
    row("one value, several tokens of several options", "o = \"port 25 tls\"\nlisten on lo $o auth",
        "Macro (o port 25 tls)\nListen listen on (lo) Port(25) Tls Auth");
    row("a value with braces", "l = \"{ a, 'b c' }\"\naccept from source $l for any relay",
        "Macro (l { a, 'b c' })\nRule accept FromSource([a b c]) ForAny Relay");
    row("a mapping", "m = \"{ k = v }\"\ntable t $m", "Macro (m { k = v })\nTable table (t) {k=v}");
    row("inside a table reference", "n = \"ours\"\naccept for domain <$n> relay", "Macro (n ours)\nRule accept ForDomain(<ours>) Relay");
    row("an empty value is nothing", "n = \"\"\naccept $n for any relay", "Macro (n )\nRule accept ForAny Relay");
    row("a later definition replaces", "n = \"a\"\nn = \"b\"\nlisten on $n", "Macro (n a)\nMacro (n b)\nListen listen on (b)");
    row("a whole statement", "s = \"expire 1d\"\n$s", "Macro (s expire 1d)\nSetting expire (1d)");
    row("a value may be another macro", "a = \"x\"\nb = $a\nlisten on $b", "Macro (a x)\nMacro (b x)\nListen listen on (x)");
    row("no macro inside a word or quotes", "n = \"a\"\ntable t { x$n, \"$n\" }", "Macro (n a)\nTable table (t) [x$n $n]");
}

QTEST_APPLESS_MAIN(TestParser)
#include "tst_parser.moc"
