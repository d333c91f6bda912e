// SPDX-License-Identifier: GPL-3.0-or-later
//
// table and map statements, and the entries of tables of relays, whose URLs change with the era.
#include "config/document.h"
#include "config/views/table_view.h"
#include "convert/session.h"

namespace postern::convert {

using config::Dialect;
using config::StatementView;
using config::TableArgument;
using config::TableView;

namespace {

// "file:/etc/mail/aliases" as one word, or in quotes.
QByteArray sourceText(Session& session, const StatementView& at, const TableView& view) {
    QByteArray path = view.path();
    if (!path.isEmpty() && !path.startsWith('/') && session.know.isOpenSmtpd)
        path = onTheServer(session, at, path);
    const QByteArray text = view.backend() + (path.isEmpty() ? QByteArray() : ':' + path);
    return plainOrQuoted(text, session.know.dialect);
}

// A list of relays, each URL in the target's words.
QByteArray relayList(Session& session, const StatementView& at, const TableArgument& content, const Speller& speller) {
    bool changes = false;
    QByteArrayList entries;
    std::vector<config::Value> items = content.items;
    for (const TableArgument::Pair& pair : content.pairs) {
        items.push_back(pair.key);
        changes = true; // shares are Postern's own
    }
    for (const config::Value& item : items) {
        const auto entry = relayEntry(session.know, item.text);
        if (!entry)
            session.say(RemarkKind::Lost, at,
                        "an entry of this table of relays can't be said in " + session.targetName(), item.range);
        const QByteArray text = entry.value_or(item.text);
        changes = changes || text != item.text;
        entries.append(text == item.text ? speller.value(item) : quoted(text, session.know.dialect));
    }
    if (!changes)
        return {};
    if (!content.pairs.empty())
        session.say(RemarkKind::Lost, at, "the shares of these relays can't be said in " + session.targetName());
    else
        session.say(RemarkKind::Changed, at,
                "the URLs in this table are spelled as " + session.targetName() + " reads them");
    return "{ " + entries.join(", ") + " }";
}

void checkRelayFile(Session& session, const StatementView& at, const TableView& view) {
    const auto entries = session.know.relayEntries(view.name()->text);
    if (!entries) {
        session.say(RemarkKind::Changed, at,
                    "this table holds relay URLs, and it can't be read here: spell them as " + session.targetName() +
                        " reads them");
        return;
    }
    if (session.know.hasShares(view.name()->text))
        session.say(RemarkKind::Lost, at, "in the table's file leave out the numbers behind the URLs");
    if (session.know.needsListMark(view.name()->text))
        session.say(RemarkKind::Lost, at, "in the table's file write # @list above the first URL: " + session.targetName() +
                                              " takes the colon for the end of a key otherwise");
    for (const QByteArray& entry : *entries) {
        const auto other = relayEntry(session.know, entry);
        const auto url = policy::RelayUrl::parse(entry, session.know.era);
        const QByteArray shown = url ? url->masked() : QByteArray("an entry");
        if (!other)
            session.say(RemarkKind::Lost, at, shown + " in the table's file can't be said in " + session.targetName());
        else if (*other != entry)
            session.say(RemarkKind::Lost, at,
                        "in the table's file write " +
                            policy::RelayUrl::parse(*other, session.know.targetEra)->masked() + " instead of " + shown);
    }
}

// `maildir:PATH` as the destination of an alias, 2015 to 6.3.
void sayMaildirTargets(Session& session, const StatementView& at, const TableArgument& content) {
    for (const TableArgument::Pair& pair : content.pairs) {
        if (pair.value.text.startsWith("maildir:"))
            session.say(RemarkKind::Lost, at,
                        "an alias can't lead to \"maildir:\" in " + session.targetName() +
                            "; give such users an action with maildir",
                        pair.value.range);
    }
}

void toMap(Session& session, const StatementView& statement, const TableView& view, Piece& piece) {
    const Speller speller(statement, session.know.target);
    if (!session.know.isMapOf2012(view.name()->text)) {
        piece.statements = asComments(session, statement);
        session.say(RemarkKind::Lost, statement,
                    view.source() ? "maps of 2012 are plain files or db files"
                                  : "maps of 2012 are files; where the entries can stand in a rule, they do");
        return;
    }
    piece.statements = {"map " + speller.value(*view.name()) + " source " +
                        (view.backend() == "db" ? "db " : "plain ") + quoted(view.path(), Dialect::Map2012)};
}

} // namespace

void convertTable(Session& session, const StatementView& statement, Piece& piece) {
    const auto view = TableView::from(statement);
    const Speller speller(statement, session.know.target);
    piece.statements = {speller.statement()};
    if (!view || !view->name())
        return;
    const QByteArray name = view->name()->text;
    piece.defines.append("table:" + name);
    const bool isMap = session.know.dialect == Dialect::Map2012;
    const bool holdsRelays = session.know.relayTables.contains(name) &&
                             (session.know.dialect != session.know.source || session.know.hasShares(name) ||
                              session.know.needsListMark(name));
    if (view->isMap() && !isMap) {
        const bool isExternal = view->words().size() > 2 && view->words()[2].text == "external";
        if (isExternal) {
            piece.statements = asComments(session, statement);
            session.say(RemarkKind::Lost, statement, "\"source external\" has had no meaning since May 2012");
            return;
        }
        piece.statements = {"table " + speller.value(*view->name()) + ' ' + sourceText(session, statement, *view)};
    } else if (!view->isMap() && isMap) {
        toMap(session, statement, *view, piece);
    } else if (view->backend() == "keychain" && session.know.isOpenSmtpd) {
        piece.statements = {"table " + speller.value(*view->name()) + " file:/etc/mail/" + name};
        session.say(RemarkKind::Lost, statement,
                    "logins in this computer's keychain stay there: write lines LABEL USER:PASSWORD into /etc/mail/" +
                        name + " on the server");
    } else if (view->source() && session.know.isOpenSmtpd && !view->path().isEmpty() && !view->path().startsWith('/') &&
               !view->isMap()) {
        piece.statements = {"table " + speller.value(*view->name()) + ' ' + sourceText(session, statement, *view)};
    }
    const bool isOfRelays = view->content() && (view->content()->pairs.empty() || session.know.hasShares(name));
    if (holdsRelays && isOfRelays && !view->isMap()) {
        const QByteArray list = relayList(session, statement, *view->content(), speller);
        if (!list.isEmpty())
            piece.statements = {"table " + speller.value(*view->name()) + ' ' + list};
    } else if (holdsRelays && !view->content()) {
        checkRelayFile(session, statement, *view);
    }
    if (view->content() && session.know.source == Dialect::Legacy && session.know.dialect != Dialect::Legacy)
        sayMaildirTargets(session, statement, *view->content());
    if (!speller.displacedComments().isEmpty())
        piece.beside = speller.displacedComments();
}

} // namespace postern::convert
