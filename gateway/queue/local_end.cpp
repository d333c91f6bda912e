// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/envelope.h"
#include "queue/packed_fields.h"

namespace postern::queue {
namespace {

const QByteArray kForm = "1";

} // namespace

QByteArray LocalEnd::toBytes() const {
    const QByteArray uidText = QByteArray::number(uid), gidText = QByteArray::number(gid);
    return packed({&kForm, &method, &target, &user, &uidText, &gidText, &home});
}

Result<LocalEnd> LocalEnd::fromBytes(QByteArrayView bytes) {
    LocalEnd end;
    QByteArray form, uidText, gidText;
    if (auto read = unpack(bytes, {&form, &end.method, &end.target, &end.user, &uidText, &gidText, &end.home}, 7); !read)
        return read.error();
    bool goodUid = false, goodGid = false;
    end.uid = uidText.toLongLong(&goodUid);
    end.gid = gidText.toLongLong(&goodGid);
    if (form != kForm || !goodUid || !goodGid)
        return Error{ErrorCode::Corrupt, "it holds other fields than it should"};
    return end;
}

} // namespace postern::queue
