// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the configuration file of an ldap table says, and how a key becomes part of a filter.
//
// In a filter %s stands for the key, %u too, %h for the table's name and %% for a percent sign. A key only ever gets into a
// filter escaped as RFC 4515 says, so that it can be nothing but a value there.
// Thread: pure. Threat B03.
#pragma once

#include "base/secret.h"
#include "tables/backend_config.h"

namespace postern::tables {

struct LdapSearch {
    QByteArray filter;
    QByteArrayList attributes; // in the order in which the value takes them
    int line = 0;
};

enum class LdapTls : quint8 { None, StartTls, Wrapped };

struct LdapPlan {
    QByteArray table, path; // of the table, and of its configuration file
    QByteArray uri;         // ldap://host:port or ldaps://host:port, for libldap
    LdapTls tls = LdapTls::None;
    QByteArray bindDn;      // "" = anonymous
    Secret password;
    QByteArray base;
    QByteArray caFile;      // "" = the system's
    std::map<Service, LdapSearch> searches;
};

struct ReadLdapPlan {
    LdapPlan plan;
    std::vector<TableProblem> problems;
    bool isUsable = false;
};
ReadLdapPlan readLdapPlan(const BackendSource& source);

QByteArray escapedForFilter(QByteArrayView key);
// The filter with its %-words filled in; nothing if it has one that means nothing.
std::optional<QByteArray> filledFilter(QByteArrayView filter, QByteArrayView key, QByteArrayView table);

} // namespace postern::tables
