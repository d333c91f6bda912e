// SPDX-License-Identifier: GPL-3.0-or-later
//
// RFC 2047 encoded words ("=?utf-8?Q?caf=C3=A9?=") as text, for showing header fields to people.
//
// Never fails: what is not a well-formed encoded word, or is in a charset we do not know, stays as it is written. Raw
// octets above 127 are taken as UTF-8 if they are, else as Windows-1252. Thread: a function.
#pragma once

#include <QByteArrayView>
#include <QString>

namespace postern::smtp {

QString decodeEncodedWords(QByteArrayView raw);

} // namespace postern::smtp
