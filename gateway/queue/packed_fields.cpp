// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/packed_fields.h"

#include <QtEndian>

namespace postern::queue {

QByteArray packed(const std::vector<const QByteArray*>& fields) {
    QByteArray out;
    for (const QByteArray* field : fields) {
        char size[4];
        qToLittleEndian<quint32>(quint32(field->size()), size);
        out.append(size, 4);
        out += *field;
    }
    return out;
}

Result<void> unpack(QByteArrayView bytes, const std::vector<QByteArray*>& fields, size_t least) {
    for (size_t i = 0; i < fields.size(); ++i) {
        if (i >= least && bytes.isEmpty())
            return {};
        const qsizetype n = bytes.size() < 4 ? -1 : qsizetype(qFromLittleEndian<quint32>(bytes.data()));
        if (n < 0 || n > bytes.size() - 4)
            return Error{ErrorCode::Corrupt, "it holds other fields than it should"};
        *fields[i] = bytes.sliced(4, n).toByteArray();
        bytes = bytes.sliced(4 + n);
    }
    return {};
}

} // namespace postern::queue
