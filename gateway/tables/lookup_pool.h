// SPDX-License-Identifier: GPL-3.0-or-later
//
// The lookup threads: tables whose backend blocks are asked there, so that no session and no delivery ever waits in a call.
//
// Each table has at most two threads at work (and two that hang, see LookupDesk), started when it is asked and ended when it
// is not for a minute; one more thread watches the clock for all. A table is given out again while it is in use: a reload that
// changes neither its statement nor its file keeps connections, cache and pauses.
// Thread: any. Lifetime: tables may outlive the pool; what they are asked then fails. Destruction waits for the threads, but
//   for a hanging one three seconds at most.
#pragma once

#include "tables/lookup_desk.h"

#include <mutex>

namespace postern::tables {

struct AskedSpec {
    QByteArray name;
    QByteArray kind;     // the backend's word
    QByteArray identity; // equal for a statement and a configuration file that mean the same
    BackendMaker make;
    bool mayNameFiles = false; // see Table
};

class LookupPool {
  public:
    explicit LookupPool(std::shared_ptr<const Clock> clock, LookupLimits limits = {});
    ~LookupPool();
    LookupPool(const LookupPool&) = delete;
    LookupPool& operator=(const LookupPool&) = delete;

    // The table of this name, kind and identity, the one in use if there is one. Nothing is opened before the first question.
    TablePtr table(const AskedSpec& spec);

  private:
    struct Shared;
    class Line;
    class AskedTable;

    const LookupLimits m_limits;
    const std::shared_ptr<Shared> m_shared;
    std::mutex m_mutex;
    std::map<QByteArray, std::weak_ptr<const Table>> m_tables; // guarded by m_mutex; by name, kind and identity
};
using LookupPoolPtr = std::shared_ptr<LookupPool>;

} // namespace postern::tables
