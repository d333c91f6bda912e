// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rules: `accept` and `reject` of the older dialects, `action` and `match` of the newer.
//
// A rule that this version can't carry out keeps its place in the order, so that no later rule takes its
// mail.
#include "base/log.h"
#include "config/views/action_view.h"
#include "config/views/match_view.h"
#include "config/views/rule_view.h"
#include "policy/build.h"

namespace postern::policy {
namespace {

using config::Clause;
using config::ClauseKind;
using config::StatementView;
using config::TableArgument;
using tables::Service;

class Conditions {
  public:
    Conditions(Build& build, const StatementView& at) : m_build(build), m_at(at) {}

    void plain(ConditionKind kind, const Clause& clause, bool negated) {
        Condition made;
        made.kind = kind;
        made.negated = negated;
        made.words = clause.text;
        made.origin = originOf(m_at, clause.range);
        m_made.push_back(std::move(made));
    }

    void compared(ConditionKind kind, const Clause& clause, Service service, QByteArrayView word,
                  bool takesMapping = false) {
        plain(kind, clause, clause.negated);
        Condition& made = m_made.back();
        made.regex = clause.regex;
        if (clause.table)
            made.table = resolveTable(
                m_build, m_at, *clause.table,
                {clause.regex ? Service::Regex : service, word, false, takesMapping || clause.regex, true});
        else if (kind != ConditionKind::Authenticated && kind != ConditionKind::FromRdns)
            made.kind = ConditionKind::Unsupported; // its value is missing; parsing has said so
    }

    void implied(ConditionKind kind, const char* words) {
        Condition made;
        made.kind = kind;
        made.implied = true;
        made.words = words;
        made.origin = originOf(m_at);
        m_made.push_back(std::move(made));
    }

    void unsupported(const Clause& clause, const QByteArray& why) {
        plain(ConditionKind::Unsupported, clause, clause.negated);
        m_build.report.warning(m_at, clause.range,
                               "\"" + clause.text + "\" " + why +
                                   ": a recipient for whom this is asked gets 451; nothing is lost");
    }

    void exactTag(const Clause& clause) {
        plain(ConditionKind::Tag, clause, clause.negated);
        m_made.back().exactTag = clause.table ? clause.table->value.text : clause.valueText();
    }

    std::vector<Condition> take() { return std::move(m_made); }

