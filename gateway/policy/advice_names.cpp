// SPDX-License-Identifier: GPL-3.0-or-later
//
// Names: those that nothing uses, values that look like the name of a table, tags that no listener has.
// (A name that is used and not defined is an error where it is used; compile_*.cpp says so.)
#include "base/log.h"
#include "config/file_set.h"
#include "config/grammar.h"
#include "config/suggest.h"
#include "config/views/macro_view.h"
#include "policy/advice.h"

#include <QSet>

#include <algorithm>

namespace postern::policy {
namespace {

using config::Clause;
using config::ClauseKind;
using config::Severity;
using config::StatementKind;
using config::StatementView;
using config::TableArgument;

using Names = QSet<QByteArray>;

struct Used {
    Names tables, actions, filters, procs, pkis, cas, macros;
    bool anyPki = false; // a listener takes the certificate that fits its host name
};

void addNames(Names& names, const std::optional<TableArgument>& list) {
    if (!list)
        return;
    for (const config::Value& one : list->items) // a single name is a list of one
        names.insert(one.text);
}

void addClause(Used& used, const Clause& clause) {
    if (clause.table && clause.table->form == TableArgument::Form::Name)
        used.tables.insert(clause.table->value.text);
    if (clause.kind == ClauseKind::UseAction)
        used.actions.insert(clause.valueText());
    else if (clause.kind == ClauseKind::UseProc)
        used.procs.insert(clause.valueText());
    else if (clause.kind == ClauseKind::Pki || clause.kind == ClauseKind::Certificate)
        used.pkis.insert(clause.valueText().toLower());
    else if (clause.kind == ClauseKind::Ca)
        used.cas.insert(clause.valueText());
    else if (clause.kind == ClauseKind::Filters || clause.kind == ClauseKind::Chain)
        addNames(used.filters, clause.table);
}

Used usedNames(const config::FileSet& set, const std::vector<StatementView>& statements) {
    Used used;
    for (const StatementView& statement : statements) {
        for (const Clause& clause : statement.clauses())
            addClause(used, clause);
        if (statement.kind() == StatementKind::Filter) { // the older chains: filterchain NAME FILTER ...
            for (size_t i = 1; i < statement.values().size(); ++i)
                used.filters.insert(statement.values()[i].text);
        }
        if (const auto listener = config::ListenView::from(statement))
            used.anyPki = used.anyPki ||
                          (listener->tls() != config::ListenView::TlsWord::None && listener->pkis().empty());
    }
    for (const config::DocumentPtr& document : set.documents())
        used.macros.unite(document->usedMacros());
    return used;
}

void unused(Build& build, const StatementView& at, const config::Value* name, const char* what, bool isUsed) {
    if (name && !isUsed)
        build.report.say(Severity::Note, at, name->range,
                         QByteArray(what) + " " + harmless(name->text, 80) + " is never used; take it out, or use it");
}

void sayUnused(Build& build, const config::FileSet& set, const std::vector<StatementView>& statements) {
    const Used used = usedNames(set, statements);
    Names saidPkis; // certificate and key are two statements
    for (const StatementView& one : statements) {
        const config::Value* first = one.values().empty() ? nullptr : &one.values().front();
        switch (one.kind()) {
        case StatementKind::Table:
            unused(build, one, first, "table", // newaliases looks for one named aliases
                   first && (used.tables.contains(first->text) || first->text == "aliases"));
            break;
        case StatementKind::Action:
            unused(build, one, first, "action", first && used.actions.contains(first->text));
            break;
        case StatementKind::Macro:
            unused(build, one, first, "macro", first && used.macros.contains(first->text));
            break;
        case StatementKind::Filter:
            unused(build, one, first, "filter",
                   first && (used.filters.contains(first->text) || build.era() != Era::Modern));
            break;
        case StatementKind::Proc:
            unused(build, one, first, "proc", first && used.procs.contains(first->text));
            break;
        case StatementKind::Ca:
            unused(build, one, first, "ca", first && used.cas.contains(first->text));
            break;
        case StatementKind::Pki:
            if (const auto pki = config::PkiView::from(one); pki && pki->name() && !used.anyPki) {
                const QByteArray name = pki->name()->text.toLower();
                unused(build, one, pki->name(), "pki", used.pkis.contains(name) || saidPkis.contains(name));
                saidPkis.insert(name);
            }
            break;
        case StatementKind::None:
        case StatementKind::Include:
        case StatementKind::Listen:
        case StatementKind::Rule:
        case StatementKind::Match:
        case StatementKind::Setting:
        case StatementKind::Unknown:
            break;
        }
    }
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

QByteArrayList tagsOf(const Build& build, const std::vector<StatementView>& statements) {
    QByteArrayList known{"local"}; // what comes by the socket, before 6.7
    for (const ListenerSpec& listener : build.rules->listeners)
        known.append(listener.tag);
    for (const StatementView& statement : statements) { // sockets are no listeners here
        if (const auto listener = config::ListenView::from(statement); listener && listener->tag())
            known.append(listener->tag()->text);
    }
    return known;
}

const Clause* tagClause(const StatementView& statement) {
    const Clause* tagged = statement.clause(ClauseKind::Tagged);
    return tagged ? tagged : statement.clause(ClauseKind::On);
}

} // namespace

void adviseOnNames(Build& build, const config::FileSet& set, const std::vector<StatementView>& statements) {
    for (const StatementView& statement : statements) {
        sayMissingBrackets(build, statement);
        sayKeywordName(build, statement);
    }
    if (isWhole(build, statements))
        sayUnused(build, set, statements);
}

// Since 6.4 tags are compared in lower case, before to the letter.
void adviseOnTags(Build& build, const std::vector<StatementView>& statements) {
    if (!isWhole(build, statements))
        return;
    std::optional<QByteArrayList> known;
    for (const StatementView& statement : statements) {
        const Clause* clause = tagClause(statement);
        if (!clause || clause->negated || clause->regex ||
            (clause->table && clause->table->form != TableArgument::Form::Literal))
            continue;
        if (!known)
            known = tagsOf(build, statements);
        const QByteArray tag = clause->table ? clause->table->value.text : clause->valueText();
        const auto same = std::find_if(known->begin(), known->end(), [&](const QByteArray& one) {
            return one.compare(tag, Qt::CaseInsensitive) == 0;
        });
        if (build.era() == Era::Modern ? same != known->end() : known->contains(tag))
            continue;
        build.report.say(Severity::Warning, statement, clause->range,
                         "no listener has the tag \"" + harmless(tag, 40) + "\", so this rule never matches" +
                             (same != known->end() ? "; before 6.4 tags are compared to the letter, capitals too" : ""),
                         same != known->end() ? *same : config::nearest(tag, *known));
    }
}

} // namespace postern::policy
