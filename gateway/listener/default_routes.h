// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which interfaces have a default route, read from the text of /proc/net/route and /proc/net/ipv6_route (Linux).
// Thread: pure functions.
#pragma once

#include <QByteArrayList>

namespace postern::listener {

QByteArrayList defaultRouteInterfaces(QByteArrayView procNetRoute);
QByteArrayList defaultRouteInterfaces6(QByteArrayView procNetIpv6Route);

} // namespace postern::listener
