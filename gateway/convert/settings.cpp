// SPDX-License-Identifier: GPL-3.0-or-later
//
// Global values and macros: one setting has one meaning and, by era, another name.
#include "config/document.h"
#include "config/grammar.h"
#include "config/views/macro_view.h"
#include "config/views/setting_view.h"
#include "convert/rewrite.h"
#include "convert/session.h"
#include "convert/words.h"
#include "policy/values.h"

#include <algorithm>

namespace postern::convert {

using config::Dialect;
using config::Setting;
using config::StatementView;

namespace {

QByteArray advice(Setting setting) {
    if (setting == Setting::ServerName)
        return "; the server's name is in /etc/mail/mailname, or give each listener a hostname";
    if (setting == Setting::Curve)
        return "; the TLS library chooses the curve";
    if (setting == Setting::QueueInterval)
        return "; when mail is tried again follows a curve of its own";
    return {};
}

// The statement's words that are the setting's name.
QByteArray writtenWords(const config::SettingView& view) {
    QByteArrayList words;
    for (const config::Value& word : view.words())
        words.append(word.text);
    for (const config::SettingWords& candidate : config::settingsOpenedBy(words.front())) {
        if (words.mid(0, candidate.words.size()) == candidate.words)
            return candidate.words.join(' ');
    }
    return words.front();
}

} // namespace

void convertSetting(Session& session, const StatementView& statement, Piece& piece) {
    const auto view = config::SettingView::from(statement);
    const Speller speller(statement, session.know.target);
    piece.statements = {speller.statement()};
    if (!view)
        return;
    const Setting setting = view->setting();
    if (setting == Setting::QueueTtl)
        piece.defines.append("setting:ttl");
    if (setting == Setting::MdaWrapper && view->value())
        piece.defines.append("wrapper:" + view->value()->text);
    if (setting == Setting::SrsKey)
        piece.defines.append("setting:srs");
    const QByteArray written = writtenWords(*view);
    const auto known = wordsFor(setting, written, !view->values().empty(), session.know.target);
    if (!known) {
        piece.statements = asComments(session, statement);
        if (setting == Setting::ServerName && !session.know.serverName.isEmpty()) {
            session.say(RemarkKind::Changed, statement,
                        "the server's name is given to each listener and relay now; write it into /etc/mail/mailname, too: \"for "
                        "local\" and notices of failure go by that");
            return;
        }
        session.say(RemarkKind::Lost, statement,
                    '"' + written + "\" can't be said in " + session.targetName() + advice(setting));
        return;
    }
    const QByteArray& words = *known;
    if (setting == Setting::QueueEncryption && written.endsWith(" keychain") && words != written)
        session.say(RemarkKind::Lost, statement,
                    "the key in this computer's keychain stays there: " + session.targetName() +
                        " asks for one at its terminal, or takes it behind \"" + words + '"');
    const size_t ownWords = size_t(written.count(' ')) + 1;
    if (setting == Setting::WarnInterval && view->values().empty() && session.know.dialect == Dialect::Modern) {
        piece.statements = {words + " 365d"};
        session.say(RemarkKind::Changed, statement,
                    "no warnings at all can't be said in " + session.targetName() +
                        "; a year is longer than any mail stays in the queue");
        return;
    }
    if (setting == Setting::QueueCompression && !view->values().empty() && session.know.dialect != Dialect::Map2012) {
        if (view->values().front().text != "gzip")
            session.say(RemarkKind::Changed, statement,
                        "the queue is compressed with gzip; no other way can be chosen");
        piece.statements = {words};
        return;
    }
    const bool hasAlgorithms = setting == Setting::QueueEncryption && view->words().size() > ownWords;
    if (hasAlgorithms)
        session.say(RemarkKind::Lost, statement, "the cipher and digest of the queue's encryption can't be chosen");
    if (words == written && !hasAlgorithms)
        return;
    // The words stand at the beginning, so everything behind them keeps its bytes.
    const config::Value& last = view->words()[ownWords - 1];
    const bool inMacro = std::any_of(view->words().begin(), view->words().end(),
                                     [](const config::Value& word) { return word.fromMacro; });
    if (!inMacro && !hasAlgorithms) {
        const qsizetype from = last.range.end();
        piece.statements = {words + speller.bytes({from, statement.range().end() - from})};
        return;
    }
    QByteArrayList parts = {words};
    for (const config::Clause& clause : statement.clauses())
        parts.append(speller.clause(clause));
    for (const config::Value& value : view->values()) {
        parts.append(speller.value(value));
        if (hasAlgorithms)
            break;
        if (setting == Setting::WarnInterval && &value != &view->values().back())
            parts.last() += ',';
    }
    piece.statements = {parts.join(' ')};
}

void convertMacro(Session& session, const StatementView& statement, Piece& piece) {
    const auto view = config::MacroView::from(statement);
    if (!view || !view->name() || !view->value())
        return;
    const QByteArray other = session.know.newMacros.value(view->name()->text);
    const bool mustBeQuoted = !view->value()->quoted && config::isReserved(view->value()->text, session.know.dialect) &&
                              session.know.dialect != session.know.source;
    const QByteArray url = session.know.relayMacros.value(view->name()->text);
    const bool hasOtherUrl = !url.isEmpty() && url != view->value()->text;
    if (other.isEmpty() && !mustBeQuoted && !hasOtherUrl)
        return;
    if (hasOtherUrl)
        session.say(RemarkKind::Note, statement, "this relay URL is spelled as " + session.targetName() + " reads it");
    if (!other.isEmpty())
        session.say(RemarkKind::Changed, statement,
                    "the macro is called $" + other + " now, since \"" + view->name()->text +
                        "\" is a word of the language");
    const QByteArray& all = statement.document().bytes();
    const config::Range name = view->name()->range, value = view->value()->range;
    const QByteArray valueText = all.mid(value.offset, value.length);
    piece.statements = {(other.isEmpty() ? all.mid(name.offset, name.length) : other) +
                        all.mid(name.end(), value.offset - name.end()) +
                        (hasOtherUrl    ? quoted(url, session.know.dialect)
                         : mustBeQuoted ? quoted(view->value()->text, session.know.dialect)
                                        : valueText)};
}

void convertFilter(Session& session, const StatementView& statement, Piece& piece) {
    const Speller speller(statement, session.know.target);
    const bool wasModern = session.know.source == Dialect::Modern, isModern = session.know.dialect == Dialect::Modern;
    const config::Value* name = statement.values().empty() ? nullptr : &statement.values().front();
    if (wasModern != isModern || session.know.dialect == Dialect::Map2012) {
        piece.statements = asComments(session, statement);
        session.say(
            RemarkKind::Lost, statement,
            isModern ? QByteArray("filter programs from before 6.6 speak another language; install one that speaks the "
                                  "new one and name it with filter NAME proc-exec")
                     : "filters like this one can't be said in " + session.targetName());
        return;
    }
    piece.statements = {speller.statement()};
    if (name)
        piece.defines.append((statement.kind() == config::StatementKind::Proc ? "proc:" : "filter:") + name->text);
    const QByteArray first = statement.words().empty() ? QByteArray() : statement.words().front().text;
    if (first == "filterchain" && name) {
        QByteArrayList parts = {"filter", speller.value(*name), "chain"};
        for (size_t i = 1; i < statement.values().size(); ++i)
            parts.append(speller.value(statement.values()[i]));
        piece.statements = {parts.join(' ')};
    } else if (first == "enqueuer" && name) {
        piece.statements = {"listen on socket filter " + speller.value(*name)};
    }
    if (const config::Clause* proc = statement.clause(config::ClauseKind::UseProc); proc && proc->value())
        piece.uses.append("proc:" + proc->valueText());
    if (const config::Clause* chain = statement.clause(config::ClauseKind::Chain); chain && chain->table) {
        for (const config::Value& item : chain->table->items)
            piece.uses.append("filter:" + item.text);
    }
}

} // namespace postern::convert
