// SPDX-License-Identifier: GPL-3.0-or-later
//
// A bound, listening socket with what it offers. Opened by the engine; accepted from by every I/O thread (one shared
// descriptor: the kernel hands a connection to whoever asks first, and a second program cannot slip onto the port).
// Thread: immutable after open(); the descriptor closes when the last owner lets go.
#pragma once

#include "policy/ruleset.h"
#include "tls/tls_policy.h"

#include <atomic>
#include <memory>
#include <vector>

namespace postern::listener {

class OpenListener {
  public:
    ~OpenListener();
    OpenListener(const OpenListener&) = delete;
    OpenListener& operator=(const OpenListener&) = delete;

    qintptr descriptor() const { return m_descriptor; }
    const QByteArray& address() const { return m_address; }
    quint16 port() const { return m_port; } // the real one, also when 0 was asked
    QByteArray name() const;                // "127.0.0.1:2525", "[::1]:2525"; "socket"
    // Nobody is let in any more and the port is free, though sessions that came by it still hold this object. Any thread.
    void stopListening();
    bool isStopped() const { return m_stopped; }
    bool isLocal() const { return m_port == 0; } // openLocal(): the address is its path

    // Backlog 1024, non-blocking, close-on-exec. Errors say what and what to do: port taken, not permitted (the exact
    // command that would permit it), address not on this computer.
    static Result<std::shared_ptr<OpenListener>> open(const QByteArray& address, quint16 port);

    // A socket in the file system, for programs of this computer; only its owner may connect, or everybody if the program runs
    // as root, for the whole computer. One that is left over from before is replaced, so the caller must be the only one that
    // could have it open. The file goes with the listener.
    static Result<std::shared_ptr<OpenListener>> openLocal(const QByteArray& path);

  private:
    OpenListener() = default;
    qintptr m_descriptor = -1;
    QByteArray m_address;
    quint16 m_port = 0;
    std::atomic<bool> m_stopped = false;
};

// What one open listener serves with, replaced as a whole at reload. Sessions keep the one they began with.
struct ListenerService {
    std::shared_ptr<OpenListener> socket;
    policy::ListenerSpec spec;
    policy::RulesetPtr rules;
    tls::ServerTls tls;         // without an identity: no TLS possible (STARTTLS is then not offered)
    QByteArray hostname;        // final: spec's or the server's
    QByteArrayList localNames;  // for `for local`
};

// Interface as written -> addresses of this computer. Names of interfaces and groups (lo0, egress, all), literals, host
// names (system resolver). Error: "no interface, address or host is called X".
Result<QByteArrayList> interfaceAddresses(const QByteArray& interface, int family);
// Whether that could mean asking a name server, which takes its time.
bool needsNameServer(const QByteArray& interface);
QByteArrayList ownAddresses(); // every address of this computer, bare

} // namespace postern::listener
