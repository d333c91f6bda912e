// SPDX-License-Identifier: GPL-3.0-or-later
//
// Is this the password of that user? Asks the listener's table or the computer's accounts, computes the hash on a worker,
// answers later.
//
// Known and unknown users take the same time and get the same answer; wrong ones wait a random while, and longer once an
// address has failed often. A table that cannot be asked, or holds anything but a strong hash, is BackendDown (454): never
// a yes, never a no. The password is never logged and lives no longer than the question.
// Thread: the one that made it (needs its event loop); tables and workers only post to its mailbox.
// Lifetime: answers of a check that was destroyed meanwhile are dropped; destruction waits for the hashes under way.
// Spec: RFC 4954 §4, §6.
#pragma once

#include "base/worker_threads.h"
#include "listener/connection_host.h"
#include "listener/password_hash.h"

#include <QObject>

#include <functional>
#include <map>
#include <unordered_map>
#include <variant>

namespace postern::listener {

struct LoginLimits {
    int workers = 2;
    int mostPending = 200;         // more at once are BackendDown
    qsizetype longestPassword = 1024;
    Milliseconds longestDelay{1000}; // of a wrong answer, random below it
    int failuresBeforeBackOff = 10;  // of one address within backOffMemory; then 1 s more for each, up to longestBackOff
    Milliseconds longestBackOff{10'000};
    Milliseconds backOffMemory{600'000};
};

class LoginCheck {
  public:
    using Done = std::function<void(ConnectionId, smtp::LoginOutcome)>;

    // done: called on this thread, never inside check().
    // accounts: asked on a worker thread, where a listener has no table.
    LoginCheck(const Clock& clock, std::function<void(SessionEvent)> report, Done done, LoginLimits limits = {},
               std::function<AccountHash(const QByteArray&)> accounts = hashOfAccount);
    ~LoginCheck();

    void check(LoginQuestion question);
    Milliseconds delayAfterFailure(const QByteArray& address) const; // without the random part

  private:
    using Ticket = quint64;
    struct Looked { tables::LookupResult result; };
    struct Account { AccountHash account; };
    struct Hashed { PasswordCheck check = PasswordCheck::CannotTell; bool known = false; };
    struct Step {
        Ticket ticket = 0;
        std::variant<Looked, Account, Hashed, std::monostate> what; // monostate: answer BackendDown
    };
    struct Failures {
        int count = 0;
        SteadyTime last{};
    };

    void onStep(Step step);
    void onLooked(Ticket ticket, const tables::LookupResult& result);
    void onAccount(Ticket ticket, const AccountHash& account);
    void onHashed(Ticket ticket, const Hashed& hashed);
    void answer(Ticket ticket, smtp::LoginOutcome outcome);
    void answerLater(Ticket ticket);
    QByteArray exampleHash(const LoginQuestion& asked);
    void backendDown(Ticket ticket, const QByteArray& why);

    const Clock& m_clock;
    const std::function<void(SessionEvent)> m_report;
    const Done m_done;
    const LoginLimits m_limits;
    const std::function<AccountHash(const QByteArray&)> m_accounts;

    Ticket m_lastTicket = 0;
    std::unordered_map<Ticket, LoginQuestion> m_pending;
    std::map<QByteArray, Failures> m_failures;  // by client address
    std::map<QByteArray, QByteArray> m_examples; // by source: a usable hash of it
    QObject m_timers;                            // context of the delays
    Mailbox<Step> m_steps;
    WorkerThreads m_workers; // last: waits for its workers before anything they use goes
};

} // namespace postern::listener
