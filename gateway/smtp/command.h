// SPDX-License-Identifier: GPL-3.0-or-later
//
// One command line of a client taken apart: verb, argument, path and parameters. No state, no replies.
//
// The parts are views into the line and live as long as it does. Thread: functions.
// Spec: RFC 5321 §4.1.1, §4.1.2 (esmtp-param); HELO names are taken a little wider, see isValidHelo().
#pragma once

#include <QByteArray>

#include <optional>
#include <vector>

namespace postern::smtp {

enum class Verb : quint8 {
    Helo, Ehlo, Mail, Rcpt, Data, Rset, Noop, Quit, StartTls, Auth, Vrfy, Expn, Help,
    Bdat,          // octets of the message follow it, no line
    Unimplemented, // known from an RFC, not done here
    Foreign,       // another protocol's first word: HTTP, PROXY
    Unknown,
};

struct Command {
    Verb verb = Verb::Unknown;
    QByteArrayView argument; // without the blanks around it
};

Command parseCommand(QByteArrayView line);

// "FROM:<path> parameters" for the keyword "FROM:". A blank behind the colon is forgiven, missing brackets are not.
struct PathArgument {
    QByteArrayView path; // between the angle brackets
    QByteArrayView parameters;
};
std::optional<PathArgument> splitPath(QByteArrayView argument, QByteArrayView keyword);
bool beginsWithKeyword(QByteArrayView argument, QByteArrayView keyword); // so that it is the path that is wrong

struct Parameter {
    QByteArray name; // upper case
    QByteArrayView value;
    bool hasValue = false;
};
// Nothing if one of them is malformed or comes twice. Values may hold UTF-8 (RFC 6531 §3.3): who takes one has to look.
std::optional<std::vector<Parameter>> splitParameters(QByteArrayView text);

// What may stand behind HELO and EHLO: a domain or literal, and, since devices say it, names with underscores, bare
// IPv4 addresses and literals without their tag. Always printable, without blanks, at most 255 octets.
bool isValidHelo(QByteArrayView name);

// What stands behind BDAT: "1024" or "0 LAST". Nothing if it is malformed or more than 2^63-1 octets: then nobody knows
// where the next command begins. Spec: RFC 3030 §2.
struct ChunkArgument {
    qint64 octets = 0;
    bool last = false;
};
std::optional<ChunkArgument> parseChunk(QByteArrayView argument);

// A decimal number of octets, at most 20 digits; more than fits becomes the largest qint64. -1: it is none (RFC 1870 §3).
qint64 parseOctets(QByteArrayView text);

// Base64 with its padding and nothing else, as SASL wants it.
std::optional<QByteArray> decodeStrictBase64(QByteArrayView text);

} // namespace postern::smtp
