// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is queued, as the gateway reads it at its start: two runs over the tables, in the order of their keys, that take only
// what the scheduler keeps.
#include "queue/spool_impl.h"

#include <algorithm>
#include <map>
#include <set>

namespace postern::queue {
namespace {

// Where messages stand, which were read in the order of their serials; the next one is mostly beside the last.
class Places {
  public:
    explicit Places(std::vector<QueueOutline::OfMessage>& messages) : m_messages(messages) {}

    QueueOutline::OfMessage* of(MessageId id) {
        for (const size_t near : {m_last, m_last + 1})
            if (near < m_messages.size() && m_messages[near].id == id) {
                m_last = near;
                return &m_messages[near];
            }
        const auto at = std::lower_bound(m_messages.begin(), m_messages.end(), serialOf(id),
                                         [](const QueueOutline::OfMessage& one, quint32 serial) { return serialOf(one.id) < serial; });
        if (at == m_messages.end() || at->id != id)
            return nullptr;
        m_last = size_t(at - m_messages.begin());
        return &*at;
    }

  private:
    std::vector<QueueOutline::OfMessage>& m_messages;
    size_t m_last = 0;
};

QByteArray lost(const QByteArray& file) {
    return "its content file " + file + " is missing or has the wrong size";
}

} // namespace

Result<void> Spool::Impl::outlineMessages(QueueOutline& outline, std::vector<Wrong>& wrong) {
    const auto names = files.list(paths.bodies);
    if (!names)
        return names.error();
    const std::set<QByteArray> bodies(names->begin(), names->end());
    std::set<QByteArray> clients; // one copy of each address
    return rows.eachMessageOutline([&](const StoredMessage& stored, const QByteArray& damage) {
        const Message& message = stored.message;
        if (!damage.isEmpty())
            wrong.push_back({message.id, damage});
        if (stored.extent.segment != 0 && !segments.mayHold(stored.extent, stored.storedSize))
            wrong.push_back({message.id, lost(segments.pathOf(stored.extent.segment))});
        if (stored.inFile && (!bodies.contains(toText(message.id)) ||
                              files.size(paths.bodyOf(message.id)).value_or(-1) != stored.storedSize))
            wrong.push_back({message.id, lost(paths.bodyOf(message.id))});
        outline.messages.push_back(
            {message.id, 0, 0, message.createdAt, message.size, *clients.insert(message.clientAddress).first});
    });
}

Result<void> Spool::Impl::outlineEnvelopes(QueueOutline& outline, std::vector<Wrong>& wrong) {
    Places places(outline.messages);
    std::map<Way, quint32> ways;
    return rows.eachEnvelopeOutline([&](const Envelope& envelope, const QByteArray& damage) {
        QueueOutline::OfMessage* const message = places.of(messageOf(envelope.id));
        if (!message)
            return;
        if (!damage.isEmpty())
            wrong.push_back({message->id, damage});
        if (message->count++ == 0)
            message->first = quint32(outline.envelopes.size());
        const auto [way, isNew] = ways.try_emplace(Way::of(envelope), quint32(outline.ways.size()));
        if (isNew)
            outline.ways.push_back(way->first);
        outline.envelopes.push_back({envelope.id, way->second, envelope.state, envelope.tries, envelope.ttl, envelope.nextTryAt,
                                     envelope.lastTryAt});
    });
}

// Messages that have lost their recipients, which cannot happen by our own doing.
void Spool::Impl::keepOrphans(QueueOutline& outline) {
    for (QueueOutline::OfMessage& message : outline.messages) {
        if (message.count > 0)
            continue;
        const Envelope envelope = placeholderEnvelope(message.id, "its recipients are lost");
        found("message " + toText(message.id) + " is held: its recipients are lost");
        (void)rows.insert(envelope);
        message.first = quint32(outline.envelopes.size());
        message.count = 1;
        outline.envelopes.push_back({envelope.id, quint32(outline.ways.size()), envelope.state, 0, envelope.ttl, 0, 0});
        outline.ways.push_back(Way::of(envelope));
    }
}

void Spool::Impl::holdWhatIsWrong(QueueOutline& outline, const std::vector<Wrong>& wrong) {
    Places places(outline.messages);
    for (const auto& [id, reason] : wrong) {
        found("message " + toText(id) + " is held: " + reason);
        const QueueOutline::OfMessage& message = *places.of(id);
        for (quint32 i = message.first; i < message.first + message.count; ++i) {
            QueueOutline::OfEnvelope& envelope = outline.envelopes[i];
            if (envelope.state == EnvelopeState::Waiting)
                envelope.state = EnvelopeState::Held;
            // Not being able to write it down is no harm: the next start finds the same.
            (void)rows.apply({EnvelopeUpdate::Kind::Reschedule, envelope.id, envelope.nextTryAt, 0, -1, reason});
            (void)rows.apply({EnvelopeUpdate::Kind::Hold, envelope.id, 0, 0, -1, {}});
        }
    }
}

Result<QueueOutline> Spool::Impl::outline() {
    QueueOutline outline;
    std::vector<Wrong> wrong;
    if (auto read = outlineMessages(outline, wrong); !read)
        return read.error();
    if (auto read = outlineEnvelopes(outline, wrong); !read)
        return read.error();
    keepOrphans(outline);
    holdWhatIsWrong(outline, wrong);
    const auto isOlder = [](const QueueOutline::OfMessage& a, const QueueOutline::OfMessage& b) { return a.createdAt < b.createdAt; };
    if (!std::is_sorted(outline.messages.begin(), outline.messages.end(), isOlder))
        std::stable_sort(outline.messages.begin(), outline.messages.end(), isOlder);
    return outline;
}

} // namespace postern::queue
