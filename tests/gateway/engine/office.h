// SPDX-License-Identifier: GPL-3.0-or-later
//
// A delivery desk with a real spool on a disk in memory, and workers that only note what they are given.
#pragma once

#include "engine/delivery_desk.h"
#include "support/failing_file_store.h"
#include "support/fake_clock.h"
#include "support/memory_vfs.h"
#include "support/whole_queue.h"

#include <future>

namespace postern::test {

using namespace engine;
using namespace queue;

struct Office {
    FakeClock clock;
    MemoryFileStore memory;
    DiskFaultsPtr faults = std::make_shared<DiskFaults>();
    FailingFileStore files{memory, faults};
    MemoryVfs vfs{memory, faults};
    SpoolThread spool{files, clock, {"/spool", vfs.name(), 0, {}}};
    ActivityJournal journal{clock};
    std::vector<relay::RelayJob> jobs;
    std::vector<local::LocalJob> localJobs;
    delivery::Surroundings surroundings;
    int troubles = 0;
    int recoveries = 0;
    std::unique_ptr<DeliveryDesk> desk;

    bool open() {
        if (!spool.start())
            return false;
        DeliveryDesk::Parts parts;
        parts.clock = &clock;
        parts.files = &files;
        parts.spool = &spool;
        parts.journal = &journal;
        parts.submit = [this](size_t, std::vector<relay::RelayJob> given) {
            for (relay::RelayJob& job : given)
                jobs.push_back(std::move(job));
        };
        parts.changed = [] {};
        parts.spoolTroubled = [this](const Error&) { ++troubles; };
        parts.spoolFine = [this] { ++recoveries; };
        parts.follow = [this](policy::Verdict first, policy::RulesetPtr rules, policy::MatchContext context,
                              std::function<void(delivery::Outcome)> done) {
            delivery::expandFrom(first, rules, context, surroundings, policy::WantTrace::No, done);
        };
        parts.submitLocal = [this](std::vector<local::LocalJob> given) {
            for (local::LocalJob& job : given)
                localJobs.push_back(std::move(job));
        };
        desk = std::make_unique<DeliveryDesk>(std::move(parts));
        auto rules = std::make_shared<policy::Ruleset>();
        auto action = std::make_shared<policy::Action>();
        action->name = "out";
        rules->actions["out"] = action;
        desk->setRules(rules, "office.example", {});
        return true;
    }

    QueuedMessage message(EnvelopeState state) {
        QueuedMessage queued;
        queued.message.id = spool.ids()->next();
        queued.message.sender = "scanner@office.example";
        queued.message.createdAt = clock.unixNow();
        Envelope envelope;
        envelope.id = newEnvelopeId(queued.message.id);
        envelope.recipient = envelope.destination = "a@far.example";
        envelope.action = "out";
        envelope.state = state;
        envelope.nextTryAt = queued.message.createdAt;
        queued.envelopes.push_back(envelope);
        return queued;
    }
    // As it lies in the queue, behind everything that was asked of the spool before.
    Result<QueuedMessage> onDisk(MessageId id) {
        std::promise<Result<QueuedMessage>> promise;
        spool.post(LoadMessages{{id}, [&promise](std::vector<Result<QueuedMessage>> found) { promise.set_value(std::move(found.front())); }});
        return promise.get_future().get();
    }
};

inline BodyPtr smallBody() {
    Body body;
    body.bytes = "Subject: t\r\n\r\nhello\r\n";
    body.size = body.bytes.size();
    return std::make_shared<const Body>(body);
}

} // namespace postern::test
