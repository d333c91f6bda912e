// SPDX-License-Identifier: GPL-3.0-or-later
//
// What becomes of a recipient whose mail ends elsewhere: the envelopes that aliases and virtual users lead to, their
// parameters, their number, and what a client hears when nobody can say where mail ends.
#include "base/log.h"
#include "connection_bench.h"
#include "policy/compile.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::listener;
using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

const QByteArray kConfig =
    "table al { far = \"eve@far.example\", team = \"eve@far.example, joe@near.example\", other = \"eve@far.example\", "
    "ann = ann, pipe = \"|/bin/x\", box = \"/var/mail/box\", gone = \"error:550 gone for good\", bad = \"a b:c\", kept = \"x@caught.example\", "
    "crowd = \":include:/lists/crowd\", mob = \":include:/lists/mob\", refused = \"x@nowhere.example\" }\n"
    "table vu { \"info@v.example\" = \"eve@far.example\", \"@w.example\" = \"all@far.example\" }\n"
    "action \"in\" maildir alias <al>\naction \"virt\" expand-only virtual <vu>\naction \"out\" relay\n"
    "action \"near\" relay host smtp://near.example ttl 1h\naction \"keep\" catch\n"
    "match from any for domain \"home.example\" action \"in\"\n"
    "match from any for domain { \"v.example\", \"w.example\" } action \"virt\"\n"
    "match from any for domain \"caught.example\" action \"keep\"\n"
    "match for domain \"near.example\" action \"near\"\n"
    "match for domain \"nowhere.example\" reject\n"
    "match from any for domain \"far.example\" action \"out\"\n";

QByteArray crowdOf(const QByteArray& letter) {
    QByteArray list;
    for (int i = 0; i < 6'000; ++i)
        list += letter + QByteArray::number(i) + "@far.example\n";
    return list;
}

struct Bench : ConnectionBench {
    explicit Bench(const QByteArray& config = kConfig) {
        const policy::Compiled compiled = policy::compileText(disk, "/p/smtpd.conf", config, {});
        for (const config::Diagnostic& one : compiled.diagnostics)
            if (one.severity == config::Severity::Error)
                qWarning("%s", one.print().constData());
        rules = std::make_shared<policy::Ruleset>(*compiled.ruleset);
        surroundings.account = [](const QByteArray& name) -> Result<std::optional<delivery::LocalUser>> {
            if (name == "bob")
                return std::optional(delivery::LocalUser{name, 1002, 1002, "/home/bob"});
            return name == "ann" ? std::optional(delivery::LocalUser{name, 1000, 1001, "/home/ann"}) : std::nullopt;
        };
        surroundings.forwardFile = [](const delivery::LocalUser& user) -> Result<std::optional<QByteArray>> {
            return user.name == "bob" ? std::optional<QByteArray>("|/bin/filter\n") : std::nullopt;
        };
        surroundings.includeFile = [](const QByteArray& path) -> Result<QByteArray> {
            return crowdOf(path == "/lists/crowd" ? "c" : "m");
        };
    }
    void open() {
        connect();
        (void)ask("EHLO scanner");
        (void)ask("MAIL FROM:<a@office.test>");
    }
    // The message as it goes to the spool.
    const queue::StoreMessage& finish() {
        (void)ask("DATA");
        peer().says(kMessage + ".\r\n");
        return store(stores() - 1);
    }
};

// "recipient > destination by action NOTIFY=... ORCPT=..."
QByteArrayList shown(const std::vector<queue::Envelope>& envelopes) {
    QByteArrayList out;
    for (const queue::Envelope& one : envelopes)
        out.append(one.recipient + " > " + one.destination + " by " + one.action +
                   (one.params.notify.isEmpty() ? QByteArray() : " NOTIFY=" + one.params.notify) + " ORCPT=" + one.params.orcpt);
    return out;
}

constexpr char kOk[] = "250 2.1.5 Destination address valid: Recipient ok\r\n";

} // namespace

