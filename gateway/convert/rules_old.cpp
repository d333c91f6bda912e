// SPDX-License-Identifier: GPL-3.0-or-later
//
// accept and reject, as OpenSMTPD 5.9 and the programs of 2012 read them.
#include "convert/rules_out.h"
#include "convert/words.h"

#include "config/document.h"
#include "policy/wire_tls.h"

#include <algorithm>

namespace postern::convert {

using config::ClauseKind;
using config::Dialect;
using config::StatementView;
using config::TableArgument;
using From = Source::From;
using Login = Source::Login;

namespace {

// Only clients that signed in, and this computer's own programs, have the address "local" in tables of 5.x.
const char* const kSignedIn = "from source \"local\"";

class OldRule {
  public:
    OldRule(Session& session, const StatementView& conditionsAt, const StatementView& deliveryAt,
            const Routing& routing)
        : m_session(session), m_at(conditionsAt), m_deliveryAt(deliveryAt), m_routing(routing),
          m_is2012(session.know.dialect == Dialect::Map2012) {}

    WrittenRule write() {
        WrittenRule written;
        std::optional<QByteArray> outcome;
        if (!m_routing.isReject)
            outcome = deliveryText();
        m_delivers = outcome.has_value();
        const QByteArrayList sources = fromTexts();
        const std::vector<QByteArrayList> tests = testTexts();
        written.isComplete = !m_isUnsayable && (m_routing.isReject || m_delivers);
        if (m_isUnsayable)
            return written;
        for (const QByteArrayList& one : tests) {
            for (const QByteArray& source : sources) {
                QByteArrayList parts = {outcome ? "accept" : "reject"};
                for (qsizetype i = 0; i <= one.size(); ++i) {
                    if (i == (m_is2012 ? m_tags : qsizetype(m_routing.fromPlace)) && !source.isEmpty())
                        parts.append(source);
                    if (i < one.size() && !one[i].isEmpty())
                        parts.append(one[i]);
                }
                if (outcome && !outcome->isEmpty())
                    parts.append(*outcome);
                written.rules.append(parts.join(' '));
            }
        }
        return written;
    }

  private:
    void unsayable(const QByteArray& what, std::optional<config::Range> range = std::nullopt) {
        m_isUnsayable = true;
        m_session.say(RemarkKind::Lost, m_at,
                      what + "; the rule is left out, so mail that it decided is decided by the rules below it", range);
    }
    void differs(const QByteArray& what) { m_session.say(RemarkKind::Changed, m_at, what); }
    QByteArray not2012(const char* what) { return QByteArray(what) + " can't be asked in " + m_session.targetName(); }

    QByteArrayList fromTexts() {
        std::vector<Source> sources = m_routing.sources;
        const auto take = [&](From from, bool negated, Login login) {
            const auto found = std::find_if(sources.begin(), sources.end(), [&](const Source& source) {
                return source.from == from && source.negated == negated && source.login == login &&
                       source.users.isEmpty();
            });
            if (found == sources.end())
                return std::optional<Source>();
            const Source taken = *found;
            sources.erase(found);
            return std::optional(taken);
        };
        QByteArrayList texts;
        if (std::any_of(sources.begin(), sources.end(),
                        [](const Source& one) { return one.login == Login::Yes && one.from == From::Any; })) {
            const auto local = take(From::Local, false, Login::DoesNotMatter);
            const auto table = local ? std::nullopt : take(From::Table, m_is2012 ? false : true, Login::DoesNotMatter);
            if (local || table) {
                take(From::Any, false, Login::Yes);
                texts.append(local ? localText() : tableText(*table));
            }
        }
        m_fitsSignedIn =
            std::any_of(sources.begin(), sources.end(), [](const Source& one) { return one.login == Login::Yes; });
        for (const Source& source : sources)
            texts.append(alone(source));
        return texts;
    }

    QByteArray localText() const { return m_routing.fromIsImplied ? "" : "from local"; }
    QByteArray tableText(const Source& source) {
        if (m_is2012)
            return "from " + table2012(source.table);
        return QByteArray(source.negated ? "from ! source " : "from source ") + source.table;
    }

