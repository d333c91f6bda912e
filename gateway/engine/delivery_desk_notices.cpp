// SPDX-License-Identifier: GPL-3.0-or-later
//
// The half of DeliveryDesk that tells what became of mail: people in the journal, senders by notices.
#include "engine/delivery_desk.h"

#include "base/crash_notes.h"
#include "listener/envelope_maker.h"
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

void DeliveryDesk::note(const std::vector<TryOutcome>& outcomes, const QByteArray& peer, bool isDamaged) {
    for (const TryOutcome& outcome : outcomes) {
        if (!outcome.countsAsTry)
            continue;
        const auto row = m_scheduler.rowOf(outcome.id);
        const QByteArray recipient = row ? row->envelope.recipient : QByteArray();
        const QByteArray id = queue::toText(queue::messageOf(outcome.id));
        const QByteArray via = peer.isEmpty() ? QByteArray() : " by " + peer;
        switch (outcome.result) {
        case TryResult::Delivered:
            ++m_tries.delivered;
            m_parts.journal->add("delivered", "Delivered to " + recipient + via, outcome.text, id);
            break;
        case TryResult::Temporary:
            ++m_tries.temporary;
            m_parts.journal->add("delayed", (isDamaged ? "Held: mail for " : "Not yet delivered to ") + recipient + ": " + outcome.text,
                                 outcome.text, id);
            break;
        case TryResult::Permanent:
            ++m_tries.permanent;
            m_parts.journal->add("delayed", "Refused for " + recipient + via + ": " + outcome.text, outcome.text,
                                 id);
            break;
        }
    }
}

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
        const auto row = m_scheduler.rowOf(outcome.id);
        if (row && row->message && !row->message->sender.isEmpty() && !row->message->isBounce)
            out.push_back({row->message, row->envelope});
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
        if (!due || update->nextTryAt >= one.message->createdAt + one.envelope.ttl)
            continue; // that is its end, and told as such
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
    const queue::MessageId id =
        telling.about.message ? telling.about.message->id : queue::messageOf(telling.about.envelopes.front().id);
    const AtWork here(id);
    if (const auto at = m_bodies.find(id); at != m_bodies.end() && telling.about.message) {
        tellWith(std::move(telling), at->second);
        return;
    }
    auto& waiting = m_tellingsWaitingForMail[id];
    waiting.push_back(std::move(telling));
    if (waiting.size() == 1)
        fetch(id);
}

// Without the content a notice goes without the original, without the words there is nobody to tell: a person must look at
// what is damaged or gone; a disk that is away comes back.
void DeliveryDesk::tellRead(Telling telling, const MailRead& read) {
    if (telling.about.message || m_scheduler.fill(telling.about)) {
        tellWith(std::move(telling), read.body ? *read.body : nullptr);
        return;
    }
    const Error error = read.words ? Error{ErrorCode::NotFound, "a recipient of it is missing from the queue database"}
                                   : read.words.error();
    const bool isFinal = error.code == ErrorCode::Corrupt || error.code == ErrorCode::NotFound;
    keep(telling.about, "cannot be returned to its sender, because it cannot be read: " + error.text,
         isFinal ? queue::Scheduler::Unreturned::Hold : queue::Scheduler::Unreturned::TryAgain);
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
        keepUntold(telling, about.message->sender + " got " + QByteArray::number(kMostToldInAnHour) +
                                " notices within this hour already; release it to try again, or remove it");
        return;
    }
    const auto notice = std::make_shared<Notice>(Notice{std::move(telling), *text, now});
    auto verdict = policy::matchNow(m_rules, contextOfNoticeTo(notice->telling.about.message->sender),
                                    [address = m_noticeWays.address(), notice](policy::Verdict late) {
                                        address.post({notice, std::move(late), {}});
                                    });
    if (verdict)
        decideNotice(notice, std::move(*verdict));
}

