// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queue as people see it: scheduler rows turned into control::QueueRow, and ids and texts turned back.
// Shared by the running engine and by posternctl on a stopped profile. Thread: the scheduler's.
#pragma once

#include "control/facade.h"
#include "queue/scheduler.h"

#include <functional>

namespace postern::engine {

using RelayName = std::function<QByteArray(const queue::Message&, const queue::Envelope&)>;

control::QueueRow toRow(const queue::Scheduler::Row& row, const RelayName& relayName);

// {rows, total} for the verb queue.list; args offset, most, state.
QJsonObject listQueue(const queue::Scheduler& scheduler, const QJsonObject& args, const RelayName& relayName);

// Rows of one message or envelope id; a reply with a clear sentence if there is none.
control::Reply showQueue(const queue::Scheduler& scheduler, const QString& id, const RelayName& relayName);

// Envelopes named by {ids: [message or envelope ids]} or {all: true}. Error: names the first id that is none.
Result<std::vector<queue::EnvelopeId>> envelopesOf(const queue::Scheduler& scheduler, const QJsonObject& args);

} // namespace postern::engine
