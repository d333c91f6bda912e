// SPDX-License-Identifier: GPL-3.0-or-later
#include "listener/default_routes.h"

namespace postern::listener {
namespace {

constexpr uint kRouteUp = 1;         // RTF_UP
constexpr uint kRouteReject = 0x200; // RTF_REJECT: "unreachable default" is no way out

void addOnce(QByteArrayList& list, const QByteArray& name) {
    if (!list.contains(name))
        list.append(name);
}

bool isUsable(uint flags) {
    return (flags & kRouteUp) != 0 && (flags & kRouteReject) == 0;
}

} // namespace

QByteArrayList defaultRouteInterfaces(QByteArrayView procNetRoute) {
    // Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
    QByteArrayList interfaces;
    for (const QByteArray& line : procNetRoute.toByteArray().split('\n')) {
        const QByteArrayList fields = line.simplified().split(' ');
        if (fields.size() >= 8 && fields[1] == "00000000" && fields[7] == "00000000" &&
            isUsable(fields[3].toUInt(nullptr, 16)))
            addOnce(interfaces, fields[0]);
    }
    return interfaces;
}

QByteArrayList defaultRouteInterfaces6(QByteArrayView procNetIpv6Route) {
    // destination prefix-length source prefix-length next-hop metric refcnt use flags interface
    QByteArrayList interfaces;
    for (const QByteArray& line : procNetIpv6Route.toByteArray().split('\n')) {
        const QByteArrayList fields = line.simplified().split(' ');
        if (fields.size() >= 10 && fields[1] == "00" && fields[0] == QByteArray(32, '0') &&
            isUsable(fields[8].toUInt(nullptr, 16)) && fields[9] != "lo")
            addOnce(interfaces, fields[9]);
    }
    return interfaces;
}

} // namespace postern::listener
