// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/rule_index.h"

#include "tables/static_table.h"

#include <QVarLengthArray>

#include <algorithm>

namespace postern::policy {
namespace {

using tables::Service;

constexpr qsizetype kShort = 256; // entries of a list that is merged; a longer one is asked by itself

// Which service a mergeable kind asks.
std::optional<Service> serviceOf(ConditionKind kind) {
    switch (kind) {
    case ConditionKind::ForDomain:
    case ConditionKind::Helo: return Service::Domain;
    case ConditionKind::FromSource: return Service::Netaddr;
    case ConditionKind::Sender:
    case ConditionKind::Recipient: return Service::Mailaddr;
    case ConditionKind::FromAny:
    case ConditionKind::FromLocal:
    case ConditionKind::FromSocket:
    case ConditionKind::FromRdns:
    case ConditionKind::ForAny:
    case ConditionKind::ForLocal:
    case ConditionKind::Tag:
    case ConditionKind::Authenticated:
    case ConditionKind::Tls:
    case ConditionKind::Unsupported: break;
    }
    return std::nullopt;
}

// Two entries that an index can't hold apart have one spelling: 10/8 and 10.0.0.0/8, "" and "@".
QByteArray oneSpelling(Service service, const QByteArray& entry) {
    if (service == Service::Netaddr) {
        if (const auto address = tables::Netaddr::parse(entry)) {
            const tables::Netaddr masked = address->masked(address->prefix);
            return QByteArray(reinterpret_cast<const char*>(masked.bytes.data()), qsizetype(masked.bytes.size())) +
                   char(masked.family) + char(masked.prefix);
        }
    }
    return service == Service::Mailaddr && entry.isEmpty() ? QByteArray("@") : entry;
}

} // namespace

std::shared_ptr<const RuleIndex> RuleIndex::make(const Ruleset& rules) {
    std::shared_ptr<RuleIndex> index(new RuleIndex(rules.settings.subAddressDelimiter));
    for (const Rule& rule : rules.rules) {
        for (const Condition& condition : rule.conditions)
            index->m_tests.push_back({index->slotOf(condition), condition.negated});
        index->m_ends.push_back(quint32(index->m_tests.size()));
    }
    index->m_known = {};
    for (Merged& merged : index->m_merged)
        merged.numbers = {};
    return index;
}

quint32 RuleIndex::slotOf(const Condition& condition) {
    const tables::Table* const table = condition.table.get();
    QByteArray asks(reinterpret_cast<const char*>(&table), sizeof table);
    asks += char(condition.kind);
    asks += char(condition.regex);
    asks += condition.exactTag;
    const auto known = m_known.constFind(asks);
    if (known != m_known.constEnd())
        return *known;
    const auto slot = quint32(m_slots.size());
    m_known.insert(asks, slot);
    m_slots.push_back(condition);
    m_start.push_back(merge(condition, slot) ? Truth::No : Truth::Unknown);
    return slot;
}

bool RuleIndex::merge(const Condition& condition, quint32 slot) {
    const auto service = serviceOf(condition.kind);
    const auto* const list = dynamic_cast<const tables::StaticTable*>(condition.table.get());
    if (!service || condition.regex || !list || list->size() > kShort)
        return false;
    auto merged = std::find_if(m_merged.begin(), m_merged.end(),
                               [&](const Merged& one) { return one.asks.kind == condition.kind; });
    if (merged == m_merged.end()) {
        merged = m_merged.insert(m_merged.end(), Merged());
        merged->asks = condition;
        merged->addresses.emplace(m_delimiter);
    }
    merged->all.push_back(slot);
    for (const tables::Entry& entry : list->entries()) {
        const QByteArray spelling = oneSpelling(*service, entry.key);
        const auto found = merged->numbers.constFind(spelling);
        const quint32 number = found == merged->numbers.constEnd() ? quint32(merged->slots_.size()) : *found;
        if (number == merged->slots_.size()) {
            merged->numbers.insert(spelling, number);
            merged->slots_.emplace_back();
            if (*service == Service::Domain)
                merged->domains.add(entry.key, number);
            else if (*service == Service::Netaddr)
                merged->sources.add(entry.key, number);
            else
                merged->addresses->add(entry.key, number);
        }
        if (*service == Service::Netaddr)
            merged->exact.insert(entry.key, number);
        merged->slots_[number].push_back(slot);
    }
    return true;
}

void RuleIndex::ask(const Merged& merged, const Subject& subject, std::span<Truth> truths) const {
    const Question question = subject.questionFor(merged.asks);
    if (question.known) {
        for (const quint32 slot : merged.all)
            truths[slot] = *question.known ? Truth::Yes : Truth::No;
        return;
    }
    const auto covered = [&](quint32 number) {
        for (const quint32 slot : merged.slots_[number])
            truths[slot] = Truth::Yes;
    };
    if (question.service == Service::Domain) {
        merged.domains.forEach(question.key, covered);
    } else if (question.service == Service::Netaddr) {
        if (const auto same = merged.exact.constFind(question.key); same != merged.exact.constEnd())
            covered(*same);
        merged.sources.forEach(question.key, covered);
    } else {
        merged.addresses->forEach(question.key, covered);
    }
}

RuleIndex::Truth RuleIndex::ask(quint32 slot, const Subject& subject) const {
    const Condition& condition = m_slots[slot];
    const Question question = subject.questionFor(condition);
    if (!question.impossible.isEmpty())
        return Truth::Unknown;
    const std::optional<bool> answer =
        question.known ? question.known : condition.table->coversNow(question.service, question.key);
    return !answer ? Truth::Unknown : *answer ? Truth::Yes : Truth::No;
}

RuleIndex::Answer RuleIndex::find(const Subject& subject) const {
    QVarLengthArray<Truth, 4096> truths(qsizetype(m_start.size()));
    std::copy(m_start.begin(), m_start.end(), truths.begin());
    for (const Merged& merged : m_merged)
        ask(merged, subject, {truths.data(), m_start.size()});
    quint32 at = 0;
    for (size_t rule = 0; rule < m_ends.size(); ++rule) {
        bool holds = true;
        for (; holds && at < m_ends[rule]; ++at) {
            const Test test = m_tests[at];
            Truth& truth = truths[test.slot];
            if (truth == Truth::Unknown)
                truth = ask(test.slot, subject);
            if (truth == Truth::Unknown)
                return {rule, false};
            holds = (truth == Truth::Yes) != test.negated;
        }
        if (holds)
            return {rule, true};
        at = m_ends[rule];
    }
    return {m_ends.size(), true};
}

} // namespace postern::policy
