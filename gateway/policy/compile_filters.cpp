// SPDX-License-Identifier: GPL-3.0-or-later
//
// Filters, their chains and processes: kept as data and checked for names; nothing runs them yet.
#include "base/log.h"
#include "policy/build.h"

#include <algorithm>
#include <array>

namespace postern::policy {
namespace {

using config::Clause;
using config::ClauseKind;
using config::StatementView;
using tables::Service;

constexpr auto kPhases = std::to_array<std::pair<QByteArrayView, FilterPhase>>({
    {"connect", FilterPhase::Connect},
    {"helo", FilterPhase::Helo},
    {"ehlo", FilterPhase::Ehlo},
    {"auth", FilterPhase::Auth},
    {"mail-from", FilterPhase::MailFrom},
    {"rcpt-to", FilterPhase::RcptTo},
    {"data", FilterPhase::Data},
    {"commit", FilterPhase::Commit},
});

struct TestRow {
    ClauseKind clause;
    FilterTest test;
    Service service;
};
constexpr auto kTests = std::to_array<TestRow>({
    {ClauseKind::FcrDns, FilterTest::FcrDns, Service::Domain},
    {ClauseKind::Rdns, FilterTest::Rdns, Service::Domain},
    {ClauseKind::ClientSource, FilterTest::Source, Service::Netaddr},
    {ClauseKind::HeloIs, FilterTest::Helo, Service::Domain},
    {ClauseKind::Authenticated, FilterTest::Authenticated, Service::String},
    {ClauseKind::Sender, FilterTest::MailFrom, Service::Mailaddr},
    {ClauseKind::Recipient, FilterTest::RcptTo, Service::Mailaddr},
});
constexpr auto kVerbs = std::to_array<std::pair<ClauseKind, FilterVerb>>({
    {ClauseKind::Reject, FilterVerb::Reject},
    {ClauseKind::Disconnect, FilterVerb::Disconnect},
    {ClauseKind::Rewrite, FilterVerb::Rewrite},
    {ClauseKind::Report, FilterVerb::Report},
    {ClauseKind::Junk, FilterVerb::Junk},
    {ClauseKind::Bypass, FilterVerb::Bypass},
});

ProcSpec processOf(const StatementView& at) {
    ProcSpec proc;
    proc.origin = originOf(at);
    const auto text = [&](ClauseKind kind) {
        const Clause* found = at.clause(kind);
        return found ? found->valueText() : QByteArray();
    };
    proc.user = text(ClauseKind::User);
    proc.group = text(ClauseKind::Group);
    proc.chroot = text(ClauseKind::Chroot);
    return proc;
}

void setPhase(Build& build, const StatementView& at, const Clause& clause, FilterSpec& filter) {
    if (clause.words.size() > 1) // one that is no phase: parsing has said so
        filter.phase = filterPhaseFrom(clause.words[1].text).value_or(FilterPhase::Connect);
    for (const TestRow& row : kTests) {
        const Clause* test = at.clause(row.clause);
        if (!test)
            continue; // several: parsing has said so
        FilterCondition made;
        made.test = row.test;
        made.negated = test->negated;
        made.regex = test->regex;
        made.words = test->text;
        made.origin = originOf(at, test->range);
        if (test->table)
            made.table = resolveTable(build, at, *test->table,
                                      {test->regex ? Service::Regex : row.service,
                                       test->words.empty() ? "" : test->words.front().text, false, true});
        filter.condition = std::move(made);
    }
    for (const auto& [kind, verb] : kVerbs) {
        if (const Clause* decision = at.clause(kind)) {
            filter.verb = verb;
            filter.argument = decision->valueText();
        }
    }
}

void setOldProgram(const StatementView& at, FilterSpec& filter) {
    const bool isChain = at.words().front().text == "filterchain" || at.words().size() > 1;
    filter.kind = isChain ? FilterKind::Chain : FilterKind::Program;
    for (size_t i = 1; i < at.values().size(); ++i)
        filter.members.append(at.values()[i].text);
}

void checkMembers(Build& build, const StatementView& at, const QByteArrayList& members) {
    for (const QByteArray& name : members) {
        if (build.filterLines.contains(name))
            continue;
        build.report.error(at, at.range(), "no such filter: " + harmless(name, 80), nearest(build, name, build.filterLines));
    }
}

} // namespace

QByteArrayView toString(FilterPhase phase) {
    for (const auto& [word, known] : kPhases) {
        if (known == phase)
            return word;
    }
    return "";
}

std::optional<FilterPhase> filterPhaseFrom(QByteArrayView word) {
    for (const auto& [known, phase] : kPhases) {
        if (known == word)
            return phase;
    }
    return std::nullopt;
}

QByteArrayList filtersOf(Build& build, const StatementView& at, const config::TableArgument& argument) {
    QByteArrayList names;
    for (const config::Value& name : argument.items) {
        names.append(name.text);
        if (!build.filterLines.contains(name.text))
            build.report.say(build.missingHere(), at, name.range, "no such filter: " + harmless(name.text, 80),
                               nearest(build, name.text, build.filterLines));
    }
    return names;
}

void addFilter(Build& build, const StatementView& at) {
    if (at.values().empty() || at.words().empty())
        return; // parsing has said what is wrong
    if (at.words().front().text == "enqueuer") {
        build.rules->enqueuerFilter = at.values().front().text;
        build.report.say(build.unsafe(), at, at.values().front().range,
                         "filters are not run yet, and mail that is handed in on this computer must not pass by its filter unseen; "
                         "take this line out to accept it unfiltered");
        return;
    }
    FilterSpec filter;
    filter.name = at.values().front().text;
    filter.origin = originOf(at);
    filter.text = safeText(at);
    if (build.filterLines.contains(filter.name)) {
        build.report.error(at, at.values().front().range,
                           "filter " + harmless(filter.name, 80) + " is defined already");
        return;
    }
    if (const Clause* phase = at.clause(ClauseKind::Phase)) {
        setPhase(build, at, *phase, filter);
    } else if (const Clause* chain = at.clause(ClauseKind::Chain)) {
        filter.kind = FilterKind::Chain;
        if (chain->table)
            filter.members = filtersOf(build, at, *chain->table);
    } else if (const Clause* proc = at.clause(ClauseKind::UseProc)) {
        filter.kind = FilterKind::Proc;
        filter.argument = proc->valueText();
        if (!build.procNames.contains(filter.argument))
            build.report.error(at, proc->range, "no such proc: " + harmless(filter.argument, 80));
    } else if (const Clause* command = at.clause(ClauseKind::ProcExec)) {
        filter.kind = FilterKind::ProcExec;
        filter.process = processOf(at);
        filter.process.command = command->valueText();
    } else if (build.era() != Era::Modern) {
        setOldProgram(at, filter);
        if (filter.kind == FilterKind::Chain)
            checkMembers(build, at, filter.members);
    }
    build.filterLines.insert(filter.name, filter.origin.line);
    build.rules->filters.push_back(std::move(filter));
    build.report.note(at, "filters are not run yet; this definition has no effect");
}

void addProc(Build& build, const StatementView& at) {
    if (at.values().size() < 2)
        return;
    ProcSpec proc = processOf(at);
    proc.name = at.values()[0].text;
    proc.command = at.values()[1].text;
    if (build.procNames.contains(proc.name)) {
        build.report.error(at, at.values()[0].range, "proc " + harmless(proc.name, 80) + " is defined already");
    } else {
        build.procNames.insert(proc.name);
        build.rules->procs.push_back(std::move(proc));
    }
    build.report.note(at, "filters are not run yet; this definition has no effect");
}

} // namespace postern::policy
