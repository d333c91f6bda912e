// SPDX-License-Identifier: GPL-3.0-or-later
//
// Order of meaning: interface name, interface group, address literal, host name (as smtpd.conf has it). Groups exist on
// BSD only, so the three that configurations use are worked out here: lo0/lo = loopback interfaces, egress = interfaces
// with a default route, all = the wildcard addresses (so that addresses which come later are served too).
#include "listener/default_routes.h"
#include "listener/open_listener.h"

#include <QFile>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::listener {
namespace {

struct InterfaceAddress {
    QByteArray interface;
    QByteArray address; // link-local ones with their scope: "fe80::1%eth0"
    bool isV6 = false;
    bool isLoopback = false;
};

QByteArray textOf(const sockaddr* address) {
    char text[NI_MAXHOST];
    const socklen_t size = address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    if (::getnameinfo(address, size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0)
        return {};
    return text;
}

std::vector<InterfaceAddress> allInterfaceAddresses() {
    std::vector<InterfaceAddress> found;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0)
        return found;
    for (const ifaddrs* at = list; at; at = at->ifa_next) {
        if (!at->ifa_addr || !(at->ifa_flags & IFF_UP))
            continue;
        const int family = at->ifa_addr->sa_family;
        if (family != AF_INET && family != AF_INET6)
            continue;
        InterfaceAddress one{at->ifa_name, textOf(at->ifa_addr), family == AF_INET6,
                             (at->ifa_flags & IFF_LOOPBACK) != 0};
        if (!one.address.isEmpty())
            found.push_back(std::move(one));
    }
    ::freeifaddrs(list);
    // IPv4 first; otherwise as the system lists them.
    std::stable_partition(found.begin(), found.end(), [](const InterfaceAddress& a) { return !a.isV6; });
    return found;
}

bool isInterface(const QByteArray& name) {
    return ::if_nametoindex(name.constData()) != 0;
}

bool isWanted(bool isV6, int family) {
    return family == 0 || (family == 6) == isV6;
}

QByteArray readAll(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

Error nothing(const QByteArray& text) {
    return {ErrorCode::NotFound, text, Permanence::Temporary};
}

QByteArray familyName(int family) {
    return family == 6 ? "IPv6" : family == 4 ? "IPv4" : "IP";
}

template <class Predicate>
Result<QByteArrayList> addressesWhere(const QByteArray& written, int family, Predicate predicate) {
    QByteArrayList addresses;
    for (const InterfaceAddress& one : allInterfaceAddresses())
        if (isWanted(one.isV6, family) && predicate(one) && !addresses.contains(one.address))
            addresses.append(one.address);
    if (addresses.isEmpty())
        return nothing("interface " + written + " has no " + familyName(family) + " address now");
    return addresses;
}

Result<QByteArrayList> egressAddresses(int family) {
    const QByteArrayList v4 = defaultRouteInterfaces(readAll(u"/proc/net/route"_s));
    const QByteArrayList v6 = defaultRouteInterfaces6(readAll(u"/proc/net/ipv6_route"_s));
    if (v4.isEmpty() && v6.isEmpty())
        return nothing("egress means the interfaces with a default route, and this computer has no default route now");
    return addressesWhere("egress", family, [&](const InterfaceAddress& one) {
        return (v4.contains(one.interface) || v6.contains(one.interface)) && !one.isLoopback;
    });
}

Result<QByteArrayList> wildcardAddresses(int family) {
    const auto addresses = allInterfaceAddresses();
    const bool hasV6 =
        std::any_of(addresses.begin(), addresses.end(), [](const InterfaceAddress& a) { return a.isV6; });
    QByteArrayList wildcards;
    if (isWanted(false, family))
        wildcards.append("0.0.0.0");
    if (isWanted(true, family) && hasV6)
        wildcards.append("::");
    if (wildcards.isEmpty())
        return nothing("this computer has no IPv6 address now");
    return wildcards;
}

} // namespace

Result<QByteArrayList> interfaceAddresses(const QByteArray& interface, int family) {
    QByteArray written = interface;
    if (written.startsWith('[') && written.endsWith(']')) {
        written = written.mid(1, written.size() - 2);
        if (written.startsWith("IPv6:"))
            written = written.mid(5);
    }
    if (written.isEmpty() || written.contains('\0'))
        return Error{ErrorCode::Invalid, "no interface, address or host is called \"" + interface + "\"",
                     Permanence::Permanent};

    if (isInterface(written))
        return addressesWhere(written, family, [&](const InterfaceAddress& one) { return one.interface == written; });
    if (written == "lo0" || written == "lo")
        return addressesWhere(written, family, [](const InterfaceAddress& one) { return one.isLoopback; });
    if (written == "egress")
        return egressAddresses(family);
    if (written == "all" || written == "*")
        return wildcardAddresses(family);

    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    if (::getaddrinfo(written.constData(), nullptr, &hints, &found) == 0 && found) {
        const bool isV6 = found->ai_family == AF_INET6;
        const QByteArray address = textOf(found->ai_addr);
        ::freeaddrinfo(found);
        if (!isWanted(isV6, family))
            return Error{ErrorCode::Invalid, written + " is not an " + familyName(family) + " address",
                         Permanence::Permanent};
        return QByteArrayList{address};
    }

    hints.ai_flags = 0;
    hints.ai_family = family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNSPEC;
    const int code = ::getaddrinfo(written.constData(), nullptr, &hints, &found);
    if (code == EAI_AGAIN)
        return Error{ErrorCode::Unavailable, "cannot look up the host " + written + " now: " + ::gai_strerror(code),
                     Permanence::Temporary};
    if (code != 0 || !found)
        return nothing("no interface, address or host is called " + written);
    QByteArrayList v4, v6;
    for (const addrinfo* at = found; at; at = at->ai_next) {
        QByteArrayList& list = at->ai_family == AF_INET6 ? v6 : v4;
        const QByteArray address = textOf(at->ai_addr);
        if (!address.isEmpty() && !list.contains(address))
            list.append(address);
    }
    ::freeaddrinfo(found);
    // A hosts file names ::1 also where IPv6 is switched off; binding it could only fail.
    if (!v4.isEmpty() && !wildcardAddresses(6))
        v6.clear();
    return v4 + v6;
}

bool needsNameServer(const QByteArray& interface) {
    if (interface.startsWith('[') || isInterface(interface))
        return false;
    for (const char* word : {"lo0", "lo", "egress", "all", "*"})
        if (interface == word)
            return false;
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    if (::getaddrinfo(interface.constData(), nullptr, &hints, &found) != 0)
        return true;
    ::freeaddrinfo(found);
    return false;
}

QByteArrayList ownAddresses() {
    QByteArrayList own;
    for (const InterfaceAddress& one : allInterfaceAddresses()) {
        const QByteArray bare = one.address.split('%').first();
        if (!own.contains(bare))
            own.append(bare);
    }
    return own;
}

} // namespace postern::listener
