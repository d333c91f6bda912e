// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/relay_url.h"

#include "policy/relay_schemas.h"
#include "tables/netaddr.h"

#include <algorithm>

namespace postern::policy {
namespace {

constexpr qsizetype kMaxUrl = 1023;
constexpr qsizetype kMaxHost = 255;
constexpr qsizetype kMaxLabel = 63; // of a host name

Error invalid(QByteArray text) {
    return Error{ErrorCode::Invalid, std::move(text), Permanence::Permanent};
}

bool isAlnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool isHostCharacter(char c) {
    return isAlnum(c) || c == '_' || c == '.' || c == '-';
}

bool isHostName(QByteArrayView host) {
    if (host.endsWith('.'))
        host = host.chopped(1);
    if (host.isEmpty() || host.size() > kMaxHost)
        return false;
    qsizetype start = 0;
    while (start <= host.size()) {
        qsizetype dot = host.indexOf('.', start);
        if (dot < 0)
            dot = host.size();
        const QByteArrayView part = host.sliced(start, dot - start);
        if (part.isEmpty() || part.size() > kMaxLabel || part.startsWith('-') || part.endsWith('-'))
            return false;
        start = dot + 1;
    }
    return true;
}

// "2001:db8::1" of "[IPv6:2001:db8::1]", "192.0.2.1" of "[192.0.2.1]"; empty if it is no address.
QByteArray literalOf(QByteArrayView bracketed) {
    QByteArrayView inside = bracketed.sliced(1, bracketed.size() - 2);
    const bool isV6Word = inside.size() > 5 && inside.first(5).compare("ipv6:", Qt::CaseInsensitive) == 0;
    if (isV6Word)
        inside = inside.sliced(5);
    const auto address = tables::Netaddr::parse(inside);
    if (!address || !address->isSingle() || inside.contains('/') || inside.contains('['))
        return {};
    if (isV6Word && !inside.contains(':'))
        return {};
    return inside.toByteArray();
}

struct HostPort {
    QByteArray host;
    bool isLiteral = false;
    quint16 port = 0;
    qsizetype hostLength = 0, length = 0; // as written; what is behind them is ignored
};

Result<quint16> parsePort(QByteArrayView text, qsizetype& digits) {
    int value = 0;
    digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
        value = value * 10 + (text[digits++] - '0');
        if (value > 65535)
            return invalid("the port is larger than 65535");
    }
    const bool goesOn = digits < text.size() && (isHostCharacter(text[digits]) || text[digits] == ':');
    if (digits == 0 || goesOn)
        return invalid("the port must be a number; service names are not read here, and an IPv6 address goes "
                       "in brackets");
    if (value == 0)
        return invalid("port 0 is no port");
    return quint16(value);
}

// What follows host and port is ignored: a trailing "/" or path is harmless.
Result<HostPort> parseHost(QByteArrayView text) {
    HostPort result;
    QByteArrayView rest;
    if (text.startsWith('[')) {
        const qsizetype close = text.indexOf(']');
        if (close < 0)
            return invalid("the bracket of the address does not close");
        result.host = literalOf(text.first(close + 1));
        result.isLiteral = true;
        rest = text.sliced(close + 1);
        if (result.host.isEmpty())
            return invalid("the brackets hold no IPv4 or IPv6 address");
    } else {
        qsizetype end = 0;
        while (end < text.size() && isHostCharacter(text[end]))
            ++end;
        result.host = text.first(end).toByteArray();
        rest = text.sliced(end);
        if (result.host.isEmpty())
            return invalid(text.startsWith(':') ? "the host is missing; an IPv6 address goes in brackets"
                                                : "the host is missing");
        if (!isHostName(result.host))
            return invalid("\"" + result.host.left(80) + "\" is not a host name");
        result.isLiteral = tables::Netaddr::parse(result.host).has_value();
    }
    result.hostLength = result.length = text.size() - rest.size();
    if (rest.startsWith('@'))
        return invalid("there is a second \"@\"; the label ends at the first one");
    if (rest.startsWith(':')) {
        qsizetype digits = 0;
        const Result<quint16> port = parsePort(rest.sliced(1), digits);
        if (!port)
            return port.error();
        result.port = *port;
        result.length = result.hostLength + 1 + digits;
    }
    return result;
}

bool isSchemaShaped(QByteArrayView name) {
    return name.size() <= 40 &&
           std::all_of(name.begin(), name.end(), [](char c) { return isAlnum(c) || c == '+' || c == '-'; });
}

QByteArray unknownSchema(QByteArrayView name, Era era) {
    if (!isSchemaShaped(name)) // may hold anything, a password too: not repeated
        return "what stands before \"://\" is no relay schema";
    QByteArray text = "unknown relay schema \"" + name.toByteArray() + "://\"";
    const bool isBackup = name.compare("backup", Qt::CaseInsensitive) == 0 ||
                          name.compare("tls+backup", Qt::CaseInsensitive) == 0;
    if (isBackup && era == Era::Modern)
        return text + "; write relay backup mx NAME";
    const QByteArray better = suggestSchema(name, era);
    if (!better.isEmpty())
        text += "; did you mean \"" + better + "://\"?";
    return text;
}

// Which schemas take a label, and which need one, differs from reader to reader. `loose`: a label may be missing, as the
// readers before December 2012 had none.
QByteArray labelProblem(const RelaySchema& schema, bool hasLabel, bool isModern, bool loose) {
    if (isModern)
        return hasLabel && !schema.mayHaveLabel ? "a label before \"@\" needs smtp+tls:// or smtps://, so "
                                                  "that the password travels encrypted"
                                                : "";
    if (hasLabel && !schema.auth)
        return "a label before \"@\" needs a schema with +auth, such as tls+auth://";
    return schema.auth && !hasLabel && !loose
               ? "a schema with +auth needs a label: " + schema.name.toByteArray() + "://LABEL@HOST"
               : "";
}

RelayMeaning meaningOf(const RelaySchema& schema, bool hasLabel, quint16 port) {
    return {.tls = schema.tls,
            .auth = schema.auth || hasLabel,
            .lmtp = schema.lmtp,
            .backup = schema.backup,
            .verifyByDefault = schema.verify,
            .port = port != 0 ? port : schema.port};
}

} // namespace

