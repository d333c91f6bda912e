// SPDX-License-Identifier: GPL-3.0-or-later
//
// Next hops without a network: an SMTP server per "address:port" that does what the test set, and streams to them.
//
// As with real streams, callbacks come from deliver() only, never from inside a call. Everything a server was told is kept,
// so that a test can also say what was never sent.
#pragma once

#include "base/clock.h"
#include "tls/stream.h"

#include <QByteArrayList>
#include <QHash>

#include <functional>
#include <memory>
#include <vector>

namespace postern::test {

struct FakeHop {
    enum class Connect { Yes, Refused, Silent } connect = Connect::Yes;
    QByteArray greeting = "220 hop ready"; // "" = none: waits for TLS, or is dead
    QHash<QByteArray, QByteArray> greetingTo; // by our address, in place of `greeting`
    QByteArrayList keywords{"PIPELINING", "8BITMIME"};
    QByteArray tlsTrouble;                 // "" = handshakes work
    QByteArray authReply = "235 2.7.0 ok";
    QByteArray mailReply = "250 2.1.0 ok";
    QHash<QByteArray, QByteArray> rcptReply; // by address; else 250
    QByteArray dataReply = "354 go";
    QByteArray dotReply = "250 2.0.0 taken";
    QByteArray closeAt;                    // closes instead of answering this command ("MAIL", "." ...)
    QByteArray silentAt;                   // says nothing to this command, nor to any behind it ("." = the end of data)
    qint64 stopsReadingAfter = 0;          // octets of content, then its window is full; 0 = never
    int closeAtMail = 0;                   // the n-th MAIL of a connection is not answered: closed; 0 = never
    bool mute = false;                     // answers nothing after the greeting

    // what came
    int connects = 0;
    int open = 0, mostOpen = 0;
    QByteArrayList commands;               // of all connections; "*" in front if inside TLS
    std::vector<QByteArray> mails;         // contents, as they came, dots undone
    QByteArray halfMail;                   // what came of a message that was never ended
    bool saw(const QByteArray& prefix) const;
};

class FakeStream;

class FakeInternet {
  public:
    FakeHop& hop(const QByteArray& addressAndPort) { return *hopPtr(addressAndPort); }
    std::unique_ptr<tls::Stream> connect(const QByteArray& address, quint16 port, const QByteArray& source,
                                         tls::StreamHandler* handler);
    bool deliver();        // true if anything happened
    void hangUp(const QByteArray& addressAndPort); // the peer closes all its connections
    void drip(const QByteArray& addressAndPort, const QByteArray& octets); // says just that on all its connections
    QByteArrayList sources; // of connections, in order
    QByteArrayList badSources;             // local addresses that this computer does not have
    QByteArray localAddress = "192.0.2.200"; // of connections whose source the system chooses

  private:
    friend class FakeStream;
    std::shared_ptr<FakeHop> hopPtr(const QByteArray& key);
    QHash<QByteArray, std::shared_ptr<FakeHop>> m_hops;
    std::vector<FakeStream*> m_streams;
};

} // namespace postern::test
