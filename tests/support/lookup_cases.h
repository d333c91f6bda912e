// SPDX-License-Identifier: GPL-3.0-or-later
//
// One office's tables and what they answer, whatever keeps them: every backend is filled with lookupEntries() and must give
// the answers of lookupCases(). Services that a backend has no words for are left out with `services`.
//
//     void answers_data() { test::lookupCaseRows({Service::Alias, ...}); }
//     void answers() { test::LookupCase one = test::fetchedCase(); QCOMPARE(test::lookedUp(backend, one), one.answer); }
//
// Keys come as a table hands them down: in lower case. Values are those of the reference page on tables. Threats B02, B03, A08.
#pragma once

#include "tables/backend.h"
#include "tables/lookup_rules.h"

#include <QTest>

#include <vector>

namespace postern::test {

struct LookupEntry {
    tables::Service service;
    QByteArray key;
    QByteArrayList values; // several: as many rows, in this order; of credentials and userinfo the columns
};

inline const QByteArray kHash = "$6$saltsalt$Zm9yYnJlYWtmYXN0";

inline std::vector<LookupEntry> lookupEntries() {
    using enum tables::Service;
    return {
        {Alias, "ann", {"ann@far.example"}},
        {Alias, "team", {"ann", "bob@far.example"}},
        {Alias, "ann@one.example", {"ann"}},
        {Alias, "@one.example", {"catchall"}},
        {Alias, "o'brien", {"obrien@far.example"}},
        {Alias, "back\\slash", {"slash"}},
        {Alias, "100%", {"percent"}},
        {Alias, "j*", {"star"}},
        {Alias, "par(en)s", {"parens"}},
        {Alias, "g\xc3\xa9rard", {"gerard"}},
        {Domain, "one.example", {"one.example"}},
        {Domain, "xn--bcher-kva.example", {"xn--bcher-kva.example"}},
        {Credentials, "ann", {"ann", kHash}},
        {Credentials, "office", {"robot", "s3cret:with:colons"}},
        {Netaddr, "192.0.2.1", {"192.0.2.1"}},
        {Userinfo, "ann", {"1000", "1001", "/home/ann"}},
        {Mailaddr, "ann@one.example", {"ann@one.example"}},
        {Addrname, "192.0.2.1", {"mx.one.example"}},
        {Addrname, "[2001:db8::1]", {"mx6.one.example"}},
        {Mailaddrmap, "ann", {"ann@one.example", "@two.example"}},
    };
}

struct LookupCase {
    QByteArray name;
    tables::Service service = tables::Service::Alias;
    QByteArray key;
    QByteArray answer; // "found VALUE", "yes", "no"
};

inline std::vector<LookupCase> lookupCases() {
    using enum tables::Service;
    return {
        {"an alias", Alias, "ann", "found ann@far.example"},
        {"an alias of several rows", Alias, "team", "found ann, bob@far.example"},
        {"an alias that is not there", Alias, "nobody", "no"},
        {"the empty key", Alias, "", "no"},
        {"a virtual user", Alias, "ann@one.example", "found ann"},
        {"a catch-all is a key like another", Alias, "@one.example", "found catchall"},
        {"no catch-all for what it covers", Alias, "joe@one.example", "no"},
        {"an apostrophe", Alias, "o'brien", "found obrien@far.example"},
        {"a backslash", Alias, "back\\slash", "found slash"},
        {"a percent sign", Alias, "100%", "found percent"},
        {"a percent sign covers nothing", Alias, "1%", "no"},
        {"an underscore covers nothing", Alias, "_nn", "no"},
        {"an asterisk", Alias, "j*", "found star"},
        {"an asterisk covers nothing", Alias, "*", "no"},
        {"parentheses", Alias, "par(en)s", "found parens"},
        {"a letter that is not ASCII", Alias, "g\xc3\xa9rard", "found gerard"},
        {"B02 a statement for a key", Alias, "'; drop table x;--", "no"},
        {"B02 a condition for a key", Alias, "nobody' or '1'='1", "no"},
        {"B02 a quoted backslash", Alias, "\\' or 1=1 -- ", "no"},
        {"B03 a filter for a key", Alias, "*)(|(uid=*", "no"},
        {"B03 parentheses that don't pair", Alias, ")(", "no"},
        {"a domain", Domain, "one.example", "yes"},
        {"a domain in ASCII letters", Domain, "xn--bcher-kva.example", "yes"},
        {"another domain", Domain, "two.example", "no"},
        {"no subdomain", Domain, "a.one.example", "no"},
        {"a login", Credentials, "ann", "found ann:" + kHash},
        {"a label", Credentials, "office", "found robot:s3cret:with:colons"},
        {"an unknown login", Credentials, "eve", "no"},
        {"A08 a condition for a login", Credentials, "' or '1'='1", "no"},
        {"A08 everybody for a login", Credentials, "*", "no"},
        {"A08 a filter for a login", Credentials, "*)(uid=*))(|", "no"},
        {"an address", Netaddr, "192.0.2.1", "yes"},
        {"another address", Netaddr, "192.0.2.2", "no"},
        {"a user's ids and home", Userinfo, "ann", "found 1000:1001:/home/ann"},
        {"an unknown user", Userinfo, "eve", "no"},
        {"a sender", Mailaddr, "ann@one.example", "yes"},
        {"another sender", Mailaddr, "eve@one.example", "no"},
        {"a name of an address", Addrname, "192.0.2.1", "found mx.one.example"},
        {"a name of an IPv6 address", Addrname, "[2001:db8::1]", "found mx6.one.example"},
        {"senders of a login", Mailaddrmap, "ann", "found ann@one.example, @two.example"},
    };
}

// Rows for a data function: the cases of these services.
inline void lookupCaseRows(const QList<tables::Service>& services) {
    QTest::addColumn<LookupCase>("lookup");
    for (const LookupCase& one : lookupCases())
        if (services.contains(one.service))
            QTest::newRow((toString(one.service).toByteArray() + ": " + one.name).constData()) << one;
}

// What an open backend says, as LookupCase::answer spells it; "failed: WHY".
inline QByteArray lookedUp(tables::Backend& backend, tables::Service service, const QByteArray& key) {
    if (tables::isMatchService(service)) {
        const auto is = backend.check(service, key);
        return !is ? "failed: " + is.error().text : *is ? QByteArray("yes") : QByteArray("no");
    }
    const auto value = backend.lookup(service, key);
    return !value ? "failed: " + value.error().text : value->has_value() ? "found " + **value : QByteArray("no");
}

} // namespace postern::test

Q_DECLARE_METATYPE(postern::test::LookupCase)
