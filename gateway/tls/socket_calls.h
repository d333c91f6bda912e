// SPDX-License-Identifier: GPL-3.0-or-later
//
// The handful of socket calls that a stream in clear makes, with errors as values and addresses as text.
//
// Not a socket class: no state, no events, no ownership beyond what each call says. One file per platform implements it.
// Thread: any. Descriptors are non-blocking after prepare()/startConnect().
#pragma once

#include "base/result.h"

#include <deque>

namespace postern::tls::net {

enum class Io { Done, WouldBlock, Ended, Failed };

struct IoResult {
    Io what = Io::Failed;
    qint64 bytes = 0;
    int error = 0; // errno, when Failed
};

struct Endpoint {
    QByteArray address; // an IPv4 address mapped into IPv6 is shown as IPv4
    quint16 port = 0;
};

void prepare(int descriptor); // non-blocking, closed on exec, no Nagle delay
Endpoint peerOf(int descriptor);
Endpoint localOf(int descriptor);

IoResult receive(int descriptor, char* into, qint64 most);
IoResult peek(int descriptor, char* into, qint64 most); // leaves them in the kernel
IoResult peekOne(int descriptor, char* byte);
// From now on the descriptor counts as readable only once so many octets wait (or the peer has ended); 1 = as usual.
void wakeWhenWaiting(int descriptor, qsizetype octets);
// Sends from the front of `pieces`, whose first `offset` octets are gone already; takes nothing out.
IoResult sendSome(int descriptor, const std::deque<QByteArray>& pieces, qsizetype offset);
void endWriting(int descriptor);
void closeDescriptor(int descriptor);

// A connection under way to an address literal, or to a socket of this computer by its path (the port is nothing then). source "" = the system chooses.
Result<int> startConnect(const Endpoint& to, const QByteArray& source);
int pendingError(int descriptor); // what became of it: 0 = connected

Error connectError(const Endpoint& to, int error);       // "connection to 192.0.2.9 port 25 refused"
Error brokenError(const Endpoint& peer, int error);      // "connection with 192.0.2.9 port 25 was reset"

} // namespace postern::tls::net