class TestRecipientEnds : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void envelopes_data();
    void envelopes();
    void refusals_data();
    void refusals();
    void P04_recipientsThatNameFilesAreUsersLikeAnyOther_data();
    void P04_recipientsThatNameFilesAreUsersLikeAnyOther();
    void eachPlaceHasOneEnvelopeWhoeverLeadsThere();
    void whoWantsOtherNoticesHasAnEnvelopeOfHisOwn();
    void caughtMailStaysCaught();
    void endsOnThisComputer_data();
    void endsOnThisComputer();
    void olderDialectsCopyTheDelivery();
    void addressesOfOneMailboxAreOnePlace_data();
    void addressesOfOneMailboxAreOnePlace();
    void olderDialectsCopyTheRelayOfTheRuleThatTakesTheEnd();
    void RFC3461_severalEndsAreToldOf();
    void B06_aMessageHasAtMostTenThousandEnvelopes();
    void nobodyWaitsLongerThanAMinute();
    void anAnswerComesLaterThanTheClientStays();
};

void TestRecipientEnds::envelopes_data() {
    QTest::addColumn<QByteArray>("command");
    QTest::addColumn<QByteArrayList>("expected");
    QTest::newRow("an alias of an address elsewhere; ORCPT is what the sender wrote (RFC 3461 5.2.1)")
        << "<far@home.example>"_ba
        << QByteArrayList{"far@home.example > eve@far.example by out ORCPT=rfc822;far@home.example"};
    QTest::newRow("RFC 3461 5.2.7.2: one address for another takes all parameters along")
        << "<far@home.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;old@first.example"_ba
        << QByteArrayList{"far@home.example > eve@far.example by out NOTIFY=SUCCESS,DELAY ORCPT=rfc822;old@first.example"};
    QTest::newRow("several places, each by its own rule")
        << "<team@home.example>"_ba
        << QByteArrayList{"team@home.example > eve@far.example by out ORCPT=rfc822;team@home.example",
                          "team@home.example > joe@near.example by near ORCPT=rfc822;team@home.example"};
    QTest::newRow("RFC 3461 5.2.7.3 b: several places send no notice of success")
        << "<team@home.example> NOTIFY=SUCCESS,FAILURE"_ba
        << QByteArrayList{"team@home.example > eve@far.example by out NOTIFY=FAILURE ORCPT=rfc822;team@home.example",
                          "team@home.example > joe@near.example by near NOTIFY=FAILURE ORCPT=rfc822;team@home.example"};
    QTest::newRow("RFC 3461 5.2.7.3 b: who asked for success alone hears nothing of each")
        << "<team@home.example> NOTIFY=SUCCESS"_ba
        << QByteArrayList{"team@home.example > eve@far.example by out NOTIFY=NEVER ORCPT=rfc822;team@home.example",
                          "team@home.example > joe@near.example by near NOTIFY=NEVER ORCPT=rfc822;team@home.example"};
    QTest::newRow("a virtual user") << "<info@v.example>"_ba
                                    << QByteArrayList{"info@v.example > eve@far.example by out ORCPT=rfc822;info@v.example"};
    QTest::newRow("a virtual domain") << "<who+ever@w.example>"_ba
                                      << QByteArrayList{"who+ever@w.example > all@far.example by out "
                                                        "ORCPT=rfc822;who+2Bever@w.example"};
    QTest::newRow("no alias in between: as it came") << "<eve@far.example> NOTIFY=SUCCESS"_ba
                                                     << QByteArrayList{"eve@far.example > eve@far.example by out NOTIFY=SUCCESS ORCPT="};
}

void TestRecipientEnds::envelopes() {
    QFETCH(QByteArray, command);
    Bench bench;
    bench.open();
    QCOMPARE(bench.ask("RCPT TO:" + command), kOk);
    QTEST(shown(bench.finish().envelopes), "expected");
    QVERIFY(bench.store(0).envelopes[0].id != bench.store(0).envelopes.back().id || bench.store(0).envelopes.size() == 1);
}

