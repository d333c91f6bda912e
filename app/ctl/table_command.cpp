// SPDX-License-Identifier: GPL-3.0-or-later
//
// `table lookup|list|test`: the tables of a configuration, asked as the gateway asks them.
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/late_answer.h"

#include "base/log.h"
#include "config/suggest.h"
#include "engine/keychain_logins.h"
#include "keychain/keychain_program.h"
#include "policy/compile.h"
#include "tables/credentials.h"
#include "tables/table_factory.h"

#include <QJsonArray>
#include <QJsonObject>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

constexpr std::chrono::minutes kLongestLookup{1}; // it has its own, shorter limit

constexpr tables::Service kServices[] = {
    tables::Service::Alias,    tables::Service::Domain,      tables::Service::Credentials, tables::Service::Netaddr,
    tables::Service::Userinfo, tables::Service::Source,      tables::Service::Mailaddr,    tables::Service::Addrname,
    tables::Service::Mailaddrmap, tables::Service::Relayhost, tables::Service::String,     tables::Service::Regex,
};

QString textOf(const QByteArray& bytes) {
    return QString::fromUtf8(harmless(bytes, 2000));
}

QByteArrayView toText(tables::Shape shape) {
    switch (shape) {
    case tables::Shape::List: return "list";
    case tables::Shape::Mapping: return "mapping";
    case tables::Shape::Dynamic: return "dynamic";
    }
    return "dynamic";
}

tables::Service serviceFrom(const QByteArray& word) {
    QByteArrayList known;
    for (const tables::Service service : kServices) {
        if (toString(service) == word)
            return service;
        known.append(toString(service).toByteArray());
    }
    throw UsageError{"a service is one of " + known.join(", ") + "; not \"" + harmless(word, 40) + '"'};
}

// Does it hold passwords or their hashes? Then no value of it is shown, whatever it is asked as.
bool holdsSecrets(const policy::Ruleset& rules, const tables::TablePtr& table) {
    const auto isIt = [&table](const tables::TablePtr& other) { return other && other->name() == table->name(); };
    return std::any_of(rules.listeners.begin(), rules.listeners.end(),
                       [&](const policy::ListenerSpec& listener) { return isIt(listener.credentials); }) ||
           std::any_of(rules.actions.begin(), rules.actions.end(),
                       [&](const auto& action) { return isIt(action.second->relay.credentials); }) ||
           std::any_of(rules.rules.begin(), rules.rules.end(),
                       [&](const policy::Rule& rule) { return rule.action && isIt(rule.action->relay.credentials); });
}

// What may be shown of a value: of credentials who signs in, of a relay URL all but its password.
QByteArray shown(const QByteArray& value, bool isSecret) {
    if (!isSecret)
        return redact(value);
    const qsizetype colon = value.indexOf(':');
    return colon > 0 ? value.left(colon) + ":(hidden)" : QByteArray("(hidden)");
}

QJsonObject describeTable(const policy::Ruleset& rules, const tables::TablePtr& table) {
    const auto at = rules.tableOrigins.find(table->name());
    const policy::TableOrigin origin = at == rules.tableOrigins.end() ? policy::TableOrigin{} : at->second;
    const bool isKnown = table->shape() != tables::Shape::Dynamic; // its entries
    return {{u"name"_s, textOf(table->name())},
            {u"backend"_s, textOf(origin.backend.isEmpty() ? table->kind() : origin.backend)},
            {u"connected"_s, table->isConnected()},
            {u"shape"_s, QString::fromLatin1(toText(table->shape()))},
            {u"entries"_s, isKnown ? QJsonValue(qint64(table->size())) : QJsonValue()},
            {u"file"_s, origin.path.isEmpty() ? QJsonValue() : QJsonValue(textOf(origin.path))},
            {u"where"_s, QString(textOf(origin.origin.file) + u':' + QString::number(origin.origin.line))}};
}

QByteArray wordsOf(const QJsonObject& table) {
    const QString file = table["file"_L1].toString();
    const QString backend = table["backend"_L1].toString() + (file.isEmpty() ? QString() : u':' + file);
    const qint64 n = table["entries"_L1].toInteger();
    return (table["name"_L1].toString() + u'|' + backend + u'|' +
            (!table["connected"_L1].toBool()  ? u"not connected"_s
             : table["entries"_L1].isNull() ? u"asked each time"_s
                                            : table["shape"_L1].toString() + u" of "_s + QString::number(n) +
                                                  (n == 1 ? u" entry"_s : u" entries"_s)) +
            u'|' + table["where"_L1].toString())
        .toUtf8();
}

