// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/match_facts.h"

#include "base/host_name.h"
#include "base/log.h"

#include <algorithm>

namespace postern::policy {
namespace {

using tables::Service;

constexpr qsizetype kShown = 120; // characters of a value in an explanation

QByteArray shown(const QByteArray& value) {
    return harmless(value, kShown);
}

QByteArray tableName(const tables::Table& table) {
    if (!table.name().startsWith('<'))
        return "<" + table.name() + ">";
    const QByteArrayList keys = table.size() == 1 ? table.keys() : QByteArrayList();
    return keys.isEmpty() ? QByteArray("the list") : "\"" + shown(keys.front()) + "\"";
}

Question impossible(QByteArray why) {
    return {std::nullopt, {}, {}, std::move(why)};
}

} // namespace

Subject::Subject(MatchContext context, Era era)
    : m_context(std::move(context)), m_era(era),
      // Tables see the null reverse-path as "@": no user, no domain.
      m_sender(m_context.sender.isEmpty() ? QByteArray("@") : m_context.sender.toLower()),
      m_recipient(m_context.recipient.toLower()),
      m_domain(m_recipient.sliced(m_recipient.lastIndexOf('@') + 1)), m_helo(m_context.helo.toLower()),
      m_tag(m_context.tag.toLower()), m_user(m_context.user.toLower()) {}

Question Subject::questionFor(const Condition& condition) const {
    const auto ask = [&](Service service, QByteArray key) {
        return Question{std::nullopt, condition.regex ? Service::Regex : service, std::move(key), {}};
    };
    const auto know = [](bool answer) { return Question{answer, {}, {}, {}}; };
    switch (condition.kind) {
    case ConditionKind::FromAny:
    case ConditionKind::ForAny:
        return know(true);
    case ConditionKind::FromLocal:
        return know(isLocal());
    case ConditionKind::FromSocket:
        return know(m_context.isSocket && !m_context.isInternal);
    case ConditionKind::FromRdns:
        return reverseQuestion(condition);
    case ConditionKind::FromSource:
        if (passesAsSignedIn())
            return know(true);
        if (condition.regex && m_context.clientAddress.contains(':'))
            return ask(Service::Netaddr, "[" + sourceKey() + "]");
        return ask(Service::Netaddr, sourceKey());
    case ConditionKind::ForLocal:
        return know(std::any_of(
            m_context.localNames.begin(), m_context.localNames.end(),
            [domain = comparableName(m_domain)](const QByteArray& name) { return comparableName(name) == domain; }));
    case ConditionKind::ForDomain:
        return ask(Service::Domain, m_domain);
    case ConditionKind::Tag:
        if (!condition.table)
            return know(m_context.tag == condition.exactTag);
        return ask(Service::String, m_tag);
    case ConditionKind::Authenticated:
        if (!m_context.isAuthenticated && !m_context.isSocket)
            return know(false);
        if (!condition.table)
            return know(true);
        return ask(m_user.contains('@') ? Service::Mailaddr : Service::String, m_user);
    case ConditionKind::Helo:
        return ask(Service::Domain, m_helo);
    case ConditionKind::Sender:
        return ask(Service::Mailaddr, m_sender);
    case ConditionKind::Recipient:
        return ask(Service::Mailaddr, m_recipient);
    case ConditionKind::Tls:
        return impossible("no reader of this language ever tested \"tls\", so nobody knows what the rule means");
    case ConditionKind::Unsupported:
        return impossible(condition.words + " is not tested by this version");
    }
    return impossible("");
}

Question Subject::reverseQuestion(const Condition& condition) const {
    if (!m_context.isInternal && !m_context.isSocket && !m_context.reverseName)
        return impossible("the name of the client's address (reverse DNS) is not looked up by this version");
    const QByteArray name = reverseName().toLower();
    if (name.isEmpty() || !condition.table)
        return Question{!name.isEmpty() && !m_context.isInternal, {}, {}, {}};
    return Question{std::nullopt, condition.regex ? Service::Regex : Service::Domain, name, {}};
}

QByteArray Subject::explain(const Condition& condition, bool truth,
                            const tables::LookupResult* answer) const {
    const QByteArray intro = condition.words + (condition.implied ? " (not written): " : ": ");
    const auto listed = [&](const QByteArray& value) {
        if (!condition.table)
            return intro + value;
        QByteArray text =
            intro + value + (truth ? " is listed in " : " is not listed in ") + tableName(*condition.table);
        const bool showEntry = truth && answer && !answer->key.isEmpty() && condition.table->size() != 1;
        return showEntry ? text + " as " + shown(answer->key) : text;
    };
    switch (condition.kind) {
    case ConditionKind::FromAny:
        return intro + client() + " is anybody";
    case ConditionKind::FromLocal:
        return intro + localFact(truth);
    case ConditionKind::FromSocket:
        return intro + (truth                  ? "handed in on this computer"
                        : m_context.isInternal ? "an alias led here, which is not the socket"
                                               : client() + " came over the network");
    case ConditionKind::FromRdns:
        return condition.table && !reverseName().isEmpty() ? listed(shown(reverseName()))
                                                           : intro + reverseFact();
    case ConditionKind::FromSource:
        if (m_context.isInternal)
            return passesAsSignedIn() ? intro + "an address that an alias led to passes every source test in this dialect"
                                      : listed("an address that an alias led to counts as \"local\", which");
        if (passesAsSignedIn())
            return intro + shown(m_context.user) +
                   " has signed in, which passes every source test in this dialect";
        if (sourceKey() == "local" && !m_context.isSocket)
            return listed(client() + " has signed in, so it counts as \"local\", which");
        return listed(client());
    case ConditionKind::ForAny:
        return intro + "any recipient";
    case ConditionKind::ForLocal:
        return intro + shown(m_domain) + (truth ? " is this computer" : " is not a name of this computer");
    case ConditionKind::ForDomain:
        return listed(shown(m_domain));
    case ConditionKind::Tag:
        if (m_context.tag.isEmpty())
            return intro + "the session has no tag";
        if (!condition.table)
            return intro + "the session's tag is " + shown(m_context.tag);
        return listed("the session's tag " + shown(m_context.tag));
    case ConditionKind::Authenticated:
        if (!m_context.isAuthenticated)
            return intro +
                   (m_context.isSocket ? "handed in on this computer" : "the client has not signed in");
        return condition.table ? listed(shown(m_context.user))
                               : intro + shown(m_context.user) + " has signed in";
    case ConditionKind::Helo:
        return listed(shown(m_context.helo));
    case ConditionKind::Sender:
        return listed(m_context.sender.isEmpty() ? "the null sender" : shown(m_context.sender));
    case ConditionKind::Recipient:
        return listed(shown(m_context.recipient));
    case ConditionKind::Tls:
    case ConditionKind::Unsupported:
        break;
    }
    return intro;
}

QByteArray Subject::reverseName() const {
    return m_context.isInternal ? QByteArray("local") : m_context.isSocket ? "localhost" : m_context.reverseName.value_or("");
}

QByteArray Subject::reverseFact() const {
    if (m_context.isInternal)
        return "an alias led here, so there is no client whose name could be looked up";
    if (reverseName().isEmpty())
        return client() + " has no name in DNS";
    return client() + " has the name " + shown(reverseName()) + " in DNS";
}

bool Subject::isLocal() const {
    if (m_context.isSocket || m_context.isLocalAddress || m_context.isInternal)
        return true;
    switch (m_era) {
    case Era::Map2012:
    case Era::Legacy:
        return m_context.isAuthenticated;
    case Era::Modern:
        return false;
    }
    return false;
}

QByteArray Subject::sourceKey() const {
    const bool countsAsLocal = m_context.isSocket || m_context.isInternal || (m_era == Era::Legacy && m_context.isAuthenticated);
    return countsAsLocal ? QByteArray("local") : m_context.clientAddress.toLower();
}

QByteArray Subject::client() const {
    return m_context.isSocket ? QByteArray("this computer") : shown(m_context.clientAddress);
}

QByteArray Subject::localFact(bool truth) const {
    if (m_context.isInternal)
        return "an alias led here, which counts as this computer";
    if (m_context.isSocket)
        return "handed in on this computer";
    if (m_context.isLocalAddress)
        return client() + " is this computer";
    if (truth)
        return shown(m_context.user) + " has signed in, which counts as local in this dialect";
    if (m_context.isAuthenticated)
        return client() + " is not this computer, and signing in does not count as local";
    return client() + " is not this computer";
}

} // namespace postern::policy
