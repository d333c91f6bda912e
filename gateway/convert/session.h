// SPDX-License-Identifier: GPL-3.0-or-later
//
// One conversion under way: what is known, what is reported, and the names that were given.
// Thread: one.
#pragma once

#include "convert/convert.h"
#include "convert/knowledge.h"
#include "convert/layout.h"
#include "convert/routing.h"
#include "convert/speller.h"

namespace postern::convert {

struct Session {
    const Knowledge& know;
    std::vector<Remark> report = {};
    QSet<QByteArray> actionNames = {};               // taken
    QHash<QByteArray, int> lastNumber = {};          // how many more actions wanted a name that was taken
    QHash<QByteArray, QByteArray> actionByText = {}; // what an action of this file does -> its name
    QSet<QByteArray> madePkis = {};                  // statements already written in this file for certificates found by name
    bool toldSocketTag = false;
    QSet<QByteArray> said = {};                      // notes that are given once

    void say(RemarkKind kind, const config::StatementView& at, QByteArray text,
             std::optional<config::Range> range = std::nullopt);
    void sayOnce(RemarkKind kind, const config::StatementView& at, QByteArray text);
    QByteArray targetName() const { return describe(know.target).toByteArray(); }
};

// "# not in OpenSMTPD 6.8: ..." for each of the statement's lines.
QByteArrayList asComments(const Session& session, const config::StatementView& statement);

// OpenSMTPD takes paths as they are; one beside the configuration is Postern's own. Where it goes, and that is reported.
QByteArray onTheServer(Session& session, const config::StatementView& at, const QByteArray& path);

// Each turns what stands in `piece` into the target's words.
void convertSetting(Session& session, const config::StatementView& statement, Piece& piece);
void convertListener(Session& session, const config::StatementView& statement, Piece& piece);
void convertCertificate(Session& session, const config::StatementView& statement, Piece& piece); // pki and ca
void convertTable(Session& session, const config::StatementView& statement, Piece& piece);
void convertMacro(Session& session, const config::StatementView& statement, Piece& piece);
void convertFilter(Session& session, const config::StatementView& statement, Piece& piece);

// `certificate NAME` of 2012 and 5.3: what the statement that takes its place is called, and that statement above `piece`.
void namePki(Session& session, const config::StatementView& at, const QByteArray& name, Piece& piece);

// One rule is several where 2012's `for { a, b }` names several destinations.
std::vector<Routing> readRule(Session& session, const config::StatementView& rule, const Speller& speller,
                              Piece& piece);
Routing readMatch(Session& session, const config::StatementView& match, const Speller& speller);
Delivery readAction(Session& session, const config::StatementView& action, const Speller& speller);

Relay readRelay(Session& session, const config::StatementView& statement, const Speller& speller);
QByteArray relayUrl(policy::Era target, const Relay& relay); // "" = it can't be said
void learnRelayMacros(Knowledge& know, const config::FileSet& set);
// The URL as it is written behind host or via: $name if the macro can have it as its value, else in quotes.
QByteArray urlText(Session& session, const config::StatementView& at, const Relay& relay, const QByteArray& url);
QByteArrayList urlsOf(const config::TableArgument& hosts); // of relays written out on the spot, without their shares
// An entry of a table of relays in the target's words; nothing: unreadable, or it can't be said.
std::optional<QByteArray> relayEntry(const Knowledge& know, const QByteArray& entry);

} // namespace postern::convert
