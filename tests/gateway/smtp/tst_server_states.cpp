// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every state × everything that can happen: the moves are exactly those of RFC 5321 §4.1.4, every command draws one
// reply, everything else that does not belong is ignored, and a closed session stays closed.
#include "smtp/server_session.h"

#include <QTest>

#include <functional>
#include <map>

using namespace postern;
using namespace postern::smtp;
using namespace Qt::StringLiterals;

namespace {

const Reply kYes = makeReply(250, {2, 0, 0}, "yes"_ba);
const Reply kNo = makeReply(550, {5, 0, 0}, "no"_ba);
const TlsFacts kTls{"TLSv1.3", "x", 256, false, {}};

struct Subject {
    ServerSession session{{"gate.example", true, false, false, AuthMode::Optional}, {}, {"192.0.2.7", 1, {}}};
    ServerEffects last;

    QByteArray said() const {
        QByteArray out;
        for (const ServerEffect& e : last)
            if (const auto* send = std::get_if<effect::Send>(&e))
                out += send->bytes;
        return out;
    }
    bool did(auto what) const {
        for (const ServerEffect& e : last)
            if (std::holds_alternative<decltype(what)>(e))
                return true;
        return false;
    }
    QByteArray state() const { return session.stateName().toByteArray(); }
    void line(const char* text) { last = session.feed(QByteArray(text) + "\r\n"); }
};

using Happening = std::function<void(Subject&)>;

Happening line(const char* text) {
    return [text](Subject& s) { s.line(text); };
}

// How to get into every state.
std::map<QByteArray, Happening> ways() {
    const auto greeted = [](Subject& s) { s.last = s.session.greet(); };
    const auto idle = [greeted](Subject& s) {
        greeted(s);
        s.line("EHLO c.example");
    };
    const auto idleInTls = [idle](Subject& s) {
        idle(s);
        s.line("STARTTLS");
        s.last = s.session.tlsStarted(kTls);
        s.line("EHLO c.example");
    };
    const auto checkingSender = [idle](Subject& s) {
        idle(s);
        s.line("MAIL FROM:<a@a.example>");
    };
    const auto mail = [checkingSender](Subject& s) {
        checkingSender(s);
        s.last = s.session.senderChecked(kYes);
    };
    const auto checkingFirst = [mail](Subject& s) {
        mail(s);
        s.line("RCPT TO:<b@b.example>");
    };
    const auto rcpt = [checkingFirst](Subject& s) {
        checkingFirst(s);
        s.last = s.session.recipientChecked(kYes);
    };
    const auto content = [rcpt](Subject& s) {
        rcpt(s);
        s.line("DATA");
    };
    return {
        {"opening", [](Subject&) {}},
        {"greeted", greeted},
        {"idle", idle},
        {"idle+tls", idleInTls},
        {"checking-sender", checkingSender},
        {"mail", mail},
        {"checking-recipient", checkingFirst},
        {"rcpt", rcpt},
        {"checking-next-recipient", [rcpt](Subject& s) { rcpt(s), s.line("RCPT TO:<c@b.example>"); }},
        {"content", content},
        {"chunk", [rcpt](Subject& s) { rcpt(s), s.line("BDAT 9"); }},
        {"between-chunks", [rcpt](Subject& s) { rcpt(s), s.line("BDAT 12\r\nSubject: x"); }},
        {"storing", [content](Subject& s) { content(s), s.line("."); }},
        {"tls-handshake", [idle](Subject& s) { idle(s), s.line("STARTTLS"); }},
        {"auth-plain", [idleInTls](Subject& s) { idleInTls(s), s.line("AUTH PLAIN"); }},
        {"auth-login-user", [idleInTls](Subject& s) { idleInTls(s), s.line("AUTH LOGIN"); }},
        {"auth-login-password", [idleInTls](Subject& s) { idleInTls(s), s.line("AUTH LOGIN dXNlcg=="); }},
        {"checking-login", [idleInTls](Subject& s) { idleInTls(s), s.line("AUTH PLAIN AHUAcA=="); }},
        {"closed", [greeted](Subject& s) { greeted(s), s.line("QUIT"); }},
    };
}

const std::map<QByteArray, Happening> kCommands = {
    {"HELO", line("HELO c.example")},
    {"EHLO", line("EHLO c.example")},
    {"EHLO bad", line("EHLO")},
    {"MAIL", line("MAIL FROM:<a@a.example>")},
    {"MAIL bad", line("MAIL FROM:a")},
    {"RCPT", line("RCPT TO:<b@b.example>")},
    {"RCPT bad", line("RCPT TO:<>")},
    {"DATA", line("DATA")},
    {"DATA bad", line("DATA x")},
    {"BDAT", line("BDAT 2 LAST\r\n")},
    {"BDAT open", line("BDAT 2\r\n")},
    {"RSET", line("RSET")},
    {"RSET bad", line("RSET x")},
    {"NOOP", line("NOOP")},
    {"QUIT", line("QUIT")},
    {"STARTTLS", line("STARTTLS")},
    {"AUTH PLAIN", line("AUTH PLAIN")},
    {"AUTH PLAIN x", line("AUTH PLAIN AHUAcA==")},
    {"AUTH LOGIN", line("AUTH LOGIN")},
    {"AUTH LOGIN x", line("AUTH LOGIN dXNlcg==")},
    {"AUTH FROB", line("AUTH FROB")},
    {"VRFY", line("VRFY x")},
    {"EXPN", line("EXPN x")},
    {"HELP", line("HELP")},
    {"TURN", line("TURN")},
    {"FROB", line("FROB")},
    {"GET", line("GET / HTTP/1.0")},
    {"control", line("NO\rOP")},
};

const std::map<QByteArray, Happening> kAnswers = {
    {"sender yes", [](Subject& s) { s.last = s.session.senderChecked(kYes); }},
    {"sender no", [](Subject& s) { s.last = s.session.senderChecked(kNo); }},
    {"recipient yes", [](Subject& s) { s.last = s.session.recipientChecked(kYes); }},
    {"recipient no", [](Subject& s) { s.last = s.session.recipientChecked(kNo); }},
    {"login yes", [](Subject& s) { s.last = s.session.loginChecked(LoginOutcome::Accepted); }},
    {"login no", [](Subject& s) { s.last = s.session.loginChecked(LoginOutcome::Refused); }},
    {"login down", [](Subject& s) { s.last = s.session.loginChecked(LoginOutcome::BackendDown); }},
    {"stored yes", [](Subject& s) { s.last = s.session.stored(kYes); }},
    {"stored no", [](Subject& s) { s.last = s.session.stored(kNo); }},
    {"tls up", [](Subject& s) { s.last = s.session.tlsStarted(kTls); }},
    {"greet", [](Subject& s) { s.last = s.session.greet(); }},
    {"refuse", [](Subject& s) { s.last = s.session.refuse(makeReply(421, {4, 3, 2}, "busy"_ba)); }},
};

const std::map<QByteArray, Happening> kEndings = {
    {"peer closed", [](Subject& s) { s.last = s.session.peerClosed(); }},
    {"timed out", [](Subject& s) { s.last = s.session.timedOut(); }},
    {"shut down", [](Subject& s) { s.last = s.session.shutDown(); }},
};

// Where a command leads; what is not here stays where it is.
const std::map<std::pair<QByteArray, QByteArray>, QByteArray> kCommandMoves = {
    {{"greeted", "HELO"}, "idle"},
    {{"greeted", "EHLO"}, "idle"},
    {{"mail", "HELO"}, "idle"},
    {{"mail", "EHLO"}, "idle"},
    {{"rcpt", "HELO"}, "idle"},
    {{"rcpt", "EHLO"}, "idle"},
    {{"mail", "RSET"}, "idle"},
    {{"rcpt", "RSET"}, "idle"},
    {{"idle", "MAIL"}, "checking-sender"},
    {{"idle+tls", "MAIL"}, "checking-sender"},
    {{"mail", "RCPT"}, "checking-recipient"},
    {{"rcpt", "RCPT"}, "checking-next-recipient"},
    {{"rcpt", "DATA"}, "content"},
    {{"rcpt", "BDAT"}, "storing"},
    {{"rcpt", "BDAT open"}, "between-chunks"},
    {{"between-chunks", "BDAT"}, "storing"},
    {{"between-chunks", "BDAT open"}, "between-chunks"},
    {{"between-chunks", "HELO"}, "idle"},
    {{"between-chunks", "EHLO"}, "idle"},
    {{"between-chunks", "RSET"}, "idle"},
    {{"idle", "STARTTLS"}, "tls-handshake"},
    {{"idle+tls", "AUTH PLAIN"}, "auth-plain"},
    {{"idle+tls", "AUTH PLAIN x"}, "checking-login"},
    {{"idle+tls", "AUTH LOGIN"}, "auth-login-user"},
    {{"idle+tls", "AUTH LOGIN x"}, "auth-login-password"},
};

const std::map<std::pair<QByteArray, QByteArray>, QByteArray> kAnswerMoves = {
    {{"opening", "greet"}, "greeted"},
    {{"opening", "refuse"}, "closed"},
    {{"checking-sender", "sender yes"}, "mail"},
    {{"checking-sender", "sender no"}, "idle"},
    {{"checking-recipient", "recipient yes"}, "rcpt"},
    {{"checking-recipient", "recipient no"}, "mail"},
    {{"checking-next-recipient", "recipient yes"}, "rcpt"},
    {{"checking-next-recipient", "recipient no"}, "rcpt"},
    {{"checking-login", "login yes"}, "idle"},
    {{"checking-login", "login no"}, "idle"},
    {{"checking-login", "login down"}, "idle"},
    {{"storing", "stored yes"}, "idle"},
    {{"storing", "stored no"}, "idle"},
    {{"tls-handshake", "tls up"}, "greeted"},
};

bool takesCommands(const QByteArray& state) {
    return state == "greeted" || state == "idle" || state == "idle+tls" || state == "mail" || state == "rcpt" ||
           state == "between-chunks";
}

int replyCount(const QByteArray& said) {
    int count = 0;
    for (const QByteArray& one : said.split('\n'))
        count += one.size() >= 4 && one[3] == ' ';
    return count;
}

QByteArray nameOf(const QByteArray& key) {
    return key == "idle+tls" ? "idle"_ba : key;
}

} // namespace

