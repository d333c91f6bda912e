// SPDX-License-Identifier: GPL-3.0-or-later
//
// %{rcpt.user}, %{user.directory} and kin in maildir paths, commands and LMTP destinations.
//
// Since 5.3: %{token}, %{token[1:3]}, %{token:lowercase}; characters that a shell or a path could misread become ":" unless
// the modifier raw says otherwise. 2012: single letters (%a %u %d %U %D), as the code of the time meant them.
// A value never leaves its place: in a path it is one name, in a command one word, whatever an address holds. OpenSMTPD never
// takes some of the addresses that we take (quoted ones), so there more characters become ":" than its pages list.
// Failure: what does not read is an error, never left in a command. Thread: pure. Threats M01, M06, P13.
#pragma once

#include "base/result.h"
#include "policy/relay_url.h"

namespace postern::delivery {

// The values; addresses are "local@domain", the null sender is "".
struct SpecifierValues {
    QByteArray sender, recipient, destination; // as in MAIL FROM, in RCPT TO, and what that became
    QByteArray user, home;                     // who the mail is delivered as
    QByteArray mda;                            // of a wrapper: the command it wraps
    char subAddressDelimiter = '+';
};

enum class SpecifierPlace : quint8 {
    Text,    // LMTP destinations
    Path,    // of a maildir
    Command, // for a shell
};

Result<QByteArray> expandSpecifiers(QByteArrayView text, const SpecifierValues& values, policy::Era era,
                                    SpecifierPlace place = SpecifierPlace::Text);

} // namespace postern::delivery
