// SPDX-License-Identifier: GPL-3.0-or-later
//
// A scheduler to play with, for the tests of what it sends and of what it lists.
#pragma once

#include "queue/scheduler.h"

#include "support/fake_clock.h"

#include <QByteArrayList>

namespace postern::test {

using namespace queue;

// A scheduler whose routes are the recipients' domains, and short words for what a test does to it.
struct Desk {
    FakeClock clock;
    Scheduler scheduler{
        clock, [](const Message&, const Envelope& e) { return e.recipient.mid(e.recipient.indexOf('@') + 1); }};
    MessageId last = 0;

    QueuedMessage message(const QByteArrayList& recipients, qint64 age = 0) {
        QueuedMessage queued;
        queued.message.id = ++last;
        queued.message.sender = "scanner@office.example";
        queued.message.createdAt = clock.unixNow() - age;
        quint32 low = 0;
        for (const QByteArray& recipient : recipients) {
            Envelope envelope;
            envelope.id = (EnvelopeId(last) << 32) | ++low;
            envelope.recipient = envelope.destination = recipient;
            envelope.nextTryAt = queued.message.createdAt;
            queued.envelopes.push_back(envelope);
        }
        return queued;
    }
    EnvelopeId add(const QByteArrayList& recipients, qint64 age = 0) {
        QueuedMessage queued = message(recipients, age);
        const EnvelopeId first = queued.envelopes.front().id;
        scheduler.add(std::move(queued));
        return first;
    }
    // "1 2@a, 3@b": message numbers by route, in the order in which they go.
    QByteArray go() {
        QByteArrayList out;
        for (const Delivery& d : scheduler.due()) {
            QByteArray text = QByteArray::number(d.message->id);
            if (d.envelopes.size() > 1)
                text += "x" + QByteArray::number(d.envelopes.size());
            out.append(text + '@' + d.route);
        }
        return out.join(' ');
    }
    Scheduler::Settled settle(EnvelopeId id, TryResult result, QByteArray text = "451 4.7.1 later",
                              bool counts = true) {
        return scheduler.finished({{id, result, std::move(text), counts}});
    }
    QByteArray numbers() const {
        const QueueCounts c = scheduler.counts();
        return QByteArray::number(c.messages) + " messages: " + QByteArray::number(c.waiting) + " waiting " +
               QByteArray::number(c.inFlight) + " in flight " + QByteArray::number(c.held) + " held " +
               QByteArray::number(c.caught) + " caught";
    }
};

constexpr EnvelopeId id(quint32 message, quint32 recipient = 1) {
    return (EnvelopeId(message) << 32) | recipient;
}

} // namespace postern::test
