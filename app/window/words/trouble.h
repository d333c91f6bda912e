// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is wrong with a relay, from the words that it or the way to it left behind: the kind of trouble, who has to do
// something, and a sentence for people. The queue, the Overview, the tray and a message's story say it alike.
//
// Knows replies by their codes and our own words for what happened on the way; anything else is Other, never a guess.
// Thread: the GUI thread (translations).
#pragma once

#include <QString>

namespace postern::window {

enum class Trouble : quint8 { None, SignIn, SlowDown, Unreachable, Certificate, MailboxFull, TurnedDown, Other };

struct Answer {
    QString code;     // "450", "" if the error holds no reply
    QString enhanced; // "4.7.1"
};

Answer answerIn(const QString& error);
Trouble troubleIn(const QString& error);
bool needsPerson(Trouble trouble); // it does not end by itself

QString troubleTitle(Trouble trouble, const QString& who); // "smtp.example does not accept the sign-in"
QString troubleMeaning(Trouble trouble);                   // what to do, or that nothing is to be done

} // namespace postern::window
