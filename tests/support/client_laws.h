// SPDX-License-Identifier: GPL-3.0-or-later
//
// What must hold for smtp::ClientSession whatever a server says and whenever things happen. One input decides settings,
// server octets, cuts and events; used by the property test and by the fuzzer.
//
// Laws: each offered mail ends exactly once with as many outcomes as recipients; a session finishes at most once and is
// silent afterwards; nothing that signs in leaves outside TLS; recipients are Delivered only on a reply 2xx; texts are one
// line without control characters.
#pragma once

#include <QByteArray>

namespace postern::test {

QByteArray brokenClientLaw(QByteArrayView input); // "" = all hold

} // namespace postern::test