    QByteArray alone(const Source& source) {
        const bool asksLogin = m_session.know.mayAuthenticate && source.login == Login::DoesNotMatter;
        if (!source.users.isEmpty()) {
            unsayable("which user signed in can't be asked in " + m_session.targetName());
            return {};
        }
        if (m_is2012 && (source.negated || source.from == From::Socket || source.login != Login::DoesNotMatter)) {
            unsayable(not2012(source.negated                ? "\"!\""
                              : source.from == From::Socket ? "\"from socket\""
                                                            : "who signed in"));
            return {};
        }
        switch (source.from) {
        case From::Any:
            if (source.login == Login::Yes) {
                m_session.sayOnce(RemarkKind::Note, m_at,
                                  QByteArray(kSignedIn) + " is how " + m_session.targetName() +
                                      " asks for clients that signed in, and for this computer's own programs, here and below");
                return kSignedIn;
            }
            if (source.login == Login::No)
                return "from ! source \"local\"";
            return source.negated ? "from ! any" : m_is2012 ? "from all" : "from any";
        case From::Local:
            if (source.negated && asksLogin)
                differs("clients that have signed in are local in " + m_session.targetName() +
                        ", so this no longer fits them");
            if (source.negated && source.login != Login::Yes)
                return "from ! local";
            if (source.login == Login::DoesNotMatter && asksLogin)
                differs("clients that have signed in are local in " + m_session.targetName() +
                        ", so this fits them, too");
            if (source.login == Login::DoesNotMatter)
                return localText();
            unsayable("whether a local client has signed in can't be asked in " + m_session.targetName());
            return {};
        case From::Socket:
            m_socket = source.negated ? "tagged ! \"local\"" : "tagged \"local\"";
            return source.login == Login::DoesNotMatter ? "from any" : "from source \"local\"";
        case From::Table:
            if (source.regex)
                break;
            if (asksLogin && !m_is2012 && !m_fitsSignedIn)
                differs("clients that have signed in have no address in " + m_session.targetName() + ", so this " +
                        (source.negated ? "always fits them" : "no longer fits them"));
            if (source.login == Login::Yes || (source.login == Login::No && source.negated)) {
                unsayable("the address of a client that has signed in can't be asked in " + m_session.targetName());
                return {};
            }
            return tableText(source);
        case From::Rdns: break;
        }
        unsayable("a client's name or address can't be compared like this in " + m_session.targetName());
        return {};
    }

    // One list of words for each rule; several if a tag may be one of several.
    std::vector<QByteArrayList> testTexts() {
        std::vector<QByteArrayList> all = {{}};
        if (!m_socket.isEmpty())
            all.front().append(m_socket);
        for (const Test& test : m_routing.tests) {
            const QByteArrayList texts = m_is2012 ? test2012(test) : testLegacy(test);
            std::vector<QByteArrayList> next;
            for (const QByteArray& text : texts) {
                for (QByteArrayList one : all) {
                    if (m_is2012 && test.kind == ClauseKind::Tagged)
                        one.prepend(text); // "on TAG" stands first
                    else
                        one.append(text);
                    next.push_back(std::move(one));
                }
            }
            if (m_is2012 && test.kind == ClauseKind::Tagged)
                m_tags = 1;
            all = std::move(next);
        }
        return all;
    }

    QByteArrayList testLegacy(const Test& test) {
        const QByteArray bang = test.negated ? "! " : "";
        if (test.regex) {
            unsayable("regular expressions can't be used in " + m_session.targetName(), test.range);
            return {};
        }
        if (test.kind == ClauseKind::ForAny)
            return {"for " + bang + "any"};
        if (test.kind == ClauseKind::ForLocal)
            return {test.range.length == 0 ? QByteArray() : "for " + bang + "local"};
        if (test.kind == ClauseKind::ForDomain)
            return {"for " + bang + "domain " + test.table};
        if (test.kind == ClauseKind::Sender)
            return {"sender " + bang + test.table};
        if (test.kind == ClauseKind::Recipient)
            return {"recipient " + bang + test.table};
        if (test.kind == ClauseKind::Tagged)
            return tags(test, "tagged " + bang);
        unsayable(test.kind == ClauseKind::HeloIs ? "a client's HELO name can't be asked in " + m_session.targetName()
                  : test.kind == ClauseKind::TlsUsed
                      ? "whether a session uses TLS can't be asked in " + m_session.targetName()
                      : not2012("this"),
                  test.range);
        return {};
    }

