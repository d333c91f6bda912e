// SPDX-License-Identifier: GPL-3.0-or-later
//
// The half of DeliveryDesk that tells senders what became of their mail.
#include "engine/delivery_desk.h"

#include "base/crash_notes.h"
#include "queue/body_reader.h"

#include <algorithm>

namespace postern::engine {

using queue::Envelope;
using queue::EnvelopeId;
using queue::EnvelopeUpdate;
using queue::NoticeKind;
using queue::TryOutcome;
using queue::TryResult;

namespace {

constexpr qint64 kHeaderBytes = 64 * 1024;
constexpr int kMostToldInAnHour = 200; // notices to one sender: a forged one must not be buried under them
constexpr size_t kMostTold = 10'000;   // senders that are counted

} // namespace

queue::Original DeliveryDesk::originalOf(const queue::BodyPtr& body) const {
    const qint64 wanted = body->size <= queue::kReturnedAtMost ? body->size : kHeaderBytes;
    queue::Original original;
    original.content = queue::BodyReader(*m_parts.files, body).read(0, wanted).value_or(QByteArray());
    original.isWhole = original.content.size() == body->size;
    return original;
}

// What tried, waits on, and has a moment of `bounce warn-interval` ahead.
std::vector<DeliveryDesk::Late> DeliveryDesk::mayBeLate(const std::vector<TryOutcome>& outcomes) const {
    std::vector<Late> out;
    if (m_rules->settings.warnIntervals.empty())
        return out;
    for (const TryOutcome& outcome : outcomes) {
        if (outcome.result != TryResult::Temporary || !outcome.countsAsTry)
            continue;
        for (const auto& row : m_scheduler.rowsOf(queue::messageOf(outcome.id)))
            if (row.envelope.id == outcome.id && !row.message->sender.isEmpty() && !row.message->isBounce)
                out.push_back({row.message, row.envelope});
    }
    return out;
}

// A moment is told of by the try whose next one lies behind it, so each once: none between the last plan and the new one.
void DeliveryDesk::tellOfDelay(const std::vector<Late>& late, const std::vector<EnvelopeUpdate>& updates) {
    std::vector<Telling> tellings;
    for (const Late& one : late) {
        const auto update = std::find_if(updates.begin(), updates.end(), [&](const EnvelopeUpdate& each) {
            return each.id == one.envelope.id && each.kind == EnvelopeUpdate::Kind::Reschedule;
        });
        if (update == updates.end())
            continue;
        const qint64 from = std::max(one.envelope.nextTryAt, one.message->createdAt);
        const auto& intervals = m_rules->settings.warnIntervals;
        const bool due = std::any_of(intervals.begin(), intervals.end(), [&](qint64 interval) {
            const qint64 moment = one.message->createdAt + interval;
            return from < moment && moment <= update->nextTryAt;
        });
        if (!due)
            continue;
        Envelope envelope = one.envelope;
        envelope.lastError = update->lastError;
        envelope.lastTryAt = update->lastTryAt;
        const auto same = std::find_if(tellings.begin(), tellings.end(), [&](const Telling& telling) {
            return telling.about.message->id == one.message->id;
        });
        if (same == tellings.end())
            tellings.push_back({NoticeKind::Delayed, {one.message, {std::move(envelope)}, false}, {}});
        else
            same->about.envelopes.push_back(std::move(envelope));
    }
    for (Telling& telling : tellings)
        tell(std::move(telling));
}

void DeliveryDesk::tell(Telling telling) {
    const queue::MessageId id = telling.about.message->id;
    const AtWork here(id);
    if (const auto at = m_bodies.find(id); at != m_bodies.end()) {
        tellWith(std::move(telling), at->second);
        return;
    }
    auto& waiting = m_tellingsWaitingForBody[id];
    waiting.push_back(std::move(telling));
    if (waiting.size() == 1)
        fetchBody(id);
}

bool DeliveryDesk::mayTell(const QByteArray& sender) {
    const qint64 hour = m_parts.clock->wall().time_since_epoch().count() / 3600;
    if (m_told.size() >= kMostTold)
        std::erase_if(m_told, [hour](const auto& entry) { return entry.second.first != hour; });
    if (m_told.size() >= kMostTold && !m_told.contains(sender))
        return false;
    auto& [since, count] = m_told[sender];
    if (since != hour) {
        since = hour;
        count = 0;
    }
    return ++count <= kMostToldInAnHour;
}

// A null sender or a bounce: dropped to the log, never bounced again (RFC 5321 §6.1). A notice of success or of delay that
// nobody takes is not worth more.
void DeliveryDesk::dropWithoutNotice(const Telling& telling) {
    if (telling.kind == NoticeKind::Failed) {
        std::vector<EnvelopeId> ids;
        for (const Envelope& envelope : telling.about.envelopes) {
            ids.push_back(envelope.id);
            m_parts.journal->add("bounced", "Given up without a notice, because it has no sender to tell: mail for " +
                                                envelope.recipient + ": " + envelope.lastError,
                                 {}, queue::toText(telling.about.message->id));
        }
        m_scheduler.forget(ids);
    }
    record(telling.updates);
    for (const EnvelopeUpdate& update : telling.updates)
        forgetBodyOf(update.id);
}

// body: null if it cannot be read; then the notice goes without the original.
void DeliveryDesk::tellWith(Telling telling, const queue::BodyPtr& body) {
    const queue::Failure& about = telling.about;
    const bool failed = telling.kind == NoticeKind::Failed;
    if (failed) {
        for (const Envelope& envelope : about.envelopes) {
            EnvelopeUpdate removal;
            removal.kind = EnvelopeUpdate::Kind::Remove;
            removal.id = envelope.id;
            telling.updates.push_back(removal);
        }
    }
    const WallTime now = m_parts.clock->wall();
    const auto text =
        queue::makeNotice(telling.kind, about, body ? originalOf(body) : queue::Original(), m_serverName, now);
    if (!text) {
        dropWithoutNotice(telling);
        return;
    }
    if (!mayTell(about.message->sender)) {
        if (failed)
            hold(about, "cannot be returned: " + about.message->sender + " got " + QByteArray::number(kMostToldInAnHour) +
                            " notices within this hour already; release it to try again, or remove it; the failure was: " +
                            about.envelopes.front().lastError);
        else
            dropWithoutNotice(telling);
        return;
    }

    policy::MatchContext context;
    context.isLocalAddress = true;
    context.clientAddress = "127.0.0.1";
    context.helo = m_serverName;
    context.recipient = about.message->sender;
    context.localNames = m_localNames;
    // Static and file tables answer at once; a slower one leaves the return for later, and may answer when we are gone.
    const auto answer = std::make_shared<std::optional<policy::Verdict>>();
    policy::match(m_rules, context, policy::WantTrace::No, [answer](policy::Verdict v) { *answer = std::move(v); });
    const std::optional<policy::Verdict> verdict = *answer;
    if (!verdict || (verdict->decision != policy::Decision::Relay && verdict->decision != policy::Decision::Catch)) {
        if (failed)
            hold(about, "cannot be returned: no rule takes mail to its sender " + about.message->sender +
                            "; the failure was: " + about.envelopes.front().lastError);
        else
            dropWithoutNotice(telling);
        return;
    }

    queue::QueuedMessage bounce;
    bounce.message.id = m_parts.spool->ids()->next();
    bounce.message.createdAt = now.time_since_epoch().count();
    bounce.message.size = text->content.size();
    bounce.message.subject = text->subject;
    bounce.message.isBounce = true;
    bounce.message.helo = m_serverName;
    bounce.message.params.declaredSize = text->content.size();
    bounce.message.params.smtpUtf8 = text->needsUtf8;
    bounce.message.hasEightBit = text->hasEightBit;
    Envelope envelope;
    envelope.id = queue::newEnvelopeId(bounce.message.id);
    envelope.recipient = envelope.destination = about.message->sender;
    envelope.nextTryAt = bounce.message.createdAt;
    envelope.ttl = verdict->action->ttl.value_or(m_rules->settings.queueTtl);
    if (verdict->decision == policy::Decision::Catch)
        envelope.state = queue::EnvelopeState::Caught;
    if (m_rules->era == policy::Era::Modern)
        envelope.action = verdict->action->name;
    else
        envelope.relay = verdict->action->relay.toBytes();
    bounce.envelopes.push_back(envelope);

    std::vector<EnvelopeId> returned;
    for (const EnvelopeUpdate& update : telling.updates) {
        if (failed)
            returned.push_back(update.id);
        else
            forgetBodyOf(update.id); // a returned one's content goes when its return is durable
    }
    queue::Body content;
    content.bytes = text->content;
    content.size = text->content.size();
    const auto shared = std::make_shared<const queue::Body>(content);
    queue::UpdateEnvelopes request;
    request.updates = telling.updates;
    request.bounces.push_back({bounce.message, bounce.envelopes, content, {}});
    request.done = [address = m_recorded.address(), returned, updates = std::move(telling.updates), bounce, shared,
                    about = std::move(telling.about)](Result<void> outcome) {
        Recorded recorded;
        recorded.returned = returned;
        recorded.about = about;
        if (outcome)
            recorded.bounces.emplace_back(bounce, shared);
        else if (returned.empty())
            recorded.request.updates = updates; // what happened must be recorded; the notice is given up
        recorded.outcome = std::move(outcome);
        address.post(std::move(recorded));
    };
    m_parts.spool->post(std::move(request));
}

} // namespace postern::engine
