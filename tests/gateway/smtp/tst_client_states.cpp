// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every state meets every event: whatever happens, each offered mail comes back exactly once, a session finishes at most
// once and stays finished, no password leaves outside TLS, and verdicts follow the class of the reply.
#include "smtp/client_machine.h"
#include "support/client_dialogue.h"
#include "support/client_laws.h"

#include <QRandomGenerator>
#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::smtp;
using namespace postern::test;

namespace {

// Counts what a session gives back, and carries nothing out.
struct Watch {
    int done = 0, finished = 0, outcomes = 0;
    OutcomeKind last = OutcomeKind::Delivered;
    bool secretSent = false;
    void see(const ClientEffects& effects, bool tls) {
        for (const ClientEffect& effect : effects) {
            if (const auto* mail = std::get_if<effect::MailDone>(&effect)) {
                ++done;
                outcomes += int(mail->outcomes.size());
                if (!mail->outcomes.empty())
                    last = mail->outcomes.front().kind;
            } else if (std::holds_alternative<effect::Finished>(effect)) {
                ++finished;
            } else if (const auto* send = std::get_if<effect::ClientSend>(&effect)) {
                secretSent = secretSent || (!tls && send->bytes.contains("AUTH"));
            }
        }
    }
};

struct Way {
    const char* state;
    bool auth;
    bool pipelining;
    ClientTls tls;
    std::vector<const char*> steps; // server lines and "<tls>", "<offer>", "<data>", "<end>", "<quit>"
};

const std::vector<Way>& ways() {
    static const std::vector<Way> all = {
        {"start", false, false, ClientTls::Opportunistic, {}},
        {"greeting", false, false, ClientTls::Opportunistic, {"<connect>"}},
        {"ehlo", false, false, ClientTls::Opportunistic, {"<connect>", "220 hi\r\n"}},
        {"helo", false, false, ClientTls::Opportunistic, {"<connect>", "220 hi\r\n", "502 no\r\n"}},
        {"starttls", false, false, ClientTls::Opportunistic, {"<connect>", "220 hi\r\n", "250-x\r\n250 STARTTLS\r\n"}},
        {"handshake", false, false, ClientTls::Opportunistic,
         {"<connect>", "220 hi\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n"}},
        {"auth", true, false, ClientTls::Wrapped, {"<connect>", "220 hi\r\n", "250-x\r\n250 AUTH PLAIN\r\n"}},
        {"auth", true, false, ClientTls::Wrapped, {"<connect>", "220 hi\r\n", "250-x\r\n250 AUTH LOGIN\r\n"}},
        {"auth", true, false, ClientTls::Wrapped, {"<connect>", "220 hi\r\n", "250-x\r\n250 AUTH LOGIN\r\n", "334 u\r\n"}},
        {"auth", true, false, ClientTls::Wrapped,
         {"<connect>", "220 hi\r\n", "250-x\r\n250 AUTH LOGIN\r\n", "334 u\r\n", "334 p\r\n"}},
        {"idle", false, false, ClientTls::Never, {"<connect>", "220 hi\r\n", "250 x\r\n"}},
        {"mail", false, false, ClientTls::Never, {"<connect>", "220 hi\r\n", "250 x\r\n", "<offer>"}},
        {"mail", false, true, ClientTls::Never, {"<connect>", "220 hi\r\n", "250-x\r\n250 PIPELINING\r\n", "<offer>"}},
        {"rcpt", false, false, ClientTls::Never, {"<connect>", "220 hi\r\n", "250 x\r\n", "<offer>", "250 ok\r\n"}},
        {"rcpt", false, true, ClientTls::Never,
         {"<connect>", "220 hi\r\n", "250-x\r\n250 PIPELINING\r\n", "<offer>", "250 ok\r\n"}},
        {"data", false, false, ClientTls::Never,
         {"<connect>", "220 hi\r\n", "250 x\r\n", "<offer>", "250 ok\r\n", "250 ok\r\n"}},
        {"content", false, false, ClientTls::Never,
         {"<connect>", "220 hi\r\n", "250 x\r\n", "<offer>", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"}},
        {"final dot", false, false, ClientTls::Never,
         {"<connect>", "220 hi\r\n", "250 x\r\n", "<offer>", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "<data>", "<end>"}},
        {"empty dot", false, true, ClientTls::Never,
         {"<connect>", "220 hi\r\n", "250-x\r\n250 PIPELINING\r\n", "<offer>", "250 ok\r\n", "550 no\r\n", "354 go\r\n"}},
        {"chunk", false, true, ClientTls::Never,
         {"<connect>", "220 hi\r\n", "250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n", "<offer>"}},
        {"content", false, false, ClientTls::Never,
         {"<connect>", "220 hi\r\n", "250-x\r\n250 CHUNKING\r\n", "<offer>", "250 ok\r\n", "250 ok\r\n"}},
        {"rset", false, false, ClientTls::Never,
         {"<connect>", "220 hi\r\n", "250 x\r\n", "<offer>", "250 ok\r\n", "550 no\r\n", "<offer>"}},
        {"quit", false, false, ClientTls::Never, {"<connect>", "220 hi\r\n", "250 x\r\n", "<quit>"}},
        {"closed", false, false, ClientTls::Never, {"<connect>", "421 no\r\n"}},
    };
    return all;
}

ClientEffects apply(ClientSession& session, const QByteArray& step, int& offered) {
    if (step == "<connect>")
        return session.connected();
    if (step == "<tls>")
        return session.tlsStarted();
    if (step == "<notls>")
        return session.tlsFailed("no");
    if (step == "<offer>") {
        ++offered;
        return session.offer(mailFor({"a@b.example"}));
    }
    if (step == "<data>")
        return session.content("hello\r\n");
    if (step == "<end>")
        return session.content({});
    if (step == "<quit>")
        return session.quit();
    if (step == "<close>")
        return session.peerClosed("gone");
    if (step == "<timeout>")
        return session.timedOut();
    return session.feed(step);
}

ClientSession make(const Way& way) {
    ClientSettings settings;
    settings.helo = "me.example";
    settings.peerName = "mx.example";
    settings.tls = way.tls;
    if (way.auth)
        settings.auth = Credentials{"carol", Secret(QByteArray("s3cret"))};
    return ClientSession(std::move(settings));
}

const QByteArrayList& events() {
    static const QByteArrayList all = {"<connect>", "<tls>", "<notls>", "<offer>", "<data>", "<end>", "<quit>", "<close>",
                                       "<timeout>", "220 a\r\n", "250 a\r\n", "354 a\r\n", "451 a\r\n", "550 a\r\n",
                                       "421 a\r\n", "nonsense\r\n", "250-half", "\n", "250-x\r\n250 AUTH PLAIN\r\n"};
    return all;
}

} // namespace

class TestClientStates : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void everyStateIsReached() {
        QSet<QByteArray> seen;
        for (const Way& way : ways()) {
            ClientSession session = make(way);
            int offered = 0;
            for (const char* step : way.steps)
                (void)apply(session, step, offered);
            QCOMPARE(session.stateName().toByteArray(), QByteArray(way.state));
            seen.insert(way.state);
        }
        for (int i = 0; i < kClientStates; ++i) {
            const QByteArray name = clientStateRow(ClientState(i)).name;
            if (name != "choosing" && name != "offered") // left in the step that enters them
                QVERIFY2(seen.contains(name), name.constData());
        }
    }

    // Two events deep from every state, then the connection drops.
    void everyMailComesBackOnce() {
        for (const Way& way : ways()) {
            for (const QByteArray& first : events()) {
                for (const QByteArray& second : events()) {
                    ClientSession session = make(way);
                    Watch watch;
                    int offered = 0;
                    const auto step = [&](const QByteArray& what) {
                        const bool tls = session.isTls();
                        watch.see(apply(session, what, offered), tls);
                    };
                    for (const char* what : way.steps)
                        step(what);
                    step(first);
                    step(second);
                    step("<close>");
                    step("<close>");
                    const QByteArray where = QByteArray(way.state) + " / " + first + " / " + second;
                    QVERIFY2(watch.done == offered && watch.outcomes == offered, where.constData());
                    QVERIFY2(watch.finished == 1, where.constData());
                    QVERIFY2(!watch.secretSent, where.constData());
                    QCOMPARE(session.stateName().toByteArray(), QByteArray("closed"));
                    QVERIFY2(session.feed("250 ok\r\n").empty() && session.timedOut().empty() && session.quit().empty(),
                             where.constData());
                }
            }
        }
    }

    // Random servers that mostly speak SMTP; the fuzzer goes on from here.
    void lawsHoldForAnyServer() {
        const QByteArrayList phrases = {"220 hi\r\n", "250 ok\r\n", "250-x\r\n250-STARTTLS\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n",
                                        "354 go\r\n", "451 no\r\n", "550 no\r\n", "421 no\r\n", "334 x\r\n", "235 ok\r\n", "25",
                                        "0 ok\r\n", "\r\n", "x", "250-a\r\n", "502 what\r\n", "250 8BITMIME\r\n"};
        for (quint32 seed = 0; seed < 1500; ++seed) {
            QRandomGenerator random(seed);
            QByteArray input(1, char(random.bounded(32)));
            for (int i = 0; i < 14; ++i) {
                const QByteArray phrase = phrases[random.bounded(int(phrases.size()))];
                input += char(random.bounded(3) == 0 ? random.bounded(12) : 9);
                input += char(phrase.size());
                input += phrase;
            }
            const QByteArray broken = brokenClientLaw(input);
            QVERIFY2(broken.isEmpty(), (broken + ", seed " + QByteArray::number(seed) + ": " + input.toHex()).constData());
        }
    }

    // D12: 4xx, 5xx, 421, nonsense, silence and a close at each state of a transaction.
    void verdictsFollowTheReply_data() {
        QTest::addColumn<int>("way");
        QTest::addColumn<QByteArray>("event");
        QTest::addColumn<bool>("permanent");
        for (size_t i = 0; i < ways().size(); ++i) {
            const QByteArray state = ways()[i].state;
            if (state != "mail" && state != "rcpt" && state != "data" && state != "content" && state != "final dot")
                continue;
            for (const char* event : {"451 a\r\n", "550 a\r\n", "421 a\r\n", "nonsense\r\n", "250 o\rk\r\n", "<timeout>", "<close>"})
                QTest::addRow("D12 %s at %s, way %d", QByteArray(event).simplified().constData(), state.constData(), int(i))
                    << int(i) << QByteArray(event) << (QByteArray(event) == "550 a\r\n");
        }
    }
    void verdictsFollowTheReply() {
        QFETCH(int, way);
        QFETCH(QByteArray, event);
        QFETCH(bool, permanent);
        ClientSession session = make(ways()[size_t(way)]);
        Watch watch;
        int offered = 0;
        for (const char* step : ways()[size_t(way)].steps)
            watch.see(apply(session, step, offered), true);
        watch.see(apply(session, event, offered), true);
        watch.see(apply(session, "<close>", offered), true);
        QCOMPARE(watch.done, 1);
        QCOMPARE(watch.last, permanent ? OutcomeKind::Permanent : OutcomeKind::Temporary);
    }

    void timeoutsAreThoseOfTheRfc() { // RFC 5321 §4.5.3.2
        using namespace std::chrono_literals;
        QCOMPARE(clientStateRow(ClientState::Greeting).timeout, Milliseconds(5min));
        QCOMPARE(clientStateRow(ClientState::Mail).timeout, Milliseconds(5min));
        QCOMPARE(clientStateRow(ClientState::Rcpt).timeout, Milliseconds(5min));
        QCOMPARE(clientStateRow(ClientState::Data).timeout, Milliseconds(2min));
        QCOMPARE(clientStateRow(ClientState::Content).timeout, Milliseconds(3min));
        QCOMPARE(clientStateRow(ClientState::FinalDot).timeout, Milliseconds(10min));
        QCOMPARE(clientStateRow(ClientState::Quit).timeout, Milliseconds(5s));
    }
};

QTEST_APPLESS_MAIN(TestClientStates)
#include "tst_client_states.moc"