    // Each tag is a rule of its own.
    QByteArrayList tags(const Test& test, const QByteArray& word) {
        if (test.argument && test.argument->form == TableArgument::Form::Literal)
            return {word + test.table};
        if (test.argument && test.argument->form == TableArgument::Form::List && !test.negated) {
            QByteArrayList texts;
            for (const config::Value& item : test.argument->items) {
                const QByteArray other = m_session.know.newTags.value(item.text);
                texts.append(word + quoted(other.isEmpty() ? item.text : other, m_session.know.dialect));
            }
            return texts;
        }
        unsayable("tags can't be looked up in a table in " + m_session.targetName(), test.range);
        return {};
    }

    QByteArrayList test2012(const Test& test) {
        if (test.negated || test.regex) {
            unsayable(not2012("this condition"), test.range);
            return {};
        }
        if (test.kind == ClauseKind::Tagged)
            return tags(test, "on ");
        const QByteArray alias = optionText(ClauseKind::Alias);
        const QByteArray behind = alias.isEmpty() || !m_delivers ? QByteArray() : " alias " + nameOnly(alias);
        if (test.kind == ClauseKind::ForAny)
            return {"for all" + behind};
        if (test.kind == ClauseKind::ForLocal)
            return {"for local" + behind};
        if (test.kind == ClauseKind::ForDomain) {
            if (const QByteArray users = optionText(ClauseKind::Virtual);
                m_delivers && !users.isEmpty() && users == test.table)
                return {"for virtual " + table2012(test.table)};
            return {"for domain " + table2012(test.table) + behind};
        }
        unsayable(not2012(test.kind == ClauseKind::Sender      ? "the sender"
                          : test.kind == ClauseKind::Recipient ? "the recipient's address"
                                                               : "this"),
                  test.range);
        return {};
    }

    // <name> -> map name, { a, b } -> ( a, b ); "" = it can't be said.
    QByteArray table2012(const QByteArray& text) {
        if (text.startsWith('<')) {
            const QByteArray name = nameOnly(text);
            if (m_session.know.isMapOf2012(name))
                return "map " + name;
            const auto found = m_session.know.tables.constFind(name);
            const TableArgument* content = found == m_session.know.tables.constEnd() ? nullptr : found->content();
            QByteArrayList items;
            if (content) {
                for (const config::Value& item : content->items)
                    items.append(plainOrQuoted(item.text, Dialect::Map2012));
            }
            if (items.isEmpty()) {
                unsayable("this table is no file, and so can't be asked in " + m_session.targetName());
                return {};
            }
            return "( " + items.join(", ") + " )";
        }
        if (text.startsWith('{') && !text.contains('=') && text.endsWith('}'))
            return '(' + text.sliced(1, text.size() - 2) + ')';
        return text;
    }
    static QByteArray nameOnly(const QByteArray& text) {
        return text.startsWith('<') && text.endsWith('>') ? text.sliced(1, text.size() - 2).trimmed() : text;
    }

    QByteArray optionText(ClauseKind kind) const {
        for (const Option& option : m_routing.delivery.options) {
            if (option.kind == kind)
                return option.value;
        }
        return {};
    }

    void lose(const QByteArray& what) {
        m_session.say(RemarkKind::Lost, m_deliveryAt, what + " can't be said in " + m_session.targetName());
    }

    std::optional<QByteArray> refused(const QByteArray& what) {
        m_session.say(RemarkKind::Lost, m_deliveryAt,
                      what + " can't be said in " + m_session.targetName() + "; the rule refuses its mail instead");
        return std::nullopt;
    }

