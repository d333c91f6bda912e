// SPDX-License-Identifier: GPL-3.0-or-later
#include "delivery/explain.h"

#include "base/log.h"
#include "delivery/specifiers.h"

#include <algorithm>
#include <memory>

namespace postern::delivery {
namespace {

using policy::ExplainedEnvelope;
using policy::ExplainedRelay;
using policy::Explanation;
using policy::Method;

// Every end becomes an envelope, one after the other, because a relay may have to ask a table first.
class Describing : public std::enable_shared_from_this<Describing> {
  public:
    Describing(policy::RulesetPtr rules, policy::MatchContext context, QByteArray serverName, Outcome outcome,
               std::function<void(Explanation)> done)
        : m_rules(std::move(rules)), m_context(std::move(context)), m_serverName(std::move(serverName)),
          m_outcome(std::move(outcome)), m_done(std::move(done)) {}

    void run() {
        m_result = policy::explanationOf(m_outcome.first);
        m_result.trace = m_outcome.steps;
        if (m_outcome.refusal) {
            const policy::ReplyLine& reply = *m_outcome.refusal;
            m_result.verdict = reply.code < 500 ? "tempfail" : "reject";
            m_result.reply = QByteArray::number(reply.code) + " " + reply.text;
            m_result.reason = m_outcome.reason;
            m_result.notes.clear();
            return m_done(std::move(m_result));
        }
        if (m_result.verdict == "deliver" &&
            std::any_of(m_outcome.ends.begin(), m_outcome.ends.end(),
                        [](const End& end) { return end.method == Method::Relay || end.isOwnTarget; }))
            m_result.verdict = "expand";
        describe(0);
    }

  private:
    void describe(size_t number) {
        if (number == m_outcome.ends.size())
            return m_done(std::move(m_result));
        const End& end = m_outcome.ends[number];
        if (end.method != Method::Relay) {
            m_result.envelopes.push_back(local(end));
            return describe(number + 1);
        }
        policy::explainRelay(m_rules, end.action->relay, end.address, m_serverName,
                             [self = shared_from_this(), number](ExplainedRelay relay) {
                                 const QByteArray& address = self->m_outcome.ends[number].address;
                                 self->m_result.envelopes.push_back({address, "relay", std::move(relay), {}, {}});
                                 self->describe(number + 1);
                             });
    }

    ExplainedEnvelope local(const End& end) {
        ExplainedEnvelope made{end.address, policy::toString(end.method).toByteArray(), {}, end.user.name, {}};
        if (end.method == Method::Catch)
            return made;
        if (end.isOwnTarget) {
            made.path = end.target;
            return made;
        }
        SpecifierValues values;
        values.sender = m_context.sender;
        values.recipient = m_context.recipient;
        values.destination = end.address;
        values.user = end.user.name;
        values.home = end.user.home;
        values.subAddressDelimiter = m_rules->settings.subAddressDelimiter;
        QByteArray target = end.action->local.target;
        if (end.method == Method::Maildir && target.isEmpty())
            target = "~/Maildir";
        made.path = filledIn(target, values, placeOf(end.method));
        const auto wrapper = m_rules->settings.wrappers.find(end.action->local.wrapper);
        if (wrapper != m_rules->settings.wrappers.end()) {
            values.mda = made.path;
            made.path = filledIn(wrapper->second.command, values, SpecifierPlace::Command);
        }
        return made;
    }

    static SpecifierPlace placeOf(Method method) {
        return method == Method::Maildir ? SpecifierPlace::Path : method == Method::Mda ? SpecifierPlace::Command : SpecifierPlace::Text;
    }

    QByteArray filledIn(const QByteArray& text, const SpecifierValues& values, SpecifierPlace place) {
        const auto filled = expandSpecifiers(text, values, m_rules->era, place);
        if (filled)
            return *filled;
        note("the delivery fails: " + filled.error().text);
        return {};
    }

    void note(const QByteArray& text) {
        if (!m_result.notes.contains(text))
            m_result.notes.append(text);
    }

    const policy::RulesetPtr m_rules;
    const policy::MatchContext m_context;
    const QByteArray m_serverName;
    const Outcome m_outcome;
    const std::function<void(Explanation)> m_done;
    Explanation m_result;
};

} // namespace

void explain(const policy::RulesetPtr& rules, const policy::MatchContext& context, const QByteArray& serverName,
             Surroundings surroundings, std::function<void(Explanation)> done) {
    expand(rules, context, std::move(surroundings), policy::WantTrace::Yes,
           [rules, context, serverName, done = std::move(done)](Outcome outcome) mutable {
               std::make_shared<Describing>(rules, context, serverName, std::move(outcome), std::move(done))->run();
           });
}

} // namespace postern::delivery
