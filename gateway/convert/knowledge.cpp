// SPDX-License-Identifier: GPL-3.0-or-later
#include "convert/knowledge.h"

#include "config/grammar.h"
#include "config/views/listen_view.h"
#include "config/views/macro_view.h"
#include "config/views/match_view.h"
#include "config/views/pki_view.h"
#include "config/views/rule_view.h"
#include "config/views/setting_view.h"
#include "policy/values.h"
#include "tables/table_text.h"

#include <algorithm>

namespace postern::convert {

using config::Clause;
using config::ClauseKind;
using config::Dialect;
using config::ListenView;
using config::StatementKind;
using config::StatementView;
using config::TableArgument;

namespace {

policy::Era eraOf(Dialect dialect) {
    switch (dialect) {
    case Dialect::Map2012: return policy::Era::Map2012;
    case Dialect::Legacy: return policy::Era::Legacy;
    case Dialect::Modern: return policy::Era::Modern;
    }
    return policy::Era::Modern;
}

// "a", "a_2", "a_3": the first that is not taken yet.
QByteArray unused(const QByteArray& wanted, const QSet<QByteArray>& taken) {
    QByteArray name = wanted;
    for (int i = 2; taken.contains(name); ++i)
        name = wanted + '_' + QByteArray::number(i);
    return name;
}

} // namespace

Knowledge::Knowledge(FileStore& files, const config::FileSet& set, config::Target wanted)
    : target(wanted), source(set.dialect()), dialect(dialectOf(wanted).value_or(source)), era(eraOf(source)),
      targetEra(eraOf(dialect)), isOpenSmtpd(wanted != config::Target::Postern), m_files(&files) {
    const std::vector<StatementView> statements = set.statements();
    for (const StatementView& statement : statements)
        learn(statement);
    mayAuthenticate = mayAuthenticate || (!m_sawListener && source != Dialect::Modern);
    learnTags(statements);
    learnLifetimes(statements);
    for (const QByteArray& name : std::as_const(macros)) {
        if (config::isReserved(name, dialect) && dialect != source)
            newMacros.insert(name, unused(name + "_macro", macros));
    }
}

void Knowledge::learn(const StatementView& statement) {
    if (const auto listen = ListenView::from(statement)) {
        m_sawListener = m_sawListener || !listen->isSocket();
        hasSocketListener = hasSocketListener || listen->isSocket();
        mayAuthenticate = mayAuthenticate || listen->auth() != ListenView::AuthWord::None;
        if (listen->tag())
            listenerTags.insert(listen->tag()->text);
    } else if (const auto pki = config::PkiView::from(statement)) {
        if (pki->name() && !pkis.contains(pki->name()->text))
            pkis.append(pki->name()->text);
        if (pki->name() && pki->ca())
            pkiCas.insert(pki->name()->text.toLower(), pki->ca()->text);
    } else if (const auto table = config::TableView::from(statement)) {
        if (table->name()) {
            tables.insert(table->name()->text, *table);
            const QByteArray file = statement.file();
            m_tableFolders.insert(table->name()->text, file.first(file.lastIndexOf('/') + 1));
        }
    } else if (const auto action = config::ActionView::from(statement)) {
        if (action->name())
            actions.insert(action->name()->text, *action);
    } else if (const auto macro = config::MacroView::from(statement)) {
        if (macro->name())
            macros.insert(macro->name()->text);
    }
    if (const auto setting = config::SettingView::from(statement);
        setting && setting->setting() == config::Setting::ServerName && setting->value() && source == Dialect::Map2012 &&
        dialect != Dialect::Map2012)
        serverName = setting->value()->text;
    if (const Clause* use = statement.clause(ClauseKind::UseAction))
        usedActions.insert(use->valueText());
    for (const ClauseKind kind : {ClauseKind::Via, ClauseKind::Host, ClauseKind::HostByDomain}) {
        const Clause* host = statement.clause(kind);
        if (host && host->table && host->table->form == TableArgument::Form::Name)
            relayTables.insert(host->table->value.text);
        if (host && host->table && host->table->form == TableArgument::Form::Name && kind != ClauseKind::HostByDomain)
            hostTables.insert(host->table->value.text);
    }
}

// Old readers compare tags to the letter, since 6.4 capitals don't count.
void Knowledge::learnTags(const std::vector<StatementView>& statements) {
    QByteArrayList all; // in order of appearance, listeners before rules
    QSet<QByteArray> seen;
    const auto add = [&](const QByteArray& tag) {
        if (tag.isEmpty() || seen.contains(tag))
            return;
        seen.insert(tag);
        all.append(tag);
    };
    for (const StatementView& statement : statements) {
        if (const Clause* tag = statement.kind() == StatementKind::Listen ? statement.clause(ClauseKind::Tag) : nullptr)
            add(tag->valueText());
    }
    for (const StatementView& statement : statements) {
        const bool isRule = statement.kind() == StatementKind::Rule || statement.kind() == StatementKind::Match;
        for (const ClauseKind kind : {ClauseKind::Tagged, ClauseKind::On}) {
            const Clause* tag = isRule ? statement.clause(kind) : nullptr;
            if (!tag)
                continue;
            QByteArrayList tags = {tag->valueText()};
            if (tag->table) {
                tags.clear();
                for (const config::Value& item : tag->table->items)
                    tags.append(item.text);
            }
            for (const QByteArray& one : tags) {
                usedTags.insert(one);
                add(one);
            }
        }
    }
    const bool wasExact = source != Dialect::Modern, isExact = dialect != Dialect::Modern;
    if (wasExact == isExact)
        return;
    QSet<QByteArray> taken;
    QHash<QByteArray, QByteArray> first;
    QHash<QByteArray, int> lastNumber; // none is ever given back
    for (const QByteArray& tag : all)
        taken.insert(tag.toLower());
    for (const QByteArray& tag : all) {
        const QByteArray key = tag.toLower();
        if (!first.contains(key)) {
            first.insert(key, tag);
        } else if (isExact) {
            newTags.insert(tag, first.value(key)); // were the same, must be written the same
        } else {
            QByteArray name = tag;
            int& last = lastNumber[key];
            while (taken.contains(name.toLower()))
                name = tag + '_' + QByteArray::number(++last + 1);
            taken.insert(name.toLower());
            newTags.insert(tag, name); // were two, must stay two
        }
    }
}

// Before 6.4 a rule takes the `expire` in force where it stands; since then there is one value for the whole file.
void Knowledge::learnLifetimes(const std::vector<StatementView>& statements) {
    if (source == Dialect::Modern || dialect != Dialect::Modern)
        return;
    const QByteArray usual = "4d";
    QByteArray now = usual;
    std::vector<std::pair<std::pair<QByteArray, qsizetype>, QByteArray>> rules;
    for (const StatementView& statement : statements) {
        const auto setting = config::SettingView::from(statement);
        if (setting && setting->setting() == config::Setting::QueueTtl && setting->value())
            now = setting->value()->text;
        else if (statement.kind() == StatementKind::Rule)
            rules.emplace_back(std::pair(statement.file(), statement.range().offset), now);
    }
    for (const auto& [place, ttl] : rules) {
        if (policy::parseDelay(ttl) != policy::parseDelay(now))
            rulesTtl.insert(place, ttl);
    }
}

bool Knowledge::isMapOf2012(const QByteArray& name) const {
    const auto found = tables.constFind(name);
    return found == tables.constEnd() || (found->source() && (found->backend() == "file" || found->backend() == "db"));
}

std::optional<Knowledge::Relays> Knowledge::readRelays(const QByteArray& name) const {
    const auto found = tables.constFind(name);
    if (found == tables.constEnd())
        return std::nullopt;
    Relays relays{tables::Shape::List, {}, tables::Shape::List};
    if (const TableArgument* content = found->content()) {
        for (const config::Value& item : content->items)
            relays.urls.append(item.text);
        for (const TableArgument::Pair& pair : content->pairs)
            relays.urls.append(pair.key.text);
        relays.shape = content->pairs.empty() ? tables::Shape::List : tables::Shape::Mapping;
        return relays;
    }
    if (found->backend() != "file")
        return std::nullopt;
    const QByteArray path = found->path().startsWith('/') ? found->path() : m_tableFolders.value(name) + found->path();
    const auto bytes = m_files->read(path);
    if (!bytes)
        return std::nullopt;
    const tables::TableText text = tables::parseTableText(*bytes);
    relays.shape = text.shape;
    relays.shapeThere = tables::shapeForOpenSmtpd(*bytes, true);
    for (const tables::Entry& entry : text.entries)
        relays.urls.append(entry.key);
    return relays;
}

std::optional<QByteArrayList> Knowledge::relayEntries(const QByteArray& name) const {
    const auto relays = readRelays(name);
    return relays ? std::optional(relays->urls) : std::nullopt;
}

bool Knowledge::needsListMark(const QByteArray& name) const {
    const auto relays = hostTables.contains(name) && dialect == Dialect::Modern ? readRelays(name) : std::nullopt;
    return relays && relays->shapeThere == tables::Shape::Mapping;
}

bool Knowledge::hasShares(const QByteArray& name) const {
    const auto relays = hostTables.contains(name) ? readRelays(name) : std::nullopt;
    return relays && relays->shape == tables::Shape::Mapping && !relays->urls.isEmpty();
}

} // namespace postern::convert
