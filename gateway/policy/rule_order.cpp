// SPDX-License-Identifier: GPL-3.0-or-later
//
// A rule is compared with the earlier rules that could cover it. Those that ask for names are found by hash; all others are
// compared one by one, and the effort counter bounds what a long file may cost.
#include "policy/rule_order.h"

#include "tables/match_rules.h"
#include "tables/netaddr.h"
#include "tables/static_table.h"

#include <QHash>
#include <QVarLengthArray>

#include <algorithm>
#include <array>
#include <span>

namespace postern::policy {
namespace {

using tables::Netaddr;
using tables::Service;
using tables::StaticTable;

bool isAny(const Condition& one) {
    return one.kind == ConditionKind::FromAny || one.kind == ConditionKind::ForAny;
}

const StaticTable* staticOf(const tables::TablePtr& table) {
    return dynamic_cast<const StaticTable*>(table.get());
}

// Every entry compares as text with these; the others know wildcards, prefixes or parts of addresses.
Service serviceOf(ConditionKind kind) {
    switch (kind) {
    case ConditionKind::ForDomain:
    case ConditionKind::Helo:
    case ConditionKind::FromRdns:
        return Service::Domain;
    case ConditionKind::FromSource:
        return Service::Netaddr;
    case ConditionKind::Sender:
    case ConditionKind::Recipient:
        return Service::Mailaddr;
    case ConditionKind::FromAny:
    case ConditionKind::FromLocal:
    case ConditionKind::FromSocket:
    case ConditionKind::ForAny:
    case ConditionKind::ForLocal:
    case ConditionKind::Tag:
    case ConditionKind::Authenticated: // asked as a string or an address: only the same text is sure to be both
    case ConditionKind::Tls:
    case ConditionKind::Unsupported:
        break;
    }
    return Service::String;
}

class Coverage {
  public:
    explicit Coverage(Era era) : m_era(era) {}

    bool isExhausted() const { return m_effort <= 0; }

    // Wherever `later` holds, `earlier` holds too.
    bool covers(const Rule& earlier, const Rule& later) {
        --m_effort;
        return std::all_of(earlier.conditions.begin(), earlier.conditions.end(), [&](const Condition& wanted) {
            if (isAny(wanted))
                return !wanted.negated;
            return wanted.kind != ConditionKind::Unsupported && wanted.kind != ConditionKind::Tls &&
                   std::any_of(later.conditions.begin(), later.conditions.end(),
                               [&](const Condition& given) { return implies(given, wanted); });
        });
    }

  private:
    bool implies(const Condition& given, const Condition& wanted) {
        --m_effort;
        if (given.negated != wanted.negated)
            return false;
        // Outside a larger set is outside a smaller one: "not" turns the question round.
        return wanted.negated ? isInside(wanted, given) : isInside(given, wanted);
    }

    // Both without their "!": does `inner` holding mean that `outer` holds?
    bool isInside(const Condition& inner, const Condition& outer) {
        switch (outer.kind) {
        case ConditionKind::FromAny:
        case ConditionKind::ForAny:
            return true;
        case ConditionKind::FromLocal:
            return inner.kind == ConditionKind::FromLocal || inner.kind == ConditionKind::FromSocket ||
                   (inner.kind == ConditionKind::Authenticated && m_era != Era::Modern);
        case ConditionKind::FromSocket:
        case ConditionKind::ForLocal:
            return inner.kind == outer.kind;
        case ConditionKind::Authenticated:
            if (!outer.table)
                return inner.kind == ConditionKind::Authenticated || inner.kind == ConditionKind::FromSocket;
            return inner.kind == outer.kind && isListInside(inner, outer);
        case ConditionKind::Tag:
            if (!outer.table || !inner.table)
                return inner.kind == outer.kind && !outer.table && !inner.table && inner.exactTag == outer.exactTag;
            return inner.kind == outer.kind && isListInside(inner, outer);
        case ConditionKind::ForDomain:
            if (inner.kind == ConditionKind::Recipient)
                return areDomainsInside(inner, outer);
            return inner.kind == outer.kind && isListInside(inner, outer);
        case ConditionKind::FromRdns:
            if (!outer.table)
                return inner.kind == outer.kind && !inner.table;
            return inner.kind == outer.kind && isListInside(inner, outer);
        case ConditionKind::FromSource:
        case ConditionKind::Helo:
        case ConditionKind::Sender:
        case ConditionKind::Recipient:
            return inner.kind == outer.kind && isListInside(inner, outer);
        case ConditionKind::Tls:
        case ConditionKind::Unsupported:
            break;
        }
        return false;
    }

