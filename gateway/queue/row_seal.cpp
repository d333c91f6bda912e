// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/row_seal.h"

#include "queue/packed_fields.h"

#include <QtEndian>

#include <vector>

namespace postern::queue {
namespace {

QByteArray aboutRow(char kind, qint64 rowKey) {
    QByteArray about(9, kind);
    qToLittleEndian<qint64>(rowKey, about.data() + 1);
    return about;
}

template <class M>
auto fieldsOf(M& m) {
    return std::vector{&m.sender, &m.params.envid, &m.helo, &m.clientAddress, &m.clientName, &m.listener, &m.tag, &m.user,
                       &m.subject};
}

// `local`: LocalEnd as bytes; rows of format 3 and before lack it.
template <class E, class B>
auto recipientOf(E& e, B& local) {
    return std::vector{&e.recipient, &e.destination, &e.params.notify, &e.params.orcpt, &e.action, &e.relay, &local};
}
constexpr size_t kLeastOfRecipient = 6;

template <class Fields>
Result<void> openInto(const QueueKey& key, QByteArrayView sealed, char kind, qint64 rowKey, const Fields& fields, size_t least) {
    const auto plain = key.open(sealed, aboutRow(kind, rowKey));
    if (!plain)
        return plain.error();
    return unpack(*plain, fields, least);
}

} // namespace

Result<QByteArray> sealFields(const QueueKey& key, const Message& message, qint64 rowKey) {
    return key.seal(packed(fieldsOf(message)), aboutRow('M', rowKey));
}

Result<void> openFields(const QueueKey& key, QByteArrayView sealed, Message& message, qint64 rowKey) {
    const auto fields = fieldsOf(message);
    return openInto(key, sealed, 'M', rowKey, fields, fields.size());
}

Result<QByteArray> sealFields(const QueueKey& key, const Envelope& envelope, qint64 rowKey) {
    const QByteArray local = envelope.local ? envelope.local->toBytes() : QByteArray();
    return key.seal(packed(recipientOf(envelope, local)), aboutRow('E', rowKey));
}

Result<void> openFields(const QueueKey& key, QByteArrayView sealed, Envelope& envelope, qint64 rowKey) {
    QByteArray local;
    if (auto opened = openInto(key, sealed, 'E', rowKey, recipientOf(envelope, local), kLeastOfRecipient); !opened || local.isEmpty())
        return opened;
    auto end = LocalEnd::fromBytes(local);
    if (!end)
        return end.error();
    envelope.local = std::make_shared<const LocalEnd>(std::move(*end));
    return {};
}

Result<QByteArray> sealError(const QueueKey& key, const QByteArray& lastError, qint64 rowKey) {
    return key.seal(lastError, aboutRow('L', rowKey));
}

Result<QByteArray> openError(const QueueKey& key, QByteArrayView sealed, qint64 rowKey) {
    return key.open(sealed, aboutRow('L', rowKey));
}

} // namespace postern::queue
