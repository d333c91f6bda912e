// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/queue_access.h"
#include "ctl/queue_export.h"
#include "ctl/queue_filter.h"
#include "ctl/queue_stats.h"

#include "base/log.h"
#include "config/suggest.h"
#include "control/snapshots.h"
#include "engine/queue_rows.h"

#include <QDateTime>
#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <cstdio>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

const QByteArrayList kVerbs{"list", "show", "export", "stats", "retry", "hold", "release", "remove"};
const QByteArrayList kDefaultColumns{"id", "state", "from", "to", "taken", "next", "tries", "error"};

QString at(qint64 t) {
    return t ? QDateTime::fromSecsSinceEpoch(t).toString(u"yyyy-MM-dd HH:mm:ss"_s) : u"-"_s;
}

struct Column {
    const char* name;
    QString (*text)(const control::QueueRow&);
};
const Column kColumns[] = {
    {"id", [](const control::QueueRow& r) { return r.id; }},
    {"message", [](const control::QueueRow& r) { return r.message; }},
    {"state", [](const control::QueueRow& r) { return r.state; }},
    {"from", [](const control::QueueRow& r) { return QString(u'<' + r.sender + u'>'); }},
    {"to", [](const control::QueueRow& r) { return QString(u'<' + r.recipient + u'>'); }},
    {"subject", [](const control::QueueRow& r) { return r.subject; }},
    {"client", [](const control::QueueRow& r) { return r.client; }},
    {"user", [](const control::QueueRow& r) { return r.user; }},
    {"destination", [](const control::QueueRow& r) { return QString(u'<' + r.destination + u'>'); }},
    {"method", [](const control::QueueRow& r) { return r.method; }},
    {"account", [](const control::QueueRow& r) { return r.account; }},
    {"relay", [](const control::QueueRow& r) { return r.relay; }},
    {"size", [](const control::QueueRow& r) { return QString::number(r.size); }},
    {"taken", [](const control::QueueRow& r) { return at(r.createdAt); }},
    {"next", [](const control::QueueRow& r) { return at(r.nextTryAt); }},
    {"last", [](const control::QueueRow& r) { return at(r.lastTryAt); }},
    {"expires", [](const control::QueueRow& r) { return at(r.expiresAt); }},
    {"tries", [](const control::QueueRow& r) { return QString::number(r.tries); }},
    {"error", [](const control::QueueRow& r) { return r.lastError; }},
};

std::vector<Column> columnsFrom(const Arguments& arguments) {
    std::vector<Column> columns;
    QByteArrayList known;
    for (const Column& column : kColumns)
        known.append(column.name);
    const auto wanted = arguments.value("--columns");
    for (const QByteArray& name : wanted ? wanted->split(',') : kDefaultColumns) {
        const qsizetype i = known.indexOf(name.trimmed());
        if (i < 0)
            throw UsageError{"--columns takes " + known.join(", ") + "; not \"" + harmless(name, 40) + '"'};
        columns.push_back(kColumns[i]);
    }
    return columns;
}

// One envelope, one line; an empty value is "-".
QByteArray line(const control::QueueRow& row, const std::vector<Column>& columns) {
    QStringList values;
    for (const Column& column : columns) {
        const QString text = column.text(row);
        values.append(text.isEmpty() ? u"-"_s : text);
    }
    return values.join(u'|').toUtf8();
}

// What the words after `queue VERB` ask for.
QJsonObject argumentsOf(const QByteArray& verb, const QByteArrayList& words, const Arguments& arguments) {
    QJsonObject args;
    const auto filter = arguments.value("--filter");
    if (filter && !engine::knownStates().contains(*filter))
        throw UsageError{"--filter is " + engine::knownStates().join(", ") + "; not \"" + harmless(*filter, 40) + '"'};
    if (filter)
        args[u"state"_s] = QString::fromUtf8(*filter);
    const bool isAll = arguments.has("--all") || (words.size() == 1 && words.first() == "all");
    if (verb == "list" || verb == "stats") {
        if (!words.isEmpty())
            throw UsageError{"queue " + verb + " takes no ids; use queue show ID"};
    } else if (verb == "show") {
        if (words.size() != 1)
            throw UsageError{"queue show needs one id"};
        args[u"id"_s] = QString::fromUtf8(words.first());
    } else if (verb == "export") {
        if (isAll ? words.size() > (arguments.has("--all") ? 0 : 1) : words.size() != 1)
            throw UsageError{"queue export needs one id, or --all"};
        if (isAll && !arguments.value("-o"))
            throw UsageError{"queue export --all needs -o FOLDER or -o FILE.mbox"};
    } else if (verb == "retry" || verb == "hold" || verb == "release" || verb == "remove") {
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
        const QByteArray meant = config::nearest(verb, kVerbs);
        throw UsageError{"there is no \"queue " + harmless(verb, 40) + "\"" +
                         (meant.isEmpty() ? "; there are " + kVerbs.join(", ") : "; did you mean " + meant + '?')};
    }
    return args;
}

