// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a ServerConnection needs from the I/O thread that runs it; an interface so that tests can be that thread.
// Thread: the connection's, but outcomes() gives an address that any thread may post to.
#pragma once

#include "base/mailbox.h"
#include "base/secret.h"
#include "delivery/expand.h"
#include "listener/services.h"
#include "policy/match.h"
#include "smtp/server_session.h"
#include "tables/table.h"

#include <memory>
#include <optional>
#include <variant>

namespace postern::listener {

using ConnectionId = quint64; // never reused on one thread

// An answer that came from another thread, or later.
struct StoreAnswer { smtp::Reply reply; };
struct LoginAnswer { smtp::LoginOutcome outcome = smtp::LoginOutcome::BackendDown; };
struct VerdictAnswer { policy::Verdict verdict; };
struct EndsAnswer { quint64 question = 0; delivery::Outcome outcome; }; // where a recipient's mail ends

struct NameAnswer { QByteArray reverseName; }; // of the client's address, "" = it has none
struct DomainAnswer { QByteArray domain; bool hasNullMx = false; }; // of the sender's domain
struct TableAnswer {
    enum class Of : quint8 { Hostname, Senders } of = Of::Hostname;
    tables::LookupResult result;
};

struct Outcome {
    ConnectionId connection = 0; // it may be gone by now; then nothing happens
    std::variant<StoreAnswer, LoginAnswer, VerdictAnswer, EndsAnswer, NameAnswer, TableAnswer, DomainAnswer> answer;
};

struct LoginQuestion {
    ConnectionId connection = 0;
    tables::TablePtr credentials; // null: system accounts
    QByteArray user;
    Secret password;
    QByteArray clientAddress, listener; // for the log
};

class ConnectionHost {
  public:
    virtual ~ConnectionHost() = default;
    virtual const std::shared_ptr<const ListenerServices>& services() const = 0;
    virtual MailboxAddress<Outcome> outcomes() const = 0;
    virtual bool isOwnAddress(const QByteArray& address) const = 0; // loopback or an address of this computer
    // By a proxy's word the client is another than who connected. False: that one has too many sessions.
    virtual bool recognise(ConnectionId connection, const QByteArray& clientAddress) = 0;
    virtual void checkLogin(LoginQuestion question) = 0;            // a LoginAnswer follows, never before it returns
    // The name of a client's address if it is known by now; else a NameAnswer follows, never before it returns.
    virtual std::optional<QByteArray> reverseNameOf(ConnectionId connection, const QByteArray& address) = 0;
    // Whether a domain has a null MX, if that is known by now; else a DomainAnswer follows, never before it returns.
    virtual std::optional<bool> hasNullMx(ConnectionId connection, const QByteArray& domain) = 0;
    virtual void finished(ConnectionId connection) = 0;             // nothing is left to do; may destroy the connection
};

} // namespace postern::listener