  private:
    Build& m_build;
    const StatementView& m_at;
    std::vector<Condition> m_made;
};

// `from auth T` and `from mail-from T` say "from any" and a second condition, which takes the `!` and the
// table.
bool isTwofold(const Clause* clause) {
    return clause && (clause->kind == ClauseKind::FromAuth || clause->kind == ClauseKind::FromMailFrom ||
                      clause->kind == ClauseKind::ForRecipient);
}

void addFrom(Conditions& conditions, const Clause* clause) {
    if (!clause)
        conditions.implied(ConditionKind::FromLocal, "from local");
    else if (clause->kind == ClauseKind::FromAny || isTwofold(clause))
        conditions.plain(ConditionKind::FromAny, *clause, clause->negated && !isTwofold(clause));
    else if (clause->kind == ClauseKind::FromLocal)
        conditions.plain(ConditionKind::FromLocal, *clause, clause->negated);
    else if (clause->kind == ClauseKind::FromSocket)
        conditions.plain(ConditionKind::FromSocket, *clause, clause->negated);
    else if (clause->kind == ClauseKind::FromSource)
        conditions.compared(ConditionKind::FromSource, *clause, Service::Netaddr, "from src");
    else
        conditions.compared(ConditionKind::FromRdns, *clause, Service::Domain, "from rdns", true);
}

void addFor(Conditions& conditions, const Clause* clause) {
    if (!clause)
        conditions.implied(ConditionKind::ForLocal, "for local");
    else if (clause->kind == ClauseKind::ForAny || isTwofold(clause))
        conditions.plain(ConditionKind::ForAny, *clause, clause->negated && !isTwofold(clause));
    else if (clause->kind == ClauseKind::ForLocal)
        conditions.plain(ConditionKind::ForLocal, *clause, clause->negated);
    else if (clause->kind == ClauseKind::ForDomain)
        conditions.compared(ConditionKind::ForDomain, *clause, Service::Domain, "for domain");
    else if (clause->kind == ClauseKind::ForVirtual) // 2012: the domain itself is a key of the map
        conditions.compared(ConditionKind::ForDomain, *clause, Service::Domain, "for virtual", true);
    else
        conditions.unsupported(*clause, "is not tested"); // for network, until May 2012
}

Method methodOf(const Clause* clause) {
    if (!clause)
        return Method::ExpandOnly; // accept without delivery: taken by its aliases alone
    for (const auto& [kind, method] : {std::pair{ClauseKind::Relay, Method::Relay},
                                       {ClauseKind::Catch, Method::Catch},
                                       {ClauseKind::Mbox, Method::Mbox},
                                       {ClauseKind::Maildir, Method::Maildir},
                                       {ClauseKind::Mda, Method::Mda},
                                       {ClauseKind::Lmtp, Method::Lmtp},
                                       {ClauseKind::ForwardOnly, Method::ForwardOnly}}) {
        if (clause->kind == kind)
            return method;
    }
    return Method::ExpandOnly;
}

// The tables of a delivery on this computer.
struct LocalTables {
    const TableArgument* aliases = nullptr;
    const TableArgument* virtualUsers = nullptr;
    const TableArgument* userbase = nullptr;
};

void setTables(Build& build, const StatementView& at, const LocalTables& from, LocalDelivery& local) {
    if (from.aliases)
        local.aliases = resolveTable(build, at, *from.aliases, {Service::Alias, "alias", true});
    if (from.virtualUsers)
        local.virtualUsers = resolveTable(build, at, *from.virtualUsers, {Service::Alias, "virtual", true});
    if (from.userbase)
        local.userbase = resolveTable(build, at, *from.userbase, {Service::Userinfo, "userbase", true});
}

// The action of a clause that says how to deliver. Null clause: accepted for expansion only.
std::shared_ptr<Action> actionOf(Build& build, const StatementView& at, const Clause* method,
                                 const config::RelayClauses& relay) {
    auto action = std::make_shared<Action>();
    action->origin = originOf(at);
    action->method = methodOf(method);
    switch (action->method) {
    case Method::Relay:
        action->relay = relayOf(build, at, relay);
        break;
    case Method::Catch:
        action->kind = ActionKind::Catch;
        break;
    case Method::ExpandOnly:
    case Method::ForwardOnly:
        action->kind = ActionKind::Local;
        break;
    case Method::Mbox:
    case Method::Maildir:
    case Method::Mda:
    case Method::Lmtp:
        action->kind = ActionKind::Local;
        action->local.target = method->valueText();
        action->local.junk = method->has("junk");
        action->local.rcptTo = method->has("rcpt-to");
        break;
    }
    if (const Clause* user = at.clause(ClauseKind::User))
        action->local.user = user->valueText();
    return action;
}

Rule ruleFrame(const StatementView& at, bool reject) {
    Rule rule;
    rule.reject = reject;
    rule.origin = originOf(at);
    rule.text = safeText(at);
    rule.comment = at.commentAbove();
    return rule;
}

} // namespace

void addAction(Build& build, const config::ActionView& view) {
    if (!view.name())
        return;
    const QByteArray name = view.name()->text;
    if (const auto twin = build.rules->actions.find(name); twin != build.rules->actions.end()) {
        build.report.error(view, view.name()->range,
                           "action " + name + " is defined already, in line " +
                               QByteArray::number(twin->second->origin.line));
        return;
    }
    auto action = actionOf(build, view, view.method(), view.relay());
    action->name = name;
    if (view.ttl())
        action->ttl = delayOf(build, view, *view.ttl());
    if (view.alias() && view.virtualUsers())
        build.report.error(view, "alias and virtual exclude each other");
    setTables(build, view, {view.alias(), view.virtualUsers(), view.userbase()}, action->local);
    if (const config::Value* wrapper = view.wrapper()) {
        action->local.wrapper = wrapper->text;
        if (!build.rules->settings.wrappers.contains(wrapper->text))
            build.report.error(view, wrapper->range, "no such wrapper: " + harmless(wrapper->text, 80));
    }
    build.rules->actions.emplace(name, std::move(action));
}

void addMatch(Build& build, const config::MatchView& view) {
    Conditions conditions(build, view);
    if (const Clause* tag = view.tag())
        conditions.compared(ConditionKind::Tag, *tag, Service::String, "tag");
    addFrom(conditions, view.fromClause());
    addFor(conditions, view.forClause());
    if (const Clause* helo = view.helo())
        conditions.compared(ConditionKind::Helo, *helo, Service::Domain, "helo");
    const Clause* from = view.fromClause();
    for (const Clause* auth : {view.auth(), from && from->kind == ClauseKind::FromAuth ? from : nullptr}) {
        if (auth)
            conditions.compared(ConditionKind::Authenticated, *auth, Service::String, "auth", true);
    }
    if (const Clause* tls = view.tls()) {
        conditions.plain(ConditionKind::Tls, *tls, tls->negated);
        build.report.warning(view, tls->range,
                             "\"" + tls->text + "\" is tested by no release of OpenSMTPD and not by Postern either: "
                             "a recipient for whom this is asked gets 451; nothing is lost");
    }
    for (const Clause* sender :
         {view.sender(), from && from->kind == ClauseKind::FromMailFrom ? from : nullptr}) {
        if (sender)
            conditions.compared(ConditionKind::Sender, *sender, Service::Mailaddr, "mail-from", true);
    }
    const Clause* to = view.forClause();
    for (const Clause* recipient :
         {view.recipient(), to && to->kind == ClauseKind::ForRecipient ? to : nullptr}) {
        if (recipient)
            conditions.compared(ConditionKind::Recipient, *recipient, Service::Mailaddr, "rcpt-to", true);
    }
    Rule rule = ruleFrame(view, view.isReject());
    rule.conditions = conditions.take();
    if (!rule.reject) {
        const config::Value* name = view.action();
        if (!name)
            return; // parsing has said so
        const auto found = build.rules->actions.find(name->text);
        if (found == build.rules->actions.end()) {
            build.report.error(view, name->range,
                               "no such action: " + harmless(name->text, 80) +
                                   definedLater(build.actionLines, name->text),
                               build.actionLines.contains(name->text)
                                   ? QByteArray()
                                   : nearest(build, name->text, build.actionLines));
            return;
        }
        rule.action = found->second;
    }
    build.rules->rules.push_back(std::move(rule));
}

void addRule(Build& build, const config::RuleView& view) {
    std::shared_ptr<Action> action;
    const Clause* method = view.method();
    const bool relays = method && method->kind == ClauseKind::Relay;
    const TableArgument* recipients = nullptr; // `virtual LIST` on a relay rule of 5.3: only these
    if (!view.isReject()) {
        action = actionOf(build, view, method, view.relay());
        action->ttl = build.rules->settings.queueTtl; // the value in force here
        if (view.expire())
            action->ttl = delayOf(build, view, *view.expire());
        if (relays && (view.alias() || view.userbase()))
            build.report.error(view, "aliases and userbase may not be used with a relay rule");
        if (relays && view.virtualUsers())
            recipients = view.virtualUsers();
        else
            setTables(build, view, {view.alias(), view.virtualUsers(), view.userbase()}, action->local);
    } else if (method) {
        build.report.warning(view, "a reject rule delivers nothing; what it says about delivery is ignored");
    }
    // Several destinations in braces (2012) are that many rules, the last one first, as the readers of that
    // time made them.
    std::vector<const Clause*> destinations(view.forClauses().rbegin(), view.forClauses().rend());
    if (destinations.empty())
        destinations.push_back(nullptr);
    for (const Clause* destination : destinations) {
        Conditions conditions(build, view);
        if (const Clause* tag = view.tagged())
            conditions.exactTag(*tag);
        if (const Clause* authenticated = view.authenticated())
            conditions.plain(ConditionKind::Authenticated, *authenticated, authenticated->negated);
        addFrom(conditions, view.fromClause());
        if (const Clause* sender = view.sender())
            conditions.compared(ConditionKind::Sender, *sender, Service::Mailaddr, "sender");
        if (const Clause* recipient = view.recipient())
            conditions.compared(ConditionKind::Recipient, *recipient, Service::Mailaddr, "recipient");
        if (recipients)
            conditions.compared(ConditionKind::Recipient, *view.clause(ClauseKind::Virtual),
                                Service::Mailaddr, "virtual");
        addFor(conditions, destination);
        Rule rule = ruleFrame(view, view.isReject());
        rule.conditions = conditions.take();
        rule.action = action;
        if (action && !relays && destination && destination->kind == ClauseKind::ForVirtual) {
            auto own = std::make_shared<Action>(*action); // the map that names the domains also holds their users
            own->local.virtualUsers = rule.conditions.back().table;
            rule.action = own;
        }
        build.rules->rules.push_back(std::move(rule));
    }
}

} // namespace postern::policy