// Notices go by the rules, as mail of this computer.
policy::MatchContext DeliveryDesk::contextOfNoticeTo(const QByteArray& sender) const {
    policy::MatchContext context;
    context.isLocalAddress = true;
    context.clientAddress = "127.0.0.1";
    context.helo = m_serverName;
    context.recipient = sender;
    context.localNames = m_localNames;
    return context;
}

void DeliveryDesk::decideNotice(std::shared_ptr<Notice> notice, policy::Verdict verdict) {
    if (verdict.decision == policy::Decision::Local && m_parts.follow) {
        m_parts.follow(std::move(verdict), m_rules, contextOfNoticeTo(notice->telling.about.message->sender),
                       [address = m_noticeWays.address(), notice](delivery::Outcome outcome) {
                           address.post({notice, {}, std::move(outcome)});
                       });
        return;
    }
    if (verdict.decision != policy::Decision::Relay && verdict.decision != policy::Decision::Catch) {
        keepUntold(notice->telling, "no rule takes mail to its sender " + notice->telling.about.message->sender);
        return;
    }
    const bool isCaught = verdict.decision == policy::Decision::Catch;
    sendNotice(*notice, {{notice->telling.about.message->sender, verdict.action,
                          isCaught ? policy::Method::Catch : policy::Method::Relay, false, {}, {}}});
}

void DeliveryDesk::takeNoticeWays(std::vector<NoticeWay>&& batch) {
    for (NoticeWay& way : batch) {
        const Telling& telling = way.notice->telling;
        const AtWork here(telling.about.message->id);
        if (way.verdict)
            decideNotice(way.notice, std::move(*way.verdict));
        else if (way.outcome.refusal)
            keepUntold(telling, "its sender " + telling.about.message->sender + " is not taken" +
                                    (way.outcome.reason.isEmpty() ? QByteArray() : ": " + way.outcome.reason));
        else
            sendNotice(*way.notice, way.outcome.ends);
    }
    pump(); // of those that wait to be told of some have gone
}

// What is not told of is not given up: failed mail waits for a person; of success and delay nobody need hear.
void DeliveryDesk::keepUntold(const Telling& telling, const QByteArray& why) {
    if (telling.kind == NoticeKind::Failed)
        keep(telling.about, "cannot be returned: " + why + "; the failure was: " + telling.about.envelopes.front().lastError,
             queue::Scheduler::Unreturned::Hold);
    else
        dropWithoutNotice(telling);
}

void DeliveryDesk::sendNotice(Notice& notice, const std::vector<delivery::End>& ends) {
    Telling& telling = notice.telling;
    const queue::BounceText& text = notice.text;
    const bool failed = telling.kind == NoticeKind::Failed;
    queue::QueuedMessage bounce;
    bounce.message.id = m_parts.spool->ids()->next();
    bounce.message.createdAt = notice.at.time_since_epoch().count();
    bounce.message.size = text.content.size();
    bounce.message.subject = text.subject;
    bounce.message.isBounce = true;
    bounce.message.helo = m_serverName;
    bounce.message.params.declaredSize = text.content.size();
    bounce.message.params.smtpUtf8 = text.needsUtf8;
    bounce.message.hasEightBit = text.hasEightBit;
    listener::EnvelopeMaker maker;
    for (const delivery::End& end : ends) {
        Envelope envelope = maker.envelopeFor(end, *m_rules);
        do
            envelope.id = queue::newEnvelopeId(bounce.message.id);
        while (std::any_of(bounce.envelopes.begin(), bounce.envelopes.end(),
                           [&](const Envelope& other) { return other.id == envelope.id; }));
        envelope.recipient = telling.about.message->sender;
        envelope.nextTryAt = bounce.message.createdAt;
        bounce.envelopes.push_back(std::move(envelope));
    }

    std::vector<EnvelopeId> returned;
    for (const EnvelopeUpdate& update : telling.updates) {
        if (failed)
            returned.push_back(update.id);
        else
            forgetBodyOf(update.id); // a returned one's content goes when its return is durable
    }
    queue::Body content;
    content.bytes = text.content;
    content.size = text.content.size();
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