    std::optional<QByteArray> deliveryText() {
        const Delivery& delivery = m_routing.delivery;
        const bool relays = delivery.method == ClauseKind::Relay;
        QByteArrayList parts;
        for (const Option& option : delivery.options) {
            const bool looksUp = option.kind == ClauseKind::Alias || option.kind == ClauseKind::Virtual ||
                                 option.kind == ClauseKind::Userbase;
            if (looksUp && !relays && !m_is2012)
                parts.append(wordFor(config::Context::Rule, option.kind, m_session.know.target).value_or(option.word) +
                             ' ' + option.value);
        }
        const QByteArray user = relays ? QByteArray() : optionText(ClauseKind::User);
        const bool takesUser = delivery.method == ClauseKind::Mda || delivery.method == ClauseKind::Lmtp;
        if (m_is2012) {
            if (!optionText(ClauseKind::Userbase).isEmpty())
                return refused("a table of users");
            const QByteArray users = optionText(ClauseKind::Virtual);
            for (const QByteArray& name : {users, optionText(ClauseKind::Alias)}) {
                if (name.startsWith('{') || (name.startsWith('<') && !m_session.know.isMapOf2012(nameOnly(name))))
                    return refused("aliases and virtual users that are in no file");
            }
            const bool isDestination =
                std::any_of(m_routing.tests.begin(), m_routing.tests.end(), [&](const Test& test) {
                    return test.kind == ClauseKind::ForDomain && test.table == users;
                });
            if (!users.isEmpty() && !isDestination)
                return refused("virtual users beside another list of domains");
        }
        if (!user.isEmpty() && (m_is2012 || !takesUser))
            return refused("delivery as another user");
        if (!optionText(ClauseKind::Wrapper).isEmpty())
            return refused("a wrapper around the delivery");
        if (delivery.junk)
            lose("\"junk\" for a maildir");
        if (relays) {
            const auto relay = oldRelay(m_session, m_deliveryAt, delivery);
            if (!relay)
                return std::nullopt;
            parts.append("relay" + *relay);
        } else if (delivery.method == ClauseKind::Catch) {
            if (m_session.know.isOpenSmtpd)
                return refused("catching mail");
            parts.append("catch");
        } else if (delivery.method == ClauseKind::Mbox) {
            parts.append("deliver to mbox");
        } else if (delivery.method == ClauseKind::Maildir) {
            parts.append("deliver to maildir" + blankBefore(delivery.argument));
        } else if (delivery.method == ClauseKind::Mda) {
            parts.append("deliver to mda" + blankBefore(delivery.argument));
        } else if (delivery.method == ClauseKind::Lmtp) {
            if (m_is2012)
                return refused("delivery by LMTP");
            parts.append("deliver to lmtp" + blankBefore(delivery.argument) + (delivery.rcptTo ? " rcpt-to" : ""));
        } else if (m_is2012) {
            return refused("acceptance for aliases alone");
        }
        if (!user.isEmpty())
            parts.append("as " + user);
        if (!delivery.ttl.isEmpty())
            parts.append("expire " + delivery.ttl);
        if (delivery.method == ClauseKind::ForwardOnly && !m_is2012)
            parts.append("forward-only");
        return parts.join(' ');
    }
    static QByteArray blankBefore(const QByteArray& text) { return text.isEmpty() ? text : ' ' + text; }