    bool isListInside(const Condition& inner, const Condition& outer) {
        if (inner.regex != outer.regex || !inner.table || !outer.table)
            return false;
        if (inner.table == outer.table)
            return inner.table->size() != 0;
        const StaticTable* small = staticOf(inner.table);
        const StaticTable* large = staticOf(outer.table);
        if (!small || !large || small->entries().empty())
            return false;
        const Service service = outer.regex ? Service::String : serviceOf(outer.kind);
        return std::all_of(small->entries().begin(), small->entries().end(), [&](const tables::Entry& entry) {
            return --m_effort > 0 && (hasText(*large, entry.key) || covered(service, entry.key, *large));
        });
    }

    static bool hasText(const StaticTable& table, const QByteArray& key) {
        return table.coversNow(Service::String, key).value_or(false);
    }

    // Everything that the entry stands for is in the table.
    bool covered(Service service, const QByteArray& entry, const StaticTable& table) {
        switch (service) {
        case Service::Domain:
            // No star is ever covered by another pattern but "*", as none tries a longer piece.
            return entry.contains('*') ? hasText(table, "*") : table.coversNow(Service::Domain, entry).value_or(false);
        case Service::Netaddr:
            return addressCovered(entry, table);
        case Service::Mailaddr:
            return mailaddrCovered(entry, table);
        case Service::Alias:
        case Service::Credentials:
        case Service::Userinfo:
        case Service::Source:
        case Service::Addrname:
        case Service::Mailaddrmap:
        case Service::Relayhost:
        case Service::String:
        case Service::Regex:
            break; // same text or nothing
        }
        return false;
    }

    bool addressCovered(const QByteArray& entry, const StaticTable& table) {
        const auto network = Netaddr::parse(entry);
        if (!network)
            return false;
        if (network->isSingle())
            return table.coversNow(Service::Netaddr, entry).value_or(false);
        return std::any_of(table.entries().begin(), table.entries().end(), [&](const tables::Entry& one) {
            const auto larger = --m_effort > 0 ? Netaddr::parse(one.key) : std::nullopt;
            return larger && larger->covers(*network);
        });
    }

    static bool mailaddrCovered(const QByteArray& entry, const StaticTable& table) {
        if (hasText(table, "@") || hasText(table, ""))
            return true;
        const tables::MailaddrParts parts = tables::splitMailaddr(entry);
        if (parts.domain.isEmpty())
            return false;
        if (!parts.domain.contains('*'))
            return table.coversNow(Service::Mailaddr, entry).value_or(false);
        return hasText(table, "@" + parts.domain.toByteArray()) ||
               (!parts.user.isEmpty() && hasText(table, parts.user.toByteArray()));
    }

    // Each recipient of the list is at a domain of the other.
    bool areDomainsInside(const Condition& recipients, const Condition& domains) {
        const StaticTable* small = staticOf(recipients.table);
        const StaticTable* large = staticOf(domains.table);
        if (recipients.regex || domains.regex || !small || !large || small->entries().empty())
            return false;
        return std::all_of(small->entries().begin(), small->entries().end(), [&](const tables::Entry& entry) {
            const QByteArray domain = tables::splitMailaddr(entry.key).domain.toByteArray();
            return --m_effort > 0 && !domain.isEmpty() &&
                   (hasText(*large, domain) || covered(Service::Domain, domain, *large));
        });
    }

    const Era m_era;
    qint64 m_effort = kMostEffort;
};

// The rules so far that may cover a later one. Most rules ask for names, and cover only what asks for one of these: such a
// rule stands under each of its names, where a later rule's first name finds it. The others are tried one by one.
class Candidates {
  public:
    explicit Candidates(size_t rules) : m_rules(rules) {}

    void add(const Rule& rule, size_t number) {
        for (const Condition& one : rule.conditions) {
            const StaticTable* table = listOf(one);
            if (!table || table->size() > kMostNames ||
                !std::all_of(table->entries().begin(), table->entries().end(),
                             [&](const tables::Entry& entry) { return isName(one.kind, entry.key); }))
                continue;
            auto& byName = m_byName[size_t(one.kind)];
            if (byName.isEmpty())
                byName.reserve(qsizetype(m_rules)); // a hash that grows is written over and over
            for (const tables::Entry& entry : table->entries())
                byName[entry.key].push_back(number);
            return;
        }
        m_others.push_back(number);
    }