struct Subject {
    policy::RulesetPtr rules;
    config::Diagnostics diagnostics;
    bool asJson = false;

    tables::TablePtr table(const QByteArray& name) const {
        if (const tables::TablePtr found = rules->table(name))
            return found;
        QByteArrayList names;
        for (const tables::TablePtr& one : rules->tables)
            names.append(one->name());
        const QByteArray meant = config::nearest(name, names);
        (void)refuse(asJson, "the configuration has no table \"" + harmless(name, 100) + '"' +
                                 (!meant.isEmpty()  ? "; did you mean " + meant + '?'
                                  : names.isEmpty() ? QByteArray("; it has none at all")
                                                    : "; it has " + names.join(", ")));
        return nullptr;
    }
};

int lookup(const Subject& subject, const QByteArrayList& words) {
    if (words.size() < 2 || words.size() > 3)
        throw UsageError{"table lookup needs TABLE SERVICE KEY"};
    const tables::Service service = serviceFrom(words[1]);
    const bool isFetch = words.size() == 2;
    if (isFetch && service != tables::Service::Source && service != tables::Service::Relayhost)
        throw UsageError{"table lookup needs a key; only source and relayhost take the next entry without one"};
    const tables::TablePtr table = subject.table(words[0]);
    if (!table)
        return kErrorsFound;
    LateAnswer<tables::LookupResult> answer;
    if (isFetch)
        table->fetch(service, answer.done());
    else
        table->lookup(service, words[2], answer.done());
    const std::optional<tables::LookupResult> result = answer.wait(kLongestLookup);
    if (!result)
        return refuse(subject.asJson, "table " + table->name() + " did not answer");
    if (result->failed)
        return refuse(subject.asJson, result->value);
    const bool isSecret = service == tables::Service::Credentials || holdsSecrets(*subject.rules, table);
    const QByteArray value = table->shape() != tables::Shape::Mapping && result->value.isEmpty() ? result->key : result->value;
    if (subject.asJson) {
        outJson(QJsonObject{{u"found"_s, result->found},
                            {u"key"_s, result->found ? QJsonValue(textOf(result->key)) : QJsonValue()},
                            {u"value"_s, result->found ? QJsonValue(textOf(shown(value, isSecret))) : QJsonValue()}});
    }
    if (!result->found) {
        complain(isFetch ? "table " + table->name() + " is empty"
                         : "table " + table->name() + " has nothing for \"" + words[2] + '"');
        return kErrorsFound;
    }
    if (!subject.asJson)
        out(textOf(shown(value, isSecret)).toUtf8());
    return kGood;
}

int list(const Subject& subject, const QByteArrayList& words) {
    if (words.size() > 1)
        throw UsageError{"table list takes one name, or none"};
    if (!words.isEmpty()) { // the keys of one
        const tables::TablePtr table = subject.table(words.first());
        if (!table)
            return kErrorsFound;
        if (table->shape() == tables::Shape::Dynamic && table->kind() != "keychain") // whose labels are known
            return refuse(subject.asJson, "table " + table->name() + " (" + table->kind() +
                                              (table->isConnected() ? ") is asked for one key at a time and can't tell them all"
                                                                    : ") is not connected"));
        QJsonArray keys;
        for (const QByteArray& key : table->keys()) {
            const QString text = textOf(redact(key));
            keys.append(text);
            if (!subject.asJson)
                out(text.toUtf8());
        }
        if (subject.asJson)
            outJson(keys);
        return kGood;
    }
    QJsonArray all;
    for (const tables::TablePtr& table : subject.rules->tables) {
        const QJsonObject one = describeTable(*subject.rules, table);
        all.append(one);
        if (!subject.asJson)
            out(wordsOf(one));
    }
    if (subject.asJson)
        outJson(all);
    return kGood;
}

