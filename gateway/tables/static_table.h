// SPDX-License-Identifier: GPL-3.0-or-later
//
// Entries in memory, inline in the configuration or read from a file at load time; answers at once.
//
// Keys are lower-cased, the last definition of a key wins, and iteration and cycling follow the byte order of
// the keys. Each service has its own index, built by prepare() or at the first question of its kind.
// Thread:
// any; entries are constant, indexes and the cycling position synchronise themselves.
#pragma once

#include "tables/domain_index.h"
#include "tables/mailaddr_index.h"
#include "tables/netaddr_index.h"
#include "tables/regex_list.h"
#include "tables/table.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace postern::tables {

struct Entry {
    QByteArray key;
    QByteArray value; // "" in lists
    friend bool operator==(const Entry&, const Entry&) = default;
};

class StaticTable final : public Table {
  public:
    // text: of a file, if the entries point into it (parseTableText with Keep::Views); a million of them need half as much so.
    StaticTable(QByteArray name, QByteArray kind, Shape shape, std::vector<Entry> entries,
                char subAddressDelimiter, QByteArray text = {});

    const QByteArray& name() const override { return m_name; }
    QByteArray kind() const override { return m_kind; }
    Shape shape() const override { return m_shape; }
    qsizetype size() const override { return qsizetype(m_entries.size()); }
    void lookup(Service service, const QByteArray& key, const LookupDone& done) const override;
    std::optional<bool> coversNow(Service service, const QByteArray& key) const override;
    void fetch(Service service, const LookupDone& done) const override;
    QByteArrayList keys() const override;
    QByteArrayList keysAsWritten() const override; // of tables of up to 1000 entries

    // Builds what `service` needs, so that no session has to wait for it later. Without it the first lookup
    // does.
    void prepare(Service service) const override;
    // Sorted by key. Their bytes may be the table's: a copy that outlives it must be a deep one.
    const std::vector<Entry>& entries() const { return m_entries; }

  private:
    LookupResult answer(Service service, const QByteArray& key) const;
    LookupResult entryOf(std::optional<quint32> number) const;
    std::optional<quint32> exact(const QByteArray& key) const;
    QByteArray handedOut(const QByteArray& bytes) const;
    std::optional<quint32> exactName(Service service, const QByteArray& key) const;

    // constant after construction
    const QByteArray m_name, m_kind;
    const Shape m_shape;
    const QByteArray m_text;        // what the entries point into; null = nothing
    const QByteArrayList m_written; // keys; empty = in order already, or too many
    std::vector<Entry> m_entries; // sorted by key, so that an exact look-up needs no index of its own
    const char m_delimiter;
    // each made once, under its flag, if it is asked for at all: most tables of a long configuration are short lists
    mutable std::once_flag m_domainsOnce, m_netaddrsOnce, m_mailaddrsOnce, m_regexesOnce, m_addressesOnce, m_namesOnce;
    mutable std::unique_ptr<DomainIndex> m_domains;
    mutable std::unique_ptr<NetaddrIndex> m_netaddrs;
    mutable std::unique_ptr<MailaddrIndex> m_mailaddrs;
    mutable std::unique_ptr<RegexList> m_regexes;
    mutable QHash<QByteArray, quint32> m_addresses, m_names; // of keys beyond ASCII, as they are compared
    // any thread
    mutable std::atomic<quint64> m_nextFetch = 0;
};

} // namespace postern::tables
