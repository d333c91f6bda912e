// SPDX-License-Identifier: GPL-3.0-or-later
//
// The event loop of an I/O thread: epoll instead of the stock poll(), so that idle connections cost nothing.
//
// With 10 000 idle connections the stock dispatcher looks at all of them for every event; this one only at those that
// have something. Everything a QThread's exec() needs works: notifiers, timers of every type, posted events, wakeUp().
// Thread: made anywhere, given to a thread before it starts (QThread::setEventDispatcher takes ownership); after that
//   that thread's, except wakeUp() and interrupt(), which any thread may call.
// Failure: null where there is no epoll; the thread then runs the stock dispatcher. Not for the GUI thread.
#pragma once

#include <memory>

class QAbstractEventDispatcher;

namespace postern {

std::unique_ptr<QAbstractEventDispatcher> makeEngineDispatcher();

} // namespace postern
