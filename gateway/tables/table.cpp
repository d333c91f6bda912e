// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/table.h"

namespace postern::tables {

QByteArrayView toString(Service service) {
    switch (service) {
    case Service::Alias:
        return "alias";
    case Service::Domain:
        return "domain";
    case Service::Credentials:
        return "credentials";
    case Service::Netaddr:
        return "netaddr";
    case Service::Userinfo:
        return "userinfo";
    case Service::Source:
        return "source";
    case Service::Mailaddr:
        return "mailaddr";
    case Service::Addrname:
        return "addrname";
    case Service::Mailaddrmap:
        return "mailaddrmap";
    case Service::Relayhost:
        return "relayhost";
    case Service::String:
        return "string";
    case Service::Regex:
        return "regex";
    }
    return "string";
}

void Table::prepare(Service) const {}

void Table::test(const LookupDone& done) const {
    done({true, {}, {}, false});
}

std::optional<bool> Table::coversNow(Service, const QByteArray&) const {
    return std::nullopt;
}

QByteArrayList Table::keysAsWritten() const {
    return keys();
}

} // namespace postern::tables
