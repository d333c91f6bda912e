// SPDX-License-Identifier: GPL-3.0-or-later
//
// What rules leave unsaid and what their order hides.
#include "policy/advice.h"
#include "policy/rule_order.h"

#include <algorithm>

namespace postern::policy {
namespace {

using config::Severity;
using config::StatementView;

// The statement that each rule comes from.
class Places {
  public:
    explicit Places(const std::vector<StatementView>& statements) : m_statements(statements) {}

    const StatementView* of(const Rule& rule) {
        if (m_byLine.isEmpty()) {
            for (const StatementView& one : m_statements)
                m_byLine.insert({one.file(), one.line()}, &one);
        }
        return m_byLine.value({rule.origin.file, rule.origin.line});
    }

  private:
    const std::vector<StatementView>& m_statements;
    QHash<std::pair<QByteArray, int>, const StatementView*> m_byLine; // filled when the first is asked for
};

QByteArray lineOf(const Rule& rule, const Rule& seenFrom) {
    const QByteArray line = "line " + QByteArray::number(rule.origin.line);
    return rule.origin.file == seenFrom.origin.file ? line : line + " of " + rule.origin.file;
}

bool is(const Condition& condition, ConditionKind kind) {
    return condition.kind == kind && !condition.negated;
}

bool isImplied(const Rule& rule, ConditionKind kind) {
    return std::any_of(rule.conditions.begin(), rule.conditions.end(),
                       [kind](const Condition& one) { return one.implied && one.kind == kind; });
}

// Once: the first rule that leaves one out stands for all.
void sayImplied(Build& build, Places& places) {
    for (const Rule& rule : build.rules->rules) {
        const bool from = isImplied(rule, ConditionKind::FromLocal);
        const bool to = isImplied(rule, ConditionKind::ForLocal);
        const StatementView* at = from || to ? places.of(rule) : nullptr;
        if (!at || at->hasError())
            continue;
        const QByteArray what = from && to ? "neither from nor for: it means from local for local"
                                : from     ? "no from: it means from local"
                                           : "no for: it means for local";
        const QByteArray who = !from                          ? "names of this computer only"
                               : build.era() == Era::Modern ? "mail from this computer; a client that signed in is "
                                                              "not local since 6.4"
                                                            : "mail from this computer and clients that signed in";
        build.report.note(*at, "this rule has " + what + " (" + who + "); the same holds for rules below");
        return;
    }
}

// A statement that stands for several rules (2012) is unreached only if they all are.
void sayUnreached(Build& build, Places& places) {
    const std::vector<Rule>& rules = build.rules->rules;
    std::vector<std::optional<size_t>> by(rules.size());
    for (const Unreached& one : unreachedRules(*build.rules))
        by[one.rule] = one.by;
    for (size_t number = 0; number < rules.size(); ++number) {
        const StatementView* at = by[number] ? places.of(rules[number]) : nullptr;
        if (!at)
            continue;
        const size_t first = number;
        const auto isTwin = [&](size_t other) {
            return rules[other].origin.line == rules[first].origin.line &&
                   rules[other].origin.file == rules[first].origin.file;
        };
        if (number > 0 && isTwin(number - 1))
            continue; // spoken for by its first rule
        bool all = true;
        for (size_t twin = number; twin < rules.size() && isTwin(twin); ++twin)
            all = all && by[twin];
        if (!all)
            continue;
        const Rule& earlier = rules[*by[number]];
        if (*by[number] == number)
            build.report.warning(*at, "this rule never matches: \"not any\" is nobody; take it out");
        else if (takesEverything(earlier))
            build.report.warning(*at, "never reached: " + lineOf(earlier, rules[number]) +
                                          " already takes everything; move this rule above it or take it out");
        else
            build.report.warning(*at, "never reached: " + lineOf(earlier, rules[number]) +
                                          " already takes all that this rule asks for; move this rule above it or take it out");
    }
}

// Some listener that strangers reach gives its sessions this tag.
bool strangersCarry(const Build& build, const Condition& tag) {
    const auto hasTag = [&](const ListenerSpec& listener) {
        if (!tag.table)
            return listener.tag == tag.exactTag;
        return !tag.regex && tag.table->coversNow(tables::Service::String, listener.tag.toLower()).value_or(false);
    };
    return std::any_of(build.rules->listeners.begin(), build.rules->listeners.end(), [&](const ListenerSpec& one) {
        return !one.tag.isEmpty() && one.auth != ListenAuth::Required && !one.verifyClient &&
               !isLoopback(one.interface) && hasTag(one);
    });
}

// Anybody may send anywhere: nothing in the rule asks for something that a stranger can't claim.
bool isOpenRelay(const Build& build, const Rule& rule) {
    if (rule.reject || !rule.action || rule.action->kind != ActionKind::Relay)
        return false;
    return std::all_of(rule.conditions.begin(), rule.conditions.end(), [&](const Condition& one) {
        const bool claimed = one.kind == ConditionKind::Sender || one.kind == ConditionKind::Helo;
        return is(one, ConditionKind::FromAny) || is(one, ConditionKind::ForAny) || claimed ||
               (is(one, ConditionKind::Tag) && strangersCarry(build, one));
    });
}

// A reject rule that turns away whoever is not listed, has not signed in, or writes to elsewhere.
bool turnsStrangersAway(const Rule& rule) {
    bool excludes = false;
    for (const Condition& one : rule.conditions) {
        if (one.negated && one.kind != ConditionKind::Unsupported)
            excludes = true;
        else if (!is(one, ConditionKind::FromAny) && !is(one, ConditionKind::ForAny) && !is(one, ConditionKind::Tag))
            return false;
    }
    return rule.reject && excludes;
}

void sayOpenRelay(Build& build, Places& places) {
    for (const Rule& rule : build.rules->rules) {
        if (const StatementView* at = isOpenRelay(build, rule) ? places.of(rule) : nullptr)
            build.report.warning(*at, "open relay: anybody who reaches a listener may send anywhere through this rule;"
                                      " say who may (from local, from src, auth) or where to (for domain)");
        if (takesEverything(rule) || turnsStrangersAway(rule))
            return;
    }
}

// May take mail for elsewhere from a client that signed in, wherever it is.
bool servesSignedIn(const Rule& rule) {
    if (rule.reject)
        return false;
    bool signedIn = false, elsewhere = true, outside = true;
    for (const Condition& one : rule.conditions) {
        signedIn = signedIn || is(one, ConditionKind::Authenticated);
        elsewhere = elsewhere && !is(one, ConditionKind::FromLocal) && !is(one, ConditionKind::FromSocket);
        outside = outside && !is(one, ConditionKind::ForLocal) && !is(one, ConditionKind::ForDomain);
    }
    return signedIn || (elsewhere && outside);
}

// The commonest slip in going from accept/reject to action/match.
void saySignedInMaySendNowhere(Build& build, const std::vector<StatementView>& statements) {
    const std::vector<Rule>& rules = build.rules->rules;
    const auto written = std::count_if(statements.begin(), statements.end(), [](const StatementView& one) {
        return one.kind() == config::StatementKind::Match;
    });
    const bool areAllThere = isWhole(build, statements) && size_t(written) == rules.size(); // one may lack its action
    if (build.era() != Era::Modern || rules.empty() || !areAllThere ||
        std::any_of(rules.begin(), rules.end(), servesSignedIn))
        return;
    for (const StatementView& statement : statements) {
        const auto listener = config::ListenView::from(statement);
        if (!listener || !listener->interface() || listener->isSocket() || isLoopback(listener->interface()->text))
            continue;
        const config::Clause* auth = statement.clause(config::ClauseKind::Auth);
        if (!auth)
            auth = statement.clause(config::ClauseKind::AuthOptional);
        if (!auth)
            continue;
        build.report.warning(statement, auth->range,
                             "no rule takes mail to elsewhere from clients that sign in here: since 6.4 they are not "
                             "\"local\"; add match from auth for any action NAME");
        return;
    }
}

} // namespace

void adviseOnRules(Build& build, const std::vector<StatementView>& statements) {
    Places places(statements);
    sayImplied(build, places);
    sayUnreached(build, places);
    sayOpenRelay(build, places);
    saySignedInMaySendNowhere(build, statements);
}

} // namespace postern::policy
