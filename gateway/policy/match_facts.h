// SPDX-License-Identifier: GPL-3.0-or-later
//
// What one condition asks about one recipient: the answer if the session knows it, else the table question;
// and in words.
//
// Eras differ here and nowhere else. accept/reject: to every source test a client that signed in is the word "local" and
// not its address, so `from source <t>` takes it only if the table holds that word. 2012: it passes every source test.
// action/match: signing in says nothing about where a client is. What an alias led to is like a client that signed in,
// and in action/match the word "local" too.
// Thread: a value; pure.
#pragma once

#include "policy/match.h"

#include <optional>

namespace postern::policy {

struct Question {
    std::optional<bool> known; // before negation
    tables::Service service = tables::Service::String;
    QByteArray key; // lower case
    QByteArray impossible; // why nobody can answer: ends in a temporary failure
};

class Subject {
  public:
    Subject(MatchContext context, Era era);

    Question questionFor(const Condition& condition) const;
    // "from local: 192.0.2.66 is not this computer"; `truth`: the test's outcome before negation.
    QByteArray explain(const Condition& condition, bool truth, const tables::LookupResult* answer) const;

  private:
    bool isLocal() const;
    bool passesAsSignedIn() const {
        return m_era == Era::Map2012 && (m_context.isAuthenticated || m_context.isInternal);
    }
    Question reverseQuestion(const Condition& condition) const;
    QByteArray reverseName() const; // as rules see it; "" = none
    QByteArray reverseFact() const; // for people
    QByteArray sourceKey() const;
    QByteArray client() const; // for people
    QByteArray localFact(bool truth) const;

    MatchContext m_context;
    Era m_era;
    QByteArray m_sender, m_recipient, m_domain, m_helo, m_tag, m_user; // lower case, as tables want them
};

} // namespace postern::policy
