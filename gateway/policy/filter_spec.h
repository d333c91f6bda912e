// SPDX-License-Identifier: GPL-3.0-or-later
//
// Filters and their processes as the configuration defines them. Data only: nothing runs them yet.
// Thread: values.
#pragma once

#include "policy/origin.h"
#include "tables/table.h"

#include <QByteArrayList>

#include <optional>

namespace postern::policy {

enum class FilterPhase : quint8 { Connect, Helo, Ehlo, Auth, MailFrom, RcptTo, Data, Commit };
QByteArrayView toString(FilterPhase phase); // "mail-from"
std::optional<FilterPhase> filterPhaseFrom(QByteArrayView word);

enum class FilterTest : quint8 { FcrDns, Rdns, Source, Helo, Authenticated, MailFrom, RcptTo };
enum class FilterVerb : quint8 { Reject, Disconnect, Rewrite, Report, Junk, Bypass };

struct FilterCondition {
    FilterTest test = FilterTest::FcrDns;
    bool negated = false;
    bool regex = false;
    tables::TablePtr table; // null: whether there is any (rdns, auth), or fcrdns
    QByteArray words;       // as written
    Origin origin;
};

enum class FilterKind : quint8 {
    Phase,    // one condition, one decision, in process
    Chain,
    Proc,     // a process defined by `proc`
    ProcExec, // a command of its own
    Program,  // until 6.0: a program of the older protocol
};

// A process that speaks the filter protocol.
struct ProcSpec {
    QByteArray name;
    QByteArray command;
    QByteArray user, group, chroot; // "" = the program's choice
    Origin origin;
};

struct FilterSpec {
    QByteArray name;
    FilterKind kind = FilterKind::Phase;
    FilterPhase phase = FilterPhase::Connect;   // Phase
    std::optional<FilterCondition> condition;   // Phase
    FilterVerb verb = FilterVerb::Reject;       // Phase
    QByteArray argument;                        // Phase: the reply or the new value; Proc: the name of the process
    QByteArrayList members;                     // Chain: its filters; Program: its words
    ProcSpec process;                           // ProcExec
    Origin origin;
    QByteArray text;                            // the statement, for people
};

} // namespace postern::policy
