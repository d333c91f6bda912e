// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queue as people see it: scheduler rows turned into control::QueueRow, and ids and texts turned back.
// Shared by the running engine and by posternctl on a stopped profile. Thread: the scheduler's.
#pragma once

#include "base/file_store.h"
#include "control/facade.h"
#include "queue/scheduler.h"

#include <functional>

namespace postern::engine {

using RelayName = std::function<QByteArray(const queue::Envelope&)>;

// For people: "maildir of ann", "mda /usr/bin/vacation".
QByteArray localName(const queue::LocalEnd& end);

control::QueueRow toRow(const queue::Scheduler::Row& row, const RelayName& relayName);

QByteArrayList knownStates(); // that a list or a selection can be limited to

inline constexpr int kRowsOfAPage = 500; // as much as the engine's thread may be kept busy with at once

// The answer to queue.list or queue.show in the making: which rows, and then their words, of which the scheduler has only some.
class Listing {
  public:
    // At most `mostRows` rows of a list.
    static Result<Listing> ofPage(const queue::Scheduler& scheduler, const QJsonObject& args, int mostRows = kRowsOfAPage);
    // The rows of one message or envelope id; an error with a clear sentence if there is none.
    static Result<Listing> ofId(const queue::Scheduler& scheduler, const QString& id);

    std::vector<queue::MessageId> missing() const; // ask the spool for them, each once, and hand in what it says
    void supply(const std::vector<queue::MessageId>& ids, const std::vector<Result<queue::QueuedMessage>>& found);
    control::Reply reply(const RelayName& relayName) const; // what has left meanwhile is not in it

  private:
    std::vector<queue::Scheduler::Row> m_rows;
    QJsonObject m_value; // but for the rows
};

// The answer to the verb queue.content: {id, offset?, most?} of a content that was found. Reads the disk.
control::Reply pieceOfContent(FileStore& files, const queue::BodyPtr& body, const QJsonObject& args);

// Which envelopes a change by hand is meant for, read off in portions: {ids: [message or envelope ids]}, or {all: true},
// with {state} only those in that state, with {upTo} (`newest` of queue.list) only those that had been there then.
class Selection {
  public:
    // Error: names the first id that is none, or what is wrong with state or upTo.
    static Result<Selection> from(const queue::Scheduler& scheduler, const QJsonObject& args);
    // The next ones, at most `most`; empty = that was all. Those that come while it is read are left out.
    std::vector<queue::EnvelopeId> next(const queue::Scheduler& scheduler, int most);

  private:
    std::vector<queue::EnvelopeId> m_ids; // those not yet read, last first
    bool m_isAll = false;
    std::optional<queue::Scheduler::RowState> m_state;
    std::optional<queue::Scheduler::RowPlace> m_after, m_upTo;
    int m_left = 0; // with m_isAll
};

} // namespace postern::engine
