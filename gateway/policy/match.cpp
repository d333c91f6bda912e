// SPDX-License-Identifier: GPL-3.0-or-later
//
// A walk over rules and their conditions in one loop. A table in memory answers inside the loop; a table that
// answers later leaves the loop and its answer enters it again. So the stack stays flat however many rules
// there are. Where a ruleset has its index, that finds the rule, and the walk begins at the first rule which the index
// can't tell: one with a table that is not in memory, or with a test nobody can answer.
#include "policy/match.h"

#include "base/contract.h"
#include "base/log.h"
#include "policy/match_facts.h"
#include "policy/rule_index.h"

#include <atomic>
#include <memory>
#include <thread>

namespace postern::policy {
namespace {

Verdict verdictOf(const Rule& rule) {
    Verdict verdict;
    verdict.rule = &rule;
    verdict.action = rule.action;
    if (rule.reject) {
        verdict.decision = Decision::Reject;
    } else if (!rule.action) {
        verdict.decision = Decision::TemporaryFailure;
        verdict.reason = "the rule has no action";
    } else {
        switch (rule.action->kind) {
        case ActionKind::Relay:
            verdict.decision = Decision::Relay;
            break;
        case ActionKind::Catch:
            verdict.decision = Decision::Catch;
            break;
        case ActionKind::Local:
            verdict.decision = Decision::Local;
            break;
        }
    }
    return verdict;
}

class Walk : public std::enable_shared_from_this<Walk> {
  public:
    Walk(RulesetPtr rules, Subject subject, size_t firstRule, WantTrace trace, std::function<void(Verdict)> done)
        : m_rules(std::move(rules)), m_subject(std::move(subject)), m_wantTrace(trace == WantTrace::Yes),
          m_done(std::move(done)), m_rule(firstRule) {}

    void run() {
        while (m_rule < m_rules->rules.size()) {
            const Rule& rule = m_rules->rules[m_rule];
            if (m_condition == rule.conditions.size())
                return decide(rule);
            const Step step = test(rule.conditions[m_condition]);
            if (step == Step::Later || step == Step::Stop)
                return;
            if (step == Step::No)
                nextRule();
            else
                ++m_condition;
        }
        m_done(std::move(m_verdict)); // Decision::NoMatch
    }

  private:
    enum class Step { Yes, No, Later, Stop };
    enum class Meeting : quint8 { Nobody, OneWasHere }; // of the asker, back from lookup(), and the answer

    Step test(const Condition& condition) {
        const Question question = m_subject.questionFor(condition);
        if (!question.impossible.isEmpty())
            return stop(question.impossible);
        if (question.known)
            return conclude(condition, *question.known != condition.negated, nullptr);
        if (!m_wantTrace) {
            if (const auto covered = condition.table->coversNow(question.service, question.key))
                return conclude(condition, *covered != condition.negated, nullptr);
        }
        return ask(condition, question);
    }

    // Asks the table. The answer comes before lookup() returns, or later through answered(), maybe on another thread and
    // while lookup() still returns: whoever of the two comes second goes on, and the first touches nothing any more.
    Step ask(const Condition& condition, const Question& question) {
        m_meeting.store(Meeting::Nobody);
        m_answer.reset();
        const auto self = shared_from_this();
        condition.table->lookup(question.service, question.key,
                                [self](tables::LookupResult result) { self->answered(std::move(result)); });
        const bool isAnswered = m_meeting.exchange(Meeting::OneWasHere) == Meeting::OneWasHere;
        return isAnswered ? conclude(condition) : Step::Later;
    }

    void answered(tables::LookupResult result) {
        POSTERN_CHECK(!m_answer, return ); // one answer a question
        m_answer = std::move(result);
        if (m_meeting.exchange(Meeting::OneWasHere) == Meeting::Nobody)
            return; // the loop is still there
        const Step step = conclude(m_rules->rules[m_rule].conditions[m_condition]);
        if (step == Step::Stop)
            return;
        if (step == Step::No)
            nextRule();
        else
            ++m_condition;
        run();
    }

    Step conclude(const Condition& condition) {
        if (m_answer->failed) // never inverted, never taken for "no"
            return stop(m_answer->value);
        return conclude(condition, m_answer->found != condition.negated, &*m_answer);
    }

    Step conclude(const Condition& condition, bool holds, const tables::LookupResult* answer) {
        if (m_wantTrace) {
            const QByteArray fact = m_subject.explain(condition, holds != condition.negated, answer);
            if (holds)
                m_facts.append(fact);
            else
                trace(false, fact);
        }
        return holds ? Step::Yes : Step::No;
    }

