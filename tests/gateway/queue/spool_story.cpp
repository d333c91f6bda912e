// SPDX-License-Identifier: GPL-3.0-or-later
#include "spool_story.h"

#include <algorithm>

namespace postern::test {

using namespace queue;

QByteArray SpoolStory::content(MessageId id) {
    static constexpr qsizetype kSizes[] = {0, 60, 4000, 20'000, 32 * 1024, 32 * 1024 + 1, 70'000};
    QByteArray bytes = "Subject: " + toText(id) + "\r\n\r\n";
    const qsizetype size = kSizes[below(7)];
    // Hardly to be compressed, so that contents keep to their kinds of places.
    for (quint64 x = id | 1; bytes.size() < size;) {
        x = x * 6364136223846793005ULL + 1442695040888963407ULL;
        bytes.append(char('!' + (x >> 33) % 94));
    }
    return bytes;
}

StoreMessage SpoolStory::newMessage(SpoolFixture& f, bool notice) {
    const MessageId id = f.spool->ids()->next();
    if (!m_ids.insert(id).second)
        m_complaint = "id " + toText(id) + " was handed out twice";
    StoreMessage message = makeMessage(id, content(id), notice ? 1 : 1 + int(below(3)));
    message.message.isBounce = notice;
    return message;
}

void SpoolStory::promise(const StoreMessage& message, const QByteArray& bytes) {
    Stored stored{bytes, {}};
    for (const Envelope& e : message.envelopes)
        stored.envelopes[e.id] = {State{false, e.state, e.nextTryAt, e.tries, e.lastError}};
    m_stored[message.message.id] = std::move(stored);
}

SpoolRequest SpoolStory::storeRequest(SpoolFixture& f) {
    StoreMessage message = newMessage(f, false);
    const QByteArray bytes = message.content.bytes;
    if (bytes.size() > kInlineBody && below(4) != 0)
        message = f.inFile(std::move(message)); // else the spool has to write the file
    expectAnswers(1);
    const StoreMessage kept = message;
    message.done = [this, kept, bytes](const Result<BodyPtr>& done) {
        ++m_answered;
        if (done)
            promise(kept, bytes);
        else
            m_failed[kept.message.id] = bytes;
    };
    return message;
}

SpoolStory::State SpoolStory::changed(State state, const EnvelopeUpdate& update) {
    if (state.gone)
        return state;
    switch (update.kind) {
    case EnvelopeUpdate::Kind::Remove: state.gone = true; break;
    case EnvelopeUpdate::Kind::Reschedule:
        state.nextTryAt = update.nextTryAt;
        state.tries = update.tries < 0 ? state.tries : update.tries;
        state.lastError = update.lastError;
        break;
    case EnvelopeUpdate::Kind::Hold:
        if (state.state == EnvelopeState::Waiting)
            state.state = EnvelopeState::Held;
        break;
    case EnvelopeUpdate::Kind::Release:
        if (state.state == EnvelopeState::Held) {
            state.state = EnvelopeState::Waiting;
            state.nextTryAt = update.nextTryAt;
        }
        break;
    }
    return state;
}

void SpoolStory::note(const std::vector<EnvelopeUpdate>& updates, bool certain) {
    // All of a request's updates happen or none does; told as failed, each is noted as open.
    for (const EnvelopeUpdate& update : updates) {
        const auto message = m_stored.find(messageOf(update.id));
        if (message == m_stored.end())
            continue;
        States& states = message->second.envelopes.at(update.id);
        States after;
        for (const State& state : states) {
            if (!certain)
                after.push_back(state);
            after.push_back(changed(state, update));
        }
        states = std::move(after);
    }
}

SpoolRequest SpoolStory::updateRequest(SpoolFixture& f) {
    std::vector<EnvelopeId> known;
    for (const auto& [id, stored] : m_stored)
        for (const auto& [envelope, states] : stored.envelopes)
            known.push_back(envelope);
    UpdateEnvelopes request;
    const quint32 how = below(6);
    const int many = known.empty() ? 0 : how == 0 ? 1 : 1 + int(below(4));
    for (int i = 0; i < many; ++i) {
        EnvelopeUpdate update;
        update.id = known[below(quint32(known.size()))];
        static constexpr EnvelopeUpdate::Kind kKinds[] = {EnvelopeUpdate::Kind::Remove, EnvelopeUpdate::Kind::Remove,
                                                          EnvelopeUpdate::Kind::Reschedule, EnvelopeUpdate::Kind::Hold,
                                                          EnvelopeUpdate::Kind::Release};
        update.kind = how == 0 ? EnvelopeUpdate::Kind::Remove : kKinds[below(5)];
        update.nextTryAt = 1'795'000'000 + qint64(below(100'000));
        update.tries = int(below(9)) - 1;
        update.lastError = "451 " + QByteArray::number(below(1000));
        request.updates.push_back(update);
    }
    StoreMessage notice;
    QByteArray bytes;
    Pair pair;
    const bool withNotice = how == 0 && many > 0;
    if (withNotice) {
        notice = newMessage(f, true);
        bytes = notice.content.bytes;
        const States& before = m_stored.at(messageOf(request.updates[0].id)).envelopes.at(request.updates[0].id);
        pair = {notice.message.id, request.updates[0].id,
                std::any_of(before.begin(), before.end(), [](const State& s) { return s.gone; })};
        request.bounces.push_back(notice);
    }
    expectAnswers(1);
    request.done = [this, updates = request.updates, withNotice, notice, bytes, pair](const Result<void>& done) {
        ++m_answered;
        note(updates, done.has_value());
        if (withNotice && done)
            promise(notice, bytes);
        if (withNotice && !done) {
            m_failed[notice.message.id] = bytes;
            m_pairs.push_back(pair);
        }
    };
    return request;
}