void TestRecipientEnds::refusals_data() {
    QTest::addColumn<QByteArray>("recipient");
    QTest::addColumn<QByteArray>("reply");
    QTest::addColumn<QByteArray>("why");
    const auto row = [](const char* title, const char* recipient, const char* reply, const char* why) {
        QTest::newRow(title) << QByteArray(recipient) << QByteArray(reply) << QByteArray(why);
    };
    row("nobody's name", "x@home.example", "550 5.1.1 Invalid recipient: <x@home.example>\r\n", "there is no user x on this computer");
    row("no virtual user", "x@v.example", "524 5.2.4 Mailing list expansion problem: <x@v.example>\r\n",
        "there is no virtual user x@v.example in <vu>");
    row("B07 an entry that does not read", "bad@home.example",
        "424 4.2.4 Mailing list expansion problem: <bad@home.example>\r\n", "the entry bad in <al>");
    row("a reply of the table", "gone@home.example", "550 gone for good: <gone@home.example>\r\n", "its alias says to refuse it");
    row("an address that the rules refuse", "refused@home.example", "550 5.7.1 Invalid recipient: <refused@home.example>\r\n",
        "an alias leads to x@nowhere.example, which the rules refuse");
}

void TestRecipientEnds::refusals() {
    QFETCH(QByteArray, recipient);
    QFETCH(QByteArray, why);
    Bench bench;
    bench.open();
    QTEST(bench.ask("RCPT TO:<" + recipient + ">"), "reply");
    QCOMPARE(bench.events.size(), size_t(1));
    QVERIFY2(bench.events[0].text.contains(why), bench.events[0].text.constData());
    QCOMPARE(bench.ask("RCPT TO:<far@home.example>"), kOk); // the transaction goes on
    QCOMPARE(bench.finish().envelopes.size(), size_t(1));
}

void TestRecipientEnds::P04_recipientsThatNameFilesAreUsersLikeAnyOther_data() {
    QTest::addColumn<QByteArray>("recipient");
    for (const char* name : {"|id", "/tmp/x", "/etc/passwd", "\":include:/lists/crowd\"", "\"../../etc/passwd\"",
                             "\"error:250 ok\"", "\"|/bin/sh -c id\""})
        QTest::newRow(name) << QByteArray(name);
}

void TestRecipientEnds::P04_recipientsThatNameFilesAreUsersLikeAnyOther() {
    QFETCH(QByteArray, recipient);
    Bench bench;
    bench.surroundings.includeFile = [](const QByteArray& path) -> Result<QByteArray> {
        qWarning("opened %s", path.constData());
        return QByteArray();
    };
    bench.open();
    const QByteArray reply = bench.ask("RCPT TO:<" + recipient + "@home.example>");
    QVERIFY2(reply.startsWith("550 5.1.1 Invalid recipient"), reply.constData());
}

void TestRecipientEnds::eachPlaceHasOneEnvelopeWhoeverLeadsThere() {
    Bench bench;
    bench.open();
    for (const char* recipient : {"far@home.example", "far@home.example", "other@home.example", "team@home.example",
                                  "info@v.example", "eve@FAR.example"})
        QCOMPARE(bench.ask("RCPT TO:<"_ba + recipient + ">"), kOk);
    QCOMPARE(shown(bench.finish().envelopes),
             (QByteArrayList{"far@home.example > eve@far.example by out ORCPT=rfc822;far@home.example",
                             "team@home.example > joe@near.example by near ORCPT=rfc822;team@home.example"}));
}

// A failure that one of them wants to hear of must not hide behind another's NEVER.
void TestRecipientEnds::whoWantsOtherNoticesHasAnEnvelopeOfHisOwn() {
    Bench bench;
    bench.open();
    QCOMPARE(bench.ask("RCPT TO:<far@home.example> NOTIFY=NEVER"), kOk);
    QCOMPARE(bench.ask("RCPT TO:<other@home.example>"), kOk);
    QCOMPARE(bench.finish().envelopes.size(), size_t(2));
}

void TestRecipientEnds::caughtMailStaysCaught() {
    Bench bench;
    bench.open();
    QCOMPARE(bench.ask("RCPT TO:<kept@home.example>"), kOk);
    const auto& envelopes = bench.finish().envelopes;
    QCOMPARE(envelopes.size(), size_t(1));
    QVERIFY(envelopes[0].state == queue::EnvelopeState::Caught);
    QCOMPARE(envelopes[0].destination, "x@caught.example");
    QCOMPARE(envelopes[0].nextTryAt, 0);
}

