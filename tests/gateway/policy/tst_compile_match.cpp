// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whole configurations against dialogues whose answers are known: what OpenSMTPD 6.8 (action/match) and 6.0.3
// (accept/reject) said at RCPT to the very same words, and which relay the mail came out of.
//
// Setting: the gateway has 192.0.2.1, 198.51.100.1 and 127.0.0.1; the listener on 198.51.100.1 carries the
// tag OUTSIDE.
#include "policy/compile.h"
#include "policy/match.h"

#include "support/memory_file_store.h"

#include <QTest>

using namespace postern;
using namespace postern::policy;

namespace {

const QByteArray kListeners = "listen on 192.0.2.1 port 2525\n"
                              "listen on 198.51.100.1 port 2525 tag OUTSIDE\n"
                              "listen on 127.0.0.1 port 2525\n";
const QByteArray kActions = "action \"a\" relay host smtp://127.0.0.1:2701\n"
                            "action \"b\" relay host smtp://127.0.0.1:2702\n";

const QByteArray kOrder = kListeners + kActions +
                          "match from src 192.0.2.66 for any reject\n"
                          "match for domain \"one.example\" action \"a\"\n"
                          "match from any for domain \"two.example\" action \"b\"\n"
                          "match from any for domain { \"*.three.example\", \"four.example\" } action \"a\"\n"
                          "match for any action \"b\"\n";

const QByteArray kSender =
    kListeners + kActions +
    "table evil { \"@evil.example\", \"bad@mixed.example\", \"@*.wild.example\" }\n"
    "match from any mail-from <evil> for any reject\n"
    "match from any !mail-from \"@office.example\" for domain \"one.example\" action \"b\"\n"
    "match from any mail-from regex \"^robot-[0-9]+@\" for any action \"b\"\n"
    "match from any for domain \"one.example\" action \"a\"\n";

const QByteArray kLegacyOrder = kListeners +
                                "reject from source 192.0.2.66 for any\n"
                                "accept for domain \"one.example\" relay\n"
                                "accept from any for domain \"two.example\" relay\n"
                                "accept from any for domain { \"*.three.example\", \"four.example\" } relay\n"
                                "accept for any relay\n";

// S02, in accept/reject and in action/match.
const QByteArray kS02Legacy =
    "reject from local for domain \"blocked.example\"\naccept from local for any relay\n";
const QByteArray kS02Modern = "action \"out\" relay\nmatch from local for domain \"blocked.example\" reject\n"
                              "match from local for any action \"out\"\n";

const QByteArray kAuth = "pki g cert \"/p/cert.pem\"\npki g key \"/p/key.pem\"\ntable creds file:/p/creds\n"
                         "listen on 198.51.100.1 port 2525 tls pki g auth-optional <creds>\n" +
                         kActions +
                         "match auth from any for any action \"a\"\n"
                         "match from any for domain \"two.example\" action \"b\"\n";

QByteArray configuration(const QByteArray& name) {
    if (name == "order")
        return kOrder;
    if (name == "sender")
        return kSender;
    if (name == "legacy-order")
        return kLegacyOrder;
    if (name == "auth")
        return kAuth;
    return name == "S02 legacy" ? kS02Legacy : kS02Modern;
}

} // namespace

class TestCompileMatch : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void recipients_data();
    void recipients();
};

