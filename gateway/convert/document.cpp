// SPDX-License-Identifier: GPL-3.0-or-later
//
// One pass over the file's statements. Rules that stand together are one run: action/match wants their actions before
// them, so those are put where the run begins.
#include "convert/document.h"

#include "config/document.h"
#include "config/lexer.h"
#include "config/views/include_view.h"
#include "config/views/match_view.h"
#include "config/views/rule_view.h"
#include "convert/rewrite.h"
#include "convert/rules_out.h"
#include "convert/words.h"
#include "policy/build.h"
#include "policy/judge.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

namespace postern::convert {

using config::Clause;
using config::ClauseKind;
using config::Dialect;
using config::Severity;
using config::StatementKind;
using config::StatementView;
using config::TableArgument;
using config::Target;

namespace {

// Names of tables, certificates and wrappers that a statement uses.
void addUses(const StatementView& statement, QByteArrayList& uses) {
    for (const Clause& clause : statement.clauses()) {
        if (clause.table && clause.table->form == TableArgument::Form::Name)
            uses.append("table:" + clause.table->value.text);
        if (clause.kind == ClauseKind::Pki)
            uses.append("pki:" + clause.valueText().toLower());
        else if (clause.kind == ClauseKind::Ca)
            uses.append("ca:" + clause.valueText());
        else if (clause.kind == ClauseKind::Wrapper)
            uses.append("wrapper:" + clause.valueText());
        else if (clause.kind == ClauseKind::UseAction)
            uses.append("action:" + clause.valueText());
        else if (clause.kind == ClauseKind::Srs)
            uses.append("setting:srs");
    }
}

class Conversion {
  public:
    Conversion(FileStore& files, Session& session, const config::DocumentPtr& document, const IncludeNames& names)
        : m_files(files), m_know(session.know), m_session(session), m_document(document), m_names(names), m_layout(document) {}

    QByteArray run() {
        const size_t reported = m_session.report.size();
        m_session.actionByText.clear(); // what another file defines may come too late for this one
        m_session.madePkis.clear();
        m_statements = m_document->statements();
        for (size_t i = 0; i < m_statements.size(); ++i) {
            if (const auto action = config::ActionView::from(m_statements[i]); action && action->name())
                m_actionPieces.insert(action->name()->text, i);
        }
        for (size_t i = 0; i < m_statements.size(); ++i)
            statement(i);
        if (m_document->bytes().contains("\r\n")) {
            m_layout.endLinesInLf();
            m_session.report.push_back({RemarkKind::Note, m_document->file(), 1, 1,
                                        "lines ended in CR LF; they end in LF now, since OpenSMTPD reads LF only"});
        }
        if (m_layout.dropByteOrderMark())
            m_session.report.push_back({RemarkKind::Note, m_document->file(), 1, 1,
                                        "the byte order mark at the start is left out; OpenSMTPD refuses it"});
        sayMoved(m_layout.putDefinitionsFirst());
        if (m_know.dialect != Dialect::Modern)
            m_layout.endWithNewline();
        const QByteArray text = m_layout.text();
        sayRefused(text);
        putInOrder(reported);
        return withNewMacroNames(text);
    }

  private:
    bool wasModern() const { return m_know.source == Dialect::Modern; }
    bool isModern() const { return m_know.dialect == Dialect::Modern; }

    void statement(size_t i) {
        const StatementView& statement = m_statements[i];
        Piece& piece = m_layout.pieces()[i];
        if (statement.kind() != StatementKind::Rule)
            m_run.reset();
        addUses(statement, piece.uses);
        switch (statement.kind()) {
        case StatementKind::Macro: convertMacro(m_session, statement, piece); break;
        case StatementKind::Include: include(statement, piece); break;
        case StatementKind::Listen: convertListener(m_session, statement, piece); break;
        case StatementKind::Pki:
        case StatementKind::Ca: convertCertificate(m_session, statement, piece); break;
        case StatementKind::Table: convertTable(m_session, statement, piece); break;
        case StatementKind::Setting: convertSetting(m_session, statement, piece); break;
        case StatementKind::Filter:
        case StatementKind::Proc: convertFilter(m_session, statement, piece); break;
        case StatementKind::Rule: rule(i); break;
        case StatementKind::Action: action(i); break;
        case StatementKind::Match: match(i); break;
        case StatementKind::None:
        case StatementKind::Unknown: break;
        }
        if (m_know.dialect == Dialect::Legacy &&
            (statement.kind() == StatementKind::Rule || statement.kind() == StatementKind::Match))
            piece.uses.append("setting:ttl");
    }

