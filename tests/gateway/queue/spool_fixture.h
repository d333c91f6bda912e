// SPDX-License-Identifier: GPL-3.0-or-later
//
// A spool on a disk in memory that can be restarted, killed and have its power cut, and messages to put into it.
// Thread: the test's.
#pragma once

#include "queue/body_reader.h"
#include "queue/spool.h"
#include "support/failing_file_store.h"
#include "support/fake_clock.h"
#include "support/memory_file_store.h"
#include "support/memory_vfs.h"
#include "support/whole_queue.h"

#include <optional>

namespace postern::test {

inline queue::StoreMessage makeMessage(queue::MessageId id, QByteArray bytes, int recipients = 1) {
    queue::StoreMessage store;
    store.message.id = id;
    store.message.sender = "scanner@office.example";
    store.message.createdAt = 1'795'098'720;
    store.message.size = bytes.size();
    store.message.helo = "scanner";
    store.message.clientAddress = "192.0.2.7";
    store.message.subject = "Scan";
    for (int i = 0; i < recipients; ++i) {
        queue::Envelope envelope;
        envelope.id = (queue::EnvelopeId(id) << 32) | quint32(i + 1);
        envelope.recipient = envelope.destination = "r" + QByteArray::number(i) + "@example.net";
        envelope.action = "relay";
        envelope.nextTryAt = store.message.createdAt;
        store.envelopes.push_back(envelope);
    }
    store.content.size = bytes.size();
    store.content.bytes = std::move(bytes);
    return store;
}

inline queue::SealPtr makeSeal(bool compress, const char* key = nullptr) {
    return std::make_shared<const queue::Seal>(compress, key ? *queue::QueueKey::from(Secret(QByteArray(key))) : nullptr);
}

class SpoolFixture {
  public:
    static constexpr const char* kFolder = "/spool";

    SpoolFixture() : faults(std::make_shared<DiskFaults>()), files(disk, faults), vfs(disk, faults) {
        disk.setFreeBytes(1LL << 40);
    }

    static constexpr qint64 kSegment = 200 * 1024; // small, so that stories fill several
    queue::SpoolSettings settings() const { return {kFolder, vfs.name(), 64LL << 20, {}, kSegment, seal}; }

    // A new process. The one before is gone, in whatever way the test let it end.
    Result<void> open() {
        spool.emplace(files, clock, settings());
        return spool->open();
    }
    // As after kill -9: nothing is closed in order, but what the system was given stays. The connection's memory must
    // be freed all the same, so its last words are kept from the disk by failing every one of them.
    void kill() {
        const DiskFaults before = *faults;
        faults->failAt = 1;
        faults->mode = DiskFaults::Mode::FromThenOn;
        faults->count = 0;
        faults->silent = true;
        spool.reset();
        *faults = before;
    }
    void powerCut(std::optional<quint32> seed = {}) {
        if (seed)
            disk.powerCut(*seed);
        else
            disk.powerCut();
        kill();
    }

    // Puts content into incoming/ the way a session does: in the queue's form, written, closed, not synced.
    queue::StoreMessage inFile(queue::StoreMessage store) {
        const QByteArray path = spool->incomingPath(store.message.id);
        auto file = disk.create(path);
        if (seal && !seal->form().isPlain()) {
            const auto sealed = seal->seal(store.message.id, store.content.bytes);
            (void)(*file)->write(*sealed);
            store.content.seal = seal;
            store.content.fileSize = sealed->size();
        } else {
            (void)(*file)->write(store.content.bytes);
        }
        store.content.bytes.clear();
        store.content.file = path;
        return store;
    }

    Result<void> store(queue::StoreMessage message) {
        Result<void> outcome = Error{ErrorCode::Internal, "not answered"};
        message.done = [&outcome](const Result<queue::BodyPtr>& body) {
            outcome = body ? Result<void>() : Result<void>(body.error());
        };
        std::vector<queue::SpoolRequest> group;
        group.push_back(std::move(message));
        spool->carryOut(std::move(group));
        return outcome;
    }

    Result<void> update(std::vector<queue::EnvelopeUpdate> updates, std::vector<queue::StoreMessage> bounces = {}) {
        Result<void> outcome = Error{ErrorCode::Internal, "not answered"};
        queue::UpdateEnvelopes request;
        request.updates = std::move(updates);
        request.bounces = std::move(bounces);
        request.done = [&outcome](const Result<void>& done) { outcome = done; };
        std::vector<queue::SpoolRequest> group;
        group.push_back(std::move(request));
        spool->carryOut(std::move(group));
        return outcome;
    }

    // The bytes as a relay would send them.
    Result<QByteArray> content(queue::MessageId id) {
        const auto body = spool->body(id);
        if (!body)
            return body.error();
        return queue::BodyReader(disk, *body).read(0, (*body)->size + 1);
    }

    queue::SealPtr seal; // of the next open()
    FakeClock clock;
    MemoryFileStore disk;
    DiskFaultsPtr faults;
    FailingFileStore files;
    MemoryVfs vfs;
    std::optional<queue::Spool> spool;
};

} // namespace postern::test
