// SPDX-License-Identifier: GPL-3.0-or-later
//
// The lists of relays that actions name, and which of them is tried next; a list that stands in a file is read anew when it
// changes.
//
// A small file is compared with what is known of it before each delivery, a large one at most once a second. What does not
// read (the file is gone, or is being written) leaves the last good list in force.
// Thread: a value of the worker's thread. Failure: no entry; the text says why.
// Spec: `order` of a relay: in turn by the byte order of the URLs (as OpenSMTPD cycles), at random, by shares (smooth: a
//   share of 3 beside 1 is a a b a, not a a a b), or the first as written and the next ones for its failure.
#pragma once

#include "base/clock.h"
#include "base/file_store.h"
#include "policy/ruleset.h"

#include <QHash>

#include <functional>
#include <vector>

namespace postern::relay {

class HostLists {
  public:
    using Random = std::function<quint32(quint32 below)>;

    HostLists(FileStore& files, Random random) : m_files(files), m_random(std::move(random)) {}

    // Whether spec's list can be had here; otherwise its table must be asked.
    static bool isListed(const policy::RelaySpec& spec);
    // For one delivery: one relay, or with `order failover` all of them, best first.
    Result<std::vector<policy::RelayUrl>> next(const policy::RelaySpec& spec, SteadyTime now);

  private:
    struct Relay {
        policy::RelayUrl url;
        int share = 1;
        int credit = 0; // of `order ratio`
    };
    struct List {
        QByteArray text;           // of the file
        std::vector<Relay> relays; // as written
        std::vector<size_t> turns; // into relays, by the bytes of their URLs
        QByteArray trouble;        // what was last found wrong with it
        SteadyTime lookAgain{};
        quint64 turn = 0;
        bool wasRead = false;
    };
    void refresh(List& list, const policy::RelaySpec& spec, SteadyTime now);
    static QByteArray readInto(List& list, const std::vector<policy::RelayShare>& shares, policy::Era era);
    std::vector<policy::RelayUrl> pick(List& list, policy::RelayOrder order);
    size_t byShare(List& list);

    FileStore& m_files;
    const Random m_random;
    QHash<QByteArray, List> m_lists; // by file or table, and order
};

} // namespace postern::relay