void TestRecipientEnds::endsOnThisComputer_data() {
    QTest::addColumn<QByteArray>("recipient");
    QTest::addColumn<QByteArray>("expected"); // destination: method target user uid:gid home
    QTest::newRow("a user") << "ann@home.example"_ba << "ann@home.example: maildir  ann 1000:1001 /home/ann"_ba;
    QTest::newRow("a user with a sub-address")
        << "Ann+lists@home.example"_ba << "Ann+lists@home.example: maildir  ann 1000:1001 /home/ann"_ba;
    QTest::newRow("a command of an alias") << "pipe@home.example"_ba << "pipe@home.example: mda /bin/x  -1:-1 "_ba;
    QTest::newRow("a file of an alias") << "box@home.example"_ba << "box@home.example: mbox /var/mail/box  -1:-1 "_ba;
    QTest::newRow("a command of a .forward file")
        << "bob@home.example"_ba << "bob@home.example: mda /bin/filter bob 1002:1002 /home/bob"_ba;
}

void TestRecipientEnds::endsOnThisComputer() {
    QFETCH(QByteArray, recipient);
    Bench bench;
    bench.open();
    QCOMPARE(bench.ask("RCPT TO:<" + recipient + "> NOTIFY=SUCCESS"), kOk);
    const auto& envelopes = bench.finish().envelopes;
    QCOMPARE(envelopes.size(), size_t(1));
    QVERIFY(envelopes[0].local);
    const queue::LocalEnd& end = *envelopes[0].local;
    QTEST(envelopes[0].destination + ": " + end.method + ' ' + end.target + ' ' + end.user + ' ' + QByteArray::number(end.uid) + ':' +
              QByteArray::number(end.gid) + ' ' + end.home,
          "expected");
    QCOMPARE(envelopes[0].recipient, recipient);
    QCOMPARE(envelopes[0].action, "in");
    QCOMPARE(envelopes[0].relay, "");
    QCOMPARE(envelopes[0].params.notify, "SUCCESS");
    QVERIFY(envelopes[0].state == queue::EnvelopeState::Waiting);
}

// Up to 6.3 the rule's delivery travels with the envelope, so that an edited rule does not change queued mail.
void TestRecipientEnds::olderDialectsCopyTheDelivery() {
    Bench bench("accept from any for domain \"home.example\" deliver to maildir \"/mail/%{user.username}\"\n");
    bench.open();
    QCOMPARE(bench.ask("RCPT TO:<ann@home.example>"), kOk);
    const queue::Envelope envelope = bench.finish().envelopes.at(0);
    QCOMPARE(envelope.action, "");
    QVERIFY(envelope.local);
    const auto kept = policy::KeptDelivery::fromBytes(envelope.relay);
    QVERIFY(kept);
    QCOMPARE(kept->local.target, "/mail/%{user.username}");
    QVERIFY(kept->era == policy::Era::Legacy);
}

void TestRecipientEnds::addressesOfOneMailboxAreOnePlace_data() {
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<int>("envelopes");
    QTest::newRow("a maildir in the home") << "maildir"_ba << 1;
    QTest::newRow("an mbox") << "mbox"_ba << 1;
    QTest::newRow("a path with the address in it") << "maildir \"/mail/%{dest.user}\""_ba << 2;
    QTest::newRow("one account for everybody") << "maildir user ann"_ba << 2;
    QTest::newRow("a command, which is told the address") << "mda \"/bin/lda\""_ba << 2;
    QTest::newRow("an LMTP server, which is told the address") << "lmtp localhost:24 rcpt-to"_ba << 2;
}

