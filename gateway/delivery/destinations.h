// SPDX-License-Identifier: GPL-3.0-or-later
//
// The right-hand side of an alias, a virtual user or a .forward file: where mail goes instead.
//
// Destinations stand between commas; quotes and a backslash keep a comma. Each is what the first fitting form says. One that
// fits none spoils the whole value: mail must not be lost because half of a line was understood.
// Thread: pure. Threats B06, B07.
#pragma once

#include "base/result.h"
#include "policy/relay_url.h"

#include <vector>

namespace postern::delivery {

enum class DestinationKind : quint8 {
    Reply,   // error:NNN text: refuse with exactly that
    Include, // :include:/path: a file of destinations
    Command, // |command
    File,    // /path: append to that mbox
    Maildir, // maildir:/path, accept/reject only
    Address, // user@domain
    User,    // name
};

struct Destination {
    DestinationKind kind = DestinationKind::User;
    QByteArray text; // "550 gone", "/path", the command without its bar, the address, the name
    friend bool operator==(const Destination&, const Destination&) = default;
};

// The error names what does not read.
Result<std::vector<Destination>> parseDestinations(QByteArrayView value, policy::Era era);

// A file with one list of destinations a line; # begins a comment, a backslash joins lines. Includes in it are left out.
Result<std::vector<Destination>> parseDestinationFile(QByteArrayView text, policy::Era era);

} // namespace postern::delivery
