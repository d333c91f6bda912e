// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the converter has to know of the whole configuration, included files too, before it writes the first statement.
// Thread: immutable once made.
#pragma once

#include "base/file_store.h"
#include "config/file_set.h"
#include "config/target.h"
#include "config/views/action_view.h"
#include "config/views/table_view.h"
#include "policy/relay_url.h"
#include "tables/table.h"

#include <QHash>
#include <QSet>

namespace postern::convert {

struct Knowledge {
    Knowledge(FileStore& files, const config::FileSet& set, config::Target target);

    config::Target target;
    config::Dialect source, dialect; // dialect: the target's
    policy::Era era, targetEra;
    bool isOpenSmtpd = true; // the target is one; else everything stays

    // Some listener lets clients sign in. Old rules without any listener may be a part of something larger: perhaps.
    bool mayAuthenticate = false;
    bool hasSocketListener = false;
    QSet<QByteArray> listenerTags;
    QSet<QByteArray> usedTags;             // by rules
    QHash<QByteArray, QByteArray> newTags; // spelling in the original -> in the target, where it differs
    QByteArray serverName; // that 2012's `hostname` gave to listeners and relays, where the target has no such statement
    QByteArrayList pkis;                   // names as defined, each once
    QHash<QByteArray, QByteArray> pkiCas;  // pki N ca FILE of 5.4: name -> file
    QHash<QByteArray, config::TableView> tables;
    QHash<QByteArray, config::ActionView> actions;
    QSet<QByteArray> relayTables;            // tables of relay URLs
    QSet<QByteArray> hostTables;             // of those, that hold nothing else: lists, or URLs with their shares
    QSet<QByteArray> usedActions;            // by a match
    QSet<QByteArray> macros;                 // defined names
    QHash<QByteArray, QByteArray> newMacros; // names that the target can't read -> instead
    QHash<QByteArray, QByteArray> relayMacros; // that hold a relay URL and nothing else -> the URL in the target's words

    // The lifetime for rules that take another one than what the target will make of them: by file and offset.
    QHash<std::pair<QByteArray, qsizetype>, QByteArray> rulesTtl;
    bool isMapOf2012(const QByteArray& table) const; // it is a file that programs of 2012 could read
    // The entries of a table of relays, as far as they can be read; nothing: they can't.
    std::optional<QByteArrayList> relayEntries(const QByteArray& table) const;
    bool hasShares(const QByteArray& table) const; // relays with shares, Postern's own
    bool needsListMark(const QByteArray& table) const; // a file of relays that OpenSMTPD takes for a mapping

  private:
    void learn(const config::StatementView& statement);
    void learnTags(const std::vector<config::StatementView>& statements);
    void learnLifetimes(const std::vector<config::StatementView>& statements);

    struct Relays {
        tables::Shape shape;
        QByteArrayList urls;
        tables::Shape shapeThere = tables::Shape::List; // as OpenSMTPD reads it
    };
    std::optional<Relays> readRelays(const QByteArray& table) const;

    FileStore* m_files;
    QHash<QByteArray, QByteArray> m_tableFolders; // of file tables: folder of the file that defines it
    bool m_sawListener = false;
};

} // namespace postern::convert
