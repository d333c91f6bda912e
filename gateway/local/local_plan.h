// SPDX-License-Identifier: GPL-3.0-or-later
//
// What exactly is to be done for one envelope: the order for a child process, with every value filled in, and what its answer
// means in the dialect of the configuration.
//
// Thread: pure, but for names of accounts. Failure: Error::text begins with an enhanced code; permanence is what the era does.
// Spec: reference pages on local delivery and formats; threats M01, M04, M06, P13, X06 (nothing secret is in an order).
#pragma once

#include "local/local_worker.h"
#include "mda/order.h"

namespace postern::local {

struct LocalPlan {
    mda::Order order;
    QByteArray where; // for people: "maildir /home/ann/Maildir", "command: /usr/bin/x"
};

struct PlanFrame { // the same for all deliveries of a worker
    QByteArray program;          // postern-deliver, for wrappers
    QByteArray mailFolder;
    delivery::LocalUser unprivileged;
    Milliseconds timeLimit{5 * 60'000};
    qint64 startedAt = 0;        // Unix seconds: what is older may have been delivered by the gateway before us
};

const delivery::LocalUser& userOf(const LocalJob& job, size_t index, const PlanFrame& frame);
Result<LocalPlan> planFor(const LocalJob& job, size_t index, const PlanFrame& frame); // Mbox, Maildir, Mda

// "1700000000.00000001000000a1.mx.example": always the same for one envelope, and nobody else's.
QByteArray maildirName(const queue::Message& message, const queue::Envelope& envelope, const QByteArray& host);
QByteArray subAddress(const QByteArray& address, char delimiter); // "lists" of "ann+lists@a.example", "" = none
QByteArray subFolder(const QByteArray& subAddress);               // made fit for a folder's name, "" = it is none

queue::TryOutcome outcomeOf(const mda::Report& report, queue::EnvelopeId id, const QByteArray& where, policy::Era era);

// Where an LMTP destination leads: a socket's path, or host and port.
struct LmtpPlace {
    QByteArray socket;
    QByteArray url; // lmtp://HOST:PORT
};
Result<LmtpPlace> lmtpPlace(const QByteArray& destination);
Result<QByteArray> lmtpDestination(const LocalJob& job, size_t index, const PlanFrame& frame); // values filled in

} // namespace postern::local
