// SPDX-License-Identifier: GPL-3.0-or-later
//
// The one buffer per thread that all its streams read into, clear or encrypted.
//
// What a handler sees in onBytes() is a view into it, good until the handler returns; streams read only from the event
// loop, so two never hold it at once (a handler must not run a nested event loop). Thread: each has its own.
#pragma once

#include <QtGlobal>

namespace postern::tls {

inline constexpr qint64 kReadBufferSize = 256 * 1024;
inline constexpr int kReadsPerTurn = 4; // then the other connections get theirs

char* readBuffer();

} // namespace postern::tls