// Asks it whether it can be asked; "" = it can.
QString troubleOf(const tables::Table& table) {
    LateAnswer<tables::LookupResult> answer;
    table.test(answer.done());
    const auto result = answer.wait(kLongestLookup);
    const QByteArray prefix = "table " + table.name() + ": "; // which is said already
    return !result          ? u"it did not answer"_s
           : !result->failed ? QString()
                             : textOf(result->value.startsWith(prefix) ? result->value.sliced(prefix.size()) : result->value);
}

int test(const Subject& subject, const QByteArrayList& words) {
    if (words.size() > 1)
        throw UsageError{"table test takes one name, or none"};
    std::vector<tables::TablePtr> chosen(subject.rules->tables.begin(), subject.rules->tables.end());
    if (!words.isEmpty()) {
        const tables::TablePtr table = subject.table(words.first());
        if (!table)
            return kErrorsFound;
        chosen = {table};
    }
    bool isGood = true;
    QJsonArray all;
    for (const tables::TablePtr& table : chosen) {
        QJsonObject one = describeTable(*subject.rules, table);
        QString problem;
        if (tables::backendOf(one["backend"_L1].toString().toUtf8()) == tables::BackendKind::Unsupported)
            problem = u"not connected: this version does not ask the backend "_s + one["backend"_L1].toString();
        const QString where = one["where"_L1].toString();
        const QString file = one["file"_L1].toString();
        for (const config::Diagnostic& d : subject.diagnostics) {
            const QString place = textOf(d.file) + u':' + QString::number(d.line);
            if (d.severity == config::Severity::Error && problem.isEmpty() && (place == where || (!file.isEmpty() && textOf(d.file) == file)))
                problem = textOf(d.text);
        }
        if (problem.isEmpty())
            problem = troubleOf(*table);
        isGood = isGood && problem.isEmpty();
        one[u"ok"_s] = problem.isEmpty();
        one[u"problem"_s] = problem.isEmpty() ? QJsonValue() : QJsonValue(problem);
        all.append(one);
        if (problem.isEmpty() && !subject.asJson)
            out(wordsOf(one) + "|OK");
        if (!problem.isEmpty())
            complain((one["where"_L1].toString() + u": table "_s + one["name"_L1].toString() + u": "_s + problem).toUtf8());
    }
    if (subject.asJson)
        outJson(all);
    return isGood ? kGood : kErrorsFound;
}

} // namespace

tables::LookupPoolPtr lookupsForOneCommand() {
    setLogThreshold(LogLevel::Error);
    return std::make_shared<tables::LookupPool>(std::make_shared<SystemClock>());
}

int tableCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json"}, {"--profile", "--state", "-f", "--dialect"}, {"-D"});
    QByteArrayList rest = arguments.words();
    const QByteArrayList verbs{"lookup", "list", "test"};
    if (rest.isEmpty())
        throw UsageError{"table what? lookup, list or test"};
    const QByteArray verb = rest.takeFirst();
    if (!verbs.contains(verb)) {
        const QByteArray meant = config::nearest(verb, verbs);
        throw UsageError{"there is no \"table " + harmless(verb, 40) + "\"; " +
                         (meant.isEmpty() ? "there are " + verbs.join(", ") : "did you mean " + meant + '?')};
    }
    const engine::Profile profile = profileFrom(arguments);
    policy::CompileOptions options;
    options.logins = std::make_shared<engine::KeychainLogins>(profile, keychain::systemKeychain());
    options.dialect = dialectFrom(arguments);
    options.macros = macrosFrom(arguments);
    options.lookups = lookupsForOneCommand();
    const auto files = makeDiskFileStore();
    const QByteArray path = profile.configFile;
    if (const auto size = files->size(path); !size)
        return refuse(arguments.has("--json"), size.error().text);
    policy::Compiled compiled = policy::compile(*files, path, options);
    const Subject subject{compiled.ruleset, compiled.diagnostics, arguments.has("--json")};
    if (!compiled.isUsable() && verb != "test") {
        for (const config::Diagnostic& d : compiled.diagnostics)
            if (d.severity == config::Severity::Error)
                complain(d);
        complain("the configuration has errors; what can be read of it answers");
    }
    if (verb == "lookup")
        return lookup(subject, rest);
    return verb == "list" ? list(subject, rest) : test(subject, rest);
}

} // namespace postern::ctl
