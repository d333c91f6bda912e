// SPDX-License-Identifier: GPL-3.0-or-later
//
// Names: those that nothing uses, values that look like the name of a table, tags that no listener has.
// (A name that is used and not defined is an error where it is used; compile_*.cpp says so.)
#include "base/log.h"
#include "config/file_set.h"
#include "config/grammar.h"
#include "policy/advice.h"

namespace postern::policy {
namespace {

using config::Clause;
using config::ClauseKind;
using config::Severity;
using config::StatementKind;
using config::StatementView;
using config::TableArgument;

void addNames(QSet<QByteArray>& names, const config::MaybeTable& list) {
    if (!list)
        return;
    for (const config::Value& one : list->items) // a single name is a list of one
        names.insert(one.text);
}

// A name of the statement that somebody should use.
bool definesName(StatementKind kind) {
    switch (kind) {
    case StatementKind::Table:
    case StatementKind::Action:
    case StatementKind::Macro:
    case StatementKind::Filter:
    case StatementKind::Proc:
    case StatementKind::Ca:
    case StatementKind::Pki:
        return true;
    case StatementKind::None:
    case StatementKind::Include:
    case StatementKind::Listen:
    case StatementKind::Rule:
    case StatementKind::Match:
    case StatementKind::Setting:
    case StatementKind::Unknown:
        return false;
    }
    return false;
}

// `for domain ours` is the domain "ours", not the table of that name.
void sayMissingBrackets(Build& build, const StatementView& statement) {
    for (const Clause& clause : statement.clauses()) {
        if (!clause.table || clause.table->form != TableArgument::Form::Literal || clause.regex ||
            clause.kind == ClauseKind::Tagged || clause.kind == ClauseKind::On || clause.kind == ClauseKind::Filters ||
            clause.kind == ClauseKind::Chain)
            continue;
        const QByteArray& name = clause.table->value.text;
        const bool couldBeMeant = name.contains('.') || name.contains(':') || name.contains('@') || name == "local";
        if (!couldBeMeant && build.tableLines.contains(name))
            build.report.say(Severity::Warning, statement, clause.table->range,
                             "this is the value \"" + harmless(name, 80) + "\", not the table of that name; write <" +
                                 harmless(name, 80) + "> for the table");
    }
}

void sayKeywordName(Build& build, const StatementView& statement) {
    const auto table = config::TableView::from(statement);
    if (table && table->name() && table->name()->quoted &&
        config::isReserved(table->name()->text, statement.document().dialect()))
        build.report.say(Severity::Note, statement, table->name()->range,
                         "\"" + table->name()->text + "\" is also a word of the language: this table must be written <\"" +
                             table->name()->text + "\"> wherever it is used; another name is easier");
}

const Clause* tagClause(const StatementView& statement) {
    const Clause* tagged = statement.clause(ClauseKind::Tagged);
    return tagged ? tagged : statement.clause(ClauseKind::On);
}

// What tags are compared with.
struct Tags {
    QHash<QByteArray, QByteArray> spelled; // by lower case: as the first listener spells it
    QSet<QByteArray> exact;
    QHash<QByteArray, int> lines;          // where listeners say them

