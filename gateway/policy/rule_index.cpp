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

// A list that is merged with others.
const tables::StaticTable* mergedList(const Condition& condition) {
    const auto* const list = serviceOf(condition.kind) && !condition.regex
                                 ? dynamic_cast<const tables::StaticTable*>(condition.table.get())
                                 : nullptr;
    return list && list->size() <= kShort ? list : nullptr;
}

} // namespace

std::shared_ptr<const RuleIndex> RuleIndex::make(const Ruleset& rules) {
    std::shared_ptr<RuleIndex> index(new RuleIndex(rules.settings.subAddressDelimiter));
    index->reserve(rules);
    for (const Rule& rule : rules.rules) {
        for (const Condition& condition : rule.conditions)
            index->m_tests.push_back({index->slotOf(condition), condition.negated});
        index->m_ends.push_back(quint32(index->m_tests.size()));
    }
    index->m_known = {};
    for (Merged& merged : index->m_merged)
        merged.sort();
    return index;
}

// Hashes that grow are written over and over.
void RuleIndex::reserve(const Ruleset& rules) {
    size_t conditions = 0;
    for (const Rule& rule : rules.rules) {
        conditions += rule.conditions.size();
        for (const Condition& condition : rule.conditions) {
            if (const auto* list = mergedList(condition))
                mergedOf(condition).expected += list->size();
        }
    }
    m_tests.reserve(conditions);
    m_ends.reserve(rules.rules.size());
    for (Merged& merged : m_merged) {
        const Service service = *serviceOf(merged.asks.kind);
        if (service == Service::Domain)
            merged.domains.reserve(merged.expected);
        else if (service == Service::Netaddr)
            merged.sources.reserve(merged.expected);
        else
            merged.addresses->reserve(merged.expected);
    }
}

// By counting: how many slots each entry has, then each slot to its place.
void RuleIndex::Merged::sort() {
    ends.assign(size_t(count) + 1, 0);
    for (const auto& [number, slot] : held)
        ++ends[number + 1];
    for (size_t i = 1; i < ends.size(); ++i)
        ends[i] += ends[i - 1];
    slots_.resize(held.size());
    for (const auto& [number, slot] : held)
        slots_[ends[number]++] = slot; // what began where the one before it ended ends there now
    held = {};
}

RuleIndex::Merged& RuleIndex::mergedOf(const Condition& condition) {
    auto merged = std::find_if(m_merged.begin(), m_merged.end(),
                               [&](const Merged& one) { return one.asks.kind == condition.kind; });
    if (merged == m_merged.end()) {
        merged = m_merged.insert(m_merged.end(), Merged());
        merged->asks = condition;
        merged->addresses.emplace(m_delimiter);
    }
    return *merged;
}

quint32 RuleIndex::slotOf(const Condition& condition) {
    const auto fresh = quint32(m_start.size());
    // A list written out on the spot, held by the ruleset and this one condition, is asked for nowhere else.
    const bool isShared = !condition.table || condition.table.use_count() > 2;
    const quint32 slot = isShared ? tables::numberOnce(m_known, {condition.table.get(), condition.kind, condition.regex, condition.exactTag}, fresh)
                                  : fresh;
    if (slot != fresh)
        return slot;
    const bool isMerged = merge(condition, slot);
    m_start.push_back(isMerged ? Truth::No : Truth::Unknown);
    m_asked.push_back(quint32(m_conditions.size()));
    if (!isMerged)
        m_conditions.push_back(condition);
    return slot;
}

bool RuleIndex::merge(const Condition& condition, quint32 slot) {
    const auto* const list = mergedList(condition);
    if (!list)
        return false;
    const Service service = *serviceOf(condition.kind);
    Merged& merged = mergedOf(condition);
    merged.all.push_back(slot);
    for (const tables::Entry& entry : list->entries()) {
        quint32 number = merged.count;
        if (service == Service::Domain)
            number = merged.domains.addOnce(entry.key, number);
        else if (service == Service::Mailaddr)
            number = merged.addresses->addOnce(entry.key, number);
        else if (const auto address = merged.sources.addOnce(entry.key, number))
            number = *address;
        else
            number = tables::numberOnce(merged.exact, entry.key, number);
        merged.count = std::max(merged.count, number + 1);
        merged.held.push_back({number, slot});
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
        for (quint32 at = number ? merged.ends[number - 1] : 0; at < merged.ends[number]; ++at)
            truths[merged.slots_[at]] = Truth::Yes;
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
    const Condition& condition = m_conditions[m_asked[slot]];
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
