// SPDX-License-Identifier: GPL-3.0-or-later
//
// Names to addresses, as a relay needs them: answers, "no such name", "no data" and "ask later" kept apart.
//
// Thread: one resolver per thread, asked and answered there; answers never come before the call returns.
// Lifetime: cancel by destroying the Question; a resolver outlives its questions.
// IPv4 comes first: where IPv6 leads nowhere, that shows only in a time-out per host, and many receivers want more of a
//   sender's IPv6 (reverse name, reputation) than a small office has.
// Spec: RFC 5321 §5.1, RFC 7505 (null MX), RFC 2181.
#pragma once

#include <QByteArray>
#include <QByteArrayList>

#include <functional>
#include <memory>
#include <vector>

namespace postern::dns {

enum class Outcome : quint8 { Found, NoData, NoSuchName, Failed }; // Failed = temporary (server failure, time-out, bogus)

struct MxHost {
    int preference = 0;
    QByteArray name; // without the final dot; "" = "." (null MX)
};
struct MxAnswer {
    Outcome outcome = Outcome::Failed;
    std::vector<MxHost> hosts; // by preference, at most 100; records that name no host are left out
    QByteArray text; // why it failed
};
struct AddressAnswer {
    Outcome outcome = Outcome::Failed;
    QByteArrayList addresses; // "192.0.2.1", "2001:db8::1"; at most 16, IPv4 and IPv6 interleaved, IPv4 first
    QByteArray text;
};
struct NameAnswer {
    Outcome outcome = Outcome::Failed;
    QByteArray name; // letters, digits, '-', '_', '.'; what the address' owner claims, not compared with its addresses
};

class Question { // destroying it cancels
  public:
    virtual ~Question() = default;
};

class Resolver {
  public:
    virtual ~Resolver() = default;
    using MxDone = std::function<void(MxAnswer)>;
    using AddressDone = std::function<void(AddressAnswer)>;
    using NameDone = std::function<void(NameAnswer)>;
    [[nodiscard]] virtual std::unique_ptr<Question> mx(const QByteArray& domain, MxDone done) = 0;
    [[nodiscard]] virtual std::unique_ptr<Question> addresses(const QByteArray& host, AddressDone done) = 0; // A + AAAA
    [[nodiscard]] virtual std::unique_ptr<Question> reverse(const QByteArray& address, NameDone done) = 0;   // PTR
};

struct ResolverSettings {
    QByteArrayList servers;    // "192.0.2.53@5353"; empty = as the system is set up
    int timeoutMs = 15'000;
    QByteArray hostsFile;      // "" = the system's
    QByteArray systemFile = {}; // names the servers if none are given here; "" = /etc/resolv.conf
};
// libunbound on the calling thread's event loop. Names in the hosts file and address literals are answered from there.
std::unique_ptr<Resolver> makeUnboundResolver(const ResolverSettings& settings);

} // namespace postern::dns