void TestCompileMatch::recipients_data() {
    QTest::addColumn<QByteArray>("config");
    QTest::addColumn<QByteArray>(
        "client"); // an address, "here" for loopback, "auth ADDRESS" for one that signed in
    QTest::addColumn<QByteArray>("sender");
    QTest::addColumn<QByteArray>("recipient");
    QTest::addColumn<QByteArray>("expected"); // reply, and for action/match the action's name
    const auto row = [](const char* config, const char* client, const char* sender, const char* recipient,
                        const char* expected) {
        QTest::addRow("%s: %s, %s to %s", config, client, sender, recipient)
            << QByteArray(config) << QByteArray(client) << QByteArray(sender) << QByteArray(recipient)
            << QByteArray(expected);
    };
    const char* me = "me@office.example";
    for (const char* remote : {"198.51.100.9", "192.0.2.10"}) {
        row("order", remote, me, "x@one.example", "550");
        row("order", remote, me, "x@two.example", "250 b");
        row("order", remote, me, "x@TWO.Example", "250 b");
        row("order", remote, me, "x@a.three.example", "250 a");
        row("order", remote, me, "x@a.b.three.example", "550");
        row("order", remote, me, "x@three.example", "550");
        row("order", remote, me, "x@four.example", "250 a");
        row("order", remote, me, "x@else.example", "550");
        row("legacy-order", remote, me, "x@one.example", "550");
        row("legacy-order", remote, me, "x@two.example", "250");
        row("legacy-order", remote, me, "x@TWO.Example", "250");
        row("legacy-order", remote, me, "x@a.three.example", "250");
        row("legacy-order", remote, me, "x@a.b.three.example", "550");
        row("legacy-order", remote, me, "x@three.example", "550");
        row("legacy-order", remote, me, "x@four.example", "250");
        row("legacy-order", remote, me, "x@else.example", "550");
    }
    for (const char* recipient :
         {"x@one.example", "x@two.example", "x@TWO.Example", "x@a.three.example", "x@a.b.three.example",
          "x@three.example", "x@four.example", "x@else.example"}) {
        row("order", "192.0.2.66", me, recipient, "550");
        row("legacy-order", "192.0.2.66", me, recipient, "550");
        row("legacy-order", "here", me, recipient, "250");
    }
    row("order", "here", me, "x@one.example", "250 a");
    row("order", "here", me, "x@two.example", "250 b");
    row("order", "here", me, "x@TWO.Example", "250 b");
    row("order", "here", me, "x@a.three.example", "250 a");
    row("order", "here", me, "x@a.b.three.example", "250 b");
    row("order", "here", me, "x@three.example", "250 b");
    row("order", "here", me, "x@four.example", "250 a");
    row("order", "here", me, "x@else.example", "250 b");
    const char* remote = "198.51.100.9";
    for (const char* evil : {"x@evil.example", "X@Evil.Example", "bad@mixed.example", "x@sub.wild.example"}) {
        row("sender", remote, evil, "x@one.example", "550");
        row("sender", remote, evil, "x@two.example", "550");
    }
    row("sender", remote, "good@mixed.example", "x@one.example", "250 b");
    row("sender", remote, "good@mixed.example", "x@two.example", "550");
    row("sender", remote, me, "x@one.example", "250 a");
    row("sender", remote, me, "x@two.example", "550");
    row("sender", remote, "robot-12@r.example", "x@one.example", "250 b");
    row("sender", remote, "robot-12@r.example", "x@two.example", "250 b");
    row("sender", remote, "robot-x@r.example", "x@one.example", "250 b");
    row("sender", remote, "robot-x@r.example", "x@two.example", "550");
    row("sender", remote, "", "x@one.example", "250 b");
    row("sender", remote, "", "x@two.example", "550");
    row("auth", remote, me, "x@far.example", "550");
    row("auth", remote, me, "x@two.example", "250 b");
    row("auth", "auth 198.51.100.9", me, "x@far.example", "250 a");
    row("auth", "auth 198.51.100.9", me, "x@two.example", "250 a");
    for (const char* s02 : {"S02 legacy", "S02 modern"}) {
        row(s02, remote, me, "x@else.example", "550");
        row(s02, "here", me, "x@blocked.example", "550");
        row(s02, "here", me, "x@Blocked.Example", "550");
    }
    row("S02 legacy", "here", me, "x@else.example", "250");
    row("S02 modern", "here", me, "x@else.example", "250 out");
    row("S02 legacy", "auth 198.51.100.9", me, "x@else.example", "250");
    row("S02 legacy", "auth 198.51.100.9", me, "x@blocked.example", "550");
    row("S02 modern", "auth 198.51.100.9", me, "x@else.example", "550");
}

void TestCompileMatch::recipients() {
    QFETCH(QByteArray, config);
    QFETCH(QByteArray, client);
    QFETCH(QByteArray, sender);
    QFETCH(QByteArray, recipient);
    test::MemoryFileStore files;
    files.put("/p/cert.pem", "x");
    files.put("/p/key.pem", "x");
    files.put("/p/creds", "bob $6$salt$hash\n");
    const Compiled compiled = compileText(files, "/p/smtpd.conf", configuration(config), {});
    for (const config::Diagnostic& one : compiled.diagnostics)
        QVERIFY2(one.severity != config::Severity::Error, one.print().constData());
    MatchContext context;
    context.isAuthenticated = client.startsWith("auth ");
    context.user = context.isAuthenticated ? "bob" : "";
    context.clientAddress = client == "here" ? "127.0.0.1" : client.split(' ').last();
    context.isLocalAddress = client == "here";
    context.tag = context.clientAddress.startsWith("198.") ? "OUTSIDE" : "";
    context.helo = "client.example";
    context.sender = sender;
    context.recipient = recipient;
    context.localNames = {"localhost", "gw.example"};
    QByteArray shown;
    match(compiled.ruleset, context, WantTrace::No, [&](const Verdict& verdict) {
        shown = QByteArray::number(replyFor(verdict, recipient).code);
        if (verdict.decision == Decision::Relay && !verdict.action->name.isEmpty())
            shown += " " + verdict.action->name;
    });
    QTEST(shown, "expected");
}

QTEST_APPLESS_MAIN(TestCompileMatch)
#include "tst_compile_match.moc"
