// SPDX-License-Identifier: GPL-3.0-or-later
//
// Any bytes as a table file: what is read can be asked for, and the indexes answer as the rules for one entry say.
#include "tables/credentials.h"
#include "tables/match_rules.h"
#include "tables/netaddr.h"
#include "tables/table_factory.h"
#include "require.h"

#include <algorithm>

using namespace postern;
using namespace postern::tables;
using postern::test::require;

namespace {

constexpr char kDelimiter = '+';
constexpr size_t kMostAsked = 12; // entries, with each other

bool oneMatches(const StaticTable& table, Service service, const QByteArray& key) {
    return std::any_of(table.entries().begin(), table.entries().end(), [&](const Entry& entry) {
        if (service == Service::Domain)
            return domainMatches(key, entry.key);
        if (service == Service::Netaddr)
            return netaddrMatches(key, entry.key);
        if (service == Service::Mailaddr)
            return mailaddrMatches(key, entry.key, kDelimiter);
        return stringMatches(key, entry.key);
    });
}

void ask(const StaticTable& table, const QByteArray& key) {
    for (const Service service : {Service::Domain, Service::Netaddr, Service::Mailaddr, Service::String}) {
        if (const auto covered = table.coversNow(service, key))
            require(*covered == oneMatches(table, service, key), "an index answers as its entries would",
                    toString(service).toByteArray() + " " + key);
        table.lookup(service, key, [](const LookupResult&) {});
    }
    table.lookup(Service::Credentials, key, [](const LookupResult&) {});
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    const QByteArray text = postern::test::bytesOf(data, size);
    TableText read = parseTableText(text);
    const qsizetype lines = text.count('\n') + 1;
    for (const TableProblem& problem : read.problems)
        require(!problem.text.isEmpty() && problem.line >= 0 && problem.line <= lines, "a problem has a line", problem.text);
    for (const Entry& entry : read.entries) {
        require(!entry.key.contains('\n') && !entry.value.contains('\n'), "an entry is of one line", entry.key);
        require(read.shape == Shape::Mapping || entry.value.isEmpty(), "a list has no values", entry.key);
        (void)parseRelayCredentials(entry.key, entry.value);
        (void)parseListenerCredentials(entry.key, entry.value);
        if (const auto address = Netaddr::parse(entry.key))
            require(address->covers(*address) && address->masked(address->prefix).covers(*address), "a network holds itself", entry.key);
    }
    const TablePtr made = makeInlineTable("t", read.shape, read.entries, kDelimiter);
    const auto& table = dynamic_cast<const StaticTable&>(*made);
    for (size_t i = 0; i < std::min(read.entries.size(), kMostAsked); ++i) {
        ask(table, read.entries[i].key.toLower());
        ask(table, read.entries[i].value.toLower());
        ask(table, "x." + read.entries[i].key.toLower());
        ask(table, "a+b@" + read.entries[i].key.toLower());
    }
    return 0;
}