    // Lists in file order; the same rule may be in several.
    using Numbers = std::span<const size_t>;
    QVarLengthArray<Numbers, 8> forRule(const Rule& rule) const {
        QVarLengthArray<Numbers, 8> found{Numbers(m_others)};
        const auto look = [&](ConditionKind kind, const QByteArray& name) {
            const auto& byName = m_byName[size_t(kind)];
            if (const auto place = byName.constFind(name); place != byName.constEnd())
                found.push_back(Numbers(place->data(), size_t(place->size())));
        };
        const auto lookForDomain = [&](ConditionKind kind, const QByteArray& name) {
            look(kind, name);
            look(kind, m_star);
            if (const qsizetype dot = name.indexOf('.'); dot >= 0)
                look(kind, "*" + name.sliced(dot));
        };
        for (const Condition& one : rule.conditions) {
            const StaticTable* table = listOf(one);
            if (!table || table->entries().empty())
                continue;
            const QByteArray& first = table->entries().front().key;
            if (one.kind == ConditionKind::ForDomain || one.kind == ConditionKind::Helo) {
                lookForDomain(one.kind, first);
            } else if (one.kind == ConditionKind::Sender || one.kind == ConditionKind::Recipient) {
                const tables::MailaddrParts parts = tables::splitMailaddr(first);
                const QByteArray domain = parts.domain.toByteArray();
                look(one.kind, m_at);
                for (qsizetype end = 0; end <= parts.user.size(); ++end) { // "", what may stand before a "+tag", all
                    if (end == 0 || end == parts.user.size() || !isAlnum(parts.user[end]))
                        look(one.kind, first.first(end) + "@" + domain);
                }
                if (one.kind == ConditionKind::Recipient)
                    lookForDomain(ConditionKind::ForDomain, domain);
            }
        }
        return found;
    }

  private:
    static constexpr qsizetype kMostNames = 32;

    static const StaticTable* listOf(const Condition& one) {
        const bool isNames = one.kind == ConditionKind::ForDomain || one.kind == ConditionKind::Helo ||
                             one.kind == ConditionKind::Sender || one.kind == ConditionKind::Recipient;
        return isNames && !one.negated && !one.regex ? staticOf(one.table) : nullptr;
    }

    static bool isAlnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); }

    // Covers nothing but what forRule() looks for: a plain domain, "*", "*.tail"; user@domain, @domain, "@".
    static bool isName(ConditionKind kind, const QByteArray& entry) {
        if (kind == ConditionKind::Sender || kind == ConditionKind::Recipient)
            return entry.contains('@') && !entry.contains('*');
        return !entry.contains('*') || entry == "*" || (entry.startsWith("*.") && entry.lastIndexOf('*') == 0);
    }

    const size_t m_rules; // how many there may be
    const QByteArray m_star = "*", m_at = "@";
    std::array<QHash<QByteArray, QVarLengthArray<size_t, 1>>, size_t(ConditionKind::Unsupported)> m_byName; // by kind
    std::vector<size_t> m_others;
};

bool excludesEverybody(const Rule& rule) {
    return std::any_of(rule.conditions.begin(), rule.conditions.end(),
                       [](const Condition& one) { return isAny(one) && one.negated; });
}

bool sameStatement(const Rule& a, const Rule& b) {
    return a.origin.line == b.origin.line && a.origin.column == b.origin.column && a.origin.file == b.origin.file;
}

} // namespace

bool takesEverything(const Rule& rule) {
    return std::all_of(rule.conditions.begin(), rule.conditions.end(),
                       [](const Condition& one) { return isAny(one) && !one.negated; });
}

std::vector<Unreached> unreachedRules(const Ruleset& rules) {
    std::vector<Unreached> result;
    Coverage coverage(rules.era);
    Candidates candidates(rules.rules.size());
    std::optional<size_t> everything;
    for (size_t number = 0; number < rules.rules.size(); ++number) {
        const Rule& rule = rules.rules[number];
        std::optional<size_t> by;
        if (excludesEverybody(rule)) {
            by = number;
        } else if (everything) {
            if (!sameStatement(rules.rules[*everything], rule))
                by = everything;
        } else if (!coverage.isExhausted()) {
            for (const Candidates::Numbers list : candidates.forRule(rule)) {
                for (const size_t earlier : list) {
                    if (coverage.isExhausted())
                        break;
                    const Rule& other = rules.rules[earlier];
                    if (!sameStatement(other, rule) && coverage.covers(other, rule)) {
                        by = std::min(by.value_or(earlier), earlier);
                        break;
                    }
                }
            }
        }
        if (by)
            result.push_back({number, *by});
        else if (!everything && !coverage.isExhausted())
            candidates.add(rule, number);
        if (!everything && !by && takesEverything(rule))
            everything = number;
    }
    return result;
}

} // namespace postern::policy
