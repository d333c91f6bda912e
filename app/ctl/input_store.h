// SPDX-License-Identifier: GPL-3.0-or-later
//
// The disk, with a configuration that comes through a pipe: `posternctl check -` and `posternctl print <(make-config)`.
//
// Thread: one. Failure: a pipe that can't be read, or that holds more than kMostPiped, is an error that read() gives.
#pragma once

#include "base/file_store.h"

namespace postern::ctl {

inline constexpr qint64 kMostPiped = 64 << 20; // bytes

// The disk's store. If `file` is "-" (standard input) or a pipe, it is read to its end here, once, and the store holds it
// under the name that `file` has then: "<stdin>", or what it was.
std::unique_ptr<FileStore> storeWith(QByteArray& file);

} // namespace postern::ctl
