// SPDX-License-Identifier: GPL-3.0-or-later
//
// How many connections lead where, and when the last one was opened or closed: what `mta limit` counts.
//
// Shared by the workers of all I/O threads, because a host's or a source address' limit does not end at a thread. Asked
// when a connection opens or closes only.
// Thread: any (one lock inside). Failure: none; a place that nobody used for an hour is forgotten.
// Spec: keys max-conn-per-*, conn-delay-*, reconn-delay-route of smtpd.conf(5). Route = source and destination address,
//   connector = relay and source address.
#pragma once

#include "base/clock.h"
#include "policy/limits.h"

#include <QByteArray>
#include <QHash>

#include <array>
#include <mutex>

namespace postern::relay {

class ConnectionLedger {
  public:
    struct Place {
        QByteArray relay;  // what the deliveries have in common
        QByteArray domain; // of the recipients, or the relay's host
        QByteArray source; // local address, "" = the system chooses
        QByteArray host;   // destination address
        QByteArray action = {};
        int actionMost = 0; // its max-connections; 0 = no limit
    };
    static constexpr Milliseconds kUntilOneCloses = Milliseconds::max();

    // 0 = a connection may open now; else at least so long to wait. While the source is not chosen yet, only what does not
    // depend on it counts.
    Milliseconds wait(const Place& place, const policy::MtaLimits& limits, SteadyTime now, bool sourceChosen) const;
    bool open(const Place& place, const policy::MtaLimits& limits, SteadyTime now); // false: not now, nothing changed
    void closed(const Place& place, SteadyTime now);                                // once per open() that said true
    int openTo(const QByteArray& host) const;

  private:
    enum class Kind : quint8 { Host, Route, Source, Connector, Relay, Domain };
    static constexpr size_t kKinds = 6;
    struct Entry {
        int open = 0;
        bool opened = false, hasClosed = false;
        SteadyTime lastOpened{}, lastClosed{};
    };
    struct Rule {
        Kind kind;
        int policy::MtaLimits::*most;
        int policy::MtaLimits::*delay;
    };
    static const std::array<Rule, kKinds> kRules;
    static QByteArray key(Kind kind, const Place& place);
    static bool needsSource(Kind kind);
    Milliseconds waitLocked(const Place& place, const policy::MtaLimits& limits, SteadyTime now, bool withSource) const;
    void prune(SteadyTime now);
    static QByteArray actionKey(const Place& place) { return "a" + place.action; }

    mutable std::mutex m_lock;
    QHash<QByteArray, Entry> m_entries; // under the lock
};

} // namespace postern::relay
