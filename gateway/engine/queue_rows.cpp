// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/queue_rows.h"

#include "base/log.h"
#include "queue/body_reader.h"

#include <algorithm>
#include <map>

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

} // namespace

QByteArray localName(const queue::LocalEnd& end) {
    if (!end.target.isEmpty())
        return end.method + ' ' + end.target;
    return end.user.isEmpty() ? end.method : end.method + " of " + end.user;
}

control::QueueRow toRow(const queue::Scheduler::Row& row, const RelayName& relayName) {
    const queue::Envelope& envelope = row.envelope;
    control::QueueRow out;
    out.id = QString::fromLatin1(queue::toText(envelope.id));
    out.message = QString::fromLatin1(queue::toText(queue::messageOf(envelope.id)));
    out.state = toText(row.state);
    if (row.message) {
        const queue::Message& message = *row.message;
        out.sender = textOf(message.sender);
        out.recipient = textOf(envelope.recipient);
        out.subject = textOf(message.subject);
        out.client = textOf(message.clientAddress);
        out.user = textOf(message.user);
        out.destination = textOf(envelope.destination);
        out.method = envelope.state == queue::EnvelopeState::Caught ? u"catch"_s : envelope.local ? textOf(envelope.local->method) : u"relay"_s;
        if (envelope.local)
            out.account = textOf(envelope.local->user);
        out.relay = textOf(envelope.local ? localName(*envelope.local) : relayName(envelope));
        out.size = message.size;
    }
    out.createdAt = row.place.createdAt;
    out.nextTryAt = envelope.state == queue::EnvelopeState::Waiting ? envelope.nextTryAt : 0;
    out.lastTryAt = envelope.lastTryAt;
    out.expiresAt = envelope.state == queue::EnvelopeState::Waiting ? row.place.createdAt + envelope.ttl : 0;
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

Result<Listing> Listing::ofPage(const Scheduler& scheduler, const QJsonObject& args, int mostRows) {
    const auto state = stateFrom(args);
    const auto after = placeFrom(args["after"_L1]);
    if (!state || !after)
        return state ? after.error() : state.error();
    Scheduler::Wish wish{*state, *after, false, qBound(0, args["most"_L1].toInt(mostRows), mostRows)};
    wish.newestFirst = *state == Scheduler::RowState::Caught; // people look for what came last
    Scheduler::Page page = scheduler.page(wish);
    Listing listing;
    listing.m_value[u"total"_s] = scheduler.total(*state);
    if (page.hasMore && !page.rows.empty())
        listing.m_value[u"next"_s] = toText(page.rows.back().place);
    if (const auto newest = scheduler.newest(*state))
        listing.m_value[u"newest"_s] = toText(*newest);
    listing.m_rows = std::move(page.rows);
    return listing;
}

Result<Listing> Listing::ofId(const Scheduler& scheduler, const QString& id) {
    const QByteArray text = id.toLatin1();
    const queue::EnvelopeId envelope = queue::envelopeIdFromText(text);
    const queue::MessageId message = envelope ? queue::messageOf(envelope) : queue::messageIdFromText(text);
    Listing listing;
    if (message)
        listing.m_rows = scheduler.rowsOf(message);
    if (envelope)
        std::erase_if(listing.m_rows, [envelope](const Scheduler::Row& row) { return row.envelope.id != envelope; });
    if (listing.m_rows.empty())
        return Error{ErrorCode::NotFound, "Nothing in the queue has the id \"" + harmless(id.toUtf8(), 40) + '"'};
    return listing;
}

std::vector<queue::MessageId> Listing::missing() const {
    std::vector<queue::MessageId> ids;
    for (const Scheduler::Row& row : m_rows)
        if (!row.message)
            ids.push_back(queue::messageOf(row.envelope.id));
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

// The numbers stay the scheduler's.
void Listing::supply(const std::vector<queue::MessageId>& ids, const std::vector<Result<queue::QueuedMessage>>& found) {
    std::map<queue::MessageId, const Result<queue::QueuedMessage>*> byId;
    for (size_t i = 0; i < std::min(ids.size(), found.size()); ++i)
        byId[ids[i]] = &found[i];
    std::map<queue::MessageId, std::shared_ptr<const queue::Message>> messages;
    std::erase_if(m_rows, [&](Scheduler::Row& row) {
        const auto at = byId.find(queue::messageOf(row.envelope.id));
        if (row.message || at == byId.end())
            return false;
        const Result<queue::QueuedMessage>& read = *at->second;
        if (!read) { // what is known without the disk is told all the same
            row.envelope.lastError = read.error().text;
            return read.error().code == ErrorCode::NotFound;
        }
        const auto words = std::find_if(read->envelopes.begin(), read->envelopes.end(),
                                        [&row](const queue::Envelope& one) { return one.id == row.envelope.id; });
        if (words == read->envelopes.end())
            return true;
        std::shared_ptr<const queue::Message>& message = messages[at->first];
        if (!message)
            message = std::make_shared<const queue::Message>(read->message);
        row.message = message;
        const queue::Envelope numbers = std::exchange(row.envelope, *words);
        row.envelope.state = numbers.state;
        row.envelope.ttl = numbers.ttl;
        row.envelope.nextTryAt = numbers.nextTryAt;
        row.envelope.lastTryAt = numbers.lastTryAt;
        row.envelope.tries = numbers.tries;
        return false;
    });
}

control::Reply Listing::reply(const RelayName& relayName) const {
    QJsonArray rows;
    for (const Scheduler::Row& row : m_rows)
        rows.append(toRow(row, relayName).toJson());
    QJsonObject value = m_value;
    value[u"rows"_s] = rows;
    return {true, value, {}};
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
