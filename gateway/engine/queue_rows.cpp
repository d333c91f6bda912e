// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/queue_rows.h"

#include "base/log.h"
#include "queue/body_reader.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::engine {
namespace {

constexpr qint64 kMostContent = 512 << 10; // octets of one queue.content answer

QString textOf(const QByteArray& bytes) {
    return QString::fromUtf8(harmless(bytes));
}

using queue::Scheduler;

constexpr std::pair<Scheduler::RowState, QLatin1StringView> kStates[] = {
    {Scheduler::RowState::Waiting, "waiting"_L1},
    {Scheduler::RowState::Sending, "sending"_L1},
    {Scheduler::RowState::Held, "held"_L1},
    {Scheduler::RowState::Caught, "caught"_L1},
};

QString toText(Scheduler::RowState state) {
    for (const auto& [known, name] : kStates)
        if (known == state)
            return name;
    return {};
}

// {state: ...}; nothing = all of them.
Result<std::optional<Scheduler::RowState>> stateFrom(const QJsonObject& args) {
    const QString text = args["state"_L1].toString();
    if (text.isEmpty())
        return std::optional<Scheduler::RowState>();
    for (const auto& [known, name] : kStates)
        if (name == text)
            return std::optional(known);
    return Error{ErrorCode::Invalid, "there is no state \"" + harmless(text.toUtf8(), 40) +
                                         "\"; known are " + knownStates().join(", ")};
}

// Places travel as text that means nothing to anybody else.
QString toText(const Scheduler::RowPlace& place) {
    return QString::number(place.createdAt) + u'.' + QString::number(place.arrival);
}

Result<std::optional<Scheduler::RowPlace>> placeFrom(const QJsonValue& value) {
    const QString text = value.toString();
    if (text.isEmpty())
        return std::optional<Scheduler::RowPlace>();
    const qsizetype dot = text.indexOf(u'.');
    bool first = false, second = false;
    const Scheduler::RowPlace place{text.left(dot).toLongLong(&first), text.mid(dot + 1).toULongLong(&second)};
    if (dot < 0 || !first || !second)
        return Error{ErrorCode::Invalid, "\"" + harmless(text.toUtf8(), 40) + "\" is no place in the queue"};
    return std::optional(place);
}

control::Reply refused(const Error& error) {
    return {false, {}, QString::fromUtf8(error.text) + u'.'};
}

} // namespace

control::QueueRow toRow(const queue::Scheduler::Row& row, const RelayName& relayName) {
    const queue::Envelope& envelope = row.envelope;
    const queue::Message& message = *row.message;
    control::QueueRow out;
    out.id = QString::fromLatin1(queue::toText(envelope.id));
    out.message = QString::fromLatin1(queue::toText(message.id));
    out.state = toText(row.state);
    out.sender = textOf(message.sender);
    out.recipient = textOf(envelope.recipient);
    out.subject = textOf(message.subject);
    out.client = textOf(message.clientAddress);
    out.user = textOf(message.user);
    out.relay = textOf(relayName(message, envelope));
    out.size = message.size;
    out.createdAt = message.createdAt;
    out.nextTryAt = envelope.state == queue::EnvelopeState::Waiting ? envelope.nextTryAt : 0;
    out.lastTryAt = envelope.lastTryAt;
    out.expiresAt = envelope.state == queue::EnvelopeState::Waiting ? message.createdAt + envelope.ttl : 0;
    out.tries = envelope.tries;
    out.lastError = textOf(envelope.lastError);
    return out;
}

QByteArrayList knownStates() {
    QByteArrayList names;
    for (const auto& [state, name] : kStates)
        names.append(QByteArray(name.data(), name.size()));
    return names;
}

