// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/reverse_names.h"

#include <utility>

namespace postern::engine {
namespace {

constexpr size_t kMostKnown = 10'000;
constexpr size_t kMostAsked = 500;      // at once; beyond, clients go without a name
constexpr size_t kMostWaiting = 10'000; // for one address
constexpr Seconds kKeep{600};
constexpr Seconds kKeepFailure{60};

} // namespace

std::optional<QByteArray> ReverseNames::find(const QByteArray& address, Found found) {
    const auto known = m_known.find(address);
    if (known != m_known.end() && m_clock.steady() < known->second.until)
        return known->second.name;
    const auto asked = m_asked.find(address);
    if (asked != m_asked.end()) {
        if (asked->second.waiting.size() >= kMostWaiting)
            return QByteArray();
        asked->second.waiting.push_back(std::move(found));
        return std::nullopt;
    }
    if (m_asked.size() >= kMostAsked)
        return QByteArray();
    Asked& question = m_asked[address];
    question.waiting.push_back(std::move(found));
    question.question =
        m_resolver.reverse(address.split('%').first(), [this, address](const dns::NameAnswer& answer) { confirm(address, answer); });
    return std::nullopt;
}

// Whoever owns the address can give it any name; only the owner of the name can make it lead back.
void ReverseNames::confirm(const QByteArray& address, const dns::NameAnswer& answer) {
    const auto asked = m_asked.find(address);
    if (asked == m_asked.end())
        return;
    switch (answer.outcome) {
    case dns::Outcome::Found:
        break;
    case dns::Outcome::NoData:
    case dns::Outcome::NoSuchName:
        conclude(address, {}, true);
        return;
    case dns::Outcome::Failed:
        conclude(address, {}, false);
        return;
    }
    // The question that called us goes when the next one takes its place, which a resolver allows.
    asked->second.question = m_resolver.addresses(
        answer.name, [this, address, name = answer.name](const dns::AddressAnswer& addresses) {
            const bool leadsBack = addresses.addresses.contains(address.split('%').first());
            conclude(address, leadsBack ? name : QByteArray(), addresses.outcome != dns::Outcome::Failed);
        });
}

void ReverseNames::conclude(const QByteArray& address, const QByteArray& name, bool isSure) {
    const SteadyTime now = m_clock.steady();
    if (m_known.size() >= kMostKnown)
        std::erase_if(m_known, [&](const auto& entry) { return entry.second.until <= now; });
    if (m_known.size() >= kMostKnown)
        m_known.clear();
    m_known[address] = {name, now + (isSure ? kKeep : kKeepFailure)};
    const auto node = m_asked.extract(address);
    if (node.empty())
        return;
    for (const Found& found : node.mapped().waiting)
        found(name);
}

} // namespace postern::engine
