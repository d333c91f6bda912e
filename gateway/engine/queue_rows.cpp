// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/queue_rows.h"

#include "base/log.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::engine {
namespace {

constexpr int kMostRows = 10'000; // of one answer

QString textOf(const QByteArray& bytes) {
    return QString::fromUtf8(harmless(bytes));
}

QString stateOf(const queue::Scheduler::Row& row) {
    if (row.inFlight)
        return u"sending"_s;
    switch (row.envelope.state) {
    case queue::EnvelopeState::Waiting: return u"waiting"_s;
    case queue::EnvelopeState::Held: return u"held"_s;
    case queue::EnvelopeState::Caught: return u"caught"_s;
    }
    return {};
}

} // namespace

control::QueueRow toRow(const queue::Scheduler::Row& row, const RelayName& relayName) {
    const queue::Envelope& envelope = row.envelope;
    const queue::Message& message = *row.message;
    control::QueueRow out;
    out.id = QString::fromLatin1(queue::toText(envelope.id));
    out.message = QString::fromLatin1(queue::toText(message.id));
    out.state = stateOf(row);
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

QJsonObject listQueue(const queue::Scheduler& scheduler, const QJsonObject& args, const RelayName& relayName) {
    const int offset = qMax(0, args["offset"_L1].toInt());
    const int most = qBound(0, args["most"_L1].toInt(kMostRows), kMostRows);
    const QString state = args["state"_L1].toString();
    QJsonArray rows;
    int total = 0;
    const auto take = [&](const queue::Scheduler::Row& row) {
        if (!state.isEmpty() && state != stateOf(row))
            return;
        if (total >= offset && rows.size() < most)
            rows.append(toRow(row, relayName).toJson());
        ++total;
    };
    auto all = scheduler.rows(0, -1);
    if (state == "caught"_L1) // people look for what came last
        std::reverse(all.begin(), all.end());
    for (const auto& row : all)
        take(row);
    return {{u"rows"_s, rows}, {u"total"_s, total}};
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

Result<std::vector<queue::EnvelopeId>> envelopesOf(const queue::Scheduler& scheduler, const QJsonObject& args) {
    if (args["all"_L1].toBool())
        return scheduler.allIds();
    std::vector<queue::EnvelopeId> ids;
    for (const auto& value : args["ids"_L1].toArray()) {
        const QByteArray text = value.toString().toLatin1();
        if (const queue::EnvelopeId id = queue::envelopeIdFromText(text)) {
            ids.push_back(id);
        } else if (const queue::MessageId message = queue::messageIdFromText(text)) {
            for (const auto& row : scheduler.rowsOf(message))
                ids.push_back(row.envelope.id);
        } else {
            return Error{ErrorCode::Invalid, "\"" + harmless(text, 40) + "\" is not a message or envelope id"};
        }
    }
    if (ids.empty())
        return Error{ErrorCode::NotFound, "none of these ids is in the queue"};
    return ids;
}

} // namespace postern::engine
