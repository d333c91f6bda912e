// SPDX-License-Identifier: GPL-3.0-or-later
//
// One rule without a dialect: whom it is for and what becomes of the mail. Old rules and match + action are read into it
// and written from it; only the values in it are already spelled for the target.
//
// Where mail comes from is a list of alternatives, since one word means different things: `from local` of the older
// dialects is "from local" or "from anywhere, signed in". Thread: values.
#pragma once

#include "config/views/clause.h"
#include "policy/relay_url.h"

#include <QByteArrayList>

#include <optional>
#include <vector>

namespace postern::convert {

struct Source {
    enum class From : quint8 { Any, Local, Socket, Table, Rdns };
    enum class Login : quint8 { DoesNotMatter, Yes, No };

    From from = From::Local;
    bool negated = false;
    bool regex = false;
    QByteArray table; // of Table and Rdns
    Login login = Login::DoesNotMatter;
    QByteArray users; // "" = any user who signed in
};

// A condition other than where mail comes from: ForAny, ForLocal, ForDomain, Sender, Recipient, Tagged, HeloIs, TlsUsed.
struct Test {
    config::ClauseKind kind = config::ClauseKind::ForLocal;
    bool negated = false;
    bool regex = false;
    QByteArray table;                              // spelled
    config::MaybeTable argument; // the same, to look into
    config::Range range;                           // in the original; length 0 = implied
};

struct Relay {
    std::optional<policy::RelayUrl> url; // nothing: by MX, or by a table
    QByteArray macro;                    // whose value the URL is, "" = none
    QByteArray hostTable;                // spelled; "" = none
    config::MaybeTable hostArgument;
    QByteArray domainTable;
    policy::TlsUse tls = policy::TlsUse::Opportunistic;
    bool verify = false;
    bool wantsTls = false;    // the word tls on a relay by MX or table
    bool wantsVerify = false; // verify is written
    bool noVerify = false;    // no-verify is
    bool isBackup = false;
    QByteArray backupMx; // spelled, "" = the server's own name
    QByteArray label;    // key of the login, "" = none
    QByteArray invalid;  // the URL can't be read: why
};

struct Option {
    config::ClauseKind kind = config::ClauseKind::None;
    QByteArray word;  // as written
    QByteArray value; // spelled
};

struct Delivery {
    config::ClauseKind method = config::ClauseKind::None; // None: accepted for what aliases lead to (expand-only)
    QByteArray argument;                                  // path, command or destination, spelled; "" = none
    bool rcptTo = false, junk = false;
    Relay relay;
    std::vector<Option> options; // the rest, in the order of writing
    QByteArray ttl;              // spelled, "" = none
};

struct Routing {
    bool isReject = false;
    std::vector<Source> sources; // any of them
    bool fromIsImplied = false;
    size_t fromPlace = 0;    // stands before tests[fromPlace]
    std::vector<Test> tests; // in the order of writing
    Delivery delivery;
};

} // namespace postern::convert