control::Reply listQueue(const Scheduler& scheduler, const QJsonObject& args, const RelayName& relayName,
                         int mostRows) {
    const auto state = stateFrom(args);
    const auto after = placeFrom(args["after"_L1]);
    if (!state || !after)
        return refused(state ? after.error() : state.error());
    Scheduler::Wish wish{*state, *after, false, qBound(0, args["most"_L1].toInt(mostRows), mostRows)};
    wish.newestFirst = *state == Scheduler::RowState::Caught; // people look for what came last
    const Scheduler::Page page = scheduler.page(wish);
    QJsonArray rows;
    for (const Scheduler::Row& row : page.rows)
        rows.append(toRow(row, relayName).toJson());
    QJsonObject value{{u"rows"_s, rows}, {u"total"_s, scheduler.total(*state)}};
    if (page.hasMore && !page.rows.empty())
        value[u"next"_s] = toText(page.rows.back().place);
    if (const auto newest = scheduler.newest(*state))
        value[u"newest"_s] = toText(*newest);
    return {true, value, {}};
}

control::Reply showQueue(const queue::Scheduler& scheduler, const QString& id, const RelayName& relayName) {
    const QByteArray text = id.toLatin1();
    const queue::EnvelopeId envelope = queue::envelopeIdFromText(text);
    const queue::MessageId message = envelope ? queue::messageOf(envelope) : queue::messageIdFromText(text);
    QJsonArray rows;
    if (message) {
        for (const auto& row : scheduler.rowsOf(message))
            if (!envelope || row.envelope.id == envelope)
                rows.append(toRow(row, relayName).toJson());
    }
    if (rows.isEmpty())
        return {
            false, {}, u"Nothing in the queue has the id \"%1\"."_s.arg(QString::fromUtf8(harmless(id.toUtf8(), 40)))};
    return {true, QJsonObject{{u"rows"_s, rows}}, {}};
}

control::Reply pieceOfContent(FileStore& files, const queue::BodyPtr& body, const QJsonObject& args) {
    const qint64 offset = qMax<qint64>(0, args["offset"_L1].toInteger());
    const qint64 most = qBound<qint64>(1, args["most"_L1].toInteger(kMostContent), kMostContent);
    const auto bytes = queue::BodyReader(files, body).read(offset, most);
    if (!bytes)
        return {false, {}, QString::fromUtf8(bytes.error().text)};
    return {true,
            QJsonObject{{u"content"_s, QString::fromLatin1(bytes->toBase64())}, {u"offset"_s, offset}, {u"size"_s, body->size}},
            {}};
}

Result<Selection> Selection::from(const Scheduler& scheduler, const QJsonObject& args) {
    Selection selection;
    selection.m_isAll = args["all"_L1].toBool();
    if (selection.m_isAll) {
        const auto state = stateFrom(args);
        const auto upTo = placeFrom(args["upTo"_L1]);
        if (!state || !upTo)
            return state ? upTo.error() : state.error();
        selection.m_state = *state;
        selection.m_upTo = *upTo;
        selection.m_left = scheduler.total(*state);
        return selection;
    }
    for (const auto& value : args["ids"_L1].toArray()) {
        const QByteArray text = value.toString().toLatin1();
        if (const queue::EnvelopeId id = queue::envelopeIdFromText(text)) {
            selection.m_ids.push_back(id);
        } else if (const queue::MessageId message = queue::messageIdFromText(text)) {
            for (const auto& row : scheduler.rowsOf(message))
                selection.m_ids.push_back(row.envelope.id);
        } else {
            return Error{ErrorCode::Invalid, "\"" + harmless(text, 40) + "\" is not a message or envelope id"};
        }
    }
    if (selection.m_ids.empty())
        return Error{ErrorCode::NotFound, "none of these ids is in the queue"};
    std::reverse(selection.m_ids.begin(), selection.m_ids.end());
    return selection;
}

std::vector<queue::EnvelopeId> Selection::next(const Scheduler& scheduler, int most) {
    std::vector<queue::EnvelopeId> ids;
    if (m_isAll) {
        const Scheduler::Page page = scheduler.page({m_state, m_after, false, qMin(most, m_left)});
        for (const Scheduler::Row& row : page.rows)
            if (!m_upTo || row.place <= *m_upTo)
                ids.push_back(row.envelope.id);
        m_left -= int(page.rows.size());
        if (!page.rows.empty())
            m_after = page.rows.back().place;
        return ids;
    }
    while (!m_ids.empty() && int(ids.size()) < most) {
        ids.push_back(m_ids.back());
        m_ids.pop_back();
    }
    return ids;
}

} // namespace postern::engine
