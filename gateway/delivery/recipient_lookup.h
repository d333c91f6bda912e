// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where mail for a recipient ends, found out beside the thread that asks.
//
// What the rules decide alone is no business of this one. The rest asks accounts (NSS: a file, or LDAP far away) and reads
// .forward and :include: files (perhaps on a network), so it is done on a few threads of its own; an answer that never comes
// holds up one of them and whoever waits for it, never a thread of connections, nor one that tables are asked on.
// Thread: any. Lifetime: destruction drops what has not begun and waits for what has. Failure: as in expand().
#pragma once

#include "base/worker_threads.h"
#include "delivery/expand.h"

#include <memory>
#include <mutex>

namespace postern::delivery {

class RecipientLookup {
  public:
    explicit RecipientLookup(Surroundings surroundings);
    ~RecipientLookup();
    RecipientLookup(const RecipientLookup&) = delete;
    RecipientLookup& operator=(const RecipientLookup&) = delete;

    // `first` is what the rules say of context.recipient. `done` is called on another thread and must only post.
    void follow(policy::Verdict first, policy::RulesetPtr rules, policy::MatchContext context,
                std::function<void(Outcome)> done);

  private:
    struct Door { // for answers of tables, which may come when we are gone
        std::mutex mutex;
        WorkerThreads* threads = nullptr; // guarded by mutex; null: gone
    };
    const std::shared_ptr<Door> m_door = std::make_shared<Door>();
    Surroundings m_surroundings; // constant after construction
    WorkerThreads m_threads{4};
};

} // namespace postern::delivery
