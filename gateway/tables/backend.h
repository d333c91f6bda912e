// SPDX-License-Identifier: GPL-3.0-or-later
//
// What keeps a table elsewhere, a database or a directory or a program, as blocking calls and nothing more.
//
// Not a table: deadlines, tries, pauses, the cache and checks of keys and values are LookupDesk's, the threads LookupPool's.
// A backend needs only say what it knows and how a call failed.
// Thread: made, used and ended on one lookup thread; several of one table may be at work at once, each with its own
//   connection. Every call must end by itself, in half a minute at the latest: a thread that hangs is replaced, but only so
//   many are.
// Failure: by Error::code.
//   Unavailable, Timeout, Busy, Io: another try may help; the connection is closed and made anew before it.
//   Unsupported: no answer to this kind of question, ever (no query for the service); Corrupt: what it said to this question is
//     of no use. Nobody else's trouble: the connection stays.
//   anything else: no better at once; the connection is made anew before the next question.
//   The text is for people: who, where, why; no secrets.
#pragma once

#include "tables/table.h"

#include <chrono>

namespace postern::tables {

// How long what fetch() gave may be taken in turn before it is asked again.
struct FetchRule {
    std::chrono::milliseconds expire{60'000};
    int refresh = 1000; // elements taken
};

class Backend {
  public:
    virtual ~Backend() = default; // closes

    // Connects, and finds out what can be found out before the first question. Called again after close().
    virtual Result<void> open() = 0;
    // The value of a key; nothing = it is not there. Keys are lower case, and free of line ends and NUL.
    virtual Result<std::optional<QByteArray>> lookup(Service service, const QByteArray& key) = 0;
    // Is the key there? For the services of match clauses: Domain, Netaddr, Mailaddr, String, Regex.
    virtual Result<bool> check(Service service, const QByteArray& key) = 0;
    // All elements, to be taken in turn; sorted if the backend has no order of its own.
    virtual Result<QByteArrayList> fetch(Service service) = 0;
    virtual FetchRule fetchRule() const { return {}; }
    // Does what is open still answer? Asked after a failure, before questions are let through again.
    virtual Result<void> probe() { return {}; }
    virtual void close() = 0;
};
using BackendMaker = std::function<std::unique_ptr<Backend>()>; // any thread, several times

} // namespace postern::tables
