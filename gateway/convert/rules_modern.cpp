// SPDX-License-Identifier: GPL-3.0-or-later
//
// action and match.
#include "convert/rules_out.h"
#include "convert/words.h"

#include "config/document.h"

#include <algorithm>

namespace postern::convert {

using config::ClauseKind;
using config::StatementView;
using config::TableArgument;

namespace {

QByteArray conditionWord(ClauseKind kind) {
    if (kind == ClauseKind::ForAny)
        return "for any";
    if (kind == ClauseKind::ForLocal)
        return "for local";
    if (kind == ClauseKind::ForDomain)
        return "for domain";
    if (kind == ClauseKind::Sender)
        return "mail-from";
    if (kind == ClauseKind::Recipient)
        return "rcpt-to";
    if (kind == ClauseKind::Tagged)
        return "tag";
    return {}; // for network: nobody asks that any more
}

QByteArray sourceText(const Source& source) {
    QByteArray text = source.negated ? "!from " : "from ";
    switch (source.from) {
    case Source::From::Any: text += "any"; break;
    case Source::From::Local: text += "local"; break;
    case Source::From::Socket: text += "socket"; break;
    case Source::From::Table: text += "src " + source.table; break;
    case Source::From::Rdns: text += "rdns " + source.table; break;
    }
    switch (source.login) {
    case Source::Login::DoesNotMatter: break;
    case Source::Login::Yes: return text + " auth";
    case Source::Login::No: return text + " !auth";
    }
    return text;
}

QByteArray optionsText(Session& session, const StatementView& at, const Delivery& delivery) {
    const auto context =
        delivery.method == ClauseKind::Relay ? config::Context::ActionRelay : config::Context::ActionLocal;
    QByteArray text;
    for (const Option& option : delivery.options) {
        if (const auto word = wordFor(context, option.kind, session.know.target))
            text += ' ' + *word + ' ' + option.value;
        else
            session.say(RemarkKind::Lost, at, '"' + option.word + "\" can't be said in " + session.targetName());
    }
    return text;
}

// What an action does, without its name. Nothing: it can't be said.
std::optional<QByteArray> actionText(Session& session, const StatementView& at, const Delivery& delivery) {
    QByteArray text;
    if (delivery.method == ClauseKind::Relay) {
        const auto relay = modernRelay(session, at, delivery);
        if (!relay)
            return std::nullopt;
        text = "relay" + *relay;
    } else if (delivery.method == ClauseKind::Catch) {
        if (session.know.isOpenSmtpd) {
            session.say(RemarkKind::Lost, at,
                        "only Postern can catch mail; for " + session.targetName() +
                            " the rule refuses it, so that nothing leaves the computer");
            return std::nullopt;
        }
        text = "catch";
    } else if (delivery.method == ClauseKind::None) {
        text = "expand-only";
    } else if (delivery.method == ClauseKind::ForwardOnly) {
        text = "forward-only";
    } else if (delivery.method == ClauseKind::Mbox) {
        text = "mbox";
    } else if (delivery.method == ClauseKind::Maildir) {
        text = "maildir";
    } else if (delivery.method == ClauseKind::Mda) {
        text = "mda";
    } else if (delivery.method == ClauseKind::Lmtp) {
        text = "lmtp";
    }
    if (delivery.method != ClauseKind::Relay) {
        if (!delivery.argument.isEmpty())
            text += ' ' + delivery.argument;
        if (delivery.rcptTo)
            text += " rcpt-to";
        text += optionsText(session, at, delivery);
    }
    if (!delivery.ttl.isEmpty())
        text += " ttl " + delivery.ttl;
    return text;
}

QByteArray nameCharacters(const QByteArray& text) {
    QByteArray out;
    for (const char c : text) {
        const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                          c == '-' || c == '_';
        out += fits ? c : '_';
    }
    return out.left(48);
}

// What a person would call it: the label or host of a relay, the domain or table of local mail.
QByteArray wantedName(const Routing& routing) {
    const Delivery& delivery = routing.delivery;
    if (delivery.method == ClauseKind::Relay) {
        const Relay& relay = delivery.relay;
        if (relay.isBackup)
            return "backup";
        if (relay.hostArgument)
            return relay.hostArgument->form == TableArgument::Form::Name ? relay.hostArgument->value.text : "relays";
        if (relay.url && !relay.label.isEmpty() && relay.label != relay.url->host())
            return relay.label.left(relay.label.contains(':') ? relay.label.indexOf(':') : relay.label.size());
        return relay.url ? relay.url->host() : QByteArray("outbound");
    }
    if (delivery.method == ClauseKind::Catch)
        return "catch";
    for (const Test& test : routing.tests) {
        if (test.negated)
            continue;
        if (test.kind == ClauseKind::ForLocal)
            return "local_mail";
        if (test.kind == ClauseKind::ForDomain && test.argument && test.argument->form != TableArgument::Form::List &&
            !test.argument->value.text.contains('*'))
            return test.argument->value.text;
    }
    return "incoming";
}

QByteArray actionName(Session& session, const Routing& routing, const QByteArray& text) {
    QByteArray& name = session.actionByText[text];
    if (!name.isEmpty())
        return name;
    const QByteArray wanted = nameCharacters(wantedName(routing));
    name = wanted;
    int& last = session.lastNumber[wanted]; // no name is ever given back
    while (session.actionNames.contains(name))
        name = wanted + '_' + QByteArray::number(++last + 1);
    session.actionNames.insert(name);
    return name;
}

bool isOpenRelay(const Routing& routing) {
    const bool anybody = std::any_of(routing.sources.begin(), routing.sources.end(), [](const Source& source) {
        return source.from == Source::From::Any && !source.negated && source.login == Source::Login::DoesNotMatter;
    });
    return !routing.isReject && routing.delivery.method == ClauseKind::Relay && anybody &&
           std::all_of(routing.tests.begin(), routing.tests.end(),
                       [](const Test& test) { return test.kind == ClauseKind::ForAny && !test.negated; });
}

} // namespace

WrittenRule writeModern(Session& session, const StatementView& at, const std::vector<Routing>& routings) {
    WrittenRule written;
    for (const Routing& routing : routings) {
        QByteArray outcome = "reject";
        if (!routing.isReject) {
            const auto does = actionText(session, at, routing.delivery);
            if (does) {
                const bool isNew = !session.actionByText.contains(*does);
                const QByteArray name = quoted(actionName(session, routing, *does), config::Dialect::Modern);
                if (isNew)
                    written.actions.append("action " + name + ' ' + *does);
                outcome = "action " + name;
            } else {
                written.isComplete = false;
            }
        }
        for (const Test& test : routing.tests) {
            if (!conditionWord(test.kind).isEmpty())
                continue;
            session.say(RemarkKind::Lost, at, "no other reader can test recipients' domains against networks",
                        test.range);
            return {};
        }
        if (routing.sources.size() > 1)
            session.sayOnce(RemarkKind::Note, at,
                            "clients that sign in counted as local; since 6.4 they do not, so a second match says so, "
                            "here and below");
        const bool asksLogin = at.hasClause(ClauseKind::Authenticated);
        if (routing.sources.front().login == Source::Login::No && !asksLogin)
            session.sayOnce(RemarkKind::Note, at,
                            "clients that sign in had no address for rules like this one; since 6.4 they have, so !auth leaves "
                            "them out, here and below");
        if (isOpenRelay(routing))
            session.say(RemarkKind::Note, at, "this relays for anybody to anywhere, as it did before");
        const bool saysFor = std::any_of(routing.tests.begin(), routing.tests.end(), [](const Test& test) {
            return test.range.length > 0 && config::saysFor(test.kind);
        });
        if (routing.isReject && !saysFor)
            session.say(RemarkKind::Note, at,
                        "without \"for\" this refuses mail for local names only, as it did before");
        for (const Source& source : routing.sources) {
            QByteArrayList parts = {"match"};
            for (size_t i = 0; i <= routing.tests.size(); ++i) {
                if (i == routing.fromPlace)
                    parts.append(sourceText(source));
                if (i == routing.tests.size())
                    break;
                const Test& test = routing.tests[i];
                QByteArray text = (test.negated ? "!" : "") + conditionWord(test.kind);
                if (test.kind != ClauseKind::ForAny && test.kind != ClauseKind::ForLocal)
                    text += ' ' + test.table;
                parts.append(text);
            }
            parts.append(outcome);
            written.rules.append(parts.join(' '));
        }
    }
    return written;
}

// " host URL tls no-verify auth <t> ...".
std::optional<QByteArray> modernRelay(Session& session, const StatementView& at, const Delivery& delivery) {
    const Relay& relay = delivery.relay;
    if (!relay.invalid.isEmpty()) {
        session.say(RemarkKind::Lost, at, "this relay can't be reached as it is written: " + relay.invalid);
        return std::nullopt;
    }
    QByteArray text;
    const bool tlsForSure = relay.tls != policy::TlsUse::None && relay.tls != policy::TlsUse::Opportunistic;
    if (relay.url) {
        const QByteArray url = relayUrl(policy::Era::Modern, relay);
        if (url.isEmpty()) {
            session.say(RemarkKind::Lost, at, "signing in without TLS can't be said in " + session.targetName());
            return std::nullopt;
        }
        if (relay.tls == policy::TlsUse::Either)
            session.say(RemarkKind::Lost, at,
                        "either way of TLS can't be left open any more: " +
                            QByteArray(url.startsWith("smtps") ? "TLS from the first byte" : "STARTTLS") +
                            " is kept; write " + (url.startsWith("smtps") ? "smtp+tls://" : "smtps://") +
                            " for the other");
        text = " host " + urlText(session, at, relay, url);
        if (tlsForSure && !relay.verify)
            text += " tls no-verify";
    } else if (!relay.hostTable.isEmpty()) {
        text = " host " + relay.hostTable;
        text += tableTls(session, at, relay);
    } else {
        if (relay.isBackup)
            text = relay.backupMx.isEmpty() ? " backup" : " backup mx " + relay.backupMx;
        if (relay.wantsTls)
            text += relay.verify ? " tls" : " tls no-verify";
    }
    return text + optionsText(session, at, delivery);
}

} // namespace postern::convert