    void include(const StatementView& statement, Piece& piece) {
        const auto view = config::IncludeView::from(statement);
        if (!view || !view->path())
            return;
        const QByteArray path = policy::pathBeside(statement.file(), view->path()->text);
        const auto name = m_names.constFind(path);
        if (name != m_names.constEnd() && !name->isEmpty())
            piece.statements = {"include " + quoted(*name, m_know.dialect)};
        if (isModern() && !wasModern() && name != m_names.constEnd() && !m_included.insert(path).second)
            m_session.say(RemarkKind::Lost, statement,
                          "this file is included twice: " + m_session.targetName() + " refuses actions that are defined twice");
    }

    // An accept or reject.
    void rule(size_t i) {
        const StatementView& statement = m_statements[i];
        Piece& piece = m_layout.pieces()[i];
        const Speller speller(statement, m_know.target);
        if (m_know.source == m_know.dialect && !hasOlderForms(statement)) {
            piece.statements = {speller.statement()};
            return;
        }
        if (isModern() && !m_run)
            m_run = i;
        Piece& runStart = m_layout.pieces()[m_run.value_or(i)];
        const std::vector<Routing> routings = readRule(m_session, statement, speller, runStart);
        WrittenRule written;
        if (isModern()) {
            tellOfSocketTag(statement, runStart);
            written = writeModern(m_session, statement, routings);
            runStart.above += written.actions;
            if (&runStart != &piece)
                runStart.uses += piece.uses;
        } else {
            for (const Routing& routing : routings) {
                const WrittenRule one = writeOld(m_session, statement, statement, routing);
                written.rules += one.rules;
                written.isComplete = written.isComplete && one.isComplete;
            }
        }
        put(statement, speller, written, piece);
    }

    // Words and orders of 5.3 and of Postern that OpenSMTPD 5.9 does not take; lists of relays that nobody took in 2012.
    bool hasOlderForms(const StatementView& statement) const {
        int group = 0;
        for (const Clause& clause : statement.clauses()) {
            const QByteArray word = clause.words.empty() ? QByteArray() : clause.words.front().text;
            const bool isVia =
                clause.kind == ClauseKind::Via && clause.table && clause.table->form != TableArgument::Form::Literal;
            const bool isOwn = clause.kind == ClauseKind::Catch || clause.kind == ClauseKind::Order ||
                               clause.kind == ClauseKind::MaxRate || clause.kind == ClauseKind::MaxConnections || isVia;
            if (m_know.isOpenSmtpd && isOwn)
                return true;
            if (m_know.dialect != Dialect::Legacy)
                continue;
            if (clause.has("all") || (clause.kind == ClauseKind::FromSource && !clause.has("source")) ||
                word == "helo" || word == "users" || word == "on" || word == "tag" || word == "certificate" ||
                clause.kind == ClauseKind::Authenticated || clause.kind == ClauseKind::ForVirtual ||
                clause.kind == ClauseKind::ForNetwork ||
                (clause.kind == ClauseKind::Virtual && statement.hasClause(ClauseKind::Relay)))
                return true;
            const bool looksUp = clause.kind == ClauseKind::Alias || clause.kind == ClauseKind::Virtual ||
                                 clause.kind == ClauseKind::Userbase;
            const bool ends = clause.kind == ClauseKind::Ttl || clause.kind == ClauseKind::ForwardOnly;
            const bool asks = saysFrom(clause.kind) || saysFor(clause.kind) || clause.kind == ClauseKind::Sender ||
                              clause.kind == ClauseKind::Recipient || clause.kind == ClauseKind::Tagged;
            const int its = asks ? 1 : looksUp ? 2 : ends ? 4 : 3;
            if (its < group)
                return true;
            group = its;
        }
        return false;
    }

