// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/stopped_queue.h"
#include "ctl/remote.h"

#include "base/log.h"
#include "control/snapshots.h"
#include "engine/queue_rows.h"

#include <QDateTime>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <functional>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

// One envelope, one line: id|state|from|to|age|next try|tries|last error.
QByteArray line(const control::QueueRow& row) {
    const auto at = [](qint64 t) {
        return t ? QDateTime::fromSecsSinceEpoch(t).toString(u"yyyy-MM-dd HH:mm:ss"_s) : u"-"_s;
    };
    return QStringList{row.id, row.state, u'<' + row.sender + u'>', u'<' + row.recipient + u'>', at(row.createdAt),
                       at(row.nextTryAt), QString::number(row.tries), row.lastError.isEmpty() ? u"-"_s : row.lastError}
        .join(u'|')
        .toUtf8();
}

QByteArray details(const control::QueueRow& row) {
    const auto at = [](qint64 t) {
        return t ? QDateTime::fromSecsSinceEpoch(t).toString(u"yyyy-MM-dd HH:mm:ss"_s) : u"never"_s;
    };
    QString text = u"envelope    %1\nmessage     %2\nstate       %3\nfrom        <%4>\nto          <%5>\n"_s.arg(
        row.id, row.message, row.state, row.sender, row.recipient);
    text += u"subject     %1\nsize        %2 octets\nclient      %3%4\n"_s.arg(
        row.subject, QString::number(row.size), row.client, row.user.isEmpty() ? QString() : u" signed in as "_s + row.user);
    text += u"taken in    %1\nlast try    %2 (%3 so far)\nnext try    %4\nexpires     %5\n"_s.arg(
        at(row.createdAt), at(row.lastTryAt), QString::number(row.tries), at(row.nextTryAt), at(row.expiresAt));
    if (!row.relay.isEmpty())
        text += u"relay       %1\n"_s.arg(row.relay);
    text += u"last error  %1"_s.arg(row.lastError.isEmpty() ? u"none"_s : row.lastError);
    return text.toUtf8();
}

// What the words after `queue VERB` ask for.
QJsonObject argumentsOf(const QByteArray& verb, const QByteArrayList& words, const Arguments& arguments) {
    QJsonObject args;
    const auto filter = arguments.value("--filter");
    if (filter && !engine::knownStates().contains(*filter))
        throw UsageError{"--filter is " + engine::knownStates().join(", ") + "; not \"" + harmless(*filter, 40) + '"'};
    if (filter)
        args[u"state"_s] = QString::fromUtf8(*filter);
    if (verb == "list") {
        if (!words.isEmpty())
            throw UsageError{"queue list takes no ids; use queue show ID"};
    } else if (verb == "show") {
        if (words.size() != 1)
            throw UsageError{"queue show needs one id"};
        args[u"id"_s] = QString::fromUtf8(words.first());
    } else if (verb == "retry" || verb == "hold" || verb == "release" || verb == "remove") {
        const bool isAll = arguments.has("--all") || (words.size() == 1 && words.first() == "all");
        if (words.isEmpty() && !isAll && verb != "retry")
            throw UsageError{"queue " + verb + " needs ids, or --all"};
        if (words.isEmpty() || isAll) { // `queue retry` alone: harmless and what people mean
            args[u"all"_s] = true;
        } else {
            if (filter)
                throw UsageError{"--filter goes with --all, not with ids"};
            QJsonArray ids;
            for (const QByteArray& id : words)
                ids.append(QString::fromUtf8(id));
            args[u"ids"_s] = ids;
        }
    } else {
        throw UsageError{"there is no \"queue " + verb + "\""};
    }
    return args;
}

// All of it, page by page; as JSON one array, which is written when it is whole.
int list(const std::function<control::Reply(const control::Request&)>& ask, QJsonObject args, bool asJson) {
    QByteArray json;
    do {
        const control::Reply reply = ask({"queue.list", args});
        if (!reply.ok)
            return refuse(asJson, reply.error.toUtf8());
        const QJsonObject page = reply.value.toObject();
        for (const auto& row : page["rows"_L1].toArray()) {
            if (asJson)
                json += (json.isEmpty() ? "" : ",") + QJsonDocument(row.toObject()).toJson(QJsonDocument::Compact);
            else
                out(line(control::QueueRow::fromJson(row.toObject())));
        }
        args[u"after"_s] = page["next"_L1];
    } while (args["after"_L1].isString());
    if (asJson)
        out('[' + json + ']');
    return kGood;
}

} // namespace

int queueCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json", "--all"}, {"--profile", "--state", "-f", "--filter"});
    QByteArrayList rest = arguments.words();
    if (rest.isEmpty())
        throw UsageError{"queue what? list, show, retry, hold, release or remove"};
    const QByteArray verb = rest.takeFirst();
    const QJsonObject args = argumentsOf(verb, rest, arguments);
    const engine::Profile profile = profileFrom(arguments);
    const bool asJson = arguments.has("--json");
    const auto ask = [&profile](const control::Request& request) {
        auto reply = askRunning(profile, request);
        return reply ? *reply : askStopped(profile, request);
    };
    if (verb == "list")
        return list(ask, args, asJson);
    const control::Reply reply = ask({"queue." + verb, args});
    if (!reply.ok)
        return refuse(asJson, reply.error.toUtf8());
    const QJsonObject value = reply.value.toObject();
    if (asJson) {
        outJson(verb == "show" ? value["rows"_L1] : reply.value);
    } else if (verb == "show") {
        for (const auto& row : value["rows"_L1].toArray())
            out(details(control::QueueRow::fromJson(row.toObject())));
    } else {
        const int n = value["changed"_L1].toInt();
        out(QByteArray::number(n) + (n == 1 ? " envelope changed" : " envelopes changed"));
    }
    return kGood;
}

} // namespace postern::ctl