class TestServerStates : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void everyWayLeadsToItsState() {
        for (const auto& [state, way] : ways()) {
            Subject s;
            way(s);
            QCOMPARE(s.state(), nameOf(state));
        }
    }

    void everyCommandInEveryStateThatTakesCommands() {
        for (const auto& [state, way] : ways()) {
            if (!takesCommands(state))
                continue;
            for (const auto& [command, happen] : kCommands) {
                Subject s;
                way(s);
                happen(s);
                const QByteArray pair = state + " × " + command;
                const bool ends = command == "QUIT" || command == "GET";
                const auto move = kCommandMoves.find({state, command});
                const QByteArray wanted = ends ? "closed"_ba : move == kCommandMoves.end() ? nameOf(state) : move->second;
                QVERIFY2(s.state() == wanted, (pair + " leads to " + s.state() + ", not " + wanted).constData());
                // a question defers the reply; everything else draws exactly one
                const int replies = replyCount(s.said());
                QVERIFY2(replies == (s.session.isWaiting() ? 0 : 1), (pair + " says " + s.said()).constData());
                // a pair that is not legal is 503; DATA with an argument and the like are 501
                const bool needsOrder = command == "MAIL" || command == "RCPT" || command == "DATA" || command == "STARTTLS" ||
                                        command.startsWith("BDAT");
                if (needsOrder && move == kCommandMoves.end())
                    QVERIFY2(s.said().startsWith("503 5.5.1 "), (pair + " says " + s.said()).constData());
                QCOMPARE(s.did(effect::Close()), ends);
            }
        }
    }

    void everyAnswerInEveryState() {
        for (const auto& [state, way] : ways()) {
            for (const auto& [answer, happen] : kAnswers) {
                Subject s;
                way(s);
                happen(s);
                const QByteArray pair = state + " × " + answer;
                if (state == "opening" && answer == "tls up") { // smtps: TLS comes before the greeting
                    QVERIFY(s.last.empty() && s.session.isTls());
                    continue;
                }
                const auto move = kAnswerMoves.find({state, answer});
                const QByteArray wanted = move == kAnswerMoves.end() ? nameOf(state) : move->second;
                QVERIFY2(s.state() == wanted, (pair + " leads to " + s.state() + ", not " + wanted).constData());
                if (move == kAnswerMoves.end())
                    QVERIFY2(s.last.empty(), (pair + " must be ignored").constData());
            }
        }
    }

    void everyEndingInEveryState() {
        for (const auto& [state, way] : ways()) {
            for (const auto& [ending, happen] : kEndings) {
                Subject s;
                way(s);
                happen(s);
                const QByteArray pair = state + " × " + ending;
                const bool waiting = s.session.isWaiting();
                const bool isChecking = state.startsWith("checking");
                // A hang-up while we think is answered first; nothing interrupts a commit.
                const bool stays = (isChecking && ending == "peer closed") || state == "storing";
                QVERIFY2(s.state() == (stays ? nameOf(state) : "closed"_ba), (pair + " leads to " + s.state()).constData());
                QVERIFY2(waiting == stays, pair.constData());
                QVERIFY2(s.did(effect::Close()) == (!stays && state != "closed"), pair.constData());
                const bool hasContent = state == "content" || state == "chunk" || state == "between-chunks";
                QVERIFY2(s.did(effect::Discard()) == hasContent, pair.constData());
                const bool speaks = ending != "peer closed" && !stays && state != "closed" && state != "tls-handshake";
                QVERIFY2(speaks ? s.said().startsWith("421 4.") : s.said().isEmpty(), (pair + " says " + s.said()).constData());
            }
        }
    }

    void aClosedSessionIgnoresEverything() {
        for (const auto* list : {&kCommands, &kAnswers, &kEndings}) {
            for (const auto& [name, happen] : *list) {
                Subject s;
                ways()["closed"](s);
                happen(s);
                QVERIFY2(s.last.empty() && s.session.isClosed(), name.constData());
            }
        }
    }

    void whileAQuestionIsOpenInputIsKept() {
        for (const auto& [state, way] : ways()) {
            Subject s;
            way(s);
            if (!s.session.isWaiting())
                continue;
            s.line("NOOP");
            QVERIFY2(s.last.empty() && s.state() == state, state.constData());
        }
    }
};

QTEST_APPLESS_MAIN(TestServerStates)
#include "tst_server_states.moc"