    // Before 6.7 the socket's sessions had the tag "local" without being told.
    void tellOfSocketTag(const StatementView& statement, Piece& above) {
        const auto view = config::RuleView::from(statement);
        const Clause* tagged = view ? view->tagged() : nullptr;
        if (!tagged || tagged->valueText() != "local" || m_know.listenerTags.contains("local") ||
            m_know.hasSocketListener || m_session.toldSocketTag || m_know.source != Dialect::Legacy)
            return;
        m_session.toldSocketTag = true;
        above.above.append("listen on socket tag \"local\"");
    }

    void put(const StatementView& statement, const Speller& speller, const WrittenRule& written, Piece& piece) {
        if (written.rules.isEmpty()) {
            piece.statements = asComments(m_session, statement);
        } else if (written.rules.size() == 1 && written.actions.isEmpty() &&
                   written.rules.front() == statement.text()) {
            piece.statements = {speller.statement()};
        } else {
            piece.statements = written.rules;
            if (!written.isComplete)
                piece.beside += asComments(m_session, statement);
        }
        QByteArrayList macros;
        for (const QByteArray& name : speller.expandedMacros()) {
            if (!macros.contains(name))
                macros.append(name);
        }
        if (!macros.isEmpty())
            m_session.say(RemarkKind::Note, statement,
                          macros.join(", ") + " is written out, since what it holds has to change");
    }

    void action(size_t i) {
        const StatementView& statement = m_statements[i];
        Piece& piece = m_layout.pieces()[i];
        const auto view = config::ActionView::from(statement);
        const QByteArray name = view->name() ? view->name()->text : QByteArray();
        if (isModern()) {
            piece.defines.append("action:" + name);
            newerAction(statement, piece);
            return;
        }
        piece.statements.clear(); // it goes into the rules
        if (!m_know.usedActions.contains(name)) {
            piece.statements = asComments(m_session, statement);
            m_session.say(RemarkKind::Note, statement,
                          "no match uses the action, so no rule takes it over");
        }
    }

    // An action for another release of the same language.
    void newerAction(const StatementView& statement, Piece& piece) {
        const Speller speller(statement, m_know.target);
        Rewrite rewrite(statement, speller);
        const auto context =
            statement.hasClause(ClauseKind::Relay) ? config::Context::ActionRelay : config::Context::ActionLocal;
        for (const Clause& clause : statement.clauses()) {
            if (clause.kind == ClauseKind::Host && clause.table && clause.table->form == TableArgument::Form::Mapping) {
                QByteArrayList urls; // shares are Postern's own, and the order that they are for is lost below
                for (const QByteArray& url : urlsOf(*clause.table))
                    urls.append(quoted(url, m_know.dialect));
                rewrite.replace(clause, "host { " + urls.join(", ") + " }");
            }
            if (isMethod(clause.kind) || wordFor(context, clause.kind, m_know.target))
                continue;
            rewrite.remove(clause);
            if (clause.valueText() != "round-robin") // what every reader does
                m_session.say(RemarkKind::Lost, statement,
                              '"' + clause.words.front().text + "\" of an action can't be said in " +
                                  m_session.targetName(),
                              clause.range);
        }
        piece.statements = {rewrite.text()};
        if (statement.hasClause(ClauseKind::Catch) && m_know.isOpenSmtpd) {
            piece.statements = asComments(m_session, statement);
            m_session.say(RemarkKind::Lost, statement,
                          "only Postern can catch mail; matches with this action refuse it instead");
        }
        piece.beside += speller.displacedComments();
    }

