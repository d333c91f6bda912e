// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/deflate.h"

#include <zlib.h>

namespace postern::queue {
namespace {

// Mail is mostly base64, which gains a quarter at any level, and text, which gains little by more work.
constexpr int kLevel = Z_BEST_SPEED;

} // namespace

std::optional<QByteArray> deflated(QByteArrayView plain) {
    if (plain.isEmpty())
        return std::nullopt;
    uLongf size = uLongf(plain.size());
    QByteArray out(plain.size(), Qt::Uninitialized);
    const int code = compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                               reinterpret_cast<const Bytef*>(plain.data()), uLong(plain.size()), kLevel);
    if (code != Z_OK || qsizetype(size) >= plain.size()) // Z_BUF_ERROR: it does not fit into its own size
        return std::nullopt;
    out.truncate(qsizetype(size));
    return out;
}

Result<QByteArray> inflated(QByteArrayView bytes, qsizetype atMost) {
    QByteArray out(atMost, Qt::Uninitialized);
    uLongf size = uLongf(atMost);
    uLong used = uLong(bytes.size());
    const int code = uncompress2(reinterpret_cast<Bytef*>(out.data()), &size,
                                 reinterpret_cast<const Bytef*>(bytes.data()), &used);
    if (code != Z_OK || qsizetype(used) != bytes.size())
        return Error{ErrorCode::Corrupt, "its compressed form is damaged or too large"};
    out.truncate(qsizetype(size));
    return out;
}

} // namespace postern::queue
