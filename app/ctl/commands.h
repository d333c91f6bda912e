// SPDX-License-Identifier: GPL-3.0-or-later
//
// The commands of posternctl, one function each: words after the command in, exit status out. Results go to standard
// output, messages to standard error; with --json exactly one JSON value goes to standard output.
// Thread: main. UsageError is thrown to main(), which prints it with the usage.
#pragma once

#include "config/diagnostics.h"
#include "control/snapshots.h"
#include "tables/lookup_pool.h"

#include <QByteArrayList>
#include <QJsonArray>
#include <QJsonValue>

namespace postern::ctl {

int runCommand(const QByteArrayList& words);
int checkCommand(const QByteArrayList& words);
int printCommand(const QByteArrayList& words);
int convertCommand(const QByteArrayList& words);
int explainCommand(const QByteArrayList& words);
int queueCommand(const QByteArrayList& words);
int statusCommand(const QByteArrayList& words);
int reloadCommand(const QByteArrayList& words);
int stopCommand(const QByteArrayList& words);
int pauseCommand(const QByteArrayList& words);
int resumeCommand(const QByteArrayList& words);
int encryptCommand(const QByteArrayList& words);
int logCommand(const QByteArrayList& words);
int traceCommand(const QByteArrayList& words);
int countersCommand(const QByteArrayList& words);
int updateCommand(const QByteArrayList& words);
int discoverCommand(const QByteArrayList& words);
int tableCommand(const QByteArrayList& words);
int makemapCommand(const QByteArrayList& words);
int newaliasesCommand(const QByteArrayList& words);
int keychainCommand(const QByteArrayList& words);

QByteArray describe(const control::QueueRow& row); // one line a field, for people

QString counted(qint64 n, const char* what); // "1 message", "2 messages"

// Asks tables while one command runs, which tells itself what went wrong: nothing is logged besides.
tables::LookupPoolPtr lookupsForOneCommand();

// Output. out() takes text without a final line end.
void out(const QByteArray& text);
void outJson(const QJsonValue& value);
void complain(const QByteArray& text); // "posternctl: text" on standard error
// On standard error; what a terminal would take for a command (control characters, broken UTF-8) is shown as \xNN.
void complain(const config::Diagnostic& about);
QJsonArray toJson(const config::Diagnostics& diagnostics);
// A refused operation: complains, and with --json says {"ok": false, "error": text} on standard output, too. Exit status 1.
int refuse(bool asJson, const QByteArray& text);

} // namespace postern::ctl
