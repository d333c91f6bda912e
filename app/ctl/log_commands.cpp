// SPDX-License-Identifier: GPL-3.0-or-later
//
// `log` and `trace`: what happened, from the log's files and from the running gateway as it happens.
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/log_lines.h"
#include "ctl/queue_access.h"

#include "queue/envelope.h"

#include <QJsonArray>
#include <QJsonObject>

#include <deque>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

constexpr int kMostFromMemory = 2000; // what a gateway keeps of its log without the files

std::deque<QByteArray> lastOf(std::deque<QByteArray> lines, size_t most) {
    if (lines.size() > most)
        lines.erase(lines.begin(), lines.end() - qsizetype(most));
    return lines;
}

std::deque<QByteArray> linesOf(const QJsonValue& value, const LogFilter& filter) {
    std::deque<QByteArray> lines;
    for (const auto& line : value.toObject()["lines"_L1].toArray())
        if (const QByteArray text = line.toString().toUtf8(); filter.takes(text))
            lines.push_back(text);
    return lines;
}

void tell(const Arguments& arguments, const std::deque<QByteArray>& lines) {
    QJsonArray array;
    for (const QByteArray& line : lines) {
        if (arguments.has("--json"))
            array.append(QString::fromUtf8(line));
        else
            out(line);
    }
    if (arguments.has("--json"))
        outJson(QJsonObject{{u"lines"_s, array}});
}

int followLog(const Arguments& arguments, GatewayLink& link, const LogFilter& filter, size_t most) {
    link.follow([&filter](const control::Event& event) {
        if (const QByteArray line = event.line.toUtf8(); event.kind == "log"_L1 && filter.takes(line))
            out(line);
    });
    const control::Reply tail = link.ask({"log.tail", {{u"most"_s, kMostFromMemory}, {u"follow"_s, true}}});
    if (!tail.ok)
        return refuse(false, tail.error.toUtf8());
    tell(arguments, lastOf(linesOf(tail.value, filter), most));
    link.wait();
    complain("the gateway has stopped");
    return kGood;
}

// Does the line speak of that message, by its id or by one of its envelopes'?
bool speaksOf(const QByteArray& line, const QByteArray& message) {
    const auto isHex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    for (qsizetype at = line.indexOf(message); at >= 0; at = line.indexOf(message, at + 1)) {
        qsizetype end = at;
        while (end < line.size() && isHex(line[end]))
            ++end;
        if ((at == 0 || !isHex(line[at - 1])) && (end - at == 8 || end - at == 16))
            return true;
    }
    return false;
}

} // namespace

int logCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json", "--follow"}, {"--profile", "--state", "-f", "-n", "--filter"});
    bool isNumber = true;
    const int most = arguments.value("-n").value_or("200").toInt(&isNumber);
    if (!isNumber || most < 1)
        throw UsageError{"-n needs a number of lines"};
    if (!arguments.words().isEmpty())
        throw UsageError{"log takes no words; choose lines by --filter"};
    const bool asJson = arguments.has("--json");
    const bool follows = arguments.has("--follow");
    if (follows && asJson)
        throw UsageError{"-f has no end, so it is not one JSON value; leave --json out"};
    const LogFilter filter(arguments.value("--filter").value_or(""));
    const engine::Profile profile = profileFrom(arguments);
    GatewayLink link(profile);
    if (follows)
        return link.isThere() ? followLog(arguments, link, filter, size_t(most)) : refuse(false, nobodyRuns(profile));
    std::deque<QByteArray> lines;
    if (link.isThere() && most <= kMostFromMemory && !filter.isSet()) {
        const control::Reply tail = link.ask({"log.tail", {{u"most"_s, most}}});
        if (!tail.ok)
            return refuse(asJson, tail.error.toUtf8());
        lines = linesOf(tail.value, filter);
    } else if (!eachLogLine(profile, [&](const QByteArray& line) {
                   if (!filter.takes(line))
                       return;
                   lines.push_back(line);
                   if (lines.size() > size_t(most))
                       lines.pop_front();
               })) {
        if (!link.isThere())
            return refuse(asJson, nobodyRuns(profile) + ", and there is no log in " + profile.logFolder());
        const control::Reply tail = link.ask({"log.tail", {{u"most"_s, kMostFromMemory}}});
        lines = lastOf(linesOf(tail.value, filter), size_t(most));
    }
    tell(arguments, lines);
    return kGood;
}

int traceCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json", "--follow"}, {"--profile", "--state", "-f"});
    if (arguments.words().size() != 1)
        throw UsageError{"trace needs one message or envelope id"};
    const bool asJson = arguments.has("--json");
    const bool follows = arguments.has("--follow");
    if (follows && asJson)
        throw UsageError{"-f has no end, so it is not one JSON value; leave --json out"};
    const QByteArray text = arguments.words().first().toLower();
    const queue::EnvelopeId envelope = queue::envelopeIdFromText(text);
    const queue::MessageId id = envelope ? queue::messageOf(envelope) : queue::messageIdFromText(text);
    if (!id)
        throw UsageError{"an id has 8 (message) or 16 (envelope) hex digits; not \"" + harmless(text, 40) + '"'};
    const QByteArray message = queue::toText(id);
    const engine::Profile profile = profileFrom(arguments);
    QueueAccess queue(profile);
    GatewayLink& link = queue.link();
    if (follows && !link.isThere())
        return refuse(false, nobodyRuns(profile));

    // Followed first, read then: a line of the meantime comes twice rather than not at all, and the second one is left out.
    std::deque<QByteArray> lines;
    QSet<QByteArray> known;
    bool isLive = false;
    link.follow([&](const control::Event& event) {
        const QByteArray line = event.line.toUtf8();
        if (event.kind != "log"_L1 || !speaksOf(line, message) || known.contains(line))
            return;
        known.insert(line);
        if (isLive)
            out(line);
        else
            lines.push_back(line);
    });
    const bool hasFiles = eachLogLine(profile, [&](const QByteArray& line) {
        if (speaksOf(line, message))
            lines.push_back(line);
    });
    if (link.isThere()) {
        const control::Reply tail = link.ask({"log.tail", {{u"most"_s, kMostFromMemory}, {u"follow"_s, follows}}});
        for (const auto& one : tail.value.toObject()["lines"_L1].toArray()) {
            const QByteArray line = one.toString().toUtf8();
            if (speaksOf(line, message) && std::find(lines.begin(), lines.end(), line) == lines.end())
                lines.push_back(line);
        }
    }
    known = QSet<QByteArray>(lines.begin(), lines.end());
    const auto show = [&] { return queue.ask({"queue.show", {{u"id"_s, QString::fromLatin1(text)}}}); };
    const control::Reply rows = show();
    if (!rows.ok && lines.empty())
        return refuse(asJson, "nothing is known of " + text + ": it is not in the queue" +
                                  (hasFiles || link.isThere() ? ", and the log does not speak of it"
                                                              : ", and there is no log in " + profile.logFolder()));
    if (asJson) {
        QJsonArray log;
        for (const QByteArray& line : lines)
            log.append(LogWords::from(line).toJson());
        outJson(QJsonObject{{u"message"_s, QString::fromLatin1(message)},
                            {u"queued"_s, rows.ok},
                            {u"rows"_s, rows.ok ? rows.value.toObject()["rows"_L1].toArray() : QJsonArray()},
                            {u"log"_s, log}});
        return kGood;
    }
    if (rows.ok) {
        for (const auto& row : rows.value.toObject()["rows"_L1].toArray())
            out(describe(control::QueueRow::fromJson(row.toObject())) + '\n');
    } else {
        out("not in the queue (any more)\n");
    }
    for (const QByteArray& line : lines)
        out(line);
    if (!follows || !rows.ok)
        return kGood;
    isLive = true;
    bool isGone = false;
    bool isAsking = false;
    link.wait([&] {
        if (isAsking)
            return;
        isAsking = true;
        isGone = !show().ok;
        isAsking = false;
        if (isGone)
            link.stop();
    });
    out(isGone ? "it has left the queue" : "the gateway has stopped");
    return kGood;
}

} // namespace postern::ctl
