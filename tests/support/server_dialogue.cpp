// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/server_dialogue.h"

#include <algorithm>
#include <deque>

using namespace Qt::StringLiterals;

namespace postern::test {
namespace {

using namespace smtp;

struct Part {
    QByteArray client;
    QByteArrayList replies;
    int line = 0;
};

std::vector<Part> parse(const QByteArray& script) {
    std::vector<Part> parts;
    int number = 0;
    bool inClient = false;
    for (const QByteArray& raw : script.split('\n')) {
        ++number;
        const QByteArray line = raw.trimmed();
        if (line.isEmpty() || line.startsWith('#'))
            continue;
        const QByteArray text = line.mid(line.size() > 2 && line[2] == ' ' ? 3 : 2);
        if (line.startsWith("S:")) {
            if (parts.empty())
                parts.push_back({});
            parts.back().replies.append(text);
            inClient = false;
            continue;
        }
        const bool happening = line.startsWith("C~ <"); // <timeout>, <gone>, <shutdown>: never joined to octets
        if (!inClient || happening) {
            parts.push_back({});
            parts.back().line = number;
        }
        inClient = !happening;
        parts.back().client += unescaped(text);
        if (line.startsWith("C:"))
            parts.back().client += "\r\n";
    }
    return parts;
}

// The last line of every reply in `output`.
QByteArrayList replies(const QByteArray& output) {
    QByteArrayList out;
    QByteArray rest = output;
    while (!rest.isEmpty()) {
        const qsizetype end = rest.indexOf("\r\n");
        const QByteArray line = end < 0 ? rest : rest.left(end);
        rest = end < 0 ? QByteArray() : rest.mid(end + 2);
        if (line.size() < 4 || line[3] != '-')
            out.append(line);
    }
    return out;
}

Reply verdict(const Address& address, const Reply& good) {
    if (address.localPart().startsWith("refused"))
        return makeReply(550, {5, 1, 1}, "No such user");
    if (address.localPart().startsWith("later"))
        return makeReply(451, {4, 3, 0}, "Temporary failure");
    return good;
}

// Whether a place was opened before the content turned out bad depends on the cut alone.
QByteArrayList withoutDiscarded(const QByteArrayList& events) {
    QByteArrayList out;
    for (const QByteArray& event : events) {
        if (event == "discard" && !out.isEmpty() && out.last() == "begin")
            out.removeLast();
        else
            out.append(event);
    }
    return out;
}

LoginOutcome loginVerdict(const Secret& password) {
    if (password.expose() == "right"_ba)
        return LoginOutcome::Accepted;
    return password.expose() == "down"_ba ? LoginOutcome::BackendDown : LoginOutcome::Refused;
}

} // namespace

struct ServerDialogue::Cut {
    enum class Kind { Whole, EachByte, At } kind = Kind::Whole;
    qsizetype at = 0;
    bool answersLate = false;

    QByteArrayList pieces(const QByteArray& bytes) const {
        QByteArrayList out;
        if (kind == Kind::Whole || bytes.size() < 2) {
            out.append(bytes);
        } else if (kind == Kind::EachByte) {
            for (const char c : bytes)
                out.append(QByteArray(1, c));
        } else {
            out = {bytes.left(at), bytes.mid(at)};
        }
        return out;
    }
    QByteArray text() const {
        QByteArray out = kind == Kind::Whole      ? "whole"_ba
                         : kind == Kind::EachByte ? "byte by byte"_ba
                                                  : "cut at " + QByteArray::number(at);
        return out + (answersLate ? ", answers late" : ", answers at once");
    }
};

QByteArray unescaped(QByteArrayView text) {
    QByteArray out;
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        switch (text[++i]) {
        case 'r': out += '\r'; break;
        case 'n': out += '\n'; break;
        case '0': out += '\0'; break;
        case 'e': out += '\x1b'; break;
        case 's': out += ' '; break;
        case 'x':
            out += QByteArray::fromHex(text.sliced(i + 1, std::min<qsizetype>(2, text.size() - i - 1)).toByteArray());
            i += 2;
            break;
        default: out += text[i];
        }
    }
    return out;
}