    Session& m_session;
    const StatementView& m_at;
    const StatementView& m_deliveryAt;
    const Routing& m_routing;
    const bool m_is2012;
    bool m_isUnsayable = false;
    bool m_delivers = false;
    bool m_fitsSignedIn = false; // a rule beside this one takes those who signed in
    QByteArray m_socket;
    qsizetype m_tags = 0;
};

} // namespace

WrittenRule writeOld(Session& session, const StatementView& conditionsAt, const StatementView& deliveryAt,
                     const Routing& routing) {
    return OldRule(session, conditionsAt, deliveryAt, routing).write();
}

// " via URL auth <t> verify ...".
std::optional<QByteArray> oldRelay(Session& session, const StatementView& at, const Delivery& delivery) {
    const bool is2012 = session.know.dialect == Dialect::Map2012;
    const policy::Era era = session.know.targetEra;
    Relay relay = delivery.relay;
    const auto refused = [&](const QByteArray& what) {
        session.say(RemarkKind::Lost, at, what + "; the rule refuses its mail instead");
        return std::nullopt;
    };
    if (!relay.invalid.isEmpty())
        return refused("this relay can't be reached as it is written: " + relay.invalid);
    if (!relay.domainTable.isEmpty())
        return refused("a table of relays by domain can't be said in " + session.targetName());
    if (!relay.hostTable.isEmpty() && session.know.isOpenSmtpd) {
        std::optional<QByteArrayList> entries;
        if (relay.hostArgument->form == TableArgument::Form::Name) {
            entries = session.know.relayEntries(relay.hostArgument->value.text);
        } else {
            entries = urlsOf(*relay.hostArgument);
        }
        const auto first = entries && !entries->isEmpty() ? policy::RelayUrl::parse(entries->first(), session.know.era)
                                                          : Result<policy::RelayUrl>(Error{});
        if (!first)
            return refused("a rule of " + session.targetName() + " has one relay, and this table's can't be read");
        if (entries->size() > 1)
            session.say(RemarkKind::Lost, at,
                        "a rule of " + session.targetName() +
                            " has one relay: only the first of the "
                            "table's is kept");
        relay.url = *first;
        relay.label = first->label();
        policy::RelaySpec spec; // the rule's words on this one relay
        spec.era = session.know.era;
        spec.tlsRequired = relay.wantsTls;
        if (relay.wantsVerify || relay.noVerify)
            spec.verify = relay.wantsVerify;
        const policy::WireTls wire = policy::wireTls(spec, &*first);
        relay.tls = wire.use;
        relay.verify = wire.verify;
        relay.hostTable.clear();
    }
    QByteArray text;
    QByteArray verify;
    if (relay.url) {
        if (is2012 && relay.tls == policy::TlsUse::None && !relay.url->meaning().lmtp) {
            relay.tls = policy::TlsUse::Opportunistic;
            session.say(RemarkKind::Changed, at,
                        "smtp:// tries TLS in " + session.targetName() + "; never trying can't be said");
        }
        const QByteArray url = relayUrl(era, relay);
        if (url.isEmpty())
            return refused("this relay can't be said in " + session.targetName() +
                           (is2012 && !relay.label.isEmpty() ? ": its key for the login is the host's name" : ""));
        text = " via " + urlText(session, at, relay, url);
        if (relay.verify && !is2012)
            verify = " verify";
    } else if (!relay.hostTable.isEmpty()) {
        text = " via " + relay.hostTable;
    } else {
        if (relay.isBackup)
            text = " backup" + (relay.backupMx.isEmpty() ? QByteArray() : ' ' + relay.backupMx);
        if (relay.wantsTls && is2012)
            return refused("TLS without a named relay can't be demanded in " + session.targetName());
        if (relay.wantsTls)
            text += relay.verify ? " tls verify" : " tls";
    }
    if (relay.verify && is2012)
        session.say(RemarkKind::Lost, at, session.targetName() + " never checks certificates");
    QByteArray auth, certificate, rest;
    for (const Option& option : delivery.options) {
        const bool isCertificate = is2012 && option.kind == ClauseKind::Pki;
        const auto word = wordFor(config::Context::RuleRelay, isCertificate ? ClauseKind::Certificate : option.kind,
                                  session.know.target);
        const bool isName = is2012 && option.value.startsWith('<');
        const QByteArray value = isName ? option.value.sliced(1, option.value.size() - 2) : option.value;
        if (is2012 && option.kind == ClauseKind::Auth && (!isName || !session.know.isMapOf2012(value)))
            return refused("a table of logins that is no file can't be said in " + session.targetName());
        if (option.kind == ClauseKind::Auth && relay.label.isEmpty() && relay.hostTable.isEmpty())
            session.say(RemarkKind::Note, at,
                        "the table of logins was not used, since the URL has no label; it is left out");
        else if (word)
            (isCertificate                               ? certificate
             : is2012 && option.kind == ClauseKind::Auth ? auth
                                                         : rest) += ' ' + *word + ' ' + value;
        else
            session.say(RemarkKind::Lost, at, '"' + option.word + "\" can't be said in " + session.targetName());
    }
    return text + certificate + auth + rest + verify;
}

} // namespace postern::convert