void TestRecipientEnds::addressesOfOneMailboxAreOnePlace() {
    QFETCH(QByteArray, method);
    Bench bench("table al { info = ann }\naction \"in\" " + method + " alias <al>\nmatch from any for any action \"in\"\n");
    bench.open();
    for (const char* recipient : {"ann@home.example", "info@home.example", "ann@HOME.example"})
        QCOMPARE(bench.ask("RCPT TO:<"_ba + recipient + ">"), kOk);
    QTEST(int(bench.finish().envelopes.size()), "envelopes");
}

void TestRecipientEnds::olderDialectsCopyTheRelayOfTheRuleThatTakesTheEnd() {
    Bench bench("table al { team = \"eve@far.example, joe@near.example\" }\n"
                "accept from any for domain \"home.example\" alias <al> deliver to mbox\n"
                "accept from local for domain \"near.example\" relay via smtp://near.example\n"
                "accept from local for any relay via smtp://far.example\n");
    bench.open();
    QCOMPARE(bench.ask("RCPT TO:<team@home.example>"), kOk);
    const auto& envelopes = bench.finish().envelopes;
    QCOMPARE(envelopes.size(), size_t(2));
    QCOMPARE(envelopes[0].relay, bench.rules->rules[2].action->relay.toBytes());
    QCOMPARE(envelopes[1].relay, bench.rules->rules[1].action->relay.toBytes());
    QVERIFY(envelopes[0].relay != envelopes[1].relay);
}

void TestRecipientEnds::RFC3461_severalEndsAreToldOf() {
    Bench bench;
    bench.open();
    for (const char* recipient : {"<team@home.example> NOTIFY=SUCCESS,FAILURE", "<far@home.example> NOTIFY=SUCCESS"})
        QCOMPARE(bench.ask("RCPT TO:"_ba + recipient), kOk);
    bench.finish();
    bench.commit(0);
    QCOMPARE(bench.durable.size(), size_t(1));
    QCOMPARE(shown(bench.durable[0].expanded),
             QByteArrayList{"team@home.example > team@home.example by  NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;team@home.example"});
}

void TestRecipientEnds::B06_aMessageHasAtMostTenThousandEnvelopes() {
    Bench bench;
    bench.open();
    QCOMPARE(bench.ask("RCPT TO:<crowd@home.example>"), kOk);
    QCOMPARE(bench.ask("RCPT TO:<mob@home.example>"), "452 4.5.3 Too many recipients\r\n"); // in the next transaction
    QCOMPARE(bench.ask("RCPT TO:<far@home.example>"), kOk);
    QCOMPARE(bench.finish().envelopes.size(), size_t(6'001));
}

// Accounts come from a server that is gone: the client is told to come again, and the answer that comes after all is no answer
// to what it asks then.
void TestRecipientEnds::nobodyWaitsLongerThanAMinute() {
    Bench bench;
    bench.holdsFollows = true;
    bench.open();
    QCOMPARE(bench.ask("RCPT TO:<far@home.example>"), "");
    for (int i = 0; i < 59; ++i)
        bench.tick(std::chrono::seconds(1));
    QCOMPARE(bench.heard(), "");
    bench.tick(std::chrono::seconds(1));
    QCOMPARE(bench.heard(), "451 4.3.0 Temporary failure: <far@home.example>\r\n");
    auto late = std::exchange(bench.follows, {});
    QCOMPARE(bench.ask("RCPT TO:<team@home.example>"), "");
    late.at(0)();
    ConnectionBench::deliverOutcomes();
    QCOMPARE(bench.heard(), "");
    bench.answerFollows();
    ConnectionBench::deliverOutcomes();
    QCOMPARE(bench.heard(), kOk);
    QCOMPARE(bench.finish().envelopes.size(), size_t(2));
}

void TestRecipientEnds::anAnswerComesLaterThanTheClientStays() {
    Bench bench;
    bench.holdsFollows = true;
    bench.open();
    QCOMPARE(bench.ask("RCPT TO:<far@home.example>"), "");
    bench.peer().hangsUp();
    bench.answerFollows();
    ConnectionBench::deliverOutcomes();
    QVERIFY(!bench.connection());
    QCOMPARE(bench.stores(), 0);
}

QTEST_GUILESS_MAIN(TestRecipientEnds)
#include "tst_recipient_ends.moc"
