// SPDX-License-Identifier: GPL-3.0-or-later
//
// Many rules at once: which is the first whose conditions hold, in microseconds for thousands of rules.
//
// Equal conditions share one slot, so nothing is asked twice for one recipient. The short lists of all rules (domains,
// sources, addresses) are merged: one look-up tells which of them cover the value. A long list keeps its own index.
// Knows no trace and asks no table that is not in memory: there it stops and match() goes on rule by rule.
// Thread: immutable, any.
#pragma once

#include "policy/match_facts.h"
#include "tables/domain_index.h"
#include "tables/mailaddr_index.h"
#include "tables/netaddr_index.h"

#include <memory>
#include <span>
#include <vector>

namespace postern::policy {

class RuleIndex {
  public:
    static std::shared_ptr<const RuleIndex> make(const Ruleset& rules);

    struct Answer {
        size_t rule = 0;        // the one that decides, the number of rules if none does
        bool isDecided = false; // false: `rule` could not be told here; those before it do not match
    };
    Answer find(const Subject& subject) const;

  private:
    enum class Truth : quint8 { Unknown, No, Yes };
    struct Test {
        quint32 slot;
        bool negated;
    };
    // The lists of one kind of condition, together.
    struct Merged {
        Condition asks;                     // stands for all of them
        std::vector<quint32> ends, slots_;  // by number of an entry: where its slots end among those of all, whose lists hold it
        QHash<QByteArray, quint32> exact;   // sources that are no address: the same text ("local")
        tables::DomainIndex domains;
        tables::NetaddrIndex sources;
        std::optional<tables::MailaddrIndex> addresses;
        std::vector<quint32> all; // every slot in here
        // Used while building:
        qsizetype expected = 0; // entries, equal ones counted too
        quint32 count = 0;      // entries so far; those that no index holds apart are one
        std::vector<std::pair<quint32, quint32>> held; // number of an entry, slot whose list holds it
        void sort();
    };
    // Two conditions of this are one question.
    struct Asks {
        const tables::Table* table;
        ConditionKind kind;
        bool regex;
        QByteArray exactTag;
        friend bool operator==(const Asks&, const Asks&) = default;
        friend size_t qHash(const Asks& asks, size_t seed) { return qHashMulti(seed, asks.table, int(asks.kind), asks.exactTag); }
    };

    explicit RuleIndex(char delimiter) : m_delimiter(delimiter) {}
    quint32 slotOf(const Condition& condition);
    void reserve(const Ruleset& rules);
    Merged& mergedOf(const Condition& condition);
    bool merge(const Condition& condition, quint32 slot);
    void ask(const Merged& merged, const Subject& subject, std::span<Truth> truths) const;
    Truth ask(quint32 slot, const Subject& subject) const;

    char m_delimiter;
    std::vector<Test> m_tests;   // of all rules, one after the other
    std::vector<quint32> m_ends; // where each rule's tests end
    std::vector<Truth> m_start;         // by slot: what is known before anything is asked
    std::vector<quint32> m_asked;       // by slot: which of m_conditions it is; of no meaning for what is merged
    std::vector<Condition> m_conditions;
    std::vector<Merged> m_merged;
    QHash<Asks, quint32> m_known; // slots by what they ask; used while building
};

} // namespace postern::policy
