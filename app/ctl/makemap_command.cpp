// SPDX-License-Identifier: GPL-3.0-or-later
//
// `makemap` and `newaliases`: the database files of `db` tables, as smtpctl's users know them.
//
// A file with a bad line is refused as a whole; the database that is there stays as it is.
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/gateway_link.h"

#include "base/log.h"
#include "delivery/destinations.h"
#include "policy/compile.h"
#include "tables/db_file.h"
#include "tables/map_source.h"

#include <QJsonArray>
#include <QJsonObject>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

constexpr char kSystemAliases[] = "/etc/aliases";

struct MapOrder {
    QByteArray source, database;
    tables::DbKind kind = tables::DbKind::Hash;
    tables::MapContent content = tables::MapContent::Mapping;
    bool isOfAliases = false;
    bool asJson = false;
};

int make(const MapOrder& order) {
    const auto files = makeDiskFileStore();
    const Result<QByteArray> text = files->read(order.source);
    if (!text)
        return refuse(order.asJson, text.error().text);
    tables::MapSource source = tables::parseMapSource(*text, order.content);
    for (size_t i = 0; order.isOfAliases && i < source.entries.size(); ++i) {
        if (const auto list = delivery::parseDestinations(source.entries[i].value, policy::Era::Modern); !list)
            source.problems.push_back({source.lines[i], "invalid entry: " + list.error().text});
    }
    if (!source.problems.empty()) {
        const tables::TableProblem& first = source.problems.front();
        for (const tables::TableProblem& problem : source.problems)
            if (&problem != &first)
                complain(order.source + ':' + QByteArray::number(problem.line) + ": " + problem.text);
        return refuse(order.asJson, order.source + ':' + QByteArray::number(first.line) + ": " + first.text);
    }
    if (source.entries.empty())
        complain("warning: " + order.database + " will be empty: " + order.source + " has no entry");
    if (const auto written = tables::DbFile::write(*files, order.database, order.source, order.kind, source.entries); !written)
        return refuse(order.asJson, written.error().text);
    if (order.asJson)
        outJson(QJsonObject{{u"ok"_s, true},
                            {u"file"_s, QString::fromUtf8(order.database)},
                            {u"entries"_s, qint64(source.entries.size())}});
    return kGood;
}

int show(const QByteArray& path, bool asJson) {
    const auto database = tables::DbFile::open(path);
    if (!database)
        return refuse(asJson, database.error().text);
    const auto entries = database->entries();
    if (!entries)
        return refuse(asJson, entries.error().text);
    QJsonArray rows;
    for (const tables::Entry& entry : *entries) {
        const QByteArray value = entry.value.isEmpty() ? QByteArray(tables::kSetValue) : entry.value;
        if (asJson)
            rows.append(QJsonObject{{u"key"_s, QString::fromUtf8(entry.key)}, {u"value"_s, QString::fromUtf8(value)}});
        else
            out(harmless(entry.key, 2000) + '\t' + harmless(value, 65535));
    }
    if (asJson)
        outJson(rows);
    return kGood;
}

} // namespace

int makemapCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"-U", "-C", "--json"}, {"-d", "-t", "-o", "--profile", "--state"});
    if (arguments.words().size() != 1)
        throw UsageError{"makemap takes one file"};
    MapOrder order;
    order.asJson = arguments.has("--json");
    order.source = arguments.words().first();
    if (arguments.has("-U"))
        return show(order.source, order.asJson);
    const QByteArray kind = arguments.value("-d").value_or("hash");
    if (kind != "hash" && kind != "btree")
        throw UsageError{"a database is of type hash or btree, not \"" + harmless(kind, 40) + '"'};
    order.kind = kind == "btree" ? tables::DbKind::Btree : tables::DbKind::Hash;
    const QByteArray content = arguments.value("-t").value_or(QByteArray());
    if (!content.isEmpty() && content != "aliases" && content != "set")
        throw UsageError{"a map is of type aliases or set, not \"" + harmless(content, 40) + '"'};
    order.isOfAliases = content == "aliases";
    order.content = content == "set" ? tables::MapContent::Set : tables::MapContent::Mapping;
    order.database = arguments.value("-o").value_or(order.source + ".db");
    return make(order);
}

int newaliasesCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json"}, {"-f", "--profile", "--state", "--dialect"});
    if (!arguments.words().isEmpty())
        throw UsageError{"newaliases takes no file; it makes the database of the configuration's table `aliases`"};
    MapOrder order;
    order.asJson = arguments.has("--json");
    order.isOfAliases = true;
    const engine::Profile profile = profileFrom(arguments);
    const auto files = makeDiskFileStore();
    policy::CompileOptions options;
    options.dialect = dialectFrom(arguments);
    const policy::Compiled compiled = policy::compile(*files, profile.configFile, options);
    const auto table = compiled.ruleset->tableOrigins.find("aliases");
    if (table == compiled.ruleset->tableOrigins.end()) {
        order.source = kSystemAliases;
        order.database = order.source + ".db";
    } else if (table->second.backend == "db" && table->second.path.endsWith(".db")) {
        order.database = table->second.path;
        order.source = order.database.chopped(3);
    } else {
        return refuse(order.asJson, profile.configFile + ':' + QByteArray::number(table->second.origin.line) +
                                        ": the table `aliases` is no database of makemap (db:FILE.db), so there is none to make");
    }
    if (const int exit = make(order); exit != kGood)
        return exit;
    GatewayLink link(profile);
    if (table == compiled.ruleset->tableOrigins.end() || !link.isThere())
        return kGood;
    const control::Reply reply = link.ask({"table.update", {{u"name"_s, u"aliases"_s}}});
    if (!reply.ok)
        complain("the database is made, but the running gateway did not read it again: " + reply.error.toUtf8());
    return reply.ok ? kGood : kErrorsFound;
}

} // namespace postern::ctl
