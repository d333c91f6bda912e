// SPDX-License-Identifier: GPL-3.0-or-later
//
// Why a message waits, in words, and what cures it: the key that the queue is grouped by, because the cure is per reason
// and not per message. The other side's words are carried along as they came.
//
// Holds no widgets. Thread: the GUI thread (translations).
#pragma once

#include "control/snapshots.h"
#include "window/theme/roles.h"

namespace postern::window {

enum class Cure : quint8 { None, TryNow, Release, ResumeSending };

struct QueueReason {
    QString key;
    int rank = 0; // order of groups; lower first
    Tone tone = Tone::Dim;
    QString icon;
    QString title;  // who and what
    QString detail; // their words, what happens next
    Cure cure = Cure::None;
};

// relayTrouble: what is wrong with the row's relay now, "" if nothing; a message that was not tried waits for that.
QueueReason reasonOf(const control::QueueRow& row, bool sendingPaused, const QString& relayTrouble = {});

bool isTheirAnswer(const QString& error); // words of the other side, not of a try that never got so far

// The state column.
struct RowState {
    Tone tone = Tone::Dim;
    QString icon, word;
};
RowState rowState(const control::QueueRow& row);

QString nextTryWords(const control::QueueRow& row, bool sendingPaused, qint64 now);
QString cureWords(Cure cure); // the button

} // namespace postern::window
