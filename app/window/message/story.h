// SPDX-License-Identifier: GPL-3.0-or-later
//
// What happened to one message, top to bottom in time, each step a fact and a reason; the step that needs a person holds
// the other side's own words; what comes next stands last.
//
// Made from the queue's rows and the activity that is still remembered; what is no longer remembered is told from the
// row itself, never invented. Holds no widgets. Thread: the GUI thread (translations).
#pragma once

#include "control/snapshots.h"
#include "window/theme/roles.h"

namespace postern::window {

struct StoryStep {
    QString time; // "14:08:51", or "next"
    Tone tone = Tone::Dim;
    QString icon;
    QString fact;   // bold
    QString reason; // dim
    QString words;  // the other side's own words, as they came; "" if none
    bool isTheirs = true; // the words; else what happened on the way to them
    QString advice;           // what to do, or that nothing is to be done; for the open step
    bool isOpen = false; // the step that matters now: its words stand in a box
};

QList<StoryStep> storyOf(const QList<control::QueueRow>& rows, const QList<control::ActivityEvent>& events,
                         bool sendingPaused, qint64 now);

struct Fact {
    QString name, value;
    bool isLiteral = false;
};
QList<Fact> factsOf(const QList<control::QueueRow>& rows, qint64 now);

// "Waiting, safe on this computer"
struct StandWords {
    Tone tone = Tone::Dim;
    QString icon, words;
};
StandWords standOf(const QList<control::QueueRow>& rows);

} // namespace postern::window