QByteArray ServerDialogue::run(const Cut& cut) {
    events.clear();
    content.clear();
    allOutput.clear();
    facts = {};
    transaction = {};
    ServerSession session(features, limits, ClientFacts{"192.0.2.7", 4711, "client.example"});
    std::deque<ServerEffect> open; // questions not answered yet
    QByteArray output;
    bool closed = false;

    const std::function<void(ServerEffects)> take = [&](ServerEffects effects) {
        for (ServerEffect& e : effects) {
            if (closed) {
                output += "<effect behind close>\r\n";
            } else if (const auto* send = std::get_if<effect::Send>(&e)) {
                output += send->bytes;
                allOutput += send->bytes;
            } else if (std::holds_alternative<effect::Close>(e)) {
                closed = true;
                output += "<close>\r\n";
            } else if (std::holds_alternative<effect::BeginContent>(e)) {
                events.append("begin");
                content.clear();
            } else if (const auto* piece = std::get_if<effect::Content>(&e)) {
                content += piece->bytes;
            } else if (std::holds_alternative<effect::Discard>(e)) {
                events.append("discard");
                content.clear();
            } else {
                open.push_back(std::move(e));
            }
        }
    };
    const auto answerOne = [&] {
        const ServerEffect e = std::move(open.front());
        open.pop_front();
        if (const auto* sender = std::get_if<effect::CheckSender>(&e)) {
            events.append("sender:" + sender->sender.text());
            take(session.senderChecked(verdict(sender->sender, makeReply(250, {2, 1, 0}, "Ok"))));
        } else if (const auto* rcpt = std::get_if<effect::CheckRecipient>(&e)) {
            events.append("rcpt:" + rcpt->recipient.address.text());
            take(session.recipientChecked(verdict(rcpt->recipient.address, makeReply(250, {2, 1, 5}, "Ok"))));
        } else if (const auto* login = std::get_if<effect::CheckLogin>(&e)) {
            events.append("login:" + login->user + ':' + login->password.expose().toByteArray() + ':' + login->mechanism);
            take(session.loginChecked(loginVerdict(login->password)));
        } else if (std::holds_alternative<effect::Commit>(e)) {
            events.append("commit");
            facts = session.contentFacts();
            transaction = session.transaction();
            take(session.stored(storedReply));
        } else if (std::holds_alternative<effect::StartTls>(e)) {
            events.append("starttls");
            take(session.tlsStarted({"TLSv1.3", "TLS_AES_256_GCM_SHA384", 256, false, {}}));
        }
    };
    const auto answerAll = [&] {
        while (!open.empty())
            answerOne();
    };

    if (startInTls)
        take(session.tlsStarted({"TLSv1.3", "TLS_AES_256_GCM_SHA384", 256, false, {}}));
    take(session.greet());
    if (!output.startsWith("220 gate.example ESMTP") || !output.endsWith("\r\n"))
        return "no greeting but " + output;
    output.clear();

    for (const Part& part : parse(script)) {
        for (const QByteArray& piece : cut.pieces(part.client)) {
            if (part.client == "<timeout>")
                take(session.timedOut());
            else if (part.client == "<gone>")
                take(session.peerClosed());
            else if (part.client == "<shutdown>")
                take(session.shutDown());
            else
                take(session.feed(piece));
            if (!cut.answersLate)
                answerAll();
        }
        answerAll();
        const QByteArrayList got = replies(output);
        bool same = got.size() == part.replies.size();
        for (qsizetype i = 0; same && i < got.size(); ++i)
            same = got[i].startsWith(part.replies[i]);
        if (!same)
            return "line " + QByteArray::number(part.line) + " (" + cut.text() + "): wanted [" +
                   part.replies.join(" | ") + "], got [" + got.join(" | ") + ']';
        output.clear();
    }
    return {};
}

QByteArray ServerDialogue::checkUncut() {
    return run(Cut{Cut::Kind::Whole, 0, false});
}

QByteArray ServerDialogue::check() {
    QByteArray problem = run(Cut{Cut::Kind::Whole, 0, false});
    if (!problem.isEmpty())
        return problem;
    const QByteArrayList wantedEvents = events;
    const QByteArray wantedContent = content;
    qsizetype longest = 0;
    for (const Part& part : parse(script))
        longest = std::max(longest, part.client.size());
    std::vector<Cut> cuts;
    for (const bool late : {false, true}) {
        cuts.push_back({Cut::Kind::Whole, 0, late});
        cuts.push_back({Cut::Kind::EachByte, 0, late});
        for (qsizetype at = 1; at < std::min<qsizetype>(longest, 300); ++at)
            cuts.push_back({Cut::Kind::At, at, late});
    }
    for (const Cut& cut : cuts) {
        problem = run(cut);
        if (problem.isEmpty() && withoutDiscarded(events) != withoutDiscarded(wantedEvents))
            problem = cut.text() + ": asked for [" + events.join(' ') + "] instead of [" + wantedEvents.join(' ') + ']';
        if (problem.isEmpty() && content != wantedContent)
            problem = cut.text() + ": content differs";
        if (!problem.isEmpty())
            return problem;
    }
    return {};
}

} // namespace postern::test
