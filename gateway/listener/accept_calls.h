// SPDX-License-Identifier: GPL-3.0-or-later
//
// The system calls of accepting: taking one connection, turning one away, and the spare descriptor that makes the second
// possible when no descriptor is left. Thread: any.
#pragma once

#include "listener/accept_guard.h"

#include <QtGlobal>

namespace postern::listener {

struct Taken {
    enum class What : quint8 {
        Connection,
        Nobody,     // nobody waits (any more)
        Gone,       // this one went away before we came; try the next
        NoRoom,     // out of descriptors or kernel memory
        Broken,     // the listening socket itself does not work
    } what = What::Nobody;
    int descriptor = -1; // non-blocking, close-on-exec
    ClientKey client;
    int error = 0;
};
Taken takeConnection(qintptr listening);
ClientKey clientKeyOf(const QByteArray& address); // "192.0.2.1", "2001:db8::1"; kNobody if it is none

// Of a local socket: whether the process at its other end belongs to our user or to root, or we are root and serve everybody.
bool mayHandIn(int localSocket);

// Says `line` (with CR LF; may be empty) if that is possible at once, and closes.
void turnAway(int descriptor, QByteArrayView line);

// Descriptors at or above this number are not for clients: the queue and the relay need some, too.
int descriptorCeiling();

class SpareDescriptor {
  public:
    SpareDescriptor() { refill(); }
    ~SpareDescriptor() { spend(); }
    SpareDescriptor(const SpareDescriptor&) = delete;
    SpareDescriptor& operator=(const SpareDescriptor&) = delete;

    bool refill(); // false: none to be had
    void spend();  // closes it: now there is one free, if nobody is faster
    bool isThere() const { return m_descriptor >= 0; }

  private:
    int m_descriptor = -1;
};

} // namespace postern::listener
