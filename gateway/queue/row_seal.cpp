// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/row_seal.h"

#include <QtEndian>

#include <vector>

namespace postern::queue {
namespace {

QByteArray aboutRow(char kind, qint64 rowKey) {
    QByteArray about(9, kind);
    qToLittleEndian<qint64>(rowKey, about.data() + 1);
    return about;
}

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

Result<void> unpack(QByteArrayView bytes, const std::vector<QByteArray*>& fields) {
    for (QByteArray* field : fields) {
        const qsizetype n = bytes.size() < 4 ? -1 : qsizetype(qFromLittleEndian<quint32>(bytes.data()));
        if (n < 0 || n > bytes.size() - 4)
            return Error{ErrorCode::Corrupt, "it holds other fields than it should"};
        *field = bytes.sliced(4, n).toByteArray();
        bytes = bytes.sliced(4 + n);
    }
    return {};
}

template <class M>
auto fieldsOf(M& m) {
    return std::vector{&m.sender, &m.params.envid, &m.helo, &m.clientAddress, &m.clientName, &m.listener, &m.tag, &m.user,
                       &m.subject};
}

template <class E>
auto recipientOf(E& e) {
    return std::vector{&e.recipient, &e.destination, &e.params.notify, &e.params.orcpt, &e.action, &e.relay};
}

template <class Fields>
Result<void> openInto(const QueueKey& key, QByteArrayView sealed, char kind, qint64 rowKey, const Fields& fields) {
    const auto plain = key.open(sealed, aboutRow(kind, rowKey));
    if (!plain)
        return plain.error();
    return unpack(*plain, fields);
}

} // namespace

Result<QByteArray> sealFields(const QueueKey& key, const Message& message, qint64 rowKey) {
    return key.seal(packed(fieldsOf(message)), aboutRow('M', rowKey));
}

Result<void> openFields(const QueueKey& key, QByteArrayView sealed, Message& message, qint64 rowKey) {
    return openInto(key, sealed, 'M', rowKey, fieldsOf(message));
}

Result<QByteArray> sealFields(const QueueKey& key, const Envelope& envelope, qint64 rowKey) {
    return key.seal(packed(recipientOf(envelope)), aboutRow('E', rowKey));
}

Result<void> openFields(const QueueKey& key, QByteArrayView sealed, Envelope& envelope, qint64 rowKey) {
    return openInto(key, sealed, 'E', rowKey, recipientOf(envelope));
}

Result<QByteArray> sealError(const QueueKey& key, const QByteArray& lastError, qint64 rowKey) {
    return key.seal(lastError, aboutRow('L', rowKey));
}

Result<QByteArray> openError(const QueueKey& key, QByteArrayView sealed, qint64 rowKey) {
    return key.open(sealed, aboutRow('L', rowKey));
}

} // namespace postern::queue
