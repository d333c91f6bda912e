// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whose words are in memory. moveTo() drops them when an envelope goes to sleep, is held or caught: from there on nobody needs
// them for a while, and the spool has them.
#include "queue/scheduler_impl.h"

#include <algorithm>
#include <tuple>

namespace postern::queue {
namespace {

constexpr int kInHand = 20'000; // envelopes with their words, those on their way and leaving not held up by it

} // namespace

Way Way::of(const Envelope& envelope) {
    if (envelope.local)
        return {envelope.action, envelope.relay, {}, envelope.local->method, envelope.local->target, envelope.local->user};
    return {envelope.action, envelope.relay, envelope.destination.mid(envelope.destination.lastIndexOf('@') + 1).toLower(), {}, {}, {}};
}

bool operator<(const Way& a, const Way& b) {
    return std::tie(a.domain, a.action, a.relay, a.method, a.target, a.user) <
           std::tie(b.domain, b.action, b.relay, b.method, b.target, b.user);
}

bool Scheduler::Impl::mayKeepWords() const {
    return inHand < kInHand;
}

void Scheduler::Impl::giveWords(Entry& entry, const std::shared_ptr<const Message>& message, Envelope envelope) {
    if (entry.words)
        return;
    if (!entry.owner->message)
        entry.owner->message = message;
    ++entry.owner->inHand;
    ++inHand;
    entry.words = std::make_unique<Envelope>(std::move(envelope));
}

void Scheduler::Impl::dropWords(Entry& entry) {
    if (!entry.words)
        return;
    entry.words.reset();
    --inHand;
    if (--entry.owner->inHand == 0)
        entry.owner->message.reset();
}

// The numbers are ours: what the spool has is behind while it cannot be written.
Envelope Scheduler::Impl::inFull(const Entry& entry) const {
    Envelope envelope;
    if (entry.words)
        envelope = *entry.words;
    envelope.id = entry.id;
    switch (entry.place) {
    case Place::Held: envelope.state = EnvelopeState::Held; break;
    case Place::Caught: envelope.state = EnvelopeState::Caught; break;
    case Place::Sleeping:
    case Place::Ready:
    case Place::InFlight:
    case Place::Leaving: envelope.state = EnvelopeState::Waiting; break;
    }
    envelope.ttl = entry.ttl;
    envelope.nextTryAt = entry.nextTryAt;
    envelope.lastTryAt = entry.lastTryAt;
    envelope.tries = entry.tries;
    return envelope;
}

void Scheduler::supply(const QueuedMessage& queued) {
    std::shared_ptr<const Message> message;
    for (const Envelope& envelope : queued.envelopes) {
        Impl::Entry* const entry = m->find(envelope.id);
        if (!entry || entry->words || (entry->place != Impl::Place::InFlight && entry->place != Impl::Place::Leaving))
            continue;
        if (!message)
            message = entry->owner->message ? entry->owner->message : std::make_shared<const Message>(queued.message);
        m->giveWords(*entry, message, envelope);
    }
}

// What is said already, why it failed, is newer than the words on the disk.
bool Scheduler::Impl::fill(std::shared_ptr<const Message>& message, std::vector<Envelope>& envelopes) const {
    for (Envelope& envelope : envelopes) {
        const Entry* const entry = find(envelope.id);
        if (!entry || !entry->words)
            return false;
    }
    for (Envelope& envelope : envelopes) {
        const Entry& entry = *find(envelope.id);
        const QByteArray why = envelope.lastError;
        envelope = inFull(entry);
        if (!why.isEmpty())
            envelope.lastError = why;
        message = entry.owner->message;
    }
    return true;
}

bool Scheduler::fill(Delivery& delivery) const {
    return m->fill(delivery.message, delivery.envelopes);
}

bool Scheduler::fill(Failure& failure) const {
    if (!m->fill(failure.message, failure.envelopes))
        return false;
    for (Envelope& envelope : failure.envelopes)
        if (failure.expired && envelope.lastError.isEmpty())
            envelope.lastError = "Envelope expired";
    return true;
}

} // namespace postern::queue