// All of it; as JSON one array, which is written when it is whole.
int list(QueueAccess& queue, const QJsonObject& args, const Arguments& arguments) {
    const QueueFilter filter(arguments);
    const auto columns = columnsFrom(arguments);
    const bool asJson = arguments.has("--json");
    QByteArray json;
    const QString failure = queue.eachRow(args, [&](const QJsonObject& object) {
        const auto row = control::QueueRow::fromJson(object);
        if (!filter.takes(row))
            return;
        if (asJson)
            json += (json.isEmpty() ? "" : ",") + QJsonDocument(object).toJson(QJsonDocument::Compact);
        else
            out(line(row, columns));
    });
    if (!failure.isEmpty())
        return refuse(asJson, failure.toUtf8());
    if (asJson)
        out('[' + json + ']');
    return kGood;
}

int stats(QueueAccess& queue, const QJsonObject& args, const Arguments& arguments) {
    const QueueFilter filter(arguments);
    QueueStats stats(QDateTime::currentSecsSinceEpoch());
    const QString failure = queue.eachRow(args, [&](const QJsonObject& object) {
        const auto row = control::QueueRow::fromJson(object);
        if (filter.takes(row))
            stats.add(row);
    });
    if (!failure.isEmpty())
        return refuse(arguments.has("--json"), failure.toUtf8());
    if (arguments.has("--json"))
        outJson(stats.toJson());
    else
        out(stats.toText().toUtf8());
    return kGood;
}

// The messages that --all and its filters mean, each once, in the order of the queue.
QString selected(QueueAccess& queue, const QJsonObject& args, const Arguments& arguments, QList<control::QueueRow>& messages) {
    const QueueFilter filter(arguments);
    QSet<QString> seen;
    return queue.eachRow(args, [&](const QJsonObject& object) {
        auto row = control::QueueRow::fromJson(object);
        if (!filter.takes(row) || seen.contains(row.message))
            return;
        seen.insert(row.message);
        messages.append(std::move(row));
    });
}

int exportAll(QueueAccess& queue, const QJsonObject& args, const Arguments& arguments) {
    const bool asJson = arguments.has("--json");
    const QByteArray to = *arguments.value("-o");
    QList<control::QueueRow> messages;
    if (const QString failure = selected(queue, args, arguments, messages); !failure.isEmpty())
        return refuse(asJson, failure.toUtf8());
    QJsonArray exported;
    qint64 octets = 0;
    const bool isMbox = to.endsWith(".mbox") && !QFileInfo(QFile::decodeName(to)).isDir();
    if (isMbox) {
        const auto size = exportMbox(queue, messages, to);
        if (!size)
            return refuse(asJson, size.error().text);
        octets = *size;
        for (const control::QueueRow& one : messages)
            exported.append(QJsonObject{{u"message"_s, one.message}, {u"file"_s, QString::fromUtf8(to)}});
    } else {
        if (auto made = makeDiskFileStore()->makeDirectory(to); !made)
            return refuse(asJson, made.error().text);
        for (const control::QueueRow& one : messages) {
            const QByteArray path = to + (to.endsWith('/') ? "" : "/") + one.message.toLatin1() + ".eml";
            const auto size = exportFile(queue, one.message, path);
            if (!size)
                return refuse(asJson, size.error().text + "; " + QByteArray::number(exported.size()) + " of " +
                                          counted(messages.size(), "message").toUtf8() + (exported.size() == 1 ? " is exported" : " are exported"));
            octets += *size;
            exported.append(QJsonObject{{u"message"_s, one.message}, {u"file"_s, QString::fromUtf8(path)}});
        }
    }
    if (asJson)
        outJson(QJsonObject{{u"exported"_s, exported}, {u"octets"_s, octets}});
    else
        out(counted(exported.size(), "message").toUtf8() + " exported to " + to);
    return kGood;
}

