// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/explain.h"

#include "policy/wire_tls.h"

#include <QJsonArray>
#include <QJsonValue>

using namespace Qt::StringLiterals;

namespace postern::policy {
namespace {

QByteArray verdictWord(Decision decision) {
    switch (decision) {
    case Decision::Relay:
        return "relay";
    case Decision::Catch:
        return "deliver";
    case Decision::Reject:
    case Decision::NoMatch:
        return "reject";
    case Decision::TemporaryFailure:
    case Decision::Unsupported:
        return "tempfail";
    }
    return "tempfail";
}

QByteArray tlsWord(TlsUse use) {
    return toString(use == TlsUse::Either ? TlsUse::Required : use).toByteArray();
}

QByteArray nameOf(const Ruleset& rules, const QByteArray& serverName) {
    return rules.settings.serverName.isEmpty() ? serverName : rules.settings.serverName;
}

ExplainedRelay relayOf(const RelaySpec& spec, const QByteArray& serverName) {
    ExplainedRelay relay;
    std::vector<RelayUrl> urls = spec.urls;
    if (spec.hostTable) {
        for (const QByteArray& entry : spec.hostTable->keys()) {
            if (const auto url = RelayUrl::parse(entry, spec.era))
                urls.push_back(*url);
        }
    }
    const RelayUrl* first = urls.empty() ? nullptr : &urls.front();
    const WireTls wire = wireTls(spec, first);
    relay.tls = wire.use;
    relay.verify = wire.verify;
    relay.helo = spec.helo.isEmpty() ? serverName : spec.helo;
    if (first) {
        relay.url = first->masked();
        if (first->meaning().auth) // before December 2012 the host name was the key
            relay.label = first->label().isEmpty() ? first->host() : shownLabel(first->label());
        for (size_t i = 1; i < urls.size(); ++i)
            relay.others.append(urls[i].masked());
    }
    if (spec.source)
        relay.source = spec.source->keys();
    return relay;
}

QString text(const QByteArray& bytes) {
    return QString::fromUtf8(bytes);
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
    return QJsonObject{
        {u"url"_s, text(relay->url)}, {u"tls"_s, text(tlsWord(relay->tls))},
        {u"verify"_s, relay->verify}, {u"label"_s, textOrNull(relay->label)},
        {u"source"_s, source},        {u"helo"_s, textOrNull(relay->helo)},
    };
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

QByteArray envelopeSentence(const ExplainedEnvelope& envelope) {
    if (!envelope.relay)
        return envelope.recipient + ": kept here for reading, not sent on\n";
    const ExplainedRelay& relay = *envelope.relay;
    QByteArray line = envelope.recipient + ": relayed to ";
    line += relay.url.isEmpty() ? QByteArray("the mail server of its domain (MX)") : relay.url;
    if (!relay.others.isEmpty())
        line += " or, in turn, " + relay.others.join(", ");
    line += " " + tlsSentence(relay);
    if (!relay.label.isEmpty())
        line += ", signing in with the login labelled " + relay.label;
    if (!relay.source.isEmpty())
        line += ", from " + relay.source.join(" or ");
    if (!relay.helo.isEmpty())
        line += ", as " + relay.helo;
    return line + "\n";
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
                                {u"user"_s, QJsonValue::Null},
                                {u"path"_s, QJsonValue::Null}});
    return {{u"verdict"_s, text(verdict)},   {u"line"_s, line},   {u"rule"_s, text(rule)},
            {u"reply"_s, textOrNull(reply)}, {u"trace"_s, tried}, {u"envelopes"_s, list}};
}

QByteArray Explanation::toText() const {
    QByteArray out;
    for (const RuleTrace& one : trace) {
        out += "line " + QByteArray::number(one.line) + ": " + one.rule + "\n";
        out += (one.matched ? "    matches: " : "    no: ") + one.because + "\n";
    }
    if (line == 0)
        out += "no rule matches, so the recipient is refused\n";
    else if (!reason.isEmpty())
        out += "cannot be decided now: " + reason + "\n";
    for (const ExplainedEnvelope& one : envelopes)
        out += envelopeSentence(one);
    if (!reply.isEmpty())
        out += "the client gets: " + reply + "\n";
    return out;
}

void explain(const RulesetPtr& rules, const MatchContext& context, const QByteArray& serverName,
             std::function<void(Explanation)> done) {
    match(rules, context, WantTrace::Yes,
          [rules, context, serverName, done = std::move(done)](Verdict verdict) {
              Explanation result;
              result.verdict = verdictWord(verdict.decision);
              if (verdict.rule) {
                  result.line = verdict.rule->origin.line;
                  result.rule = verdict.rule->text;
              }
              result.reason = verdict.reason;
              result.trace = std::move(verdict.trace);
              if (verdict.decision == Decision::Relay)
                  result.envelopes.push_back({context.recipient, "relay",
                                              relayOf(verdict.action->relay, nameOf(*rules, serverName))});
              else if (verdict.decision == Decision::Catch)
                  result.envelopes.push_back({context.recipient, "catch", std::nullopt});
              if (result.envelopes.empty()) {
                  const ReplyLine reply = replyFor(verdict, context.recipient);
                  result.reply = QByteArray::number(reply.code) + " " + reply.text;
              }
              done(std::move(result));
          });
}

} // namespace postern::policy
