// SPDX-License-Identifier: GPL-3.0-or-later
//
// A gateway's status in the words of the window: the state in one phrase, the lines of the Overview.
//
// Holds no widgets. Thread: the GUI thread (translations).
#pragma once

#include "control/snapshots.h"
#include "window/theme/roles.h"
#include "window/widgets/status_list.h"

namespace postern::window {

// What the top bar, the tray and the status bar say.
struct StateWords {
    Tone tone = Tone::Dim;
    QString icon;
    QString words;
};

// How the window reaches the gateway now; beside Status, because a gateway that is gone sends none.
struct LinkState {
    bool isThere = false;
    bool wasEverThere = false;
    bool inProcess = true;
    bool canStart = false; // somebody gave us a way to start it
    QString reason;
    qint64 pausedUntil = 0; // a pause of sending that ends by itself, Unix seconds; 0 = none
};

QString pausedWords(const LinkState& link); // "Sending is paused until 15:00"
StateWords stateWords(const LinkState& link, const control::Status& status);
StateWords receivingWords(const LinkState& link, const control::Status& status);
StateWords queueWords(const LinkState& link, const control::Status& status);
QString sendingWords(const LinkState& link, const control::Status& status);
QString whereWords(const LinkState& link);
bool queueNeedsPerson(const control::Status& status);

QList<StatusLine> comingIn(const control::Status& status, qint64 now);
QList<StatusLine> goingOut(const control::Status& status, qint64 now);
QList<StatusLine> thisComputer(const control::Status& status, qint64 now);

// Nothing has ever come and mail is caught: the page then says how to send the first message.
bool isFreshCatcher(const control::Status& status);
QString listeningAddress(const control::Status& status); // "127.0.0.1:2525", "" if nothing is open
QString trialCommand(const control::Status& status);     // the swaks line

} // namespace postern::window
