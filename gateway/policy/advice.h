// SPDX-License-Identifier: GPL-3.0-or-later
//
// Advice on a configuration that reads well and yet may not do what was meant: rules never reached, an open relay, wildcards
// that cover less than they seem to, words whose meaning changed with the era, names that nothing uses.
//
// Warnings are for what almost certainly is a slip, notes for what is worth knowing; never an error, and a note of one kind
// comes once. What is said must be true: where a part of the configuration was not understood, whatever rests on all of it
// (unused names, tags that no listener has) is left unsaid. Called by compile() when the ruleset is whole.
// Thread: that of compile().
#pragma once

#include "policy/build.h"

namespace postern::policy {

void advise(Build& build, const config::FileSet& set, const std::vector<config::StatementView>& statements);

// advice_rules.cpp
void adviseOnRules(Build& build, const std::vector<config::StatementView>& statements);
// advice_names.cpp
void adviseOnNames(Build& build, const config::FileSet& set, const std::vector<config::StatementView>& statements);
void adviseOnTags(Build& build, const std::vector<config::StatementView>& statements);
// advice_tables.cpp
void adviseOnTables(Build& build, const std::vector<config::StatementView>& statements);
// Called where a table is written out on the spot.
void adviseOnEntries(Build& build, const config::StatementView& at, const config::TableArgument& written,
                     tables::Service service, const tables::Table& table);
// advice_formats.cpp
void adviseOnFormats(Build& build, const std::vector<config::StatementView>& statements);
// advice_relays.cpp
void adviseOnRelays(Build& build, const std::vector<config::StatementView>& statements);

// Was all of the configuration read and understood?
bool isWhole(const Build& build, const std::vector<config::StatementView>& statements);

// An interface that only this computer reaches.
bool isLoopback(QByteArrayView interface);

} // namespace postern::policy