QByteArrayView describe(UrlEra era) {
    switch (era) {
    case UrlEra::May2012:
        return "the prototype of May 2012";
    case UrlEra::July2012:
        return "OpenSMTPD of July 2012";
    case UrlEra::December2012:
        return "OpenSMTPD of December 2012";
    case UrlEra::Release53:
        return "OpenSMTPD 5.3";
    case UrlEra::Release54:
        return "OpenSMTPD 5.4";
    case UrlEra::Release57:
        return "OpenSMTPD 5.7 to 6.3";
    case UrlEra::Release64:
        return "OpenSMTPD 6.4 and later";
    }
    return "";
}

std::span<const UrlEra> urlErasOf(Era era) {
    static constexpr std::array kMap2012{UrlEra::December2012, UrlEra::July2012, UrlEra::May2012};
    static constexpr std::array kLegacy{UrlEra::Release57, UrlEra::Release54, UrlEra::Release53};
    static constexpr std::array kModern{UrlEra::Release64};
    switch (era) {
    case Era::Map2012:
        return kMap2012;
    case Era::Legacy:
        return kLegacy;
    case Era::Modern:
        return kModern;
    }
    return kModern;
}

QByteArrayView toString(TlsUse use) {
    switch (use) {
    case TlsUse::None:
        return "none";
    case TlsUse::Opportunistic:
        return "opportunistic";
    case TlsUse::Required:
        return "required";
    case TlsUse::Wrapped:
        return "wrapped";
    case TlsUse::Either:
        return "either";
    }
    return "none";
}

Result<RelayUrl> RelayUrl::parse(QByteArrayView text, Era era, Labels labels) {
    if (text.size() > kMaxUrl)
        return invalid("the relay URL is longer than 1023 octets");
    RelayUrl url;
    url.m_text = text.toByteArray();
    url.m_era = era;
    const RelaySchema* schema = &defaultSchema(era);
    const qsizetype colons = text.indexOf("://");
    if (colons >= 0) {
        schema = findSchema(text.first(colons), era);
        if (!schema)
            return invalid(unknownSchema(text.first(colons), era));
        url.m_schema = schema->name.toByteArray();
        text = text.sliced(colons + 3);
    }
    const qsizetype at = text.indexOf('@');
    if (at >= 0) {
        url.m_label = text.first(at).toByteArray();
        text = text.sliced(at + 1);
        if (url.m_label.isEmpty())
            return invalid("the label before \"@\" is empty");
    }
    const QByteArray problem = labelProblem(*schema, at >= 0, era == Era::Modern, era == Era::Map2012 || labels == Labels::MayLack);
    if (!problem.isEmpty())
        return invalid(problem);
    const Result<HostPort> host = parseHost(text);
    if (!host)
        return host.error();
    url.m_host = (*host).host;
    url.m_isLiteral = (*host).isLiteral;
    url.m_port = (*host).port;
    if (schema->port == 0 && url.m_port == 0)
        return invalid("lmtp:// has no usual port; write lmtp://HOST:PORT");
    url.m_hostAt = url.m_text.size() - text.size();
    url.m_hostEnd = url.m_hostAt + (*host).hostLength;
    url.m_portEnd = url.m_hostAt + (*host).length;
    url.m_meaning = meaningOf(*schema, at >= 0, url.m_port);
    return url;
}

