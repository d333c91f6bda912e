// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rules of every dialect, read into what they mean.
#include "config/document.h"
#include "config/views/action_view.h"
#include "config/views/match_view.h"
#include "config/views/rule_view.h"
#include "convert/format_letters.h"
#include "convert/session.h"

#include <algorithm>

namespace postern::convert {

using config::Clause;
using config::ClauseKind;
using config::Dialect;
using config::StatementView;
using config::TableArgument;

namespace {

using From = Source::From;
using Login = Source::Login;

Source from(From kind, Login login = Login::DoesNotMatter) {
    Source source;
    source.from = kind;
    source.login = login;
    return source;
}

// "local" among the entries: in accept/reject that is the key of every client that has signed in.
bool listsLocal(const Session& session, const TableArgument& argument) {
    const auto has = [](const std::vector<config::Value>& items) {
        return std::any_of(items.begin(), items.end(),
                           [](const config::Value& item) { return item.text.toLower() == "local"; });
    };
    if (argument.form != TableArgument::Form::Name)
        return has(argument.items);
    const auto found = session.know.tables.constFind(argument.value.text);
    return found != session.know.tables.constEnd() && found->content() && has(found->content()->items);
}

Source baseSource(const Clause* clause, const Speller& speller) {
    Source source;
    if (!clause)
        return source;
    source.negated = clause->negated;
    source.regex = clause->regex;
    if (clause->kind == ClauseKind::FromAny)
        source.from = From::Any;
    else if (clause->kind == ClauseKind::FromSocket)
        source.from = From::Socket;
    else if (clause->kind == ClauseKind::FromSource)
        source.from = From::Table;
    else if (clause->kind == ClauseKind::FromRdns)
        source.from = From::Rdns;
    if (clause->table && (source.from == From::Table || source.from == From::Rdns))
        source.table = speller.table(*clause->table);
    return source;
}

// What an older `from` means for clients that have signed in (see the reference on eras): they are local; in accept/reject
// their address is "local" to every table, in 2012 they pass every test of the source.
std::vector<Source> oldSources(const Session& session, const Clause* clause, const Clause* authenticated,
                               const Speller& speller) {
    Source base = baseSource(clause, speller);
    const Source signedIn = from(From::Any, Login::Yes);
    if (authenticated) {
        const bool passes = base.from == From::Table ? base.negated : !base.negated; // of one who has signed in
        base.login = authenticated->negated ? Login::No : Login::Yes;
        return {!authenticated->negated && passes ? signedIn : base};
    }
    if (!session.know.mayAuthenticate || base.from == From::Any)
        return {base};
    if (base.from == From::Local) {
        if (!base.negated)
            return {base, signedIn};
        base.login = Login::No;
        return {base};
    }
    if (base.negated || session.know.source == Dialect::Map2012 || listsLocal(session, *clause->table))
        return {base, signedIn};
    base.login = Login::No;
    return {base};
}

QByteArray tagText(const Session& session, const config::Value& tag, const Speller& speller) {
    const QByteArray other = session.know.newTags.value(tag.text);
    return other.isEmpty() ? speller.value(tag) : quoted(other, speller.dialect());
}

Test testOf(const Clause& clause, ClauseKind kind, const Speller& speller) {
    Test test;
    test.kind = kind;
    test.negated = clause.negated;
    test.regex = clause.regex;
    test.range = clause.range;
    if (clause.table) {
        test.table = speller.table(*clause.table);
        test.argument = clause.table;
    }
    return test;
}

Test tagTest(const Session& session, const Clause& clause, const Speller& speller) {
    Test test = testOf(clause, ClauseKind::Tagged, speller);
    if (const config::Value* tag = clause.value()) {
        test.table = tagText(session, *tag, speller);
        test.argument = TableArgument{TableArgument::Form::Literal, *tag, {*tag}, {}, tag->range};
    } else if (clause.table && clause.table->form == TableArgument::Form::Literal) {
        test.table = tagText(session, clause.table->value, speller);
    }
    return test;
}

bool isOption(ClauseKind kind) {
    for (const ClauseKind option :
         {ClauseKind::Alias,      ClauseKind::Virtual, ClauseKind::Userbase, ClauseKind::User,
          ClauseKind::Wrapper,    ClauseKind::Auth,    ClauseKind::Source,   ClauseKind::Helo,
          ClauseKind::HeloSource, ClauseKind::As,      ClauseKind::Pki,      ClauseKind::Certificate,
          ClauseKind::Ca,         ClauseKind::Srs,     ClauseKind::Filters,  ClauseKind::Ciphers,
          ClauseKind::Protocols,  ClauseKind::Order,   ClauseKind::MaxRate,  ClauseKind::MaxConnections}) {
        if (option == kind)
            return true;
    }
    return false;
}

void readMethod(Session& session, const StatementView& at, const Clause& method, const Speller& speller,
                Delivery& delivery) {
    delivery.method = method.kind;
    delivery.rcptTo = method.has("rcpt-to");
    delivery.junk = method.has("junk");
    if (const config::Value* argument = method.value()) {
        delivery.argument = speller.value(*argument);
        const bool isFormat = method.kind == ClauseKind::Maildir || method.kind == ClauseKind::Mda;
        const auto other =
            isFormat ? formatFor(argument->text, session.know.source, session.know.dialect) : std::nullopt;
        if (other && other->text != argument->text)
            delivery.argument = quoted(other->text, speller.dialect());
        if (other && !other->remark.isEmpty())
            session.say(other->isLoss ? RemarkKind::Lost : RemarkKind::Changed, at, other->remark, argument->range);
    }
    // Until 6.3 a shell ran the command; since then one program is started, and its helper refuses several.
    const bool wasShell = method.kind == ClauseKind::Mda && session.know.source != Dialect::Modern &&
                          session.know.dialect == Dialect::Modern;
    const QByteArray command = method.valueText();
    if (wasShell &&
        std::any_of(command.begin(), command.end(), [](char c) { return QByteArrayView("|&;<>`").contains(c); }))
        session.say(RemarkKind::Changed, at,
                    "the command uses the shell; since 6.4 put such a line into a script and name that",
                    method.value()->range);
    if (method.kind == ClauseKind::Relay)
        delivery.relay = readRelay(session, at, speller);
}

void readOptions(const StatementView& at, const Speller& speller, Delivery& delivery) {
    for (const Clause& clause : at.clauses()) {
        if (!isOption(clause.kind) || &clause != at.clause(clause.kind))
            continue; // the last one counts
        QByteArray text;
        if (clause.table)
            text = speller.table(*clause.table);
        else if (clause.value())
            text = speller.value(*clause.value());
        const bool isUsual = clause.kind == ClauseKind::Order && clause.valueText() == "round-robin"; // what every reader does
        if (!isUsual)
            delivery.options.push_back({clause.kind == ClauseKind::Certificate ? ClauseKind::Pki : clause.kind,
                                        clause.words.empty() ? QByteArray() : clause.words.front().text, text});
    }
    if (const Clause* ttl = at.clause(ClauseKind::Ttl); ttl && ttl->value())
        delivery.ttl = speller.value(*ttl->value());
}

} // namespace

Delivery readAction(Session& session, const StatementView& statement, const Speller& speller) {
    Delivery delivery;
    const auto view = config::ActionView::from(statement);
    if (view && view->method())
        readMethod(session, statement, *view->method(), speller, delivery);
    readOptions(statement, speller, delivery);
    return delivery;
}

Routing readMatch(Session& session, const StatementView& statement, const Speller& speller) {
    Routing routing;
    const auto view = config::MatchView::from(statement);
    routing.isReject = view->isReject();
    const Clause* from = view->fromClause();
    routing.fromIsImplied = !from;
    Source source = baseSource(from, speller);
    const Clause* login = view->auth();
    if (from && from->kind == ClauseKind::FromAuth)
        login = from;
    if (from && (from->kind == ClauseKind::FromAuth || from->kind == ClauseKind::FromMailFrom)) {
        source = Source();
        source.from = From::Any;
    }
    if (login) {
        source.login = login->negated ? Login::No : Login::Yes;
        if (login->table)
            source.users = speller.table(*login->table);
    }
    routing.sources = {source};
    bool sawFor = false;
    for (const Clause& clause : statement.clauses()) {
        if (saysFrom(clause.kind)) {
            routing.fromPlace = routing.tests.size();
            if (clause.kind == ClauseKind::FromMailFrom)
                routing.tests.push_back(testOf(clause, ClauseKind::Sender, speller));
        } else if (clause.kind == ClauseKind::ForRecipient) {
            sawFor = true;
            Test any;
            any.kind = ClauseKind::ForAny;
            any.range = clause.range;
            routing.tests.push_back(any);
            routing.tests.push_back(testOf(clause, ClauseKind::Recipient, speller));
        } else if (saysFor(clause.kind)) {
            sawFor = true;
            routing.tests.push_back(testOf(clause, clause.kind, speller));
        } else if (clause.kind == ClauseKind::Tagged) {
            routing.tests.push_back(tagTest(session, clause, speller));
        } else if (clause.kind == ClauseKind::Sender || clause.kind == ClauseKind::Recipient ||
                   clause.kind == ClauseKind::HeloIs || clause.kind == ClauseKind::TlsUsed) {
            routing.tests.push_back(testOf(clause, clause.kind, speller));
        }
    }
    if (!sawFor)
        routing.tests.push_back({});
    return routing;
}

std::vector<Routing> readRule(Session& session, const StatementView& statement, const Speller& speller, Piece& piece) {
    const auto view = config::RuleView::from(statement);
    Routing routing;
    routing.isReject = view->isReject();
    routing.fromIsImplied = !view->fromClause();
    routing.sources = oldSources(session, view->fromClause(), view->authenticated(), speller);
    const Clause* method = view->method();
    const bool relays = method && method->kind == ClauseKind::Relay;
    std::vector<std::pair<size_t, const Clause*>> destinations; // where each `for` stands
    for (const Clause& clause : statement.clauses()) {
        if (&clause == view->fromClause()) {
            routing.fromPlace = routing.tests.size();
        } else if (saysFor(clause.kind)) {
            if (clause.has("for"))
                destinations.clear();
            destinations.emplace_back(routing.tests.size(), &clause);
        } else if (&clause == view->tagged()) {
            routing.tests.push_back(tagTest(session, clause, speller));
        } else if (clause.kind == ClauseKind::Sender || clause.kind == ClauseKind::Recipient) {
            routing.tests.push_back(testOf(clause, clause.kind, speller));
        }
    }
    if (!view->isReject()) {
        if (method)
            readMethod(session, statement, *method, speller, routing.delivery);
        readOptions(statement, speller, routing.delivery);
        if (routing.delivery.ttl.isEmpty())
            routing.delivery.ttl = session.know.rulesTtl.value({statement.file(), statement.range().offset});
        auto& options = routing.delivery.options;
        const bool isNamed = statement.hasClause(ClauseKind::Helo) || statement.hasClause(ClauseKind::HeloSource);
        if (relays && !isNamed && !session.know.serverName.isEmpty())
            options.push_back({ClauseKind::Helo, "hostname", plainOrQuoted(session.know.serverName, speller.dialect())});
        for (const Option& option : options) {
            if (option.kind == ClauseKind::Pki && statement.hasClause(ClauseKind::Certificate))
                namePki(session, statement, statement.clause(ClauseKind::Certificate)->valueText(), piece);
        }
        if (relays) { // `virtual LIST` on a relay rule of 5.3: only these recipients
            if (const Clause* list = statement.clause(ClauseKind::Virtual))
                routing.tests.push_back(testOf(*list, ClauseKind::Recipient, speller));
            std::erase_if(options, [](const Option& option) {
                return option.kind == ClauseKind::Alias || option.kind == ClauseKind::Virtual ||
                       option.kind == ClauseKind::Userbase;
            });
        }
    }
    std::vector<Routing> result;
    if (destinations.empty())
        destinations.emplace_back(routing.tests.size(), nullptr);
    // The readers of that time asked the last one first, which shows only where one has users of its own.
    if (std::any_of(destinations.begin(), destinations.end(),
                    [](const auto& one) { return one.second && one.second->kind == ClauseKind::ForVirtual; }))
        std::reverse(destinations.begin(), destinations.end());
    for (const auto& [place, clause] : destinations) {
        Routing one = routing;
        Test test;
        if (clause) {
            test = testOf(*clause, clause->kind, speller);
            if (clause->kind == ClauseKind::ForVirtual) { // 2012: the domain is a key of the map, too
                test.kind = ClauseKind::ForDomain;
                one.delivery.options.insert(one.delivery.options.begin(), {ClauseKind::Virtual, "virtual", test.table});
            }
        }
        one.tests.insert(one.tests.begin() + std::ptrdiff_t(std::min(place, one.tests.size())), test);
        if (place < one.fromPlace)
            ++one.fromPlace;
        result.push_back(std::move(one));
    }
    return result;
}

} // namespace postern::convert
