// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where programs are on this computer. Thread: any.
#pragma once

#include <QByteArray>

namespace postern::local {

QByteArray systemPath();     // PATH of a child: the system's own, not that of whoever started the gateway
QByteArray deliverProgram(); // postern-deliver that belongs to the running program; needs a QCoreApplication

} // namespace postern::local