    void match(size_t i) {
        const StatementView& statement = m_statements[i];
        Piece& piece = m_layout.pieces()[i];
        const Speller speller(statement, m_know.target);
        const auto view = config::MatchView::from(statement);
        const QByteArray name = view->action() ? view->action()->text : QByteArray();
        const auto found = m_know.actions.constFind(name);
        if (isModern()) {
            const bool catches =
                found != m_know.actions.constEnd() && found->hasClause(ClauseKind::Catch) && m_know.isOpenSmtpd;
            Rewrite rewrite(statement, speller);
            if (catches)
                rewrite.replace(*statement.clause(ClauseKind::UseAction), "reject");
            piece.statements = {rewrite.text()};
            piece.beside += speller.displacedComments();
            return;
        }
        if (m_folded == i) {
            piece.statements.clear();
            return;
        }
        Routing routing = readMatch(m_session, statement, speller);
        if (!routing.isReject) {
            if (found == m_know.actions.constEnd()) {
                piece.statements = asComments(m_session, statement);
                m_session.say(RemarkKind::Lost, statement, "the action of this match is not defined");
                return;
            }
            takeComments(*found, piece);
            addUses(*found, piece.uses);
            routing.delivery = readAction(m_session, *found, Speller(*found, m_know.target));
        }
        if (i + 1 < m_statements.size())
            fold(routing, i + 1);
        const StatementView& deliveryAt = routing.isReject ? statement : *found;
        put(statement, speller, writeOld(m_session, statement, deliveryAt, routing), piece);
    }

    // `from local` and behind it the same `from any auth` were one rule before 6.4.
    void fold(Routing& routing, size_t next) {
        if (m_statements[next].kind() != StatementKind::Match)
            return;
        const StatementView& other = m_statements[next];
        const auto mine = config::MatchView::from(m_statements[next - 1]), its = config::MatchView::from(other);
        const auto actionOf = [](const config::MatchView& view) {
            return view.action() ? view.action()->text : QByteArray();
        };
        if (mine->isReject() != its->isReject() || actionOf(*mine) != actionOf(*its))
            return;
        const Routing second = readMatch(m_session, other, Speller(other, m_know.target));
        const Source& first = routing.sources.front();
        const Source& login = second.sources.front();
        const bool isLogin = login.from == Source::From::Any && !login.negated && login.login == Source::Login::Yes &&
                             login.users.isEmpty();
        const bool isPair =
            first.login == Source::Login::DoesNotMatter &&
            ((first.from == Source::From::Local && !first.negated) || first.from == Source::From::Table);
        const auto same = [](const Test& a, const Test& b) {
            return a.kind == b.kind && a.negated == b.negated && a.regex == b.regex && a.table == b.table;
        };
        if (!isLogin || !isPair ||
            !std::equal(routing.tests.begin(), routing.tests.end(), second.tests.begin(), second.tests.end(), same))
            return;
        routing.sources.push_back(login);
        m_folded = next;
    }

    // What was said above an action stands above the first rule that uses it.
    void takeComments(const config::ActionView& action, Piece& piece) {
        const auto at = m_actionPieces.constFind(action.name()->text);
        if (at == m_actionPieces.constEnd())
            return; // in another file
        Piece& from = m_layout.pieces()[*at];
        QByteArray comments = std::exchange(from.comments, {});
        if (const QByteArray behind = from.behind.trimmed(); !behind.isEmpty())
            comments += behind + m_layout.newline();
        from.behind.clear();
        piece.comments.prepend(comments);
    }

    void sayMoved(const std::vector<size_t>& moved) {
        for (size_t i : moved)
            m_session.say(RemarkKind::Note, m_statements[i], "moved up: OpenSMTPD wants it before its first use");
    }

    // The target's reader has the last word on what was written.
    void sayRefused(const QByteArray& text) {
        const auto errorsOf = [&](const QByteArray& of, Target target) {
            config::Diagnostics errors;
            for (config::Diagnostic& one : policy::judgeText(m_files, m_document->file(), of, {target, {}, true})) {
                if (one.severity == Severity::Error)
                    errors.push_back(std::move(one));
            }
            return errors;
        };
        const config::Diagnostics errors = errorsOf(text, m_know.target);
        if (errors.empty() || !m_know.newMacros.isEmpty())
            return;
        QByteArrayList before; // what its own reader does not take either is not lost here
        for (const Target target : {Target::OpenSmtpd2012, Target::OpenSmtpd59, Target::OpenSmtpd78}) {
            if (dialectOf(target) != m_know.source)
                continue;
            for (const config::Diagnostic& one : errorsOf(m_document->bytes(), target))
                before.append(one.text);
        }
        constexpr size_t kMost = 20; // it should be none
        for (const config::Diagnostic& one : std::span(errors).first(std::min(errors.size(), kMost))) {
            // Older readers looked for certificates only when they had started.
            const bool wasThere = before.contains(one.text);
            const bool mayBeElsewhere = one.text.startsWith("no such ") || one.text.startsWith("no rules"); // in another file
            if (m_statements.empty() || one.text.startsWith("no such pki") || (wasThere && mayBeElsewhere))
                continue;
            const size_t piece = std::min(m_layout.pieceAt(one.offset), m_statements.size() - 1);
            if (wasThere)
                m_session.say(RemarkKind::Note, m_statements[piece],
                              m_session.targetName() + " refuses this, as its own reader did: " + one.text);
            else
                m_session.say(RemarkKind::Lost, m_statements[piece],
                              m_session.targetName() + " refuses what stands here now: " + one.text);
        }
    }

