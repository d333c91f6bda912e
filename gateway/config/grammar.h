// SPDX-License-Identifier: GPL-3.0-or-later
//
// The words of the language as tables: which clause a word opens, in which statement and dialect, and what follows it.
//
// Data only; parser.cpp walks it. A word of another dialect is in here too, so that the parser can say what this one calls
// the same thing. Thread: constants.
#pragma once

#include "config/dialect.h"
#include "config/kinds.h"
#include "config/settings.h"
#include "config/target.h"

#include <QByteArrayList>

#include <span>
#include <vector>

namespace postern::config {

// Sets of dialects.
using Dialects = quint8;
inline constexpr Dialects kIn2012 = 1, kInLegacy = 2, kInModern = 4;
inline constexpr Dialects kInOld = kIn2012 | kInLegacy, kInAll = kInOld | kInModern;
constexpr Dialects in(Dialect dialect) { return Dialects(1u << unsigned(dialect)); }

// What stands behind a clause's word.
enum class Argument : quint8 {
    None,
    String,
    OptionalString,
    Port,          // number or service name
    Time,          // 4d, 12h
    Table,         // <t>, string, { ... }
    OptionalTable,
    Condition,     // [regex] table
    OptionalCondition,
    Filters,       // name, { ... }
    Number,
    Rate,          // 100 per 1h
    Order,         // round-robin, random ...
};

struct ClauseRule {
    const char* word;
    ClauseKind kind;
    Argument argument;
    Dialects dialects;
    const char* flag = nullptr; // a word that may follow the argument: tls-require [verify]
    Span span = {};             // the releases that know the word, where fewer than the dialect's
    Span flagSpan = {};         // those that know the flag
};

// Where clauses stand.
enum class Context : quint8 {
    Listen,
    ListenSocket,
    Pki,
    Ca,
    Rule,        // accept, reject
    RuleRelay,   // behind the word relay
    RuleDeliver, // behind deliver to ...
    Match,
    MatchFrom,   // behind the word from of a match
    MatchFor,
    ActionLocal, // mbox, maildir, mda, lmtp, expand-only, forward-only
    ActionRelay,
    ActionCatch,
    FilterPhase,
    Process,     // proc, proc-exec
};
std::span<const ClauseRule> clausesIn(Context context);

// Statements that set one global value: "queue ttl" and what follows.
struct SettingRule {
    const char* words; // one to three words
    Setting setting;
    // One letter per part: d time, D times with commas, z size, n number, s string, a ? behind = may be left out;
    // K = limit keys with numbers from then on, C = [cipher s] [digest s].
    const char* pattern;
    Dialects dialects;
    Span span = {};
};
std::span<const SettingRule> settings();
// The keys of a `limit` statement; empty for other settings.
QByteArrayList limitKeys(Setting setting);
// Those whose first word is this, with all their words; longer ones first.
struct SettingWords {
    const SettingRule* rule;
    QByteArrayList words;
};
const std::vector<SettingWords>& settingsOpenedBy(QByteArrayView word);

struct StatementRule {
    const char* word;
    StatementKind kind;
    Dialects dialects;
    Span span = {};
};
std::span<const StatementRule> statements(); // but for settings and macros

// A phase that a filter may stand in, and what it may ask there.
struct PhaseRule {
    const char* word;
    const char* conditions; // words of Context::FilterPhase, separated by blanks
    bool mayPass = true;    // junk and bypass may be the answer
};
std::span<const PhaseRule> filterPhases();

// Readers of the dialect to which an unquoted word is one of the language and cannot be a string.
Targets reservedIn(QByteArrayView word, Dialect dialect);
inline bool isReserved(QByteArrayView word, Dialect dialect) { return reservedIn(word, dialect) != 0; }
Targets readersOf(Dialect dialect);
// Words that open a statement in any dialect: a line that starts with one is not the inside of an unclosed brace.
bool opensStatement(QByteArrayView word);
QByteArrayList statementWords(Dialect dialect);

} // namespace postern::config
