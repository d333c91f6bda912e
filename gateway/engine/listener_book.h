// SPDX-License-Identifier: GPL-3.0-or-later
//
// The listening sockets of the gateway: opens what the configuration asks for, keeps what stays, retries what failed.
//
// A reload never closes a socket whose address and port stay; sessions in progress are not touched.
// Thread: engine control. Failure: a listener that cannot open is remembered with the reason and tried again.
#pragma once

#include "control/snapshots.h"
#include "engine/loaded_config.h"
#include "listener/open_listener.h"

#include <map>
#include <vector>

namespace postern::engine {

class ListenerBook {
  public:
    using Services = std::vector<std::shared_ptr<const listener::ListenerService>>;

    // Makes the book agree with `config`. Errors stay in failures().
    void apply(const LoadedConfig& config);
    // Tries the failed ones again; true if one opened.
    bool retryFailed();

    Services services() const;
    QByteArrayList openNames() const; // "127.0.0.1:2525"
    QByteArrayList mailAddresses() const; // bare, those whose port 25 is ours: mail sent there would come back here
    struct Failure {
        QByteArray name;   // address:port, or the interface as written
        QByteArray reason;
        policy::Origin origin;
    };
    std::vector<Failure> failures() const;
    QList<control::ListenerStatus> statuses(const std::map<QByteArray, int>& sessions,
                                            const std::map<QByteArray, qint64>& lastAt) const;
    void clear();

  private:
    struct Entry {
        policy::ListenerSpec spec;
        QByteArray address; // "" if the interface is not known
        std::shared_ptr<listener::OpenListener> socket; // null = failed
        QByteArray reason;
        std::shared_ptr<const listener::ListenerService> service;
    };
    void open(Entry& entry);
    void makeService(Entry& entry) const;

    std::vector<Entry> m_entries;
    policy::RulesetPtr m_rules;
    std::map<QByteArray, tls::IdentityPtr> m_identities;
};

} // namespace postern::engine
