// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/reader_checks.h"

#include "base/log.h"
#include "config/views/action_view.h"
#include "config/views/match_view.h"
#include "config/views/rule_view.h"
#include "policy/build.h"
#include "policy/values.h"

#include <algorithm>
#include <limits>

namespace postern::policy {

using config::Clause;
using config::ClauseKind;
using config::Setting;
using config::SettingView;
using config::StatementKind;
using config::StatementView;
using config::TableArgument;
using config::Target;

namespace {

constexpr qsizetype kLongestTag = 32;
constexpr qint64 kLongestDelay = std::numeric_limits<int>::max();
constexpr qint64 kDay = 86400;

enum class Wanted : quint8 { Any, List, Mapping, ListOrKeys }; // ListOrKeys: since 7.5 the keys of a mapping do

// What a table must be where a clause of this statement names it.
Wanted wantedBy(StatementKind statement, ClauseKind clause) {
    using K = ClauseKind;
    static const QHash<K, Wanted> kWanted{
        {K::Alias, Wanted::Mapping},        {K::Virtual, Wanted::Mapping},        {K::Userbase, Wanted::Mapping},
        {K::HeloSource, Wanted::Mapping},   {K::HostByDomain, Wanted::Mapping},   {K::Hostnames, Wanted::Mapping},
        {K::Senders, Wanted::Mapping},      {K::Auth, Wanted::Mapping},           {K::Host, Wanted::List},
        {K::FromRdns, Wanted::List},        {K::ForDomain, Wanted::List},         {K::Tagged, Wanted::List},
        {K::HeloIs, Wanted::List},          {K::Source, Wanted::ListOrKeys},      {K::FromSource, Wanted::ListOrKeys},
        {K::FromAuth, Wanted::ListOrKeys},  {K::FromMailFrom, Wanted::ListOrKeys}, {K::ForRecipient, Wanted::ListOrKeys},
        {K::Authenticated, Wanted::ListOrKeys}, {K::Sender, Wanted::ListOrKeys},  {K::Recipient, Wanted::ListOrKeys},
    };
    const bool isListener = statement == StatementKind::Listen;
    return isListener && clause == K::Auth ? Wanted::Any : kWanted.value(clause, Wanted::Any);
}

bool isPrintable(QByteArrayView text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

// As the C library's check of host names: labels of letters, digits, - and _, of 1 to 63 bytes, the first not led by a dash.
bool isHostName(const QByteArray& name) {
    if (name == "*" || name.isEmpty() || name == ".")
        return true;
    const QByteArrayList labels = (name.endsWith('.') ? name.chopped(1) : name).split('.');
    return name.size() <= 254 && !name.startsWith('-') &&
           std::all_of(labels.begin(), labels.end(), [](const QByteArray& label) {
               return !label.isEmpty() && label.size() <= 63 && std::all_of(label.begin(), label.end(), [](char c) {
                   return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
               });
           });
}

QByteArray shown(const QByteArray& name) {
    return '"' + harmless(name, 80) + '"';
}

} // namespace

void ReaderChecks::error(const StatementView& at, std::optional<config::Range> range, QByteArray text) {
    m_report.say(config::Severity::Error, at, range, std::move(text));
}

void ReaderChecks::statement(const StatementView& at) {
    switch (at.kind()) {
    case StatementKind::Setting:
        if (const auto view = SettingView::from(at))
            setting(*view);
        break;
    case StatementKind::Table:
        table(*config::TableView::from(at));
        break;
    case StatementKind::Listen:
        listen(*config::ListenView::from(at));
        break;
    case StatementKind::Pki:
    case StatementKind::Ca:
        pki(at);
        break;
    case StatementKind::Action:
        action(at);
        break;
    case StatementKind::Match:
    case StatementKind::Rule:
        rule(at);
        break;
    case StatementKind::Filter:
        filter(at);
        break;
    case StatementKind::Proc:
        newName(at, m_procs, "proc");
        break;
    case StatementKind::None:
    case StatementKind::Macro:
    case StatementKind::Include:
    case StatementKind::Unknown:
        break;
    }
}

void ReaderChecks::end() {
    if (!m_hasRule)
        m_report.aboutTheFile(config::Severity::Error, "no rules, nothing to do: OpenSMTPD wants at least one");
}

void ReaderChecks::newName(const StatementView& at, QSet<QByteArray>& known, const char* what) {
    if (at.values().empty())
        return;
    const config::Value& name = at.values().front();
    if (known.contains(name.text))
        error(at, name.range, QByteArray(what) + ' ' + shown(name.text) + " is defined already");
    known.insert(name.text);
}

// One number and one unit; OpenSMTPD counts seconds in 31 bits.
void ReaderChecks::delay(const StatementView& at, const config::Value& value, const char* what, qint64 least) {
    static const QHash<char, qint64> kUnits{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', kDay}};
    const qint64 unit = value.text.isEmpty() ? 0 : kUnits.value(value.text.back());
    const auto count = unit ? parseNumber(value.text.chopped(1)) : std::nullopt;
    if (!count || *count < 1 || *count > kLongestDelay / unit)
        error(at, value.range, QByteArray(what) + ": a time reads like 30s, 15m, 12h or 4d and is at most 24855d");
    else if (*count * unit < least)
        error(at, value.range, QByteArray(what) + ": at least one day is wanted");
}

void ReaderChecks::size(const StatementView& at, const config::Value& value) {
    const bool isNumber = value.number && parseNumber(value.text);
    if (!isNumber && !value.text.isEmpty() && (value.number || !parseSize(value.text)))
        error(at, value.range, "a size reads like 35M or 1000000");
}

void ReaderChecks::setting(const SettingView& at) {
    if (at.hasError())
        return;
    const config::Value* value = at.value();
    switch (at.setting()) {
    case Setting::QueueTtl:
        if (value)
            delay(at, *value, "queue ttl");
        break;
    case Setting::WarnInterval:
        for (const config::Value& one : at.values())
            delay(at, one, "bounce warn-interval");
        break;
    case Setting::SrsTtl:
        if (value)
            delay(at, *value, "srs ttl", kDay);
        break;
    case Setting::MaxMessageSize:
        if (value)
            size(at, *value);
        break;
    case Setting::SubAddressDelimiter:
        if (value && (value->text.size() != 1 || !isPrintable(value->text) || value->text == " " || value->text == "@"))
            error(at, value->range, "the sub-address delimiter is one printable character, not a blank and not @");
        break;
    case Setting::Admd:
        if (value && !isPrintable(value->text))
            error(at, value->range, "\"admd\" takes printable characters only");
        break;
    case Setting::MdaWrapper:
        newName(at, m_wrappers, "mda wrapper");
        break;
    case Setting::SrsKey:
        m_hasSrsKey = true;
        break;
    case Setting::QueueCompression:
    case Setting::QueueEncryption:
    case Setting::QueueInterval:
    case Setting::ServerName:
    case Setting::SessionLimit:
    case Setting::MtaLimit:
    case Setting::MdaLimit:
    case Setting::SchedulerLimit:
    case Setting::MaxDeferred:
    case Setting::Ciphers:
    case Setting::Curve:
    case Setting::SrsBackupKey:
        break; // what these hold is the parser's to check
    }
}

void ReaderChecks::table(const config::TableView& at) {
    if (!at.name())
        return;
    const QByteArray name = at.name()->text;
    if (m_tables.contains(name))
        error(at, at.name()->range, "table " + shown(name) + " is defined already");
    Shape shape = Shape::Unknown;
    if (const TableArgument* content = at.content())
        shape = content->pairs.empty() ? Shape::List : Shape::Mapping;
    else if (at.backend() == "getpwnam")
        shape = Shape::Accounts;
    Known known{shape, false};
    if (m_shapeOfFile && !at.content() && at.source() && (at.backend() == "file" || at.backend() == "static")) {
        if (const auto found = m_shapeOfFile(pathBeside(at.file(), at.path())))
            known = {*found == tables::Shape::List ? Shape::List : Shape::Mapping, true};
    }
    m_tables.insert(name, known);
    if (at.isMap() || !at.source() || at.hasError())
        return;
    const QByteArray& source = at.source()->text;
    if (const qsizetype colon = source.indexOf(':');
        !source.startsWith('/') && colon >= 0 && !source.sliced(colon + 1).startsWith('/'))
        error(at, at.source()->range, "behind \"" + source.first(colon) + ":\" OpenSMTPD wants a path that starts with /");
    if (source == "keychain")
        error(at, at.source()->range, "a table of the keychain is Postern's own; write a table of names and passwords instead");
}

// Kinds and existence of what a clause names.
void ReaderChecks::tableOf(const StatementView& at, const Clause& clause) {
    if (!clause.table || clause.kind == ClauseKind::Filters || clause.kind == ClauseKind::Chain)
        return;
    const TableArgument& argument = *clause.table;
    Shape shape = Shape::List;
    bool isFile = false;
    if (argument.form == TableArgument::Form::Mapping)
        shape = Shape::Mapping;
    if (argument.form == TableArgument::Form::Name) {
        const auto known = m_tables.constFind(argument.value.text);
        const bool isBuiltIn = argument.value.text.startsWith('<');
        if (known == m_tables.constEnd() && !isBuiltIn) {
            error(at, argument.range, "no such table: " + harmless(argument.value.text, 80));
            return;
        }
        shape = isBuiltIn ? Shape::Unknown : known->shape;
        isFile = !isBuiltIn && known->isFile;
    }
    Wanted wanted = at.kind() == StatementKind::Filter ? Wanted::Any : wantedBy(at.kind(), clause.kind);
    // In 2012 an inline mapping could be a list of its keys, and `virtual` before a relay took a list of recipients.
    const bool isOfRelay = clause.kind == ClauseKind::Virtual && at.hasClause(ClauseKind::Relay);
    if (m_target == Target::OpenSmtpd2012 && (wanted != Wanted::Mapping || isOfRelay))
        wanted = Wanted::Any;
    bool fits = true;
    switch (shape) {
    case Shape::Unknown:
        break;
    case Shape::List:
        fits = wanted != Wanted::Mapping;
        break;
    case Shape::Mapping:
        fits = wanted != Wanted::List && (wanted != Wanted::ListOrKeys || m_target == Target::OpenSmtpd78) &&
               !(clause.regex && wanted != Wanted::Any);
        break;
    case Shape::Accounts:
        fits = clause.kind == ClauseKind::Userbase || wanted == Wanted::Any;
        break;
    }
    if (!fits)
        error(at, argument.range,
              wanted == Wanted::Mapping ? (isFile ? "this table must have keys with values: the first line of its file has none"
                                                  : "this table must have keys with values: { key = value }")
              : isFile && m_target != Target::OpenSmtpd59
                  ? "this table must be a list, and OpenSMTPD takes the first line of its file for a key with a value (or the file is "
                    "empty): write # @list above it"
              : isFile ? "this table must be a list, and OpenSMTPD takes the first line of its file for a key with a value"
                       : "this table must be a list, not keys with values");
}

void ReaderChecks::hostName(const StatementView& at, const config::Value& name, QSet<QByteArray>& known) {
    if (isModern() && !isHostName(name.text))
        error(at, name.range, "not a valid domain name: " + harmless(name.text, 80));
    known.insert(name.text.toLower());
}

void ReaderChecks::pki(const StatementView& at) {
    if (at.values().empty())
        return;
    hostName(at, at.values().front(), at.kind() == StatementKind::Pki ? m_pkis : m_cas);
    const Clause* dhe = at.clause(ClauseKind::Dhe);
    static const QByteArrayList kChoices{"none", "auto", "legacy"};
    if (dhe && !dhe->values.empty() && !kChoices.contains(dhe->valueText().toLower()))
        error(at, dhe->range, "\"dhe\" takes none, auto or legacy");
}

void ReaderChecks::listen(const config::ListenView& at) {
    if (at.hasError())
        return;
    if (at.isSocket() && m_hasSocket)
        error(at, {}, "\"listen on socket\" stands above already; OpenSMTPD takes one");
    m_hasSocket = m_hasSocket || at.isSocket();
    for (const Clause& clause : at.clauses()) {
        tableOf(at, clause);
        if (clause.kind == ClauseKind::Filters)
            filtersOf(at, clause);
        if (clause.kind == ClauseKind::Tag && clause.valueText().size() > kLongestTag)
            error(at, clause.range, "a tag has at most 32 characters");
        const config::Value* port = clause.kind == ClauseKind::Port ? clause.value() : nullptr;
        const auto number = port && port->number ? parseNumber(port->text) : std::nullopt;
        const qint64 most = isModern() ? 65535 : 65534;
        if (port && port->number && (!number || *number < 1 || *number > most))
            error(at, port->range, "OpenSMTPD takes a port from 1 to " + QByteArray::number(most));
    }
    const bool hasTls = at.tls() != config::ListenView::TlsWord::None;
    if (at.auth() != config::ListenView::AuthWord::None && !hasTls)
        error(at, {}, "auth requires tls/smtps");
    const std::vector<config::Value> names = at.pkis();
    if (!names.empty() && !hasTls)
        error(at, {}, "pki requires tls/smtps");
    if (names.empty() && hasTls && m_target == Target::OpenSmtpd78)
        error(at, {}, "OpenSMTPD since 7.3 wants a pki on a listener with tls/smtps");
    if (isModern()) {
        for (const config::Value& name : names) {
            if (!m_pkis.contains(m_target == Target::OpenSmtpd78 ? name.text : name.text.toLower()))
                error(at, name.range, "no such pki: " + harmless(name.text, 80));
        }
        if (at.ca() && !m_cas.contains(at.ca()->text.toLower()))
            error(at, at.ca()->range, "no such ca: " + harmless(at.ca()->text, 80));
    }
}

void ReaderChecks::action(const StatementView& at) {
    if (!at.hasError()) {
        const auto has = [&at](ClauseKind kind) { return at.hasClause(kind); };
        if (has(ClauseKind::Alias) && has(ClauseKind::Virtual))
            error(at, {}, "alias and virtual exclude each other");
        for (const Clause& clause : at.clauses()) {
            tableOf(at, clause);
            if (clause.kind == ClauseKind::Filters)
                filtersOf(at, clause);
            if (clause.kind == ClauseKind::Wrapper && !m_wrappers.contains(clause.valueText()))
                error(at, clause.range, "no mda wrapper with that name: " + harmless(clause.valueText(), 80));
            if (clause.kind == ClauseKind::Srs && !m_hasSrsKey)
                error(at, clause.range, "\"srs\" needs a line \"srs key\" above");
            if (clause.kind == ClauseKind::Ttl && !clause.values.empty())
                delay(at, clause.values.front(), "ttl");
        }
    }
    newName(at, m_actions, "action");
}

void ReaderChecks::rule(const StatementView& at) {
    m_hasRule = true; // one with an error has its own complaint
    if (at.hasError())
        return;
    for (const Clause& clause : at.clauses()) {
        tableOf(at, clause);
        if (clause.kind == ClauseKind::UseAction && !m_actions.contains(clause.valueText()))
            error(at, clause.range, "no such action: " + harmless(clause.valueText(), 80));
        if (clause.kind == ClauseKind::Ttl && !clause.values.empty())
            delay(at, clause.values.front(), "expire");
    }
    const auto view = config::RuleView::from(at);
    const Clause* method = view ? view->method() : nullptr;
    if (!method)
        return;
    if (method->kind == ClauseKind::Relay && (view->alias() || view->userbase()))
        error(at, {}, "aliases and userbase may not be used with a relay rule");
    if (method->kind != ClauseKind::ForwardOnly && at.hasClause(ClauseKind::ForwardOnly))
        error(at, {}, "forward-only stands only where nothing is said about delivery");
}

void ReaderChecks::filter(const StatementView& at) {
    if (at.values().empty() || !isModern())
        return;
    const config::Value& name = at.values().front();
    if (m_filters.contains(name.text)) {
        error(at, name.range, "filter " + shown(name.text) + " is defined already");
        return;
    }
    Filter made;
    for (const Clause& clause : at.clauses()) {
        tableOf(at, clause);
        if (clause.kind == ClauseKind::UseProc) {
            made.proc = clause.valueText();
            if (!m_procs.contains(made.proc))
                error(at, clause.range, "no such proc: " + harmless(made.proc, 80));
        } else if (clause.kind == ClauseKind::ProcExec) {
            made.proc = name.text;
        } else if (clause.kind == ClauseKind::Chain) {
            made.isChain = true;
            if (clause.table)
                chain(at, *clause.table);
        }
    }
    m_filters.insert(name.text, made);
}

void ReaderChecks::filtersOf(const StatementView& at, const Clause& clause) {
    if (!clause.table || !isModern())
        return;
    if (clause.table->form == TableArgument::Form::List)
        chain(at, *clause.table);
    else if (!m_filters.contains(clause.table->value.text))
        error(at, clause.range, "no such filter: " + harmless(clause.table->value.text, 80));
}

void ReaderChecks::chain(const StatementView& at, const TableArgument& names) {
    QByteArrayList seen, procs;
    for (const config::Value& name : names.items) {
        const auto known = m_filters.constFind(name.text);
        if (known == m_filters.constEnd())
            error(at, name.range, "no such filter: " + harmless(name.text, 80));
        else if (known->isChain)
            error(at, name.range, "a chain cannot stand in a chain: " + harmless(name.text, 80));
        else if (seen.contains(name.text))
            error(at, name.range, "a filter cannot stand twice in a chain: " + harmless(name.text, 80));
        else if (m_target == Target::OpenSmtpd78 && !known->proc.isEmpty() && procs.contains(known->proc))
            error(at, name.range, "two filters of one chain cannot share a proc: " + harmless(known->proc, 80));
        seen.append(name.text);
        if (known != m_filters.constEnd())
            procs.append(known->proc);
    }
}

} // namespace postern::policy
