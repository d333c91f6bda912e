// SPDX-License-Identifier: GPL-3.0-or-later
//
// Why a port could not be opened, in words that say what to do; apart from the socket calls so that every case can be
// tested without owning port 25. Thread: pure functions; portHolder() reads /proc and may take milliseconds.
#pragma once

#include "base/result.h"

#include <QByteArray>

namespace postern::listener {

// What an error text may name beside the address.
struct ListenSurroundings {
    QByteArray holder;  // "master (process 812)", "" = cannot be seen
    bool isOurs = false; // the holder is this very process
    QByteArray program; // path of this program, for the setcap command
};

Error listenError(int number, const QByteArray& name, quint16 port, const ListenSurroundings& around);

// Who listens on address and port, as far as /proc shows it to us.
ListenSurroundings lookAround(const QByteArray& address, quint16 port);

// The sockets' inodes in the text of /proc/net/tcp or tcp6 that listen on `port` and could be in the way of `addressHex`
// (the kernel's spelling; "" = any address).
QList<quint64> listeningInodes(QByteArrayView procNetTcp, const QByteArray& addressHex, quint16 port);

} // namespace postern::listener
