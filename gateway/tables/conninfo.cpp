// SPDX-License-Identifier: GPL-3.0-or-later
//
// libpq's two ways to say where a database is, as its manual describes them (34.1.1): keyword = value pairs, and addresses.
#include "tables/sql_config.h"

namespace postern::tables {
namespace {

using Pairs = std::vector<std::pair<QByteArray, QByteArray>>;

Error unreadable(QByteArray text) {
    return {ErrorCode::Invalid, "conninfo: " + text, Permanence::Permanent};
}

bool isBlank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

class KeywordReader {
  public:
    explicit KeywordReader(QByteArrayView text) : m_text(text) {}

    Result<Pairs> read() {
        Pairs pairs;
        for (skipBlanks(); !isAtEnd(); skipBlanks()) {
            QByteArray name;
            while (!isAtEnd() && !isBlank(m_text[m_at]) && m_text[m_at] != '=')
                name += m_text[m_at++];
            skipBlanks();
            if (isAtEnd() || m_text[m_at] != '=')
                return unreadable("there is no \"=\" behind \"" + name.left(40) + '"');
            ++m_at;
            skipBlanks();
            QByteArray value;
            if (!readValue(value))
                return unreadable("the quotation mark of \"" + name.left(40) + "\" is not closed");
            pairs.emplace_back(name, value);
        }
        return pairs;
    }

  private:
    bool isAtEnd() const { return m_at >= m_text.size(); }
    void skipBlanks() {
        while (!isAtEnd() && isBlank(m_text[m_at]))
            ++m_at;
    }
    bool readValue(QByteArray& value) {
        const bool isQuoted = !isAtEnd() && m_text[m_at] == '\'';
        m_at += isQuoted ? 1 : 0;
        for (; !isAtEnd(); ++m_at) {
            char c = m_text[m_at];
            if (isQuoted ? c == '\'' : isBlank(c)) {
                ++m_at;
                return true;
            }
            if (c == '\\' && m_at + 1 < m_text.size())
                c = m_text[++m_at];
            value += c;
        }
        return !isQuoted;
    }

    const QByteArrayView m_text;
    qsizetype m_at = 0;
};

QByteArray decoded(QByteArrayView text) {
    return QByteArray::fromPercentEncoding(text.toByteArray());
}

// host[:port] of one server; [v6]:port.
void addServer(QByteArrayView text, QByteArrayList& hosts, QByteArrayList& ports) {
    const qsizetype closing = text.startsWith('[') ? text.indexOf(']') : -1;
    const qsizetype colon = text.indexOf(':', std::max<qsizetype>(closing, 0));
    const QByteArrayView host = colon < 0 ? text : text.first(colon);
    hosts.append(decoded(closing > 0 ? host.sliced(1, closing - 1) : host));
    ports.append(colon < 0 ? QByteArray() : decoded(text.sliced(colon + 1)));
}

// Behind "postgres://": [user[:password]@][host[:port][,...]][/dbname][?name=value[&...]]
Result<Pairs> readAddress(QByteArrayView text) {
    Pairs pairs;
    const qsizetype question = text.indexOf('?');
    QByteArrayView parameters = question < 0 ? QByteArrayView() : text.sliced(question + 1);
    QByteArrayView rest = question < 0 ? text : text.first(question);
    const qsizetype slash = rest.indexOf('/');
    if (slash >= 0 && slash + 1 < rest.size())
        pairs.emplace_back("dbname", decoded(rest.sliced(slash + 1)));
    rest = slash < 0 ? rest : rest.first(slash);
    if (const qsizetype at = rest.lastIndexOf('@'); at >= 0) {
        const QByteArrayView who = rest.first(at);
        const qsizetype colon = who.indexOf(':');
        pairs.emplace_back("user", decoded(colon < 0 ? who : who.first(colon)));
        if (colon >= 0)
            pairs.emplace_back("password", decoded(who.sliced(colon + 1)));
        rest = rest.sliced(at + 1);
    }
    QByteArrayList hosts, ports;
    while (!rest.isEmpty()) {
        const qsizetype comma = rest.indexOf(',');
        addServer(comma < 0 ? rest : rest.first(comma), hosts, ports);
        rest = comma < 0 ? QByteArrayView() : rest.sliced(comma + 1);
    }
    if (!hosts.isEmpty())
        pairs.emplace_back("host", hosts.join(','));
    if (const QByteArray all = ports.join(','); !all.isEmpty() && all != QByteArray(all.size(), ','))
        pairs.emplace_back("port", all);
    while (!parameters.isEmpty()) {
        const qsizetype end = parameters.indexOf('&');
        const QByteArrayView one = end < 0 ? parameters : parameters.first(end);
        parameters = end < 0 ? QByteArrayView() : parameters.sliced(end + 1);
        const qsizetype equals = one.indexOf('=');
        if (equals <= 0)
            return unreadable("a parameter of the address has no \"=\"");
        pairs.emplace_back(decoded(one.first(equals)), decoded(one.sliced(equals + 1)));
    }
    return pairs;
}

} // namespace

Result<Pairs> parseConninfo(QByteArrayView text) {
    for (const QByteArrayView scheme : {QByteArrayView("postgresql://"), QByteArrayView("postgres://")})
        if (text.startsWith(scheme))
            return readAddress(text.sliced(scheme.size()));
    return KeywordReader(text).read();
}

} // namespace postern::tables
