// SPDX-License-Identifier: GPL-3.0-or-later
//
// What rules leave unsaid and what their order hides.
#include "policy/advice.h"
#include "policy/rule_order.h"
#include "tables/static_table.h"

#include <algorithm>

namespace postern::policy {
namespace {

using config::Severity;
using config::StatementView;

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

// Its mail could as well come from outside.
bool namesWhom(const Rule& rule, Era era) {
    return std::any_of(rule.conditions.begin(), rule.conditions.end(), [era](const Condition& one) {
        return one.kind == ConditionKind::ForDomain || one.kind == ConditionKind::Recipient ||
               (one.kind == ConditionKind::Authenticated && !one.negated && era == Era::Modern);
    });
}

// Tags that some listener gives which strangers reach.
QSet<QByteArray> tagsOfStrangers(const Build& build, bool inLowerCase) {
    QSet<QByteArray> result;
    for (const ListenerSpec& one : build.rules->listeners) {
        if (!one.tag.isEmpty() && one.auth != ListenAuth::Required && !one.verifyClient && !isLoopback(one.interface))
            result.insert(inLowerCase ? one.tag.toLower() : one.tag);
    }
    return result;
}

bool strangersCarry(const Condition& tag, const QSet<QByteArray>& tags) {
    if (!tag.table)
        return tags.contains(tag.exactTag);
    const auto isListed = [&](const QByteArray& one) {
        return tag.table->coversNow(tables::Service::String, one).value_or(false);
    };
    if (tag.regex)
        return false;
    if (const auto* list = dynamic_cast<const tables::StaticTable*>(tag.table.get()); list && list->size() < tags.size())
        return std::any_of(list->entries().begin(), list->entries().end(),
                           [&](const tables::Entry& one) { return tags.contains(one.key); });
    return std::any_of(tags.begin(), tags.end(), isListed);
}

// Anybody may send anywhere: nothing in the rule asks for something that a stranger can't claim.
bool isOpenRelay(const Rule& rule, const QSet<QByteArray>& tags) {
    if (rule.reject || !rule.action || rule.action->kind != ActionKind::Relay)
        return false;
    return std::all_of(rule.conditions.begin(), rule.conditions.end(), [&](const Condition& one) {
        const bool claimed = one.kind == ConditionKind::Sender || one.kind == ConditionKind::Helo;
        return is(one, ConditionKind::FromAny) || is(one, ConditionKind::ForAny) || claimed ||
               (is(one, ConditionKind::Tag) && strangersCarry(one, tags));
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

} // namespace

StatementView Advice::statementOf(const Rule& rule) const {
    const auto& documents = m_build.set.documents();
    const auto document = std::find_if(documents.begin(), documents.end(), [&rule](const config::DocumentPtr& one) {
        return one->file() == rule.origin.file;
    });
    return (*document)->statement((*document)->statementBehind(rule.origin.offset) - 1);
}

// Once: the first rule that leaves one out stands for all. `for any` and `for local` without a from is how every configuration
// begins; where somebody named domains, recipients or a login, mail from outside may have been meant.
void Advice::sayImplied() {
    for (const Rule& rule : m_build.rules->rules) {
        const bool to = isImplied(rule, ConditionKind::ForLocal);
        const bool from = isImplied(rule, ConditionKind::FromLocal) && (to || namesWhom(rule, m_build.era()));
        if (!from && !to)
            continue;
        const StatementView at = statementOf(rule);
        if (at.hasError())
            continue;
        const QByteArray what = from && to ? "neither from nor for: it means from local for local"
                                : from     ? "no from: it means from local"
                                           : "no for: it means for local";
        const QByteArray who = !from                            ? "names of this computer only"
                               : m_build.era() == Era::Modern ? "mail from this computer; a client that signed in is "
                                                                "not local since 6.4"
                                                              : "mail from this computer and clients that signed in";
        m_build.report.note(at, "this rule has " + what + " (" + who + "); the same holds for rules below");
        return;
    }
}

// A statement that stands for several rules (2012) is unreached only if they all are.
void Advice::sayUnreached() {
    const std::vector<Rule>& rules = m_build.rules->rules;
    std::vector<std::optional<size_t>> by(rules.size());
    for (const Unreached& one : unreachedRules(*m_build.rules))
        by[one.rule] = one.by;
    for (size_t number = 0; number < rules.size() && !m_build.report.isFull(Severity::Warning); ++number) {
        if (!by[number])
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
        const StatementView at = statementOf(rules[number]);
        const Rule& earlier = rules[*by[number]];
        if (*by[number] == number)
            m_build.report.warning(at, "this rule never matches: \"not any\" is nobody; take it out");
        else if (takesEverything(earlier))
            m_build.report.warning(at, "never reached: " + lineOf(earlier, rules[number]) +
                                           " already takes everything; move this rule above it or take it out");
        else
            m_build.report.warning(at, "never reached: " + lineOf(earlier, rules[number]) +
                                           " already takes all that this rule asks for; move this rule above it or take it out");
    }
}

void Advice::sayOpenRelay() {
    const QSet<QByteArray> tags = tagsOfStrangers(m_build, m_build.era() == Era::Modern);
    for (const Rule& rule : m_build.rules->rules) {
        if (m_build.report.isFull(Severity::Warning))
            return;
        if (isOpenRelay(rule, tags))
            m_build.report.warning(statementOf(rule), "open relay: anybody who reaches a listener may send anywhere through this "
                                                      "rule; say who may (from local, from src, auth) or where to (for domain)");
        if (takesEverything(rule) || turnsStrangersAway(rule))
            return;
    }
}

// The commonest slip in going from accept/reject to action/match.
void Advice::saySignedInMaySendNowhere() {
    const std::vector<Rule>& rules = m_build.rules->rules;
    const bool areAllThere = m_isWhole && m_matches == rules.size(); // one may lack its action
    if (m_build.era() != Era::Modern || rules.empty() || !areAllThere ||
        std::any_of(rules.begin(), rules.end(), servesSignedIn))
        return;
    bool isSaid = false;
    m_build.set.each(in(config::StatementKind::Listen), [&](const StatementView& statement) {
        const auto listener = config::ListenView::from(statement);
        if (isSaid || !listener || !listener->interface() || listener->isSocket() || isLoopback(listener->interface()->text))
            return;
        const config::Clause* auth = statement.clause(config::ClauseKind::Auth);
        if (!auth)
            auth = statement.clause(config::ClauseKind::AuthOptional);
        if (!auth)
            return;
        isSaid = true;
        m_build.report.warning(statement, auth->range,
                               "no rule takes mail to elsewhere from clients that sign in here: since 6.4 they are not "
                               "\"local\"; add match from auth for any action NAME");
    });
}

void Advice::onRules() {
    sayImplied();
    sayUnreached();
    sayOpenRelay();
    saySignedInMaySendNowhere();
}

} // namespace postern::policy
