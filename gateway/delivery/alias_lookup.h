// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which keys of an alias or virtual table are tried for a recipient, and in which order; eras differ here and nowhere else.
// Thread: any; `done` follows the table's promise (at once or later).
#pragma once

#include "policy/relay_url.h"
#include "tables/table.h"

namespace postern::delivery {

struct AliasRules {
    char delimiter = '+';
    policy::Era era = policy::Era::Modern;
};

// "bob+lists" is tried with and without its sub-address.
QByteArrayList aliasKeys(const QByteArray& user, const AliasRules& rules);
// From the whole address to the catch-all: user+tag@dom, user@dom, user+tag, user, @dom, @. 2012: user@dom, @dom.
QByteArrayList virtualKeys(const QByteArray& address, const AliasRules& rules);
// Of a plain user name that a virtual entry gave: the name, then @. 2012: none.
QByteArrayList virtualUserKeys(const QByteArray& user, const AliasRules& rules);

QByteArray userOfAddress(const QByteArray& address);
QByteArray domainOfAddress(const QByteArray& address);

// The first key that the table holds; not found if none. A failure ends it.
void lookupFirst(const tables::TablePtr& table, tables::Service service, QByteArrayList keys,
                 std::function<void(tables::LookupResult)> done);

} // namespace postern::delivery
