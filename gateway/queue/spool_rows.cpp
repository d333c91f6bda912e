// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/spool_rows.h"

#include "queue/message_id.h"
#include "queue/row_seal.h"

namespace postern::queue {

const char* const kMessageColumns = "serial, created_at, size, in_file, content_check, is_bounce, eight_bit, sender, "
                                    "declared_size, body_type, smtp_utf8,"
                                    " ret, envid, helo, client_address, client_name, listener, tag, user, subject, segment, place,"
                                    " form, stored";
const char* const kEnvelopeColumns =
    "key, state, recipient, destination, notify, orcpt, action, relay, ttl, next_try_at,"
    " last_try_at, tries, last_error, form, local";

namespace {

// Of message.form, beside the content's own (ContentForm): the fields are sealed, all in `sender`.
constexpr qint64 kFieldsSealed = 4;
// Of envelope.form: the fields are sealed, all in `recipient`; `last_error` is.
constexpr qint64 kRecipientSealed = 1, kErrorSealed = 2;

qint64 key(MessageId id) {
    return qint64(serialOf(id));
}

// Envelopes of one message are neighbours: its serial in the upper half.
qint64 firstKey(MessageId id) {
    return qint64(quint64(serialOf(id)) << 32);
}
qint64 lastKey(MessageId id) {
    return qint64((quint64(serialOf(id)) << 32) | 0xffffffffU);
}

EnvelopeId envelopeOfKey(qint64 key) {
    const quint64 number = quint64(key);
    return (EnvelopeId(idOfSerial(quint32(number >> 32))) << 32) | quint32(number);
}

EnvelopeState stateOf(qint64 number) {
    switch (number) {
    case int(EnvelopeState::Waiting): return EnvelopeState::Waiting;
    case int(EnvelopeState::Caught): return EnvelopeState::Caught;
    default: return EnvelopeState::Held; // also anything unknown: kept, not sent
    }
}

void takeLocal(StoredEnvelope& stored, const QByteArray& local) {
    if (local.isEmpty())
        return;
    if (auto end = LocalEnd::fromBytes(local))
        stored.envelope.local = std::make_shared<const LocalEnd>(std::move(*end));
    else
        stored.damage = "where it is to be delivered cannot be read: " + end.error().text;
}

} // namespace

qint64 envelopeKey(EnvelopeId id) {
    return qint64((quint64(serialOf(messageOf(id))) << 32) | quint32(id));
}

StoredMessage messageFromRow(const Statement& row) {
    StoredMessage stored;
    Message& m = stored.message;
    int at = 0;
    m.id = idOfSerial(quint32(row.number(at++)));
    m.createdAt = row.number(at++);
    m.size = row.number(at++);
    stored.inFile = row.number(at++) != 0;
    stored.contentCheck = row.number(at++);
    m.isBounce = row.number(at++) != 0;
    m.hasEightBit = row.number(at++) != 0;
    m.sender = row.bytes(at++);
    m.params.declaredSize = row.number(at++);
    m.params.body = row.number(at++) == int(smtp::BodyType::EightBitMime) ? smtp::BodyType::EightBitMime
                                                                           : smtp::BodyType::SevenBit;
    m.params.smtpUtf8 = row.number(at++) != 0;
    const qint64 ret = row.number(at++);
    m.params.ret = ret == int(smtp::DsnReturn::Full)      ? smtp::DsnReturn::Full
                   : ret == int(smtp::DsnReturn::Headers) ? smtp::DsnReturn::Headers
                                                          : smtp::DsnReturn::Unset;
    for (QByteArray* field : {&m.params.envid, &m.helo, &m.clientAddress, &m.clientName, &m.listener, &m.tag, &m.user,
                              &m.subject})
        *field = row.bytes(at++);
    stored.extent.segment = quint32(row.number(at++));
    stored.extent.at = row.number(at++);
    const qint64 form = row.number(at++);
    stored.form = ContentForm::fromNumber(form);
    stored.storedSize = row.number(at++);
    if (stored.form.isPlain())
        stored.storedSize = m.size;
    if ((form & kFieldsSealed) != 0)
        stored.sealedFields = std::exchange(m.sender, {});
    return stored;
}

StoredEnvelope envelopeFromRow(const Statement& row) {
    StoredEnvelope stored;
    Envelope& e = stored.envelope;
    int at = 0;
    e.id = envelopeOfKey(row.number(at++));
    e.state = stateOf(row.number(at++));
    for (QByteArray* field : {&e.recipient, &e.destination, &e.params.notify, &e.params.orcpt, &e.action, &e.relay})
        *field = row.bytes(at++);
    e.ttl = row.number(at++);
    e.nextTryAt = row.number(at++);
    e.lastTryAt = row.number(at++);
    e.tries = int(row.number(at++));
    e.lastError = row.bytes(at++);
    const qint64 form = row.number(at++);
    if ((form & kRecipientSealed) != 0)
        stored.sealedFields = std::exchange(e.recipient, {});
    takeLocal(stored, row.bytes(at++));
    if ((form & kErrorSealed) != 0)
        stored.sealedError = std::exchange(e.lastError, {});
    return stored;
}

QByteArray openRow(const Seal& seal, StoredMessage& stored) {
    if (stored.sealedFields.isEmpty())
        return {};
    if (!seal.key())
        return "its sender is encrypted and there is no key";
    if (auto opened = openFields(*seal.key(), stored.sealedFields, stored.message, key(stored.message.id)); !opened)
        return "its sender cannot be read: " + opened.error().text;
    stored.sealedFields.clear();
    return {};
}

QByteArray openRow(const Seal& seal, StoredEnvelope& stored) {
    const qint64 rowKey = envelopeKey(stored.envelope.id);
    if (!stored.damage.isEmpty() || (stored.sealedFields.isEmpty() && stored.sealedError.isEmpty()))
        return stored.damage;
    if (!seal.key())
        return "its recipient is encrypted and there is no key";
    if (!stored.sealedFields.isEmpty()) {
        if (auto opened = openFields(*seal.key(), stored.sealedFields, stored.envelope, rowKey); !opened)
            return "a recipient of it cannot be read: " + opened.error().text;
        stored.sealedFields.clear();
    }
    if (!stored.sealedError.isEmpty()) { // only for people: mail goes on without it
        stored.envelope.lastError = openError(*seal.key(), stored.sealedError, rowKey).value_or("what failed cannot be read");
        stored.sealedError.clear();
    }
    return {};
}

Result<void> SpoolRows::prepare(Database& database, SealPtr seal) {
    m_database = &database;
    m_seal = std::move(seal);
    const QByteArray insertMessage = QByteArray("INSERT INTO message(") + kMessageColumns +
                                     ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
    const QByteArray insertEnvelope =
        QByteArray("INSERT INTO envelope(") + kEnvelopeColumns + ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
    const QByteArray oneMessage = QByteArray("SELECT ") + kMessageColumns + " FROM message WHERE serial=?";
    const QByteArray envelopesOf = QByteArray("SELECT ") + kEnvelopeColumns + " FROM envelope WHERE key BETWEEN ? AND ? ORDER BY key";
    // States in SQL: 0 waiting, 1 held, 2 caught. Caught mail never leaves, so hold and release pass it by.
    static_assert(int(EnvelopeState::Waiting) == 0 && int(EnvelopeState::Held) == 1 && int(EnvelopeState::Caught) == 2);
    const struct {
        Statement& statement;
        const char* sql;
    } all[] = {
        {m_has, "SELECT 1 FROM message WHERE serial=?"},
        {m_insertMessage, insertMessage.constData()},
        {m_insertContent, "INSERT INTO content(serial, bytes) VALUES(?,?)"},
        {m_insertEnvelope, insertEnvelope.constData()},
        {m_reschedule, "UPDATE envelope SET next_try_at=?2, last_try_at=iif(?3=0, last_try_at, ?3),"
                       " tries=iif(?4<0, tries, ?4), last_error=ifnull(?5, last_error),"
                       " form=iif(?5 IS NULL, form, (form & 1) | ?6) WHERE key=?1"},
        {m_hold, "UPDATE envelope SET state=1 WHERE key=? AND state=0"},
        {m_release, "UPDATE envelope SET state=0, next_try_at=?2 WHERE key=?1 AND state=1"},
        {m_removeEnvelope, "DELETE FROM envelope WHERE key=?"},
        {m_hasEnvelopes, "SELECT 1 FROM envelope WHERE key BETWEEN ? AND ? LIMIT 1"},
        {m_left, "SELECT in_file, segment, place, iif(form & 3, stored, size) FROM message WHERE serial=?"},
        {m_move, "UPDATE message SET segment=?2, place=?3 WHERE serial=?1"},
        {m_removeMessage, "DELETE FROM message WHERE serial=?"},
        {m_removeContent, "DELETE FROM content WHERE serial=?"},
        {m_removeEnvelopes, "DELETE FROM envelope WHERE key BETWEEN ? AND ?"},
        {m_message, oneMessage.constData()},
        {m_envelopesOf, envelopesOf.constData()},
        {m_content, "SELECT bytes FROM content WHERE serial=?"},
        {m_counter, "SELECT value FROM counter WHERE name='next-serial'"},
        {m_setCounter, "INSERT OR REPLACE INTO counter(name, value) VALUES('next-serial', ?)"},
        {m_keepCounter, "INSERT OR REPLACE INTO counter(name, value) VALUES('kept-' || CAST(? AS TEXT), ?)"},
    };
    for (const auto& one : all) {
        auto prepared = database.prepare(one.sql);
        if (!prepared)
            return prepared.error();
        one.statement = *prepared;
    }
    return {};
}

Result<bool> SpoolRows::has(MessageId id) {
    m_has.bind(1, key(id));
    const auto stepped = m_has.step();
    if (!stepped)
        return stepped.error();
    m_has.reset();
    return *stepped == Statement::Step::Row;
}

Result<void> SpoolRows::insert(const StoredMessage& stored, const QByteArray& inlineContent) {
    const Message& m = stored.message;
    QByteArray sealed = stored.sealedFields;
    if (sealed.isEmpty() && m_seal->key()) {
        auto fields = sealFields(*m_seal->key(), m, key(m.id));
        if (!fields)
            return fields.error();
        sealed = std::move(*fields);
    }
    const QByteArray nothing("");
    int at = 1;
    for (const qint64 number : {key(m.id), m.createdAt, m.size, qint64(stored.inFile), stored.contentCheck,
                                qint64(m.isBounce), qint64(m.hasEightBit)})
        m_insertMessage.bind(at++, number);
    m_insertMessage.bind(at++, sealed.isEmpty() ? m.sender : sealed);
    for (const qint64 number :
         {m.params.declaredSize, qint64(m.params.body), qint64(m.params.smtpUtf8), qint64(m.params.ret)})
        m_insertMessage.bind(at++, number);
    for (const QByteArray* field : {&m.params.envid, &m.helo, &m.clientAddress, &m.clientName, &m.listener, &m.tag,
                                    &m.user, &m.subject})
        m_insertMessage.bind(at++, sealed.isEmpty() ? *field : nothing);
    for (const qint64 number : {qint64(stored.extent.segment), stored.extent.at,
                                stored.form.toNumber() | (sealed.isEmpty() ? 0 : kFieldsSealed),
                                stored.form.isPlain() ? m.size : stored.storedSize})
        m_insertMessage.bind(at++, number);
    if (auto inserted = m_insertMessage.run(); !inserted || !stored.inRow())
        return inserted;
    m_insertContent.bind(1, key(m.id));
    m_insertContent.bind(2, inlineContent);
    return m_insertContent.run();
}

Result<void> SpoolRows::insert(const StoredEnvelope& stored) {
    const Envelope& e = stored.envelope;
    const qint64 rowKey = envelopeKey(e.id);
    QByteArray fields = stored.sealedFields, error = stored.sealedError;
    if (const QueueKey* key = m_seal->key()) {
        auto sealed = fields.isEmpty() ? sealFields(*key, e, rowKey) : Result<QByteArray>(fields);
        if (sealed && error.isEmpty() && !e.lastError.isEmpty()) {
            auto words = sealError(*key, e.lastError, rowKey);
            if (!words)
                return words.error();
            error = std::move(*words);
        }
        if (!sealed)
            return sealed.error();
        fields = std::move(*sealed);
    }
    const QByteArray nothing("");
    int at = 1;
    m_insertEnvelope.bind(at++, rowKey);
    m_insertEnvelope.bind(at++, qint64(e.state));
    m_insertEnvelope.bind(at++, fields.isEmpty() ? e.recipient : fields);
    for (const QByteArray* field : {&e.destination, &e.params.notify, &e.params.orcpt, &e.action, &e.relay})
        m_insertEnvelope.bind(at++, fields.isEmpty() ? *field : nothing);
    for (const qint64 number : {e.ttl, e.nextTryAt, e.lastTryAt, qint64(e.tries)})
        m_insertEnvelope.bind(at++, number);
    m_insertEnvelope.bind(at++, error.isEmpty() ? e.lastError : error);
    m_insertEnvelope.bind(at++, (fields.isEmpty() ? 0 : kRecipientSealed) | (error.isEmpty() ? 0 : kErrorSealed));
    const QByteArray local = fields.isEmpty() && e.local ? e.local->toBytes() : nothing; // lives until the row is written
    m_insertEnvelope.bind(at++, local);
    return m_insertEnvelope.run();
}

Result<void> SpoolRows::apply(const EnvelopeUpdate& update) {
    const qint64 envelope = envelopeKey(update.id);
    switch (update.kind) {
    case EnvelopeUpdate::Kind::Remove:
        m_removeEnvelope.bind(1, envelope);
        return m_removeEnvelope.run();
    case EnvelopeUpdate::Kind::Reschedule: {
        QByteArray sealed;
        if (m_seal->key() && !update.lastError.isEmpty()) {
            auto words = sealError(*m_seal->key(), update.lastError, envelope);
            if (!words)
                return words.error();
            sealed = std::move(*words);
        }
        m_reschedule.bind(1, envelope);
        m_reschedule.bind(2, update.nextTryAt);
        m_reschedule.bind(3, update.lastTryAt);
        m_reschedule.bind(4, qint64(update.tries));
        if (update.lastError.isNull())
            m_reschedule.bindNull(5);
        else
            m_reschedule.bind(5, sealed.isEmpty() ? update.lastError : sealed);
        m_reschedule.bind(6, sealed.isEmpty() ? 0 : kErrorSealed);
        return m_reschedule.run();
    }
    case EnvelopeUpdate::Kind::Hold:
        m_hold.bind(1, envelope);
        return m_hold.run();
    case EnvelopeUpdate::Kind::Release:
        m_release.bind(1, envelope);
        m_release.bind(2, update.nextTryAt);
        return m_release.run();
    }
    return {};
}

Result<bool> SpoolRows::hasEnvelopes(MessageId id) {
    m_hasEnvelopes.bind(1, firstKey(id));
    m_hasEnvelopes.bind(2, lastKey(id));
    const auto stepped = m_hasEnvelopes.step();
    if (!stepped)
        return stepped.error();
    m_hasEnvelopes.reset();
    return *stepped == Statement::Step::Row;
}

Result<LeftContent> SpoolRows::removeMessage(MessageId id) {
    m_left.bind(1, key(id));
    const auto stepped = m_left.step();
    if (!stepped)
        return stepped.error();
    LeftContent left;
    if (*stepped == Statement::Step::Row)
        left = {m_left.number(0) != 0, {quint32(m_left.number(1)), m_left.number(2)}, m_left.number(3)};
    m_left.reset();
    m_removeMessage.bind(1, key(id));
    m_removeContent.bind(1, key(id));
    m_removeEnvelopes.bind(1, firstKey(id));
    m_removeEnvelopes.bind(2, lastKey(id));
    for (Statement* statement : {&m_removeMessage, &m_removeContent, &m_removeEnvelopes})
        if (auto removed = statement->run(); !removed)
            return removed.error();
    return left;
}

Result<void> SpoolRows::move(MessageId id, const Extent& extent) {
    m_move.bind(1, key(id));
    m_move.bind(2, qint64(extent.segment));
    m_move.bind(3, extent.at);
    return m_move.run();
}

Result<StoredMessage> SpoolRows::message(MessageId id) {
    m_message.bind(1, key(id));
    const auto stepped = m_message.step();
    if (!stepped)
        return stepped.error();
    if (*stepped == Statement::Step::Done)
        return Error{ErrorCode::NotFound, "message " + toText(id) + " is not in the queue"};
    StoredMessage stored = messageFromRow(m_message);
    m_message.reset();
    return stored;
}

Result<QByteArray> SpoolRows::inlineContent(MessageId id) {
    m_content.bind(1, key(id));
    const auto stepped = m_content.step();
    if (!stepped)
        return stepped.error();
    if (*stepped == Statement::Step::Done)
        return Error{ErrorCode::NotFound,
                     "the content of message " + toText(id) + " is missing from the queue database"};
    QByteArray bytes = m_content.bytes(0);
    m_content.reset();
    return bytes;
}

// Only the columns that are wanted, in a shape that opens like a whole row. Fields that are sealed come all or none.
Result<void> SpoolRows::eachMessageOutline(const std::function<void(const StoredMessage&, const QByteArray&)>& take) {
    return m_database->eachRow("SELECT serial, created_at, size, in_file, segment, place, form, stored, client_address,"
                               " iif(form & 4, sender, x'') FROM message ORDER BY serial",
                               [&](const Statement& row) {
                                   StoredMessage stored;
                                   stored.message.id = idOfSerial(quint32(row.number(0)));
                                   stored.message.createdAt = row.number(1);
                                   stored.message.size = row.number(2);
                                   stored.inFile = row.number(3) != 0;
                                   stored.extent = {quint32(row.number(4)), row.number(5)};
                                   stored.form = ContentForm::fromNumber(row.number(6));
                                   stored.storedSize = stored.form.isPlain() ? stored.message.size : row.number(7);
                                   stored.message.clientAddress = row.bytes(8);
                                   stored.sealedFields = row.bytes(9);
                                   const QByteArray damage = openRow(*m_seal, stored);
                                   take(stored, damage);
                               });
}

Result<void> SpoolRows::eachEnvelopeOutline(const std::function<void(const Envelope&, const QByteArray&)>& take) {
    return m_database->eachRow("SELECT key, state, destination, action, relay, ttl, next_try_at, last_try_at, tries,"
                               " iif(form & 1, recipient, x''), local FROM envelope ORDER BY key",
                               [&](const Statement& row) {
                                   StoredEnvelope stored;
                                   Envelope& e = stored.envelope;
                                   e.id = envelopeOfKey(row.number(0));
                                   e.state = stateOf(row.number(1));
                                   e.destination = row.bytes(2);
                                   e.action = row.bytes(3);
                                   e.relay = row.bytes(4);
                                   e.ttl = row.number(5);
                                   e.nextTryAt = row.number(6);
                                   e.lastTryAt = row.number(7);
                                   e.tries = int(row.number(8));
                                   stored.sealedFields = row.bytes(9);
                                   takeLocal(stored, row.bytes(10));
                                   const QByteArray damage = openRow(*m_seal, stored);
                                   take(e, damage);
                               });
}

Result<void> SpoolRows::eachExtent(const std::function<void(Extent, qint64 size)>& take) {
    return m_database->eachRow("SELECT segment, place, iif(form & 3, stored, size) FROM message WHERE segment<>0", [&](const Statement& row) {
        take({quint32(row.number(0)), row.number(1)}, row.number(2));
    });
}

Result<QByteArray> SpoolRows::keyId() {
    QByteArray id;
    if (auto asked = m_database->eachRow("SELECT key_id FROM seal", [&](const Statement& row) { id = row.bytes(0); }); !asked)
        return asked.error();
    return id;
}

Result<void> SpoolRows::noteKey(const QByteArray& id) {
    auto noted = m_database->prepare(id.isEmpty() ? "DELETE FROM seal"
                                                  : "INSERT OR REPLACE INTO seal(id, key_id) VALUES(1, ?)");
    if (!noted)
        return noted.error();
    if (!id.isEmpty())
        noted->bind(1, id);
    return noted->run();
}

// Encrypted contents or rows; compressed ones need no key.
Result<bool> SpoolRows::hasSealed() {
    const auto any = m_database->askNumber("SELECT EXISTS(SELECT 1 FROM message WHERE form & 6)"
                                           " OR EXISTS(SELECT 1 FROM envelope WHERE form)");
    if (!any)
        return any.error();
    return *any != 0;
}

Result<void> SpoolRows::eachEnvelopeOf(MessageId id, const std::function<void(Envelope, const QByteArray&)>& take) {
    m_envelopesOf.bind(1, firstKey(id));
    m_envelopesOf.bind(2, lastKey(id));
    for (;;) {
        const auto stepped = m_envelopesOf.step();
        if (!stepped)
            return stepped.error();
        if (*stepped == Statement::Step::Done)
            return {};
        StoredEnvelope stored = envelopeFromRow(m_envelopesOf);
        const QByteArray damage = openRow(*m_seal, stored);
        take(std::move(stored.envelope), damage);
    }
}

Result<quint32> SpoolRows::counter() {
    const auto stepped = m_counter.step();
    if (!stepped)
        return stepped.error();
    const auto serial = *stepped == Statement::Step::Row ? quint32(m_counter.number(0)) : 0;
    m_counter.reset();
    return serial;
}

Result<void> SpoolRows::setCounter(quint32 serial) {
    m_setCounter.bind(1, qint64(serial));
    return m_setCounter.run();
}

Result<void> SpoolRows::eachCounter(const std::function<void(QByteArray, qint64)>& take) {
    return m_database->eachRow("SELECT substr(name, 6), value FROM counter WHERE name LIKE 'kept-%'",
                               [&](const Statement& row) { take(row.bytes(0), row.number(1)); });
}

Result<void> SpoolRows::keepCounter(const QByteArray& name, qint64 value) {
    m_keepCounter.bind(1, name);
    m_keepCounter.bind(2, value);
    return m_keepCounter.run();
}

} // namespace postern::queue