    void add(const QByteArray& tag, int line) {
        if (!spelled.contains(tag.toLower()))
            spelled.insert(tag.toLower(), tag);
        exact.insert(tag);
        if (!lines.contains(tag))
            lines.insert(tag, line);
    }
};

Tags tagsOf(const Build& build) {
    Tags known;
    known.add("local", 0); // what comes by the socket, before 6.7
    for (const ListenerSpec& listener : build.rules->listeners)
        known.add(listener.tag, listener.origin.line);
    build.set.each(in(StatementKind::Listen), [&known](const StatementView& statement) { // sockets are no listeners here
        if (const auto listener = config::ListenView::from(statement); listener && listener->tag())
            known.add(listener->tag()->text, statement.line());
    });
    return known;
}

} // namespace

void Advice::addClause(const Clause& clause) {
    if (clause.table && clause.table->form == TableArgument::Form::Name)
        m_tables.insert(clause.table->value.text);
    if (clause.kind == ClauseKind::UseAction)
        m_actions.insert(clause.valueText());
    else if (clause.kind == ClauseKind::UseProc)
        m_procs.insert(clause.valueText());
    else if (clause.kind == ClauseKind::Pki || clause.kind == ClauseKind::Certificate)
        m_pkis.insert(clause.valueText().toLower());
    else if (clause.kind == ClauseKind::Ca)
        m_cas.insert(clause.valueText());
    else if (clause.kind == ClauseKind::Filters || clause.kind == ClauseKind::Chain)
        addNames(m_filters, clause.table);
}

void Advice::lookAtNames(const StatementView& statement) {
    sayMissingBrackets(m_build, statement);
    sayKeywordName(m_build, statement);
    for (const Clause& clause : statement.clauses())
        addClause(clause);
    if (statement.kind() == StatementKind::Filter) { // the older chains: filterchain NAME FILTER ...
        for (size_t i = 1; i < statement.values().size(); ++i)
            m_filters.insert(statement.values()[i].text);
    }
    if (const auto listener = config::ListenView::from(statement))
        m_anyPki = m_anyPki || (listener->tls() != config::ListenView::TlsWord::None && listener->pkis().empty());
    if (definesName(statement.kind()) && !statement.values().empty())
        m_definitions.push_back({statement.documentPtr(), statement.index(), statement.values().front().text});
    if (tagClause(statement))
        m_tags.push_back({statement.documentPtr(), statement.index(), {}});
}

void Advice::sayUnused() {
    Names macros, saidPkis; // certificate and key are two statements
    for (const config::DocumentPtr& document : m_build.set.documents())
        macros.unite(document->usedMacros());
    const auto isUsed = [&](StatementKind kind, const QByteArray& name) {
        switch (kind) {
        case StatementKind::Table:
            return m_tables.contains(name) || name == "aliases"; // newaliases looks for one named aliases
        case StatementKind::Action:
            return m_actions.contains(name);
        case StatementKind::Macro:
            return macros.contains(name);
        case StatementKind::Filter:
            return m_filters.contains(name) || m_build.era() != Era::Modern;
        case StatementKind::Proc:
            return m_procs.contains(name);
        case StatementKind::Ca:
            return m_cas.contains(name);
        case StatementKind::Pki: {
            const QByteArray lower = name.toLower();
            const bool isKnown = m_anyPki || m_pkis.contains(lower) || saidPkis.contains(lower);
            saidPkis.insert(lower);
            return isKnown;
        }
        case StatementKind::None:
        case StatementKind::Include:
        case StatementKind::Listen:
        case StatementKind::Rule:
        case StatementKind::Match:
        case StatementKind::Setting:
        case StatementKind::Unknown:
            break;
        }
        return true;
    };
    for (const Named& one : m_definitions) {
        const StatementKind kind = one.document->statementKind(one.statement);
        if (isUsed(kind, one.name) || m_build.report.isFull(Severity::Note))
            continue;
        const StatementView statement = one.document->statement(one.statement);
        const QByteArrayView all = config::toString(raw(kind)); // "TableStatement"
        const QByteArray what = all.chopped(QByteArrayView("Statement").size()).toByteArray().toLower();
        m_build.report.say(Severity::Note, statement, statement.values().front().range,
                           what + " " + harmless(one.name, 80) + " is never used; take it out, or use it");
    }
}

// Since 6.4 tags are compared in lower case, before to the letter.
void Advice::onTags() {
    std::optional<Tags> known;
    for (const Named& one : m_tags) {
        const StatementView statement = one.document->statement(one.statement);
        const Clause* clause = tagClause(statement);
        if (clause->negated || clause->regex || (clause->table && clause->table->form != TableArgument::Form::Literal))
            continue;
        if (!known)
            known = tagsOf(m_build);
        const QByteArray tag = clause->table ? clause->table->value.text : clause->valueText();
        const auto same = known->spelled.constFind(tag.toLower());
        const bool isSpelled = same != known->spelled.constEnd();
        if (m_build.era() == Era::Modern ? isSpelled : known->exact.contains(tag))
            continue;
        if (m_build.report.isFull(Severity::Warning))
            return;
        m_build.report.say(Severity::Warning, statement, clause->range,
                           "no listener has the tag \"" + harmless(tag, 40) + "\", so this rule never matches" +
                               (isSpelled ? "; before 6.4 tags are compared to the letter, capitals too" : ""),
                           isSpelled ? *same : nearest(m_build, tag, known->lines));
    }
}

} // namespace postern::policy
