// SPDX-License-Identifier: GPL-3.0-or-later
//
// A named list or mapping that answers questions for the engine, whatever keeps it.
//
// The service fixes how keys compare (see match_rules.h) and how values read. Keys are lower-cased (ASCII) before every
// lookup, at most 1023 octets. Static and file tables answer at once; others answer later through the same call.
// Thread: lookup() from any thread; `done` is called once, either before lookup() returns, on the caller's thread (static,
//   file, known already), or later on a lookup thread, which may be before lookup() returns too; callers must cope with all.
// Failure: LookupResult::failed is a *temporary* error and is never inverted by a negation.
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QByteArrayList>

#include <functional>
#include <memory>
#include <optional>

namespace postern::tables {

enum class Service : quint8 {
    Alias, Domain, Credentials, Netaddr, Userinfo, Source, Mailaddr, Addrname, Mailaddrmap, Relayhost, String, Regex,
};
QByteArrayView toString(Service service);

enum class Shape : quint8 { List, Mapping, Dynamic };

struct LookupResult {
    bool found = false;
    QByteArray value;    // mapping: the value; list: the entry that matched
    QByteArray key;      // the table's own key that matched, for explanations
    bool failed = false; // could not be asked; `value` says why (no secrets)
};
using LookupDone = std::function<void(LookupResult)>;

// Of a table that something else keeps: does that answer at the moment?
struct TableState {
    bool isFailing = false;
    QByteArray trouble; // the last cause, no secrets
    qint64 since = 0;   // Unix seconds
};

class Table {
  public:
    virtual ~Table() = default;
    virtual const QByteArray& name() const = 0;
    virtual QByteArray kind() const = 0;   // "static", "file", "db", ...
    virtual Shape shape() const = 0;
    virtual qsizetype size() const = 0;    // entries; -1 = unknown
    // Match services (Domain, Netaddr, Mailaddr, String, Regex): is the key covered? Others: the value of the key.
    virtual void lookup(Service service, const QByteArray& key, const LookupDone& done) const = 0;
    // Builds what `service` needs, so that no session has to wait for it later. Without it the first lookup does.
    virtual void prepare(Service service) const;
    // For tables in memory: is a *lower-cased* key covered, told at once and without allocating? Nothing = ask lookup().
    // Rules are tried by the thousand, so the common answer must cost next to nothing.
    virtual std::optional<bool> coversNow(Service service, const QByteArray& key) const;
    // The next element for cycling uses (Source, Relayhost). Not found = empty.
    virtual void fetch(Service service, const LookupDone& done) const = 0;
    // Every key in iteration order, for editors and `table list`; empty where it cannot be told.
    virtual QByteArrayList keys() const = 0;
    // The same in the order they were written, where a list's order says something; keys() where it is not known any more.
    virtual QByteArrayList keysAsWritten() const;
    // False where nothing is behind it: every question fails, and no waiting helps.
    virtual bool isConnected() const { return true; }
    // Nothing for tables in memory.
    virtual std::optional<TableState> state() const { return std::nullopt; }
    // Can it be asked? Found if so, else failed with the cause.
    virtual void test(const LookupDone& done) const;
    // Forgets what was answered so far, so that the next question goes to whatever keeps the table.
    virtual void refresh() const {}
    // May an alias of it lead to a command or a file of this computer? Not where others than its administrator may write.
    virtual bool mayNameFiles() const { return true; }
};
using TablePtr = std::shared_ptr<const Table>;

} // namespace postern::tables