    QByteArray withNewMacroNames(const QByteArray& text) const {
        if (m_know.newMacros.isEmpty())
            return text;
        QByteArray out;
        for (const config::Token& token : config::lex(text)) {
            const QByteArray bytes = text.mid(token.offset, token.length);
            const QByteArray other =
                token.kind == config::TokenKind::MacroUse ? m_know.newMacros.value(bytes.sliced(1)) : QByteArray();
            out += other.isEmpty() ? bytes : '$' + other;
        }
        return out;
    }

    // What was said of this file.
    void putInOrder(size_t from) {
        std::vector<Remark>& report = m_session.report;
        const auto first = report.begin() + std::ptrdiff_t(from);
        const auto before = [](const Remark& a, const Remark& b) { return a.line < b.line; };
        std::stable_sort(first, report.end(), before);
        std::vector<Remark> result(report.begin(), first);
        for (size_t i = from; i < report.size(); ++i) {
            Remark& remark = report[i];
            bool isTwin = false; // an action's remark, said again for each of its matches
            for (auto one = result.rbegin(); one != result.rend() && one->line == remark.line && !isTwin; ++one)
                isTwin = one->file == remark.file && one->text == remark.text;
            if (!isTwin)
                result.push_back(std::move(remark));
        }
        report = std::move(result);
    }

    FileStore& m_files;
    const Knowledge& m_know;
    Session& m_session;
    const config::DocumentPtr m_document;
    const IncludeNames& m_names;
    Layout m_layout;
    std::vector<StatementView> m_statements;
    QHash<QByteArray, size_t> m_actionPieces;
    std::optional<size_t> m_run; // where the rules that stand together begin
    std::optional<size_t> m_folded;
    std::set<QByteArray> m_included;
};

} // namespace

void Session::say(RemarkKind kind, const StatementView& at, QByteArray text, std::optional<config::Range> range) {
    const auto place = at.document().position(range && range->length > 0 ? range->offset : at.range().offset);
    report.push_back({kind, at.file(), place.line, place.column, std::move(text)});
}

void Session::sayOnce(RemarkKind kind, const StatementView& at, QByteArray text) {
    if (said.contains(text))
        return;
    said.insert(text);
    say(kind, at, std::move(text));
}

QByteArray onTheServer(Session& session, const StatementView& at, const QByteArray& path) {
    const QByteArray moved = "/etc/mail/" + path;
    session.say(RemarkKind::Changed, at, "OpenSMTPD wants a whole path: put the file at " + moved);
    return moved;
}

QByteArrayList asComments(const Session& session, const StatementView& statement) {
    const config::Range range = statement.range();
    QByteArrayList lines;
    for (QByteArray line : statement.document().bytes().mid(range.offset, range.length).split('\n')) {
        line = line.trimmed();
        if (line.endsWith('\\'))
            line.chop(1);
        lines.append((lines.isEmpty() ? "# not in " + session.targetName() + ": " : QByteArray("#   ")) +
                     line.trimmed());
    }
    return lines;
}

QByteArray convertDocument(FileStore& files, Session& session, const config::DocumentPtr& document, const IncludeNames& names) {
    return Conversion(files, session, document, names).run();
}

} // namespace postern::convert