Result<RelayMeaning> RelayUrl::meaningIn(UrlEra reader) const {
    const QByteArray who = describe(reader).toByteArray();
    const RelaySchema* schema = m_schema.isEmpty() ? &defaultSchema(reader) : findSchema(m_schema, reader);
    if (!schema)
        return invalid(who + " has no \"" + m_schema + "://\"");
    const bool hasLabel = !m_label.isEmpty();
    const bool knowsLabels = reader >= UrlEra::December2012;
    if (hasLabel && !knowsLabels)
        return invalid(who + " has no labels: the host name is the key of the credentials");
    if (const QByteArray problem =
            labelProblem(*schema, hasLabel, reader == UrlEra::Release64, !knowsLabels);
        !problem.isEmpty())
        return invalid(who + ": " + problem);
    if (schema->port == 0 && m_port == 0)
        return invalid(who + " wants a port behind lmtp://HOST");
    if (reader < UrlEra::Release57) { // the host went up to the last colon, whatever it held
        if (m_portEnd != m_text.size())
            return invalid(who + " takes what stands behind the host for a part of it");
        if (m_isLiteral && m_host.contains(':') && m_port == 0)
            return invalid(who + " reads an IPv6 address only with a port behind it");
    }
    return meaningOf(*schema, hasLabel, m_port);
}

Result<RelayUrl> RelayUrl::with(const Change& change) const {
    const auto changed = [](const auto& wanted, const auto& now) { return wanted && *wanted != now; };
    const QByteArray schema = change.schema ? change.schema->toLower() : m_schema;
    const qsizetype schemaEnd = m_schema.isEmpty() ? 0 : m_schema.size() + 3;
    QByteArray text = schema == m_schema ? m_text.first(schemaEnd)
                      : schema.isEmpty() ? QByteArray()
                                         : *change.schema + "://";
    if (!changed(change.label, m_label))
        text += m_text.sliced(schemaEnd, m_hostAt - schemaEnd);
    else if (!change.label->isEmpty())
        text += *change.label + "@";
    if (!changed(change.host, m_host))
        text += m_text.sliced(m_hostAt, m_hostEnd - m_hostAt);
    else if (change.host->contains(':') && !change.host->startsWith('['))
        text += "[" + *change.host + "]";
    else
        text += *change.host;
    if (!changed(change.port, m_port))
        text += m_text.sliced(m_hostEnd, m_portEnd - m_hostEnd);
    else if (*change.port != 0)
        text += ":" + QByteArray::number(*change.port);
    text += m_text.sliced(m_portEnd);
    Result<RelayUrl> made = parse(text, m_era);
    if (!made)
        return made.error();
    const bool asAsked = made->schema() == schema && made->label() == change.label.value_or(m_label) &&
                         made->port() == change.port.value_or(m_port) && made->m_portEnd + m_text.size() - m_portEnd == text.size();
    if (!asAsked)
        return invalid("the parts given do not stay apart in a relay URL: a label holds no \"@\" and no \"://\", a host "
                       "no port");
    return made;
}

QByteArray shownLabel(const QByteArray& label) {
    const qsizetype colon = label.indexOf(':');
    return colon < 0 ? label : label.first(colon) + ":***";
}

QByteArray RelayUrl::masked() const {
    QByteArray text = m_schema.isEmpty() ? QByteArray() : m_schema + "://";
    if (!m_label.isEmpty())
        text += shownLabel(m_label) + "@";
    text += m_isLiteral && m_host.contains(':') ? "[" + m_host + "]" : m_host;
    if (m_port != 0)
        text += ":" + QByteArray::number(m_port);
    return text;
}

bool sameMeaning(const RelayUrl& a, const RelayUrl& b) {
    return a.m_meaning == b.m_meaning && a.m_isLiteral == b.m_isLiteral &&
           a.m_host.compare(b.m_host, Qt::CaseInsensitive) == 0 && a.m_label.toLower() == b.m_label.toLower();
}

} // namespace postern::policy
