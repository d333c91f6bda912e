// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/static_table.h"

#include "base/host_name.h"
#include "tables/match_rules.h"

#include <QSet>

#include <algorithm>

namespace postern::tables {
namespace {

constexpr qsizetype kMaxKey = 1023;
constexpr size_t kMostOrdered = 1000; // more than any list whose order says something

// Lower-cased, in byte order, the last definition of each key.
std::vector<Entry> inOrder(std::vector<Entry> entries) {
    for (Entry& entry : entries)
        entry.key = std::move(entry.key).toLower();
    const auto byKey = [](const Entry& a, const Entry& b) { return a.key < b.key; };
    const auto sameKey = [](const Entry& a, const Entry& b) { return a.key == b.key; };
    if (!std::is_sorted(entries.begin(), entries.end(), byKey))
        std::stable_sort(entries.begin(), entries.end(), byKey);
    if (std::adjacent_find(entries.begin(), entries.end(), sameKey) == entries.end())
        return entries;
    std::vector<Entry> result;
    result.reserve(entries.size());
    for (Entry& entry : entries) {
        if (!result.empty() && sameKey(result.back(), entry))
            result.back() = std::move(entry);
        else
            result.push_back(std::move(entry));
    }
    return result;
}

// The keys as they came, the first place of each; nothing where that is their order anyway.
QByteArrayList asWritten(const std::vector<Entry>& entries) {
    QByteArrayList result;
    const auto isTurned = [](const Entry& a, const Entry& b) { return a.key.toLower() > b.key.toLower(); };
    if (entries.size() > kMostOrdered || std::adjacent_find(entries.begin(), entries.end(), isTurned) == entries.end())
        return result;
    QSet<QByteArray> seen;
    for (const Entry& entry : entries) {
        const QByteArray lower = entry.key.toLower();
        const QByteArray key(lower.constData(), lower.size()); // not one that points into a text
        if (!seen.contains(key))
            result.append(key);
        seen.insert(key);
    }
    return std::is_sorted(result.begin(), result.end()) ? QByteArrayList() : result;
}

template <class Comparable>
void fillInternational(QHash<QByteArray, quint32>& index, const std::vector<Entry>& entries, Comparable comparable) {
    for (size_t i = 0; i < entries.size(); ++i)
        if (isBeyondAscii(entries[i].key))
            index.insert(comparable(entries[i].key), quint32(i));
}

LookupResult failure(QByteArray why) {
    LookupResult result;
    result.failed = true;
    result.value = std::move(why);
    return result;
}

} // namespace

StaticTable::StaticTable(QByteArray name, QByteArray kind, Shape shape, std::vector<Entry> entries,
                         char subAddressDelimiter, QByteArray text)
    : m_name(std::move(name)), m_kind(std::move(kind)), m_shape(shape), m_text(std::move(text)), m_written(asWritten(entries)),
      m_entries(inOrder(std::move(entries))), m_delimiter(subAddressDelimiter) {}

void StaticTable::lookup(Service service, const QByteArray& key, const LookupDone& done) const {
    if (key.size() > kMaxKey)
        done(failure("table " + m_name + ": the key is longer than 1023 octets"));
    else
        done(answer(service, key.toLower()));
}

std::optional<bool> StaticTable::coversNow(Service service, const QByteArray& key) const {
    if (key.size() > kMaxKey)
        return std::nullopt;
    prepare(service);
    switch (service) {
    case Service::Domain:
        return m_domains->find(key).has_value();
    case Service::Netaddr:
        return exact(key) || m_netaddrs->find(key);
    case Service::Mailaddr:
        return m_mailaddrs->find(key).has_value();
    case Service::String:
        return exact(key).has_value();
    case Service::Regex: {
        const RegexList::Answer found = m_regexes->find(key);
        return found.failed ? std::nullopt : std::optional(found.found);
    }
    case Service::Alias:
    case Service::Credentials:
    case Service::Userinfo:
    case Service::Source:
    case Service::Addrname:
    case Service::Mailaddrmap:
    case Service::Relayhost:
        break; // these want values
    }
    return std::nullopt;
}

void StaticTable::fetch(Service, const LookupDone& done) const {
    LookupResult result;
    if (!m_entries.empty()) {
        const quint64 turn = m_nextFetch.fetch_add(1, std::memory_order_relaxed);
        result.found = true;
        result.key = handedOut(m_entries[turn % m_entries.size()].key);
        result.value = result.key;
    }
    done(std::move(result));
}

QByteArrayList StaticTable::keys() const {
    QByteArrayList result;
    result.reserve(qsizetype(m_entries.size()));
    for (const Entry& entry : m_entries)
        result.append(handedOut(entry.key));
    return result;
}

QByteArray StaticTable::handedOut(const QByteArray& bytes) const {
    return m_text.isNull() ? bytes : QByteArray(bytes.constData(), bytes.size());
}

QByteArrayList StaticTable::keysAsWritten() const {
    return m_written.isEmpty() ? keys() : m_written;
}

void StaticTable::prepare(Service service) const {
    const auto fill = [this](auto& index, auto made) {
        for (size_t i = 0; i < m_entries.size(); ++i)
            made->add(m_entries[i].key, quint32(i));
        index = std::move(made);
    };
    switch (service) {
    case Service::Domain:
        std::call_once(m_domainsOnce, [&] { fill(m_domains, std::make_unique<DomainIndex>()); });
        break;
    case Service::Netaddr:
        std::call_once(m_netaddrsOnce, [&] { fill(m_netaddrs, std::make_unique<NetaddrIndex>()); });
        break;
    case Service::Mailaddr:
        std::call_once(m_mailaddrsOnce, [&] { fill(m_mailaddrs, std::make_unique<MailaddrIndex>(m_delimiter)); });
        break;
    case Service::Regex:
        std::call_once(m_regexesOnce, [&] { fill(m_regexes, std::make_unique<RegexList>()); });
        break;
    case Service::Alias:
        std::call_once(m_addressesOnce, [&] { fillInternational(m_addresses, m_entries, comparableAddress); });
        break;
    case Service::Relayhost:
        std::call_once(m_namesOnce, [&] { fillInternational(m_names, m_entries, comparableName); });
        break;
    case Service::Credentials:
    case Service::Userinfo:
    case Service::Source:
    case Service::Addrname:
    case Service::Mailaddrmap:
    case Service::String:
        break; // these search the entries
    }
}

LookupResult StaticTable::answer(Service service, const QByteArray& key) const {
    prepare(service);
    switch (service) {
    case Service::Domain:
        return entryOf(m_domains->find(key));
    case Service::Netaddr: {
        const auto same = exact(key);
        return entryOf(same ? same : m_netaddrs->find(key));
    }
    case Service::Mailaddr:
        return entryOf(m_mailaddrs->find(key));
    case Service::Regex: {
        const RegexList::Answer found = m_regexes->find(key);
        if (found.failed)
            return failure("table " + m_name + ": a regular expression takes too long on this value");
        return found.found ? entryOf(found.number) : LookupResult{};
    }
    case Service::Source:
    case Service::String:
        return entryOf(exact(key));
    case Service::Alias:
    case Service::Credentials:
    case Service::Userinfo:
    case Service::Addrname:
    case Service::Mailaddrmap:
    case Service::Relayhost:
        if (m_shape == Shape::List)
            return failure("table " + m_name + " is a list, but " + toString(service).toByteArray() +
                           " wants keys with values");
        return entryOf(service == Service::Alias || service == Service::Relayhost ? exactName(service, key) : exact(key));
    }
    return {};
}

LookupResult StaticTable::entryOf(std::optional<quint32> number) const {
    LookupResult result;
    if (number) {
        const Entry& entry = m_entries[*number];
        result.found = true;
        result.key = handedOut(entry.key);
        result.value = m_shape == Shape::List ? result.key : handedOut(entry.value);
    }
    return result;
}

std::optional<quint32> StaticTable::exact(const QByteArray& key) const {
    const auto found = std::lower_bound(m_entries.begin(), m_entries.end(), key,
                                        [](const Entry& entry, const QByteArray& wanted) { return entry.key < wanted; });
    if (found == m_entries.end() || found->key != key)
        return std::nullopt;
    return quint32(found - m_entries.begin());
}

// The key as it is written; else the one that is another spelling of it. Alias: an address, or a user; Relayhost: a domain.
std::optional<quint32> StaticTable::exactName(Service service, const QByteArray& key) const {
    if (const auto same = exact(key))
        return same;
    const bool isDomain = service == Service::Relayhost;
    const QByteArray wanted = isDomain ? comparableName(key) : comparableAddress(key);
    if (wanted != key)
        if (const auto same = exact(wanted))
            return same;
    const QHash<QByteArray, quint32>& international = isDomain ? m_names : m_addresses;
    const auto found = international.constFind(wanted);
    return found == international.constEnd() ? std::nullopt : std::optional(*found);
}

} // namespace postern::tables
