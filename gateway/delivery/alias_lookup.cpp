// SPDX-License-Identifier: GPL-3.0-or-later
#include "delivery/alias_lookup.h"

#include "tables/match_rules.h"

namespace postern::delivery {
namespace {

QByteArray bare(const QByteArray& user, char delimiter) {
    return tables::withoutSubAddress(user, delimiter).toByteArray();
}

} // namespace

QByteArray userOfAddress(const QByteArray& address) {
    return tables::splitMailaddr(address).user.toByteArray();
}

QByteArray domainOfAddress(const QByteArray& address) {
    return tables::splitMailaddr(address).domain.toByteArray();
}

QByteArrayList aliasKeys(const QByteArray& user, const AliasRules& rules) {
    const QByteArray name = user.toLower();
    const QByteArray without = bare(name, rules.delimiter);
    return without == name ? QByteArrayList{name} : QByteArrayList{name, without};
}

QByteArrayList virtualKeys(const QByteArray& address, const AliasRules& rules) {
    const QByteArray user = userOfAddress(address).toLower();
    const QByteArray at = "@" + domainOfAddress(address).toLower();
    if (rules.era == policy::Era::Map2012)
        return {user + at, at};
    QByteArrayList keys;
    const QByteArrayList users = aliasKeys(user, rules);
    for (const QByteArray& one : users)
        keys.append(one + at);
    return keys + users + QByteArrayList{at, "@"};
}

QByteArrayList virtualUserKeys(const QByteArray& user, const AliasRules& rules) {
    if (rules.era == policy::Era::Map2012)
        return {};
    return aliasKeys(user, rules) + QByteArrayList{"@"};
}

void lookupFirst(const tables::TablePtr& table, tables::Service service, QByteArrayList keys,
                 std::function<void(tables::LookupResult)> done) {
    if (keys.isEmpty())
        return done({});
    const QByteArray key = keys.takeFirst();
    table->lookup(service, key,
                  [table, service, keys = std::move(keys), done = std::move(done)](tables::LookupResult result) {
                      if (result.found || result.failed || keys.isEmpty())
                          done(std::move(result));
                      else
                          lookupFirst(table, service, keys, done);
                  });
}

} // namespace postern::delivery
