// SPDX-License-Identifier: GPL-3.0-or-later
//
// The local half of delivery: takes a content and an end that an expansion found, delivers it there, and reports what became of it.
//
// Mailboxes and commands are the work of one child process each (gateway/mda), which has the user's rights before it looks at
// anything of his; LMTP is spoken here. Nothing of a user's is ever touched with the rights of this process.
// What is given waits here until a session is free: `mda limit` max-session of all, max-session-per-user of one user. Whoever
// submits sees to task-hiwat, as Scheduler::setMaxInFlightPerRoute does by route.
// Thread: one event loop, all of it (one worker in the whole gateway, or the limits do not hold); report is called there and
//   must only post. Failure: every envelope submitted is reported exactly once; ours are temporary.
// Spec: reference pages on local delivery; RFC 2033; threats M01 to M12.
#pragma once

#include "base/clock.h"
#include "base/file_store.h"
#include "delivery/expand.h"
#include "dns/resolver.h"
#include "policy/ruleset.h"
#include "queue/scheduler.h"
#include "relay/relay_worker.h"

#include <functional>
#include <memory>
#include <vector>

namespace postern::local {

// A delivery with everything that is needed to carry it out. Of each envelope, `recipient` is the address of RCPT TO (what
// Delivered-To says, %{rcpt}, ORIGINAL_RECIPIENT) and `destination` is End::address (%{dest}, RECIPIENT, loops are found by it).
struct LocalJob {
    queue::Delivery delivery;
    queue::BodyPtr body;
    std::vector<delivery::LocalUser> users; // End::user of delivery.envelopes, same order; no name = the unprivileged account

    policy::Method method = policy::Method::Mbox; // Mbox, Maildir, Mda or Lmtp; others are reported as temporary
    bool isOwnTarget = false; // target came from an alias or a .forward: its values are filled in all the same
    QByteArray target;        // LocalDelivery::target, or End::target of an own one; values not filled in yet
    bool junk = false;        // maildir
    bool rcptTo = false;      // lmtp: RCPT with the whole destination instead of the user's name
    QByteArray wrapper;       // the command of `mda wrapper`, "" = none

    policy::Era era = policy::Era::Modern;
    QByteArray serverName;    // LHLO
    std::shared_ptr<const policy::Settings> settings; // mda limits, sub-address delimiter; null = the defaults
};

// Several may come of one job: each envelope is in exactly one.
struct LocalReport {
    queue::RouteKey route;
    std::vector<queue::TryOutcome> outcomes; // texts begin with an enhanced code, unless delivered or another server's words
    bool routeFailed = false; // lmtp: the destination as a whole did not work
    bool routeWorked = false;
    QByteArray routeText;     // then why, one line
    QByteArray peer;          // for people: "maildir /home/ann/Maildir", "lmtp /run/dovecot/lmtp"
    std::shared_ptr<const queue::Message> message;
};

// What no configuration sets.
struct LocalLimits {
    QByteArray program = {};                 // postern-deliver; "" = the one that belongs to the running program
    delivery::LocalUser unprivileged = {};   // who runs what belongs to no user; no name = unprivilegedUser()
    Milliseconds timeLimit{5 * 60'000};      // of one mailbox or command, as OpenSMTPD has it
    QByteArray mailFolder = "/var/mail";     // of mbox: a file for each user
};

class LocalWorker {
  public:
    // connector: how LMTP reaches a host; empty = tls::connectStream. `resolver` serves the host names of LMTP destinations.
    LocalWorker(const Clock& clock, FileStore& files, std::unique_ptr<dns::Resolver> resolver, const LocalLimits& limits,
                std::function<void(LocalReport)> report, relay::Connector connector = {});
    ~LocalWorker(); // children are killed; what was not reported yet is reported as not tried

    void submit(std::vector<LocalJob> jobs);
    void setPaused(bool paused); // `pause mda`: nothing new begins
    void forgetFailures();       // a person said "try now", or a reload: LMTP servers that failed are tried again at once
    // What has not begun is reported as not tried; what is under way may end within `grace`, then it is killed and temporary.
    void drain(Milliseconds grace, std::function<void()> done);

    int sessions() const; // under way
    int waiting() const;  // submitted, not begun
    void tick();          // looks after deadlines; a timer of its own calls it, tests too

  private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

// Nothing if this process can deliver as that user; else why not and what to do, one line: only root can become somebody else.
QByteArray whyNotAs(const delivery::LocalUser& user);

// Who runs what an alias names but no user owns: the account "postern", or "nobody", if we are root; else we ourselves.
delivery::LocalUser unprivilegedUser();

} // namespace postern::local