void SpoolStory::run(SpoolFixture& f, int groups) {
    for (int g = 0; g < groups; ++g) {
        std::vector<SpoolRequest> group;
        for (quint32 i = 0, many = 1 + below(4); i < many; ++i)
            group.push_back(g == 0 || below(3) != 0 ? storeRequest(f) : updateRequest(f));
        f.spool->carryOut(std::move(group));
        if (below(4) == 0)
            f.spool->tidy();
    }
    if (m_answered != m_asked)
        m_complaint = QByteArray::number(m_asked) + " requests, " + QByteArray::number(m_answered) + " answers";
}

QByteArray SpoolStory::checkMessage(SpoolFixture& f, const QueuedMessage& found) const {
    const MessageId id = found.message.id;
    const auto stored = m_stored.find(id);
    const auto failed = m_failed.find(id);
    if (stored == m_stored.end() && failed == m_failed.end())
        return "message " + toText(id) + " came from nowhere";
    const QByteArray& bytes = stored != m_stored.end() ? stored->second.bytes : failed->second;
    const auto now = f.content(id);
    if (!now)
        return "content of " + toText(id) + ": " + now.error().text;
    if (*now != bytes)
        return "message " + toText(id) + " changed its content";
    if (stored == m_stored.end())
        return {};
    for (const Envelope& e : found.envelopes) {
        const auto states = stored->second.envelopes.find(e.id);
        if (states == stored->second.envelopes.end())
            return "envelope " + toText(e.id) + " came from nowhere";
        const State is{false, e.state, e.nextTryAt, e.tries, e.lastError};
        if (std::find(states->second.begin(), states->second.end(), is) == states->second.end())
            return "envelope " + toText(e.id) + " is in a state it was never told to be in (" + e.lastError + ")";
    }
    return {};
}

QByteArray SpoolStory::check(SpoolFixture& f, Uncertain uncertain) const {
    if (!m_complaint.isEmpty())
        return m_complaint;
    const auto queued = wholeQueue(*f.spool);
    if (!queued)
        return "load: " + queued.error().text;
    std::map<MessageId, const QueuedMessage*> found;
    for (const QueuedMessage& message : *queued) {
        if (!found.emplace(message.message.id, &message).second)
            return "message " + toText(message.message.id) + " is there twice";
        if (const QByteArray wrong = checkMessage(f, message); !wrong.isEmpty())
            return wrong;
        const bool excused = uncertain == Uncertain::MayBeThere ||
                             (uncertain == Uncertain::NoticesMayBeThere && message.message.isBounce);
        if (m_failed.contains(message.message.id) && !excused)
            return "message " + toText(message.message.id) + " was told as failed and is there";
    }
    const auto isThere = [&found](EnvelopeId id) {
        const auto message = found.find(messageOf(id));
        return message != found.end() &&
               std::any_of(message->second->envelopes.begin(), message->second->envelopes.end(),
                           [id](const Envelope& e) { return e.id == id; });
    };
    for (const auto& [id, stored] : m_stored)
        for (const auto& [envelope, states] : stored.envelopes)
            if (!isThere(envelope) && std::none_of(states.begin(), states.end(), [](const State& s) { return s.gone; }))
                return "envelope " + toText(envelope) + " was promised and is lost";
    for (const Pair& pair : m_pairs) {
        if (found.contains(pair.notice) && isThere(pair.removed))
            return "notice " + toText(pair.notice) + " is there without the removal that belongs to it";
    }
    return {};
}

} // namespace postern::test
