// SPDX-License-Identifier: GPL-3.0-or-later
//
// Two passes of evidence. A statement that only one language has decides; if several languages' statements stand in one
// file, the more frequent one. Without any such statement, words that differ between the eras decide.
#include "config/dialect.h"

#include "config/lexer.h"

#include <array>

namespace postern::config {

namespace {

bool oneOf(QByteArrayView word, std::initializer_list<QByteArrayView> list) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

class Collector {
  public:
    DialectEvidence run(QByteArrayView text, const std::vector<Token>& tokens) {
        for (const Token& token : tokens) {
            if (isTrivia(token.kind))
                continue;
            if (token.kind == TokenKind::Newline || token.kind == TokenKind::Unread) {
                endStatement();
                continue;
            }
            if (token.kind == TokenKind::Less)
                ++m_found.tables;
            if (m_count < m_head.size())
                m_head[m_count] = token.kind == TokenKind::Word ? text.sliced(token.offset, token.length)
                                  : token.kind == TokenKind::Equals ? QByteArrayView("=")
                                                                     : QByteArrayView();
            ++m_count;
            if (token.kind == TokenKind::Word)
                inner(text.sliced(token.offset, token.length));
            else
                m_before = {};
        }
        endStatement();
        return m_found;
    }

  private:
    void inner(QByteArrayView word) {
        if (m_count > 1) {
            if ((word == "all" && oneOf(m_before, {"for", "from"})) || (word == "auth" && m_before == "enable") ||
                (word == "network" && m_before == "for"))
                ++m_found.words2012;
            else if (oneOf(word, {"certificate", "mask-source", "tagged"}))
                ++m_found.oldWords;
            else if (oneOf(word, {"cert", "mask-src", "proc-exec"}))
                ++m_found.modernWords;
        }
        m_before = word;
    }

    void endStatement() {
        const QByteArrayView first = m_count ? m_head[0] : QByteArrayView();
        const QByteArrayView second = m_count > 1 ? m_head[1] : QByteArrayView();
        m_count = 0;
        m_before = {};
        if (first.isEmpty() || second == "=")
            return;
        if (oneOf(first, {"accept", "reject"}))
            ++m_found.rules;
        else if (first == "map")
            ++m_found.maps;
        else if (first == "table")
            ++m_found.tables;
        else if (oneOf(first, {"action", "match"}))
            ++m_found.modern;
        else if (oneOf(first, {"smtp", "mta", "mda", "srs", "admd", "bounce", "proc", "scheduler"}) ||
                 (first == "queue" && second == "ttl"))
            ++m_found.modernWords;
        else if (oneOf(first, {"bounce-warn", "expire", "max-message-size", "limit", "max-mta-deferred", "ciphers",
                               "curve", "subaddressing-delimiter", "filterchain", "enqueuer"}))
            ++m_found.oldWords;
        else if (oneOf(first, {"size", "hostname"}) || (first == "queue" && oneOf(second, {"interval", "compress"})))
            ++m_found.words2012;
    }

    DialectEvidence m_found;
    std::array<QByteArrayView, 2> m_head;
    size_t m_count = 0; // tokens of this statement so far
    QByteArrayView m_before;
};

} // namespace

QByteArrayView toString(Dialect dialect) {
    switch (dialect) {
    case Dialect::Map2012:
        return "2012";
    case Dialect::Legacy:
        return "legacy";
    case Dialect::Modern:
        return "modern";
    }
    return "";
}

QByteArrayView describe(Dialect dialect) {
    switch (dialect) {
    case Dialect::Map2012:
        return "the map dialect of 2012";
    case Dialect::Legacy:
        return "the accept/reject dialect (5.3 to 6.3)";
    case Dialect::Modern:
        return "the action/match dialect (6.4 and later)";
    }
    return "";
}

std::optional<Dialect> dialectFromString(QByteArrayView name) {
    for (const Dialect dialect : {Dialect::Map2012, Dialect::Legacy, Dialect::Modern}) {
        if (name == toString(dialect))
            return dialect;
    }
    return std::nullopt;
}

DialectEvidence& DialectEvidence::operator+=(const DialectEvidence& other) {
    rules += other.rules;
    maps += other.maps;
    tables += other.tables;
    modern += other.modern;
    oldWords += other.oldWords;
    modernWords += other.modernWords;
    words2012 += other.words2012;
    return *this;
}

DialectEvidence& DialectEvidence::operator-=(const DialectEvidence& other) {
    rules -= other.rules;
    maps -= other.maps;
    tables -= other.tables;
    modern -= other.modern;
    oldWords -= other.oldWords;
    modernWords -= other.modernWords;
    words2012 -= other.words2012;
    return *this;
}

DialectEvidence dialectEvidence(QByteArrayView text, const std::vector<Token>& tokens) {
    return Collector().run(text, tokens);
}

std::optional<Dialect> detectDialect(QByteArrayView text) {
    return detectDialect(dialectEvidence(text, lex(text)));
}

std::optional<Dialect> detectDialect(const DialectEvidence& found) {
    const qint64 old = found.rules + found.maps;
    if (found.modern > old)
        return Dialect::Modern;
    if (old > 0)
        return found.tables == 0 && (found.maps > 0 || found.words2012 > 0) ? Dialect::Map2012 : Dialect::Legacy;
    if (found.modernWords > found.oldWords + found.words2012)
        return Dialect::Modern;
    if (found.words2012 > 0 && found.tables == 0)
        return Dialect::Map2012;
    if (found.oldWords > 0)
        return Dialect::Legacy;
    return std::nullopt;
}

} // namespace postern::config
