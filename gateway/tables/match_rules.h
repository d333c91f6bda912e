// SPDX-License-Identifier: GPL-3.0-or-later
//
// Does a value of a session match one table entry? One function a service; all ignore ASCII case, and take the spellings of
// an international domain for one (U-label, A-label), as those of a user (NFC). Spec: RFC 5891, RFC 6532 §3.1.
//
// These functions say what matching means. The indexes beside them answer the same question over many
// entries.
// Thread: pure functions.
#pragma once

#include <QByteArray>

namespace postern::tables {

// `pattern` may hold `*`, which takes text up to the *first* occurrence of the character behind it and never
// tries a longer piece: "*.example.org" covers "a.example.org" but neither "a.b.example.org" nor
// "example.org"; "mail*" wants at least one character more; "*" is any name but the empty one.
bool domainMatches(QByteArrayView name, QByteArrayView pattern);

// The same text ("local"), or an address inside an entry's prefix.
bool netaddrMatches(QByteArrayView address, QByteArrayView entry);

// Entries: "user" (any domain), "@dom" (any user), "user@dom", "@" or "" (everything); the domain part is a
// pattern. An entry whose user part has no sub-address delimiter also covers user+tag; one that has it covers
// just that. The null reverse-path is "@" as a session value: only the entry for everything covers it.
bool mailaddrMatches(QByteArrayView address, QByteArrayView entry, char delimiter);

// The value of a mailaddrmap: entries as above, with commas between them. Does one of them cover the address?
bool mailaddrListCovers(QByteArrayView list, QByteArrayView address, char delimiter);

bool stringMatches(QByteArrayView value, QByteArrayView entry);

// Split at the last '@'; without one everything is the user.
struct MailaddrParts {
    QByteArrayView user, domain;
};
MailaddrParts splitMailaddr(QByteArrayView address);

// An address or entry as it is compared: user composed (NFC), domain in A-labels; ASCII comes back as it is.
QByteArray comparableAddress(QByteArrayView address);

// The user part without its sub-address: "bob+lists" is "bob". One that starts with the delimiter is left
// alone.
QByteArrayView withoutSubAddress(QByteArrayView user, char delimiter);

} // namespace postern::tables
