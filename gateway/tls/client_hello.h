// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a server reads of a ClientHello before the TLS library does: the name the client asks for, and the protocols it
// says it speaks.
//
// Judges nothing else: a hello that this does not understand is left to the TLS library, with the default certificate.
// Holds nothing; the octets stay where they were peeked. Thread: a pure function.
// Limits: kMostHello octets are looked at; a name is only given out if a host can be called so (T12).
// Spec: RFC 8446 §4.1.2, §5.1; RFC 6066 §3 (server_name); RFC 7301 §3.1 (ALPN).
#pragma once

#include <QByteArray>
#include <QByteArrayList>

namespace postern::tls {

inline constexpr qsizetype kMostHello = 20'000; // one full record and more; a hello with post-quantum keys has 2 KiB

struct ClientHello {
    enum class State : quint8 {
        NeedMore,   // not before `wanted` octets are there
        Complete,
        Unreadable, // begins like TLS, but is no hello that could be read to its end
        NotTls,
    } state = State::NeedMore;
    qsizetype wanted = 1;          // of NeedMore: octets from the beginning
    QByteArray serverName = {};    // lower case; "" = none, or nothing that could name a host
    QByteArrayList protocols = {}; // ALPN, in the client's order; empty = it did not say
};

ClientHello readClientHello(QByteArrayView peeked);

// A client that names protocols, and mail is not among them, takes us for another server (T16).
bool speaksSomethingElse(const ClientHello& hello);

} // namespace postern::tls
