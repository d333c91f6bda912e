// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/explain.h"

#include "base/log.h"
#include "policy/wire_tls.h"

#include <QJsonArray>
#include <QJsonValue>

using namespace Qt::StringLiterals;

namespace postern::policy {
namespace {

constexpr qsizetype kShown = 1000; // characters of a rule or a fact

QByteArray verdictWord(const Verdict& verdict) {
    switch (verdict.decision) {
    case Decision::Relay:
        return "relay";
    case Decision::Catch:
        return "deliver";
    case Decision::Reject:
    case Decision::NoMatch:
        return "reject";
    case Decision::TemporaryFailure:
        return "tempfail";
    case Decision::Local:
        break;
    }
    if (!verdict.action)
        return "tempfail";
    switch (verdict.action->method) {
    case Method::Relay:
        return "relay";
    case Method::ExpandOnly:
    case Method::ForwardOnly:
        return "expand";
    case Method::Catch:
    case Method::Mbox:
    case Method::Maildir:
    case Method::Mda:
    case Method::Lmtp:
        break;
    }
    return "deliver";
}

QByteArray tlsWord(TlsUse use) {
    return toString(use == TlsUse::Either ? TlsUse::Required : use).toByteArray();
}

QByteArray nameOf(const Ruleset& rules, const QByteArray& serverName) {
    return rules.settings.serverName.isEmpty() ? serverName : rules.settings.serverName;
}

// What the relay's URLs say; `found`: of `relay domain <t>`, the recipient's.
ExplainedRelay relayOf(const RelaySpec& spec, const QByteArray& serverName, const std::optional<RelayUrl>& found) {
    ExplainedRelay relay;
    std::vector<RelayUrl> urls;
    if (found)
        urls.push_back(*found);
    for (const RelayShare& one : spec.relays()) {
        if (const auto url = RelayUrl::parse(one.url, spec.era, RelayUrl::Labels::MayLack))
            urls.push_back(*url);
    }
    const RelayUrl* first = urls.empty() ? nullptr : &urls.front();
    const WireTls wire = wireTls(spec, first);
    relay.tls = wire.use;
    relay.verify = wire.verify;
    relay.problem = wire.impossible;
    relay.helo = spec.helo.isEmpty() ? serverName : spec.helo;
    relay.isBackup = spec.isBackup || (first && first->meaning().backup);
    if (first) {
        relay.url = first->masked();
        if (first->meaning().auth) // before December 2012 the host name was the key
            relay.label = first->label().isEmpty() ? first->host() : shownLabel(first->label());
        for (size_t i = 1; i < urls.size(); ++i)
            relay.others.append(urls[i].masked());
    }
    if (spec.source)
        relay.source = spec.source->keys();
    relay.order = spec.order;
    relay.maxRate = spec.maxRate;
    relay.maxConnections = spec.maxConnections;
    return relay;
}

// `helo-src`: the name that goes with the address the mail leaves from.
void nameBySource(const RelaySpec& spec, ExplainedRelay relay, std::function<void(ExplainedRelay)> done) {
    if (!spec.heloBySource || relay.source.isEmpty())
        return done(std::move(relay));
    const QByteArray address = relay.source.front();
    const QByteArray key = address.contains(':') && !address.startsWith('[') ? "[" + address + "]" : address;
    const QByteArray table = spec.heloBySource->name();
    spec.heloBySource->lookup(tables::Service::Addrname, key,
                              [relay = std::move(relay), key, table, done = std::move(done)](tables::LookupResult result) mutable {
                                  relay.helo = result.found ? result.value : QByteArray();
                                  if (result.failed)
                                      relay.problem = result.value;
                                  else if (!result.found)
                                      relay.problem = "<" + table + "> has no name for the address " + key;
                                  done(std::move(relay));
                              });
}

// Of a table that something else keeps, the address that would be next.
void nameBySourceOf(const RelaySpec& spec, ExplainedRelay relay, std::function<void(ExplainedRelay)> done) {
    if (!spec.source || spec.source->shape() != tables::Shape::Dynamic)
        return nameBySource(spec, std::move(relay), std::move(done));
    spec.source->fetch(tables::Service::Source, [spec, relay = std::move(relay), done = std::move(done)](tables::LookupResult next) mutable {
        if (next.failed)
            relay.problem = next.value;
        else if (!next.found)
            relay.problem = "<" + spec.source->name() + "> has no address to send from";
        else
            relay.source = {next.value.isEmpty() ? next.key : next.value};
        nameBySource(spec, std::move(relay), std::move(done));
    });
}

QString text(const QByteArray& bytes) {
    return QString::fromUtf8(harmless(bytes, kShown));
}

QJsonValue textOrNull(const QByteArray& bytes) {
    return bytes.isEmpty() ? QJsonValue(QJsonValue::Null) : QJsonValue(text(bytes));
}

QJsonValue relayJson(const std::optional<ExplainedRelay>& relay) {
    if (!relay)
        return QJsonValue::Null;
    QJsonArray source;
    for (const QByteArray& address : relay->source)
        source.append(text(address));
    QJsonObject object{
        {u"url"_s, text(relay->url)}, {u"tls"_s, text(tlsWord(relay->tls))},
        {u"verify"_s, relay->verify}, {u"label"_s, textOrNull(relay->label)},
        {u"source"_s, source},        {u"helo"_s, textOrNull(relay->helo)},
    };
    if (!relay->others.isEmpty()) {
        QJsonArray others;
        for (const QByteArray& url : relay->others)
            others.append(text(url));
        object.insert(u"others"_s, others);
        object.insert(u"order"_s, text(toString(relay->order).toByteArray()));
    }
    if (const RelayRate& rate = relay->maxRate; rate.messages > 0)
        object.insert(u"maxRate"_s, QJsonObject{{u"messages"_s, rate.messages}, {u"seconds"_s, rate.seconds}});
    if (relay->maxConnections > 0)
        object.insert(u"maxConnections"_s, relay->maxConnections);
    return object;
}

QByteArray othersSentence(const ExplainedRelay& relay) {
    const QByteArray list = relay.others.join(", ");
    switch (relay.order) {
    case RelayOrder::RoundRobin:
        return " or, in turn, " + list;
    case RelayOrder::Random:
        return " or, by chance, " + list;
    case RelayOrder::Ratio:
        return " or, by their shares, " + list;
    case RelayOrder::Failover:
        return " or, while that fails, " + list;
    }
    return {};
}

QByteArray tlsSentence(const ExplainedRelay& relay) {
    switch (relay.tls) {
    case TlsUse::None:
        return "without TLS";
    case TlsUse::Opportunistic:
        return "with TLS if the server offers it";
    case TlsUse::Required:
        return relay.verify ? "with STARTTLS and a checked certificate" : "with STARTTLS, any certificate";
    case TlsUse::Wrapped:
        return relay.verify ? "with TLS from the start and a checked certificate"
                            : "with TLS from the start, any certificate";
    case TlsUse::Either:
        return relay.verify ? "with STARTTLS or else TLS from the start, and a checked certificate"
                            : "with STARTTLS or else TLS from the start, any certificate";
    }
    return {};
}

QByteArray relaySentence(const ExplainedRelay& relay) {
    QByteArray line = "relayed to ";
    line += !relay.url.isEmpty() ? relay.url
            : relay.isBackup     ? QByteArray("the better mail servers of its domain (backup MX)")
                                 : QByteArray("the mail server of its domain (MX)");
    if (!relay.others.isEmpty())
        line += othersSentence(relay);
    line += " " + tlsSentence(relay);
    if (!relay.label.isEmpty())
        line += ", signing in with the login labelled " + relay.label;
    if (!relay.source.isEmpty())
        line += ", from " + relay.source.join(" or ");
    if (!relay.helo.isEmpty())
        line += ", as " + relay.helo;
    if (relay.maxRate.messages > 0)
        line += ", at most " + QByteArray::number(relay.maxRate.messages) + (relay.maxRate.messages == 1 ? " message in " : " messages in ") +
                QByteArray::number(relay.maxRate.seconds) + (relay.maxRate.seconds == 1 ? " second" : " seconds");
    if (relay.maxConnections > 0)
        line += ", over at most " + QByteArray::number(relay.maxConnections) +
                (relay.maxConnections == 1 ? " connection" : " connections");
    if (!relay.problem.isEmpty())
        line += "; it waits, because " + relay.problem;
    return line;
}

QByteArray deliverySentence(const ExplainedEnvelope& envelope) {
    const QByteArray whose = envelope.user.isEmpty() ? QByteArray() : " of " + envelope.user;
    if (envelope.via == "mbox")
        return envelope.path.isEmpty() ? "put into the mailbox" + whose : "appended to the file " + envelope.path;
    if (envelope.via == "maildir")
        return "put into the maildir" + (envelope.path.isEmpty() ? whose : " " + envelope.path + (whose.isEmpty() ? "" : " as" + whose.sliced(3)));
    const QByteArray as = envelope.user.isEmpty() ? QByteArray() : " as " + envelope.user;
    if (envelope.via == "mda")
        return "given to the program " + envelope.path + as;
    if (envelope.via == "lmtp")
        return "handed to LMTP at " + envelope.path + as;
    return "kept here for reading, not sent on";
}

QByteArray envelopeSentence(const ExplainedEnvelope& envelope) {
    const QByteArray what = envelope.relay ? relaySentence(*envelope.relay) : deliverySentence(envelope);
    return harmless(envelope.recipient + ": " + what, 2 * kShown) + "\n";
}

} // namespace

QJsonObject Explanation::toJson() const {
    QJsonArray tried;
    for (const RuleTrace& one : trace)
        tried.append(QJsonObject{
            {u"line"_s, one.line}, {u"matched"_s, one.matched}, {u"because"_s, text(one.because)}});
    QJsonArray list;
    for (const ExplainedEnvelope& one : envelopes)
        list.append(QJsonObject{{u"rcpt"_s, text(one.recipient)},
                                {u"via"_s, text(one.via)},
                                {u"relay"_s, relayJson(one.relay)},
                                {u"user"_s, textOrNull(one.user)},
                                {u"path"_s, textOrNull(one.path)}});
    return {{u"verdict"_s, text(verdict)},   {u"line"_s, line},   {u"rule"_s, text(rule)},
            {u"reply"_s, textOrNull(reply)}, {u"trace"_s, tried}, {u"envelopes"_s, list}};
}

QByteArray Explanation::toText() const {
    QByteArray out;
    for (const RuleTrace& one : trace) {
        if (one.line > 0)
            out += "line " + QByteArray::number(one.line) + ": ";
        if (!one.rule.isEmpty())
            out += harmless(one.rule, kShown) + (one.matched ? "\n    matches: " : "\n    no: ");
        out += harmless(one.because, kShown) + "\n";
    }
    if (line == 0 && verdict == "reject")
        out += "no rule matches, so the recipient is refused\n";
    else if (!reason.isEmpty())
        out += (verdict == "tempfail" ? "cannot be decided now: " : "not taken: ") + harmless(reason, kShown) + "\n";
    for (const ExplainedEnvelope& one : envelopes)
        out += envelopeSentence(one);
    if (!reply.isEmpty())
        out += "the client gets: " + reply + "\n";
    for (const QByteArray& note : notes)
        out += "note: " + harmless(note, kShown) + "\n";
    return out;
}

Explanation explanationOf(Verdict verdict) {
    Explanation result;
    result.verdict = verdictWord(verdict);
    if (verdict.rule) {
        result.line = verdict.rule->origin.line;
        result.rule = verdict.rule->text;
    }
    result.reason = verdict.reason;
    result.trace = std::move(verdict.trace);
    return result;
}

void explainRelay(const RulesetPtr& rules, const RelaySpec& spec, const QByteArray& recipient, const QByteArray& serverName,
                  std::function<void(ExplainedRelay)> done) {
    const QByteArray name = nameOf(*rules, serverName);
    if (!spec.hostByDomain)
        return nameBySourceOf(spec, relayOf(spec, name, {}), std::move(done));
    const QByteArray domain = recipient.sliced(recipient.lastIndexOf('@') + 1).toLower();
    spec.hostByDomain->lookup(
        tables::Service::Relayhost, domain,
        [spec, name, domain, done = std::move(done)](const tables::LookupResult& result) {
            std::optional<RelayUrl> url;
            QByteArray problem;
            if (result.failed)
                problem = result.value;
            else if (!result.found)
                problem = "<" + spec.hostByDomain->name() + "> has no relay for " + domain;
            else if (const auto parsed = RelayUrl::parse(result.value, spec.era))
                url = *parsed;
            else
                problem = "the relay of " + domain + " does not read: " + parsed.error().text;
            ExplainedRelay relay = relayOf(spec, name, url);
            if (!problem.isEmpty())
                relay.problem = problem;
            nameBySourceOf(spec, std::move(relay), done);
        });
}

void explain(const RulesetPtr& rules, const MatchContext& context, const QByteArray& serverName,
             std::function<void(Explanation)> done) {
    match(rules, context, WantTrace::Yes,
          [rules, context, serverName, done = std::move(done)](Verdict verdict) {
              const ActionPtr action = verdict.action;
              const ReplyLine reply = replyFor(verdict, context.recipient);
              Explanation result = explanationOf(std::move(verdict));
              if (!action) {
                  result.reply = QByteArray::number(reply.code) + " " + reply.text;
                  return done(std::move(result));
              }
              result.envelopes.push_back({context.recipient, toString(action->method).toByteArray(), {}, {}, {}});
              if (action->method != Method::Relay)
                  return done(std::move(result));
              explainRelay(rules, action->relay, context.recipient, serverName,
                           [result = std::move(result), done](ExplainedRelay relay) mutable {
                               result.envelopes.front().relay = std::move(relay);
                               done(std::move(result));
                           });
          });
}

} // namespace postern::policy
