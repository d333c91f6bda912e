// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/ldap_config.h"

#include "base/log.h"

#include <algorithm>

namespace postern::tables {
namespace {

struct SearchKeys {
    QByteArrayView name;
    Service service;
    int attributes;
};
constexpr SearchKeys kSearches[] = {
    {"alias", Service::Alias, 1},       {"credentials", Service::Credentials, 2}, {"domain", Service::Domain, 1},
    {"userinfo", Service::Userinfo, 3}, {"mailaddr", Service::Mailaddr, 1},       {"mailaddrmap", Service::Mailaddrmap, 1},
    {"netaddr", Service::Netaddr, 1},
};

QByteArray filterKey(const SearchKeys& search) {
    return search.name.toByteArray() + "_filter";
}

QByteArray attributesKey(const SearchKeys& search) {
    return search.name.toByteArray() + "_attributes";
}

// ldap://host[:port][/], ldaps://; ldap+tls:// is ldap:// that must begin TLS.
void takeUrl(BackendConfig& config, LdapPlan& plan) {
    const BackendConfig::Line& line = config.line("url");
    if (!line.isWritten())
        return config.complain(0, "\"url\" is missing: it says where the directory is, as in ldap://directory.example");
    struct Scheme {
        QByteArrayView name, real;
        LdapTls tls;
    };
    constexpr Scheme kSchemes[] = {{"ldap://", "ldap://", LdapTls::None},
                                   {"ldaps://", "ldaps://", LdapTls::Wrapped},
                                   {"ldap+tls://", "ldap://", LdapTls::StartTls}};
    const QByteArray url = line.value.toLower();
    for (const Scheme& scheme : kSchemes) {
        if (!url.startsWith(scheme.name))
            continue;
        QByteArray host = line.value.mid(scheme.name.size());
        while (host.endsWith('/'))
            host.chop(1);
        const bool isPlain = !host.isEmpty() && std::all_of(host.begin(), host.end(), [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_' ||
                   c == ':' || c == '[' || c == ']';
        });
        if (!isPlain)
            return config.complain(line.number, "\"url\" names no host: it is written " + scheme.name.toByteArray() + "HOST or " +
                                                    scheme.name.toByteArray() + "HOST:PORT");
        plan.tls = scheme.tls;
        plan.uri = scheme.real.toByteArray() + host;
        return;
    }
    config.complain(line.number, "\"url\" must begin with ldap://, ldaps:// or ldap+tls://");
}

QByteArrayList attributesOf(const QByteArray& text) {
    QByteArrayList names = text.split(',');
    for (QByteArray& name : names)
        name = name.trimmed();
    return names;
}

bool isAttributeName(const QByteArray& name) {
    return !name.isEmpty() && std::all_of(name.begin(), name.end(), [](char c) { // with options: userCertificate;binary
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == ';' || c == '.' || c == '_';
    });
}

void takeSearch(BackendConfig& config, const SearchKeys& keys, const BackendSource& source, LdapPlan& plan) {
    const BackendConfig::Line& filter = config.line(filterKey(keys));
    const BackendConfig::Line& attributes = config.line(attributesKey(keys));
    if (!filter.isWritten() && !attributes.isWritten())
        return;
    if (filter.isWritten() != attributes.isWritten())
        return config.complain(std::max(filter.number, attributes.number),
                               filterKey(keys) + " and " + attributesKey(keys) + " belong together, and one of them is missing");
    if (!filledFilter(filter.value, "x", source.table))
        return config.complain(filter.number, filterKey(keys) + " has a % with nothing behind it that means something: %s is the key,"
                                                                " %h the table's name, %% a percent sign");
    if (!filter.value.contains("%s") && !filter.value.contains("%u"))
        return config.complain(filter.number, filterKey(keys) + " has no %s, where the key belongs");
    if (!filter.value.startsWith('(') || filter.value.count('(') != filter.value.count(')'))
        return config.complain(filter.number, filterKey(keys) + " is no filter: it stands in parentheses, which pair");
    LdapSearch search{filter.value, attributesOf(attributes.value), filter.number};
    const qsizetype given = search.attributes.size();
    const bool hasName = keys.service == Service::Userinfo && source.mayNameUsers && given == keys.attributes + 1;
    if (given != keys.attributes && !hasName)
        return config.complain(attributes.number, attributesKey(keys) + " names " + QByteArray::number(given) +
                                                      (given == 1 ? " attribute, and " : " attributes, and ") +
                                                      QByteArray::number(keys.attributes) + (keys.attributes == 1 ? " is" : " are") + " wanted");
    if (!std::all_of(search.attributes.begin(), search.attributes.end(), isAttributeName))
        return config.complain(attributes.number, attributesKey(keys) + " holds something that is no name of an attribute");
    plan.searches.emplace(keys.service, std::move(search));
}

} // namespace

QByteArray escapedForFilter(QByteArrayView key) {
    QByteArray out;
    for (const char c : key) {
        if (c == '*' || c == '(' || c == ')' || c == '\\' || c == '\0')
            out += '\\' + QByteArray::number(uchar(c), 16).rightJustified(2, '0');
        else
            out += c;
    }
    return out;
}

std::optional<QByteArray> filledFilter(QByteArrayView filter, QByteArrayView key, QByteArrayView table) {
    QByteArray out;
    for (qsizetype i = 0; i < filter.size(); ++i) {
        if (filter[i] != '%') {
            out += filter[i];
            continue;
        }
        const char word = ++i < filter.size() ? filter[i] : '\0';
        if (word == 's' || word == 'u')
            out += escapedForFilter(key);
        else if (word == 'h')
            out += escapedForFilter(table);
        else if (word == '%')
            out += '%';
        else
            return std::nullopt;
    }
    return out;
}

ReadLdapPlan readLdapPlan(const BackendSource& source) {
    std::vector<QByteArray> names; // the keys' names are kept here while they are read
    for (const SearchKeys& search : kSearches) {
        names.push_back(filterKey(search));
        names.push_back(attributesKey(search));
    }
    std::vector<BackendConfig::Key> keys{{"url"}, {"username"}, {"password"}, {"basedn"}, {"ca_file"}};
    for (const QByteArray& name : names)
        keys.push_back({name});
    BackendConfig config(source.text, keys);
    ReadLdapPlan read;
    LdapPlan& plan = read.plan;
    plan.table = source.table;
    plan.path = source.path;
    takeUrl(config, plan);
    plan.bindDn = config.value("username");
    plan.password = Secret(config.value("password"));
    plan.base = config.value("basedn");
    plan.caFile = config.value("ca_file");
    // RFC 4513 5.1.2: a name without a password would be let in as nobody, and every password would do.
    if (!plan.bindDn.isEmpty() && plan.password.isEmpty())
        config.complain(config.line("username").number, "\"username\" needs a \"password\": without one the directory takes nobody for it");
    if (plan.bindDn.isEmpty() && !plan.password.isEmpty())
        config.complain(config.line("password").number, "\"password\" needs a \"username\": the name (DN) it belongs to");
    if (plan.base.isEmpty())
        config.complain(0, "\"basedn\" is missing: it says below which entry to search");
    for (const SearchKeys& search : kSearches)
        takeSearch(config, search, source, plan);
    if (plan.tls == LdapTls::None && !plan.password.isEmpty() && !plan.uri.startsWith("ldap://127.") &&
        !plan.uri.startsWith("ldap://localhost") && !plan.uri.startsWith("ldap://[::1]"))
        config.problems.push_back({config.line("url").number, "the password is sent in clear; ldaps:// or ldap+tls:// would hide it", true});
    if (plan.searches.empty() && config.isUsable())
        config.problems.push_back({0, "there is no filter in it, so every question to this table fails", true});
    read.problems = std::move(config.problems);
    read.isUsable = std::all_of(read.problems.begin(), read.problems.end(), [](const TableProblem& one) { return one.isWarning; });
    return read;
}

} // namespace postern::tables
