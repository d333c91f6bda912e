// SPDX-License-Identifier: GPL-3.0-or-later
//
// The state that compile()'s parts share while a ruleset grows, one statement after the other.
//
// Each compile_*.cpp handles one kind of statement and adds to `rules` and `report`; nothing else is kept
// between them.
// Thread: one.
// Lifetime: one compile().
#pragma once

#include "config/file_set.h"
#include "config/views/action_view.h"
#include "config/views/ca_view.h"
#include "config/views/listen_view.h"
#include "config/views/match_view.h"
#include "config/views/pki_view.h"
#include "config/views/rule_view.h"
#include "config/views/setting_view.h"
#include "config/views/table_view.h"
#include "policy/compile.h"
#include "policy/report.h"
#include "policy/values.h"
#include "tables/table_factory.h"

#include <QHash>
#include <QSet>

#include <memory>

namespace postern::policy {

struct Build {
    FileStore& files;
    const CompileOptions& options;
    const config::FileSet& set;
    Report report;
    std::shared_ptr<Ruleset> rules;
    // Where each name is defined, read ahead: "used before its definition" differs from "not defined".
    QHash<QByteArray, int> tableLines = {}, actionLines = {}, pkiLines = {}, caLines = {};
    QHash<QByteArray, tables::TablePtr> tablesByName = {}; // so far; inline ones are found by nobody
    QHash<QByteArray, QByteArray> tablePaths = {};         // the file that holds a table's entries
    QByteArrayList checkedSecretFiles = {};                // permissions looked at already
    QHash<QByteArray, QList<tables::Service>> servicesByTable = {}; // what each named table is used for
    bool saidSubdomains = false;                           // the note on what "*.example.org" covers
    QHash<quint64, int> inlineTwins = {};                  // tables written out on the spot, by the hash in their name: how many
    QHash<QByteArray, int> filterLines = {};               // filters so far
    QSet<QByteArray> procNames = {};                       // so far
    QHash<QByteArray, size_t> pkiNumbers = {};             // in rules->pkis, by lower-case name
    QHash<QByteArray, QByteArray> caFiles = {};            // by name
    qint64 comparisonsLeft = 500'000;                      // for "did you mean"

    Era era() const { return rules->era; }
    // For what a reader of the language takes but this engine can't carry out safely: with syntaxOnly the
    // question is just whether the text is right.
    config::Severity unsafe() const {
        return options.syntaxOnly ? config::Severity::Warning : missingHere();
    }
    // For files that the text names and this computer does not have, and for names of certificates and filters, which have
    // no say in the rules.
    config::Severity missingHere() const {
        return options.rulesOnly ? config::Severity::Warning : config::Severity::Error;
    }
};

// The name nearest to one that is none of these; "" once looking through long lists has cost too much.
QByteArray nearest(Build& build, const QByteArray& name, const QHash<QByteArray, int>& names);

Origin originOf(const config::StatementView& statement);
Origin originOf(const config::StatementView& statement, config::Range range); // of a part of it
QByteArray pathBeside(const QByteArray& file,
                      const QByteArray& path); // relative paths start at the file's folder
// The statement in one line, passwords written into it left out.
QByteArray safeText(const config::StatementView& statement);

// " (it is defined only in line 12, behind this one)" for a name that comes later; "" if it never does.
QByteArray definedLater(const QHash<QByteArray, int>& lines, const QByteArray& name);

// A file that holds passwords in clear: a warning if others may read it (C04).
void checkSecretFile(Build& build, const config::StatementView& at, const tables::Table& table);

void addTable(Build& build, const config::TableView& view);

// What a table argument is for.
struct TableUse {
    tables::Service service = tables::Service::String;
    QByteArrayView word;       // for messages: "auth", "for domain"
    bool wantsMapping = false; // else a list
    bool takesMapping = false; // a list is meant, but a mapping's keys do
    bool isOfRule = false;     // a rule's condition holds it, and nobody asks for it by name
};
// Never null: what can't be resolved is reported, and a table that fails every question stands in.
tables::TablePtr resolveTable(Build& build, const config::StatementView& at,
                              const config::TableArgument& argument, const TableUse& use);

void addListener(Build& build, const config::ListenView& view);
void addPki(Build& build, const config::PkiView& view);
void addCa(Build& build, const config::CaView& view);
Pki* pkiOf(Build& build, const QByteArray& name);  // as Ruleset::pki(), without a search
void addPki(Build& build, Pki pki);
void addCa(Build& build, Ca ca);
// Checks a name used by a listener or relay; false (and a message) if there is no such pki.
bool knowsPki(Build& build, const config::StatementView& at, const config::Value& name);
// `certificate NAME` of 2012 and 5.3: NAME.crt and NAME.key in a folder of certificates. Adds it if need be.
bool knowsCertificate(Build& build, const config::StatementView& at, const config::Value& name);
void checkListeners(Build& build); // once everything is read
// `protocols` of a listener or relay. What the TLS library makes of `ciphers` is checked when the configuration is loaded.
TlsProtocols protocolsOf(Build& build, const config::StatementView& at, config::Range range, const QByteArray& text);

void addFilter(Build& build, const config::StatementView& statement);
void addProc(Build& build, const config::StatementView& statement);
// The names in a `filter` option; unknown ones are reported.
QByteArrayList filtersOf(Build& build, const config::StatementView& at, const config::TableArgument& argument);

void addSetting(Build& build, const config::SettingView& view);
void readAheadSettings(Build& build);
void addWrapper(Build& build, const config::SettingView& view);
std::optional<qint64> delayOf(Build& build, const config::StatementView& at, const config::Value& value);

// The relay part of a rule or action.
RelaySpec relayOf(Build& build, const config::StatementView& at, const config::RelayClauses& clauses);

void addAction(Build& build, const config::ActionView& view);
void addMatch(Build& build, const config::MatchView& view);
void addRule(Build& build, const config::RuleView& view);

} // namespace postern::policy