int exportOne(QueueAccess& queue, const QByteArray& id, const Arguments& arguments) {
    const bool asJson = arguments.has("--json");
    const control::Reply shown = queue.ask({"queue.show", {{u"id"_s, QString::fromUtf8(id)}}});
    if (!shown.ok)
        return refuse(asJson, shown.error.toUtf8());
    const QString message = shown.value.toObject()["rows"_L1].toArray().at(0).toObject()["message"_L1].toString();
    const auto to = arguments.value("-o");
    if (to && *to != "-") {
        const QByteArray path = QFileInfo(QFile::decodeName(*to)).isDir() ? *to + '/' + message.toLatin1() + ".eml" : *to;
        const auto size = exportFile(queue, message, path);
        if (!size)
            return refuse(asJson, size.error().text);
        if (asJson)
            outJson(QJsonObject{{u"exported"_s, QJsonArray{QJsonObject{{u"message"_s, message}, {u"file"_s, QString::fromUtf8(path)}}}},
                                {u"octets"_s, *size}});
        else
            out("message " + message.toLatin1() + " exported to " + path);
        return kGood;
    }
    QByteArray whole; // of --json
    const auto done = eachPiece(queue, message, [&](const QByteArray& piece) -> Result<void> {
        if (asJson)
            whole += piece;
        else if (std::fwrite(piece.constData(), 1, size_t(piece.size()), stdout) != size_t(piece.size()))
            return Error{ErrorCode::Io, "standard output takes no more"};
        return {};
    });
    if (!done)
        return refuse(asJson, done.error().text);
    if (asJson)
        outJson(QJsonObject{{u"message"_s, message}, {u"octets"_s, whole.size()}, {u"content"_s, QString::fromLatin1(whole.toBase64())}});
    else if (std::fflush(stdout) != 0)
        return kErrorsFound;
    return kGood;
}

} // namespace

QByteArray describe(const control::QueueRow& row) {
    const auto orNever = [](qint64 t) { return t ? at(t) : u"never"_s; };
    QString text = u"envelope    %1\nmessage     %2\nstate       %3\nfrom        <%4>\nto          <%5>\n"_s.arg(
        row.id, row.message, row.state, row.sender, row.recipient);
    text += u"subject     %1\nsize        %2 octets\nclient      %3%4\n"_s.arg(
        row.subject, QString::number(row.size), row.client, row.user.isEmpty() ? QString() : u" signed in as "_s + row.user);
    text += u"taken in    %1\nlast try    %2 (%3 so far)\nnext try    %4\nexpires     %5\n"_s.arg(
        orNever(row.createdAt), orNever(row.lastTryAt), QString::number(row.tries), orNever(row.nextTryAt), orNever(row.expiresAt));
    if (row.destination != row.recipient)
        text += u"ends at     <%1>\n"_s.arg(row.destination);
    if (row.isHere())
        text += u"delivered   by %1\n"_s.arg(row.relay);
    else if (!row.relay.isEmpty())
        text += u"relay       %1\n"_s.arg(row.relay);
    text += u"last error  %1"_s.arg(row.lastError.isEmpty() ? u"none"_s : row.lastError);
    return text.toUtf8();
}

int queueCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json", "--all"},
                              {"--profile", "--state", "-f", "--filter", "--since", "--from", "--to", "--columns", "-o"});
    QByteArrayList rest = arguments.words();
    if (rest.isEmpty())
        throw UsageError{"queue what? " + kVerbs.join(", ")};
    const QByteArray verb = rest.takeFirst();
    const QJsonObject args = argumentsOf(verb, rest, arguments);
    const bool isReading = verb == "list" || verb == "stats" || verb == "export";
    if (QueueFilter(arguments).isSet() && !isReading)
        throw UsageError{"--since, --from and --to go with queue list, stats and export"};
    if (arguments.value("-o") && verb != "export")
        throw UsageError{"-o goes with queue export"};
    if (arguments.value("--columns") && verb != "list")
        throw UsageError{"--columns goes with queue list"};
    const bool asJson = arguments.has("--json");
    QueueAccess queue(profileFrom(arguments));
    if (verb == "list")
        return list(queue, args, arguments);
    if (verb == "stats")
        return stats(queue, args, arguments);
    if (verb == "export")
        return rest.size() == 1 && rest.first() != "all" ? exportOne(queue, rest.first(), arguments)
                                                         : exportAll(queue, args, arguments);
    const control::Reply reply = queue.ask({"queue." + verb, args});
    if (!reply.ok)
        return refuse(asJson, reply.error.toUtf8());
    const QJsonObject value = reply.value.toObject();
    if (asJson) {
        outJson(verb == "show" ? value["rows"_L1] : reply.value);
    } else if (verb == "show") {
        for (const auto& row : value["rows"_L1].toArray())
            out(describe(control::QueueRow::fromJson(row.toObject())));
    } else {
        const int n = value["changed"_L1].toInt();
        out(QByteArray::number(n) + (n == 1 ? " envelope changed" : " envelopes changed"));
    }
    return kGood;
}

int discoverCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json"}, {"--profile", "--state", "-f"});
    if (arguments.words().size() != 1)
        throw UsageError{"discover needs one message or envelope id"};
    QueueAccess queue(profileFrom(arguments));
    const control::Reply reply = queue.ask({"queue.discover", {{u"id"_s, QString::fromUtf8(arguments.words().first())}}});
    if (!reply.ok)
        return refuse(arguments.has("--json"), reply.error.toUtf8());
    const int n = reply.value.toObject()["changed"_L1].toInt();
    if (arguments.has("--json"))
        outJson(reply.value);
    else
        out(QByteArray::number(n) + (n == 1 ? " envelope discovered" : " envelopes discovered"));
    return kGood;
}

} // namespace postern::ctl
