// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every statement and option of the three dialects, in every spelling that any release had: it parses, and the text stays.
// Names that a statement uses are not looked for here.
#include "config/document.h"

#include <QTest>

using namespace postern::config;

class TestWholeLanguage : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void parses_data();
    void parses();
};

void TestWholeLanguage::parses_data() {
    QTest::addColumn<Dialect>("dialect");
    QTest::addColumn<QByteArray>("text");
    const auto rows = [](Dialect dialect, std::initializer_list<const char*> texts) {
        for (const char* text : texts)
            QTest::addRow("%s: %s", toString(dialect).data(), text) << dialect << QByteArray(text) + '\n';
    };
    rows(Dialect::Map2012,
         {"map \"a\" { source plain \"/p\" }", "map a {\nsource plain \"/p\"\n}", "map b { source external \"/x\" }",
          "map c source db \"/p\"", "map d source file \"/p\"", "map aliases \"/etc/mail/aliases\"", "queue interval 900",
          "queue compress", "queue compress zlib", "queue compression", "queue compression gzip", "queue encryption key \"K\"",
          "queue encryption key \"K\" cipher \"bf-cbc\" digest \"sha256\"", "expire 4d", "size 35M", "size 1000",
          "hostname mail.example.org", "listen on lo0 port 25 tls certificate \"x\" enable auth tag T",
          "listen on lo0 port submission tls-require certificate x auth",
          "listen on lo0 smtps auth-optional <secrets> tag T hostname x", "listen on lo0 ssl",
          "accept on lo0 from all for all relay", "accept from map srcaddr for network \"10.0.0.0/8\" relay",
          "accept from ( \"10.0.0.0/8\", \"192.168.0.0/16\" \"::1\" ) for domain \"x.org\" alias aliases deliver to maildir "
          "\"/p\" as vmail",
          "accept from local for { domain \"a.org\", virtual map b, local alias aliases } deliver to mbox",
          "accept for { domain \"a.org\" domain \"b.org\"\n local } deliver to mda \"x\" as u",
          "accept for virtual { \"a\" => \"b\", \"c\" => \"d\" } deliver to mbox", "accept for virtual b deliver to mbox",
          "accept for all relay as \"@example.org\"",
          "accept for all relay via \"mx\" port 25 tls certificate \"c\" auth \"m\" as \"foo@bar.example\"",
          "accept for all relay via \"mx\" smtps", "accept for all relay via \"mx\" ssl auth aliases",
          "accept for all relay via \"tls+auth://mx:25\" auth \"aliases\" as \"foo@bar.example\"",
          "accept for all relay via map \"mxmap\"", "accept for all relay backup \"mx.example.org\" as \"@x\"",
          "accept for any relay tag X expire 4h", "accept for domain map c deliver to mbox",
          "reject from all for domain \"x\"", "reject on T for all relay", "accept tagged T for any relay",
          "table t { k => v, l => w }", "accept for domain d users <u> deliver to maildir", "bounce-warn 4h, 1d, 2d"});
    rows(Dialect::Legacy,
         {"table t db:/etc/x", "table t2 \"/etc/x\"", "table t file:/etc/x", "table t passwd", "table t3 { a, b }",
          "table t4 { k => v, l = w }", "listen on lo port 25 tls-require certificate x auth <t> tag X hostname y",
          "bounce-warn 4h, 1d", "bounce-warn",
          "accept tagged T from any sender <t> for domain <t2> alias <t> users <t> deliver to maildir",
          "accept for domain d userbase <t> deliver to mda \"x\"", "accept for any relay as \"@x\" source <t> helo <t>",
          "accept for any relay backup mx as x source <t>",
          "accept for any relay via URL certificate x auth <t> as y source <t> helo <t>", "filter foo", "filter foo \"/x\"",
          "filter foo prog a b", "filter foo chain a b", "filterchain foo a b", "enqueuer filter foo",
          "pki x certificate \"/c\" key \"/k\" ca \"/a\" dhparams \"/d\"", "pki y dhe auto", "ca z certificate \"/c\"",
          "ciphers \"HIGH\"", "curve secp256r1", "expire 4d", "max-message-size 35M", "queue compression",
          "queue encryption key stdin", "queue encryption", "max-mta-deferred 10", "limit mta inet4",
          "limit mta for domain example.org inet6 max-conn-per-host 4", "limit mda max-session 5",
          "limit scheduler max-inflight 6", "limit session max-rcpt 7 max-mails 8", "subaddressing-delimiter \"-\"",
          "listen on lo inet4 secure pki x ca z auth-optional hostname a hostnames <t4> mask-source received-auth no-dsn "
          "senders <t4> masquerade filter foo tag X",
          "listen on lo tls-require verify pki x", "listen on lo smtps verify dsn-notify disable", "listen on lo dsn-ret headers",
          "listen on socket filter foo mask-source", "accept", "accept forward-only",
          "accept from ! source <t> for ! domain <t> sender ! <t> recipient ! \"@x\" tagged ! X ! authenticated relay",
          "accept from ! any for ! local alias <t4> deliver to lmtp \"/s\" rcpt-to as vmail",
          "accept authenticated for any relay tls verify hostname a hostnames <t4> pki x ca z backup",
          "accept for any relay via smtps://x verify auth <t4> expire 2d", "accept for any deliver to mbox",
          "accept for local userbase <t4> virtual <t4> deliver to maildir \"~/x\"", "reject from any sender \"@x\" for any",
          "accept from 10.0.0.1 for any relay"});
    rows(Dialect::Modern,
         {"include \"/x\"", "x = \"y\"", "admd example.org", "bounce warn-interval 1h, 2h", "ca x cert \"/c\"",
          "pki x cert \"/c\" key \"/k\" dhe legacy", "pki x", "mda limit max-session 5 task-hiwat 9", "mda wrapper w \"c %{mda}\"",
          "mta limit inet4 max-conn-per-host 5", "mta limit for domain example.org conn-delay-route 1", "mta max-deferred 5",
          "proc p \"c\" user u group g chroot \"/c\"", "queue compression", "queue encryption", "queue encryption \"k\"",
          "queue encryption \"-\"", "queue ttl 4d", "scheduler limit max-inflight 5", "smtp ciphers \"HIGH\"",
          "smtp limit max-mails 5 max-rcpt 6", "smtp max-message-size 35M", "smtp max-message-size 1000",
          "smtp sub-addr-delim \"+\"", "srs key k", "srs key backup k", "srs ttl 4d",
          "listen on lo inet6 port smtps smtps verify pki a pki b ca c ciphers x protocols y auth-optional <t> filter { f, g } "
          "hostname h hostnames <t> mask-src no-dsn received-auth proxy-v2 senders <t> masquerade tag T",
          "listen on lo port 25 tls-require verify auth", "listen on socket filter f mask-src no-dsn tag T",
          "action a mbox alias <t> userbase <t> wrapper w ttl 3d", "action a maildir \"~/M\" junk virtual <t> user u",
          "action a mda \"c\"", "action a lmtp localhost:24 rcpt-to", "action a expand-only alias <t>", "action a forward-only",
          "action a relay host <t> auth <t> tls no-verify helo h helo-src <t> src <t> pki p ca c ciphers x protocols y "
          "mail-from \"@x\" filter f srs ttl 3d",
          "action a relay domain <t>", "action a relay backup", "action a relay backup mx m", "action \"mbox\" mbox",
          "match reject", "match ! from any ! for local action a",
          "match from src regex <t> for domain regex <t> auth regex <t> helo regex <t> mail-from regex <t> rcpt-to regex <t> tag "
          "regex <t> tls action a",
          "match from rdns for any action a", "match from rdns regex { \"x\" } for rcpt-to regex <t> reject",
          "match from auth for any action a", "match from auth regex <t> for any action a",
          "match from mail-from regex <t> for rcpt-to { \"a@b\" } action a", "match from socket for any action a",
          "filter f phase connect match ! fcrdns disconnect \"550 x\"", "filter f phase helo match rdns regex <t> junk",
          "filter f phase ehlo match helo <t> reject \"550 x\"", "filter f phase auth match auth regex <t> bypass",
          "filter f phase mail-from match mail-from <t> rewrite \"x\"", "filter f phase rcpt-to match ! rcpt-to <t> report \"x\"",
          "filter f phase data match src <t> junk", "filter f phase commit match auth reject \"550 x\"", "filter f chain { a, b }",
          "filter f proc p", "filter f proc-exec \"c\" user u group g chroot \"/c\"", "table t file:/x", "table t \"/x\"",
          "table t getpwnam", "table t { a, b c\nd }", "table t { a = b, c => d }", "table t {\n a,\n b\n}"});
}

void TestWholeLanguage::parses() {
    QFETCH(Dialect, dialect);
    QFETCH(QByteArray, text);
    ParseOptions options;
    options.dialect = dialect;
    const DocumentPtr document = Document::parse("f", text, options);
    QCOMPARE(document->root().text(), text);
    for (const Diagnostic& one : document->diagnostics())
        QVERIFY2(one.severity != Severity::Error, one.print().constData());
    for (const StatementView& statement : document->statements())
        QVERIFY(!statement.hasError() && statement.kind() != StatementKind::Unknown);
}

QTEST_APPLESS_MAIN(TestWholeLanguage)
#include "tst_whole_language.moc"
