// SPDX-License-Identifier: GPL-3.0-or-later
//
// One recipient followed to its ends: rules, aliases, virtual users, accounts, .forward files, and the rules again for every
// address that these lead to.
//
// Delivers nothing and opens no file: accounts, include files and .forward files are asked through Surroundings, which may
// block; recipient_lookup.h keeps that away from threads that must not.
// One bad branch refuses the whole recipient, as all readers of the language do: nothing is taken that would go astray.
// Limits: 10 levels, 10 000 places in all, each place once.
// Thread: any; `done` follows the tables' promise (at once, or later on the thread that answers).
// Spec: reference pages on aliases and on behaviour; threats B06, M02.
#pragma once

#include "policy/match.h"

#include <functional>

namespace postern::delivery {

struct LocalUser {
    QByteArray name;
    qint64 uid = -1, gid = -1;
    QByteArray home;
};

// What the library can't know by itself. A function that is missing answers "nothing there".
struct Surroundings {
    std::function<Result<std::optional<LocalUser>>(const QByteArray& name)> account; // of this computer
    std::function<Result<QByteArray>(const QByteArray& path)> includeFile;           // :include:
    // The text of ~/.forward, its owner and rights checked; nothing = there is none that counts. Error: nobody can say now.
    std::function<Result<std::optional<QByteArray>>(const LocalUser& user)> forwardFile;
    // Where to go on when a table has answered on a thread of its own, which is not for waiting on accounts and files; missing:
    // there.
    std::function<void(std::function<void()> task)> goOn = {};
};

// One place where mail for the recipient ends.
struct End {
    QByteArray address;       // what the recipient became; for a user of this computer, the address before
    policy::ActionPtr action; // of the rule that took it
    // The action's; Mda for a |command, Mbox for a /file, Maildir for maildir:.
    policy::Method method = policy::Method::Relay;
    bool isOwnTarget = false;  // `target` came from an alias, not from the action
    QByteArray target;         // then the command or path
    LocalUser user;            // who it is delivered as; of an own target the owner of the .forward file, else no name
};

struct Outcome {
    policy::Verdict first; // of the recipient as it was given
    std::vector<End> ends; // empty if refused
    std::optional<policy::ReplyLine> refusal;
    QByteArray reason;                    // for people: why refused
    std::vector<policy::RuleTrace> steps; // only if asked for; the first rules, then each expansion
};

void expand(const policy::RulesetPtr& rules, const policy::MatchContext& context, Surroundings surroundings,
            policy::WantTrace trace, std::function<void(Outcome)> done);
// The same from where the rules have decided already.
void expandFrom(policy::Verdict verdict, const policy::RulesetPtr& rules, const policy::MatchContext& context,
                Surroundings surroundings, policy::WantTrace trace, std::function<void(Outcome)> done);

} // namespace postern::delivery
