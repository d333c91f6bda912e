// SPDX-License-Identifier: GPL-3.0-or-later
//
// What needs a person, worst first: each with who and what, what it means for the mail, and one next step. The Overview,
// the tray and the notifications are made from it.
//
// Holds no widgets. Thread: the GUI thread (translations).
#pragma once

#include "window/overview/status_words.h"
#include "window/widgets/banner.h"

namespace postern::window {

// What a banner's button or link asks the window to do.
enum class Remedy : quint8 {
    None,
    ShowQueue,
    TryAgain,  // everything that waits
    ReadAndTry, // settings and tables first: a password was changed
    ReloadConfig,
    OpenConfig,
    OpenFolder,
    ResumeSending,
    ResumeReceiving,
    Start,
    Refresh
};

Remedy buttonRemedy(const QString& bannerId);
Remedy linkRemedy(const QString& bannerId);

QList<BannerText> needsYou(const LinkState& link, const control::Status& status); // worst first

bool isProblemAbout(const QString& problemId, QStringView what); // "disk" of "disk" and "disk:store"
bool isAboutQueue(const QString& problemId); // a relay or the queue: its messages tell the rest
bool endsByItself(const BannerText& banner); // a relay that is tried again; nobody has to do anything yet

} // namespace postern::window
