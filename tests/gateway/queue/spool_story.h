// SPDX-License-Identifier: GPL-3.0-or-later
//
// A random but repeatable life of a spool, with a memory of what was promised: which messages were answered with
// success, which with failure, and in which states each envelope may be. check() compares a reopened spool with the
// promises.
//
// Certain: a message told as stored is there, once, with its bytes, until its last envelope is told as removed; what
// was told about an envelope holds. Uncertain: an update told as failed may or may not have happened. A message told as
// failed must be gone, unless the power went in the very commit (Uncertain::MayBeThere), and then it is whole. A notice
// told as failed while the database could not be opened again may be there, together with its removal
// (NoticesMayBeThere). Thread: the test's.
#pragma once

#include "spool_fixture.h"

#include <map>
#include <random>
#include <set>

namespace postern::test {

enum class Uncertain { MustBeGone, NoticesMayBeThere, MayBeThere };

class SpoolStory {
  public:
    explicit SpoolStory(quint32 seed) : m_random(seed) {}

    // Runs the story's groups on the fixture's open spool; a failure in one does not stop the next.
    void run(SpoolFixture& f, int groups);
    // One sentence about the first broken promise, "" if all are kept.
    QByteArray check(SpoolFixture& f, Uncertain uncertain) const;
    int promised() const { return int(m_stored.size()); }

  private:
    struct State {
        bool gone = false;
        queue::EnvelopeState state = queue::EnvelopeState::Waiting;
        qint64 nextTryAt = 0;
        int tries = 0;
        QByteArray lastError;
        friend bool operator==(const State&, const State&) = default;
    };
    using States = std::vector<State>;
    struct Stored {
        QByteArray bytes;
        std::map<queue::EnvelopeId, States> envelopes;
    };
    // A notice and the removal that goes with it, of a request that was told as failed: both or none.
    struct Pair {
        queue::MessageId notice = 0;
        queue::EnvelopeId removed = 0;
        bool removedBefore = false; // may have been gone anyway
    };

    quint32 below(quint32 limit) { return limit == 0 ? 0 : quint32(m_random() % limit); }
    QByteArray content(queue::MessageId id);
    queue::StoreMessage newMessage(SpoolFixture& f, bool notice);
    queue::SpoolRequest storeRequest(SpoolFixture& f);
    queue::SpoolRequest updateRequest(SpoolFixture& f);
    void promise(const queue::StoreMessage& message, const QByteArray& bytes);
    void expectAnswers(int answers) { m_asked += answers; }
    static State changed(State state, const queue::EnvelopeUpdate& update);
    void note(const std::vector<queue::EnvelopeUpdate>& updates, bool certain);
    QByteArray checkMessage(SpoolFixture& f, const queue::QueuedMessage& found) const;

    std::mt19937 m_random;
    std::map<queue::MessageId, Stored> m_stored;
    std::map<queue::MessageId, QByteArray> m_failed;
    std::vector<Pair> m_pairs;
    std::set<queue::MessageId> m_ids;
    int m_asked = 0, m_answered = 0;
    QByteArray m_complaint;
};

} // namespace postern::test
