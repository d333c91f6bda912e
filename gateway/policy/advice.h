// SPDX-License-Identifier: GPL-3.0-or-later
//
// Advice on a configuration that reads well and yet may not do what was meant: rules never reached, an open relay, wildcards
// that cover less than they seem to, words whose meaning changed with the era, names that nothing uses.
//
// Warnings are for what almost certainly is a slip, notes for what is worth knowing; never an error, and a note of one kind
// comes once. What is said must be true: where a part of the configuration was not understood, whatever rests on all of it
// (unused names, tags that no listener has) is left unsaid. compile() shows it each statement as it goes, and
// asks for the rest when the ruleset is whole.
// Thread: that of compile().
#pragma once

#include "policy/build.h"

#include <QSet>

#include <array>

namespace postern::policy {

class Advice {
  public:
    explicit Advice(Build& build) : m_build(build) {}

    void look(const config::StatementView& statement); // which compile() has just added
    void finish();

  private:
    using Names = QSet<QByteArray>;
    // Kept rather than the view, which takes a hundred times as much.
    struct Named {
        config::DocumentPtr document;
        size_t statement;
        QByteArray name;
    };

    // advice_rules.cpp
    void onRules();
    void sayImplied();
    void sayUnreached();
    void sayOpenRelay();
    void saySignedInMaySendNowhere();
    config::StatementView statementOf(const Rule& rule) const;
    // advice_names.cpp
    void lookAtNames(const config::StatementView& statement);
    void addClause(const config::Clause& clause);
    void sayUnused();
    void onTags();
    // advice_tables.cpp
    void onTables();
    // advice_relays.cpp
    void lookAtRelay(const config::StatementView& statement);
    void lookAtUrl(const config::StatementView& statement, const config::Value& value);
    void onRelayLists();
    // advice_formats.cpp
    void lookAtFormats(const config::StatementView& statement);
    // advice.cpp
    void lookAtDelays(const config::StatementView& statement);

    Build& m_build;
    bool m_isWhole = true; // all of the configuration was read and understood so far
    size_t m_matches = 0;  // statements
    Names m_tables, m_actions, m_filters, m_procs, m_pkis, m_cas; // used ones
    bool m_anyPki = false; // a listener takes the certificate that fits its host name
    std::vector<Named> m_definitions;
    std::vector<Named> m_tags, m_relayLists; // statements that name a tag, or a list of relays
    std::array<bool, 8> m_saidSchema{};      // each kind of note once
    bool m_saidIgnoredRest = false;
};

// Called where a table is written out on the spot.
void adviseOnEntries(Build& build, const config::StatementView& at, const config::TableArgument& written,
                     tables::Service service, const tables::Table& table);

// An interface that only this computer reaches.
bool isLoopback(QByteArrayView interface);

} // namespace postern::policy
