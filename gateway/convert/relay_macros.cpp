// SPDX-License-Identifier: GPL-3.0-or-later
//
// `relayhost = "tls+auth://..."` and `relay via $relayhost`: the way most files name their provider. The macro stays, and its
// value is what gets the target's words, if that is right for every place that uses it.
#include "config/document.h"
#include "config/lexer.h"
#include "config/views/macro_view.h"
#include "config/views/relay_clauses.h"
#include "convert/session.h"

namespace postern::convert {

using config::StatementView;

namespace {

struct Use {
    QByteArray url; // in the target's words; "" = it can't be said, or not alike everywhere
    int count = 0;
};

// "name" if the statement's relay is exactly $name.
QByteArray relayMacro(const StatementView& statement, const Speller& speller) {
    const config::TableArgument* host = config::RelayClauses(statement).host();
    if (!host || host->form != config::TableArgument::Form::Literal || !host->value.fromMacro || speller.isEntangled(host->value))
        return {};
    const QByteArray bytes = statement.document().bytes().mid(host->value.range.offset, host->value.range.length);
    return bytes.startsWith('$') ? bytes.sliced(1) : QByteArray();
}

QHash<QByteArray, int> usesOfMacros(const config::FileSet& set) {
    QHash<QByteArray, int> uses;
    for (const config::DocumentPtr& document : set.documents()) {
        const QByteArray& bytes = document->bytes();
        for (const config::Token& token : config::lex(bytes)) {
            if (token.kind == config::TokenKind::MacroUse)
                ++uses[bytes.sliced(token.offset, token.length).sliced(1)];
        }
    }
    return uses;
}

} // namespace

void learnRelayMacros(Knowledge& know, const config::FileSet& set) {
    if (know.dialect == know.source || know.dialect == config::Dialect::Map2012)
        return;
    QHash<QByteArray, Use> found;
    QHash<QByteArray, int> definitions;
    Session session{know};
    for (const StatementView& statement : set.statements()) {
        if (const auto macro = config::MacroView::from(statement); macro && macro->name())
            ++definitions[macro->name()->text];
        const Speller speller(statement, know.target);
        const QByteArray name = relayMacro(statement, speller);
        if (name.isEmpty())
            continue;
        const Relay relay = readRelay(session, statement, speller);
        const QByteArray url = relay.invalid.isEmpty() ? relayUrl(know.targetEra, relay) : QByteArray();
        Use& use = found[name];
        use.url = use.count++ == 0 || use.url == url ? url : QByteArray();
    }
    if (found.isEmpty())
        return;
    const QHash<QByteArray, int> all = usesOfMacros(set);
    for (auto one = found.cbegin(); one != found.cend(); ++one) {
        if (!one->url.isEmpty() && one->count == all.value(one.key()) && definitions.value(one.key()) == 1)
            know.relayMacros.insert(one.key(), one->url);
    }
}

QByteArray urlText(Session& session, const StatementView& at, const Relay& relay, const QByteArray& url) {
    if (!relay.macro.isEmpty() && session.know.relayMacros.value(relay.macro) == url)
        return '$' + relay.macro;
    if (!relay.macro.isEmpty())
        session.say(RemarkKind::Note, at, '$' + relay.macro + " is written out, since what it holds has to change");
    return quoted(url, session.know.dialect);
}

} // namespace postern::convert
