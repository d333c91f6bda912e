// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/stopped_queue.h"
#include "ctl/remote.h"

#include "control/snapshots.h"

#include <QDateTime>
#include <QJsonArray>
#include <QJsonObject>

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

} // namespace

int queueCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json", "--all"}, {"--profile", "--state", "-f", "--filter"});
    QByteArrayList rest = arguments.words();
    if (rest.isEmpty())
        throw UsageError{"queue what? list, show, retry, hold, release or remove"};
    const QByteArray verb = rest.takeFirst();
    QJsonObject args;
    if (verb == "list") {
        if (!rest.isEmpty())
            throw UsageError{"queue list takes no ids; use queue show ID"};
        if (const auto state = arguments.value("--filter"))
            args[u"state"_s] = QString::fromUtf8(*state);
    } else if (verb == "show") {
        if (rest.size() != 1)
            throw UsageError{"queue show needs one id"};
        args[u"id"_s] = QString::fromUtf8(rest.first());
    } else if (verb == "retry" || verb == "hold" || verb == "release" || verb == "remove") {
        const bool all = arguments.has("--all") || (rest.size() == 1 && rest.first() == "all");
        if (rest.isEmpty() && !all) {
            if (verb != "retry")
                throw UsageError{"queue " + verb + " needs ids, or --all"};
            args[u"all"_s] = true; // harmless and what people mean
        } else if (all) {
            args[u"all"_s] = true;
        } else {
            QJsonArray ids;
            for (const QByteArray& id : rest)
                ids.append(QString::fromUtf8(id));
            args[u"ids"_s] = ids;
        }
    } else {
        throw UsageError{"there is no \"queue " + verb + "\""};
    }

    const control::Request request{"queue." + verb, args};
    const engine::Profile profile = profileFrom(arguments);
    auto reply = askRunning(profile, request);
    if (!reply)
        reply = askStopped(profile, request);
    if (!reply->ok) {
        complain(reply->error.toUtf8());
        return kErrorsFound;
    }
    const QJsonObject value = reply->value.toObject();
    if (arguments.has("--json")) {
        outJson(verb == "list" || verb == "show" ? value["rows"_L1] : reply->value);
        return kGood;
    }
    if (verb == "list" || verb == "show") {
        for (const auto& row : value["rows"_L1].toArray()) {
            const auto parsed = control::QueueRow::fromJson(row.toObject());
            out(verb == "list" ? line(parsed) : details(parsed));
        }
        if (verb == "list" && value["total"_L1].toInt() > value["rows"_L1].toArray().size())
            complain(QByteArray::number(value["total"_L1].toInt()) + " in all; the oldest are shown");
    } else {
        const int n = value["changed"_L1].toInt();
        out(QByteArray::number(n) + (n == 1 ? " envelope changed" : " envelopes changed"));
    }
    return kGood;
}

} // namespace postern::ctl
