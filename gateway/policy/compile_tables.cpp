// SPDX-License-Identifier: GPL-3.0-or-later
//
// Table statements, and the places where a statement uses a table: by name, or written out on the spot.
#include "base/log.h"
#include "config/suggest.h"
#include "config/views/table_view.h"
#include "policy/advice.h"
#include "tables/login_table.h"

#include <algorithm>

namespace postern::policy {
namespace {

using config::TableArgument;
using tables::Shape;

constexpr qsizetype kMaxName = 64;
constexpr qsizetype kPreparedFrom = 64; // entries

std::vector<tables::Entry> entriesOf(const TableArgument& argument) {
    std::vector<tables::Entry> entries;
    entries.reserve(argument.items.size() + argument.pairs.size());
    for (const config::Value& item : argument.items)
        entries.push_back({item.text, {}});
    for (const TableArgument::Pair& pair : argument.pairs)
        entries.push_back({pair.key.text, pair.value.text});
    return entries;
}

// Named after its keys, never its values: stable when a password changes, and nothing to guess a secret from.
// FNV-1a: equal names are told apart below, so nobody gains by a collision.
QByteArray inlineName(Build& build, const std::vector<tables::Entry>& entries) {
    quint64 hash = 0xcbf29ce484222325ULL;
    const auto add = [&hash](char c) { hash = (hash ^ uchar(c)) * 0x100000001b3ULL; };
    for (const tables::Entry& entry : entries) {
        std::for_each(entry.key.begin(), entry.key.end(), add);
        add('\n');
    }
    const int twin = ++build.inlineTwins[hash];
    const QByteArray end = twin == 1 ? QByteArray(">") : "#" + QByteArray::number(twin) + ">";
    return "<inline:" + QByteArray::number(hash, 16).rightJustified(16, '0') + end;
}

tables::TablePtr fileTable(Build& build, const config::TableView& view, const QByteArray& name) {
    const QByteArray path = pathBeside(view.file(), view.path());
    if (build.options.syntaxOnly)
        return tables::makeUnavailableTable(name, "file");
    build.rules->files.append(path);
    build.tablePaths.insert(name, path);
    tables::MadeTable made =
        tables::makeFileTable(build.files, name, path, build.rules->settings.subAddressDelimiter);
    for (tables::TableProblem& problem : made.problems) {
        if (problem.line == 0 && build.options.rulesOnly)
            made.table = tables::makeUnavailableTable(name, "file", problem.text);
        if (problem.line == 0)
            build.report.say(build.missingHere(), view, view.source()->range, "table " + name + ": " + problem.text);
        else
            build.report.inOtherFile(view, path, problem.line, "table " + name + ": " + problem.text);
    }
    return made.table;
}

// What an asked table's path names, as far as compiling has a look at it.
struct AskedSource {
    QByteArray path, text;
    QByteArray trouble; // why it cannot be asked
};

AskedSource askedSource(Build& build, const config::TableView& view, const QByteArray& name) {
    constexpr qint64 kMostOfConfig = 1 << 20;
    const tables::BackendPath names = tables::backendPath(view.backend());
    AskedSource source;
    if (view.path().isEmpty()) {
        const bool isConfig = names == tables::BackendPath::Config;
        if (isConfig || names == tables::BackendPath::Data) {
            source.trouble = isConfig ? "it has no configuration file" : "it has no path";
            build.report.error(view, view.source()->range,
                               "table " + name + ": name the file " + (isConfig ? "that says where the data is: " : "that it is in: ") +
                                   view.backend() + ":/path/to/file");
        }
        return source;
    }
    source.path = pathBeside(view.file(), view.path());
    if (names == tables::BackendPath::Data) {
        build.tablePaths.insert(name, source.path);
        if (const auto size = build.files.size(source.path); !size)
            build.report.warning(view, view.source()->range,
                                 "table " + name + ": " + size.error().text +
                                     "; until it is there, recipients whose rule needs this table get 451; nothing is lost");
        return source;
    }
    build.rules->files.append(source.path);
    if (names != tables::BackendPath::Config)
        return source;
    Result<QByteArray> text = build.files.read(source.path, 0, kMostOfConfig + 1);
    if (text && text->size() <= kMostOfConfig) {
        source.text = std::move(text).value();
        return source;
    }
    source.trouble = text ? source.path + " is larger than 1 MiB" : text.error().text;
    build.report.say(build.missingHere(), view, view.source()->range, "table " + name + ": " + source.trouble);
    return source;
}

// A table that something else keeps. Nothing is opened before the first question.
tables::TablePtr askedTable(Build& build, const config::TableView& view, const QByteArray& name) {
    const QByteArray& kind = view.backend();
    if (build.options.syntaxOnly)
        return tables::makeUnavailableTable(name, kind, "it is not looked at");
    const AskedSource source = askedSource(build, view, name);
    if (!source.trouble.isEmpty())
        return tables::makeUnavailableTable(name, kind, source.trouble);
    const bool mayNameUsers = build.era() != Era::Modern;
    const char delimiter = build.rules->settings.subAddressDelimiter;
    const tables::MadeBackend made = tables::makeBackend(kind, {name, source.path, source.text, mayNameUsers, delimiter});
    for (const tables::TableProblem& problem : made.problems)
        build.report.inOtherFile(view, source.path, std::max(1, problem.line), "table " + name + ": " + problem.text,
                                 problem.isWarning ? config::Severity::Warning : build.missingHere());
    if (const Result<bool> open = made.holdsSecret ? build.files.readableByOthers(source.path) : Result<bool>(false); open && *open)
        build.report.warning(view, view.source()->range,
                             "the password in " + source.path + " can be read by every user of this computer; take that right away (chmod o-r)");
    if (!made.make)
        return tables::makeUnavailableTable(name, kind, "its configuration " + source.path + " has errors");
    if (!build.options.lookups)
        return tables::makeUnavailableTable(name, kind, "it is not asked now");
    return build.options.lookups->table({name, kind, (mayNameUsers ? "4" : "3") + source.path + '\0' + delimiter + source.text, made.make, made.mayNameFiles});
}

tables::TablePtr otherTable(Build& build, const config::TableView& view, const QByteArray& name) {
    const QByteArrayList known = tables::knownBackends();
    if (const QByteArray near =
            known.contains(view.backend()) ? QByteArray() : config::nearest(view.backend(), known);
        !near.isEmpty())
        build.report.error(view, view.source()->range, "unknown table backend \"" + view.backend() + "\"",
                           near);
    else
        build.report.warning(
            view, view.source()->range,
            "there is no table backend \"" + view.backend() + "\", and no program table-" + view.backend() +
                " in OpenSMTPD's folders or in PATH: recipients whose rule needs this table get 451; nothing is lost");
    return tables::makeUnavailableTable(name, view.backend());
}

bool isListener(const config::StatementView& at) {
    return at.kind() == config::StatementKind::Listen;
}

bool suits(const tables::Table& table, const TableUse& use) {
    switch (table.shape()) {
    case Shape::Dynamic:
        return true;
    case Shape::List:
        return !use.wantsMapping;
    case Shape::Mapping:
        return use.wantsMapping || use.takesMapping || table.size() == 0; // an empty file is a mapping
    }
    return true;
}

QByteArray misuse(const TableArgument& argument, const TableUse& use) {
    const QByteArray what = argument.form == TableArgument::Form::Name ? "table <" + argument.value.text + ">"
                            : argument.form == TableArgument::Form::Literal ? QByteArray("a single value")
                                                                            : QByteArray("this table");
    return what + " may not be used for \"" + use.word.toByteArray() + "\": it " +
           (use.wantsMapping ? "is a list, and keys with values (key = value) are wanted"
                             : "has keys with values, and a list is wanted");
}

void checkExpressions(Build& build, const config::StatementView& at, const TableArgument& argument) {
    for (const config::Value& item : argument.items) {
        if (!tables::RegexList::isValid(item.text.toLower()))
            build.report.warning(at, item.range,
                                 "this regular expression does not read; it never matches anything");
        else if (item.text != item.text.toLower())
            build.report.warning(at, item.range,
                                 "the expression is put into lower case before use, as OpenSMTPD does;"
                                 " upper-case letters and classes such as \\S change their meaning");
    }
}

} // namespace

void addTable(Build& build, const config::TableView& view) {
    if (!view.name())
        return; // parsing has said what is wrong
    const QByteArray name = view.name()->text;
    if (build.tablesByName.contains(name)) {
        build.report.error(view, view.name()->range, "table " + name + " is defined already");
        return;
    }
    if (name.size() > kMaxName)
        build.report.error(view, view.name()->range, "the name of a table has at most 64 characters");
    tables::TablePtr table;
    if (const TableArgument* content = view.content()) {
        const Shape shape = content->pairs.empty() ? Shape::List : Shape::Mapping;
        table = tables::makeInlineTable(name, shape, entriesOf(*content),
                                        build.rules->settings.subAddressDelimiter);
        build.tablePaths.insert(name, view.file());
    } else if (!view.source()) {
        table = tables::makeUnavailableTable(name, "unknown"); // parsing has said what is wrong
    } else {
        switch (tables::backendOf(view.backend())) {
        case tables::BackendKind::File:
            table = fileTable(build, view, name);
            break;
        case tables::BackendKind::Asked:
            table = askedTable(build, view, name);
            break;
        case tables::BackendKind::Keychain:
            table = std::make_shared<tables::LoginTable>(name, build.options.logins);
            break;
        case tables::BackendKind::Unsupported:
            table = otherTable(build, view, name);
            break;
        }
    }
    build.tablesByName.insert(name, table);
    build.rules->tables.push_back(std::move(table));
    const QByteArray path = view.path().isEmpty() ? QByteArray() : pathBeside(view.file(), view.path());
    build.rules->tableOrigins.emplace(name, TableOrigin{view.backend(), path, originOf(view)});
}

tables::TablePtr resolveTable(Build& build, const config::StatementView& at, const TableArgument& argument,
                              const TableUse& use) {
    tables::TablePtr table;
    if (argument.form == TableArgument::Form::Name) {
        const QByteArray& name = argument.value.text;
        table = build.tablesByName.value(name);
        if (!table) {
            const QByteArray near = build.tableLines.contains(name)
                                        ? QByteArray()
                                        : nearest(build, name, build.tableLines);
            build.report.error(at, argument.range,
                               "no such table: " + harmless(name, 80) + definedLater(build.tableLines, name),
                               near);
            return tables::makeUnavailableTable(name, "missing");
        }
        if (QList<tables::Service>& services = build.servicesByTable[name]; !services.contains(use.service))
            services.append(use.service);
    } else {
        std::vector<tables::Entry> entries = entriesOf(argument);
        static const QByteArray kNameless = "<inline>";
        const QByteArray name = use.isOfRule ? kNameless : inlineName(build, entries);
        const Shape shape = argument.pairs.empty() ? Shape::List : Shape::Mapping;
        table = tables::makeInlineTable(name, shape, std::move(entries),
                                        build.rules->settings.subAddressDelimiter);
        if (!use.isOfRule)
            build.rules->inlineTables.push_back(table);
        adviseOnEntries(build, at, argument, use.service, *table);
    }
    if (table->kind() == "keychain" && (use.service != tables::Service::Credentials || isListener(at)))
        build.report.error(at, argument.range,
                           isListener(at) ? "table <" + argument.value.text + "> is kept in the keychain and holds logins for relays;"
                                            " a listener wants hashes, which stand in a file"
                                          : "table <" + argument.value.text + "> is kept in the keychain and may be used for a"
                                            " relay's \"auth\" only");
    if (!suits(*table, use))
        build.report.error(at, argument.range, misuse(argument, use));
    if (use.service == tables::Service::Regex)
        checkExpressions(build, at, argument);
    if (table->size() > kPreparedFrom) // short lists are merged into the rules' index; few are ever asked by themselves
        table->prepare(use.service);
    return table;
}

void checkSecretFile(Build& build, const config::StatementView& at, const tables::Table& table) {
    if (build.options.syntaxOnly || (table.kind() != "file" && table.kind() != "static" && table.kind() != "passwd" && table.kind() != "db"))
        return;
    const QByteArray path = build.tablePaths.value(table.name(), at.file()); // written out on the spot: this file
    if (build.checkedSecretFiles.contains(path))
        return;
    build.checkedSecretFiles.append(path);
    const Result<bool> open = build.files.readableByOthers(path);
    if (open && *open)
        build.report.warning(
            at, "the passwords in " + path +
                    " can be read by every user of this computer; take that right away (chmod o-r)");
}

} // namespace postern::policy
