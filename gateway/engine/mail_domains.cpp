// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mail_domains.h"

#include <utility>

namespace postern::engine {
namespace {

constexpr size_t kMostKnown = 10'000;
constexpr size_t kMostAsked = 500;     // at once; beyond, domains are not asked about
constexpr size_t kMostWaiting = 1'000; // for one domain
constexpr Seconds kKeep{600};
constexpr Seconds kKeepFailure{60};

} // namespace

std::optional<bool> MailDomains::hasNullMx(const QByteArray& domain, Found found) {
    const auto known = m_known.find(domain);
    if (known != m_known.end() && m_clock.steady() < known->second.until)
        return known->second.isNull;
    const auto asked = m_asked.find(domain);
    if (asked != m_asked.end()) {
        if (asked->second.waiting.size() >= kMostWaiting)
            return false;
        asked->second.waiting.push_back(std::move(found));
        return std::nullopt;
    }
    if (m_asked.size() >= kMostAsked)
        return false;
    Asked& question = m_asked[domain];
    question.waiting.push_back(std::move(found));
    question.question = m_resolver.mx(domain, [this, domain](const dns::MxAnswer& answer) { conclude(domain, answer); });
    return std::nullopt;
}

// A "." among others means nothing (RFC 7505 §3).
void MailDomains::conclude(const QByteArray& domain, const dns::MxAnswer& answer) {
    const bool isNull = answer.outcome == dns::Outcome::Found && answer.hosts.size() == 1 && answer.hosts.front().name.isEmpty();
    const SteadyTime now = m_clock.steady();
    if (m_known.size() >= kMostKnown)
        std::erase_if(m_known, [&](const auto& entry) { return entry.second.until <= now; });
    if (m_known.size() >= kMostKnown)
        m_known.clear();
    m_known[domain] = {isNull, now + (answer.outcome == dns::Outcome::Failed ? kKeepFailure : kKeep)};
    const auto node = m_asked.extract(domain);
    if (node.empty())
        return;
    for (const Found& found : node.mapped().waiting)
        found(isNull);
}

} // namespace postern::engine
