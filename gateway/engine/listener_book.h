// SPDX-License-Identifier: GPL-3.0-or-later
//
// The listening sockets of the gateway: opens what the configuration asks for, keeps what stays, retries what failed,
// follows interfaces whose addresses come and go.
//
// A reload never closes a socket whose address and port stay; sessions in progress are not touched.
// Thread: engine control. Failure: a listener that cannot open is remembered with the reason and tried again.
#pragma once

#include "control/snapshots.h"
#include "engine/loaded_config.h"
#include "listener/open_listener.h"

#include <functional>
#include <map>
#include <vector>

namespace postern::engine {

class ListenerBook {
  public:
    using Services = std::vector<std::shared_ptr<const listener::ListenerService>>;

    using AddressesOf = std::function<Result<QByteArrayList>(const QByteArray& interface, int family)>;
    // localSocket: path of the socket for programs of this computer, "" = none.
    explicit ListenerBook(QByteArray localSocket = {}, AddressesOf addressesOf = listener::interfaceAddresses);

    // Makes the book agree with `config`. Errors stay in failures().
    void apply(const LoadedConfig& config);
    // Looks at the interfaces again and tries what failed; true if something opened or closed. Host names are asked for only
    // now and then, because that can take long.
    bool refresh();

    Services services() const;
    QByteArrayList openNames() const; // "127.0.0.1:2525", without the local socket
    QByteArrayList mailAddresses() const; // bare, those whose port 25 is ours: mail sent there would come back here
    struct Failure {
        QByteArray name;   // address:port, or the interface as written
        QByteArray reason;
        policy::Origin origin;
    };
    std::vector<Failure> failures() const;
    QList<control::ListenerStatus> statuses(const std::map<QByteArray, int>& sessions,
                                            const std::map<QByteArray, qint64>& lastAt) const;
    control::ListenerStatus socketStatus(const std::map<QByteArray, int>& sessions) const;
    void clear();

  private:
    struct Entry {
        policy::ListenerSpec spec;
        QByteArray address; // "" if the interface is not known
        std::shared_ptr<listener::OpenListener> socket; // null = failed
        QByteArray reason;
        std::shared_ptr<const listener::ListenerService> service;
    };
    enum class When { Applying, Refreshing };
    void arrange(When when);
    void arrangeSocket(When when);
    void addEntries(const policy::ListenerSpec& spec, std::vector<Entry>& before, When when);
    void open(Entry& entry);
    void makeService(Entry& entry) const;

    // Constant after construction.
    const QByteArray m_socketPath;
    const AddressesOf m_addressesOf;

    std::vector<Entry> m_entries;
    Entry m_socketEntry;
    std::map<QByteArray, QByteArray> m_told; // what each interface was said to be
    int m_refreshes = 0;
    LoadedConfig m_config; // without its diagnostics
};

} // namespace postern::engine
