// SPDX-License-Identifier: GPL-3.0-or-later
//
// A scheduler to play with, for the tests of what it sends and of what it lists.
#pragma once

#include "queue/scheduler.h"

#include "support/fake_clock.h"

#include <QByteArrayList>

#include <map>

namespace postern::test {

using namespace queue;

// A scheduler whose routes are the recipients' domains, and short words for what a test does to it.
struct Desk {
    FakeClock clock;
    Scheduler scheduler{
        clock, [](const Way& way) { return way.domain; }};
    std::map<MessageId, QueuedMessage> disk; // the words of what was added
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
        add(std::move(queued));
        return first;
    }
    void add(QueuedMessage queued) {
        disk[queued.message.id] = queued;
        scheduler.add(std::move(queued));
    }
    // What the desk of the engine does: reads what is given out without its words.
    template <class T>
    std::vector<T> read(std::vector<T> given) {
        for (T& one : given) {
            if (one.message)
                continue;
            scheduler.supply(disk.at(messageOf(one.envelopes.front().id)));
            if (!scheduler.fill(one))
                qFatal("the disk has no words for it");
        }
        return given;
    }
    std::vector<Delivery> due() { return read(scheduler.due()); }
    std::vector<Failure> expired() { return read(scheduler.expired()); }
    std::vector<Scheduler::Row> read(std::vector<Scheduler::Row> rows) const {
        for (Scheduler::Row& row : rows) {
            const QueuedMessage& queued = disk.at(messageOf(row.envelope.id));
            for (const Envelope& words : queued.envelopes)
                if (words.id == row.envelope.id && !row.message) {
                    row.envelope.recipient = words.recipient;
                    row.envelope.lastError = words.lastError;
                }
        }
        return rows;
    }
    std::vector<Scheduler::Row> rowsOf(MessageId id) const { return read(scheduler.rowsOf(id)); }
    std::vector<EnvelopeUpdate> store(std::vector<EnvelopeUpdate> updates) {
        for (const EnvelopeUpdate& update : updates)
            for (Envelope& envelope : disk.at(messageOf(update.id)).envelopes)
                if (envelope.id == update.id && update.kind == EnvelopeUpdate::Kind::Reschedule && !update.lastError.isNull())
                    envelope.lastError = update.lastError;
        return updates;
    }
    // "1 2@a, 3@b": message numbers by route, in the order in which they go.
    QByteArray go() {
        QByteArrayList out;
        for (const Delivery& d : due()) {
            QByteArray text = QByteArray::number(d.message->id);
            if (d.envelopes.size() > 1)
                text += "x" + QByteArray::number(d.envelopes.size());
            out.append(text + '@' + d.route);
        }
        return out.join(' ');
    }
    Scheduler::Settled settle(EnvelopeId id, TryResult result, QByteArray text = "451 4.7.1 later",
                              bool counts = true) {
        Scheduler::Settled settled = scheduler.finished({{id, result, std::move(text), counts}});
        settled.updates = store(std::move(settled.updates));
        return settled;
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