    Step stop(const QByteArray& why) {
        const Rule& rule = m_rules->rules[m_rule];
        trace(false, why);
        m_verdict.decision = Decision::TemporaryFailure;
        m_verdict.rule = &rule;
        m_verdict.reason = why;
        m_done(std::move(m_verdict));
        return Step::Stop;
    }

    void decide(const Rule& rule) {
        trace(true, m_facts.join("; "));
        Verdict verdict = verdictOf(rule);
        verdict.trace = std::move(m_verdict.trace);
        m_verdict = std::move(verdict);
        m_done(std::move(m_verdict));
    }

    void nextRule() {
        ++m_rule;
        m_condition = 0;
        m_facts.clear();
    }

    void trace(bool matched, const QByteArray& because) {
        if (!m_wantTrace)
            return;
        const Rule& rule = m_rules->rules[m_rule];
        m_verdict.trace.push_back({rule.origin.line, matched, rule.text, because});
    }

    // constant after construction
    const RulesetPtr m_rules;
    const Subject m_subject;
    const bool m_wantTrace;
    const std::function<void(Verdict)> m_done;
    // the walk's place
    size_t m_rule = 0, m_condition = 0;
    std::atomic<Meeting> m_meeting = Meeting::Nobody;
    std::optional<tables::LookupResult> m_answer; // to the question under way
    QByteArrayList m_facts;                       // why the conditions of this rule held so far
    Verdict m_verdict;
};

bool isForOurPostmaster(const MatchContext& context) {
    const qsizetype at = context.recipient.lastIndexOf('@');
    return at >= 0 && !context.hostname.isEmpty() && context.recipient.first(at).toLower() == "postmaster" &&
           context.recipient.sliced(at + 1).toLower() == context.hostname.toLower();
}

void keepForReading(Verdict& verdict, WantTrace trace) {
    auto action = std::make_shared<Action>();
    action->kind = ActionKind::Catch;
    action->method = Method::Catch;
    verdict.decision = Decision::Catch;
    verdict.action = std::move(action);
    if (trace == WantTrace::Yes)
        verdict.trace.push_back({0, true, {}, "no rule takes it; mail for the postmaster of this gateway is kept for reading"});
}

} // namespace

QByteArrayView toString(Decision decision) {
    switch (decision) {
    case Decision::Relay:
        return "relay";
    case Decision::Catch:
        return "catch";
    case Decision::Reject:
        return "reject";
    case Decision::NoMatch:
        return "no-match";
    case Decision::TemporaryFailure:
        return "temporary-failure";
    case Decision::Local:
        return "local";
    }
    return "no-match";
}

void match(const RulesetPtr& rules, MatchContext context, WantTrace trace,
           std::function<void(Verdict)> done) {
    if (isForOurPostmaster(context))
        done = [done = std::move(done), trace](Verdict verdict) {
            if (verdict.decision == Decision::NoMatch)
                keepForReading(verdict, trace);
            done(std::move(verdict));
        };
    Subject subject(std::move(context), rules->era);
    size_t firstRule = 0;
    if (rules->index && trace == WantTrace::No) {
        const RuleIndex::Answer answer = rules->index->find(subject);
        if (answer.isDecided)
            return done(answer.rule < rules->rules.size() ? verdictOf(rules->rules[answer.rule]) : Verdict());
        firstRule = answer.rule;
    }
    std::make_shared<Walk>(rules, std::move(subject), firstRule, trace, std::move(done))->run();
}

std::optional<Verdict> matchNow(const RulesetPtr& rules, MatchContext context, std::function<void(Verdict)> later) {
    struct Call { // touched by the asking thread only
        const std::thread::id thread = std::this_thread::get_id();
        bool isOpen = true;
        std::optional<Verdict> verdict;
    };
    const auto call = std::make_shared<Call>();
    match(rules, std::move(context), WantTrace::No, [call, later = std::move(later)](Verdict verdict) {
        if (call->thread == std::this_thread::get_id() && call->isOpen)
            call->verdict = std::move(verdict);
        else
            later(std::move(verdict));
    });
    call->isOpen = false;
    return std::move(call->verdict);
}

ReplyLine replyFor(const Verdict& verdict, const QByteArray& recipient) {
    const QByteArray address = ": <" + harmless(recipient, 320) + ">";
    switch (verdict.decision) {
    case Decision::Relay:
    case Decision::Catch:
    case Decision::Local:
        return {250, "2.1.5 Destination address valid: Recipient ok"};
    case Decision::Reject:
    case Decision::NoMatch:
        return {550, "5.7.1 Invalid recipient" + address};
    case Decision::TemporaryFailure:
        return {451, "4.3.0 Temporary failure" + address};
    }
    return {451, "4.3.0 Temporary failure" + address};
}

} // namespace postern::policy
