// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/bare_names.h"

#include <algorithm>
#include <vector>

namespace postern::smtp {
namespace {

constexpr qsizetype kMostNames = 1'000; // in one field
constexpr qsizetype kLongestLine = 998;
constexpr qsizetype kFieldName = 5;     // "From:" is the longest

// A character of a dot-atom; UTF-8 as RFC 6532 has it.
bool isNameCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || quint8(c) >= 0x80 ||
           QByteArrayView("!#$%&'*+-/=?^_`{|}~.").contains(c);
}

// Reads an address list and notes where a domain is missing.
class Reader {
  public:
    explicit Reader(QByteArrayView value) : m_value(value) {}

    bool read() { // false: this is no address list
        while (m_at < m_value.size()) {
            const char c = m_value[m_at];
            if (c == '(') {
                if (!skipComment())
                    return false;
            } else if (c == '"') {
                const qsizetype from = m_at;
                if (!skipQuoted())
                    return false;
                word(from, true);
            } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
                ++m_at;
            } else if (isNameCharacter(c)) {
                const qsizetype from = m_at;
                while (m_at < m_value.size() && isNameCharacter(m_value[m_at]))
                    ++m_at;
                word(from, false);
            } else if (!separator(c)) {
                return false;
            }
        }
        endOfAddress();
        return !m_inAngle && !m_inGroup;
    }
    const std::vector<qsizetype>& missing() const { return m_missing; }

  private:
    void word(qsizetype from, bool quoted) {
        ++m_words;
        m_wordEnd = m_at;
        const QByteArrayView text = m_value.sliced(from, m_at - from);
        // An encoded word is a name for people; dots at the edges or in a row are no address.
        m_isName = quoted ? text.size() > 2 : !text.startsWith("=?") && !text.startsWith('.') && !text.endsWith('.') &&
                                                 text.indexOf("..") < 0;
    }

    bool separator(char c) {
        ++m_at;
        switch (c) {
        case '<':
            if (m_inAngle || m_hadAngle)
                return false;
            m_inAngle = m_hadAngle = true;
            begin();
            return true;
        case '>':
            if (!m_inAngle)
                return false;
            note();
            m_inAngle = false;
            begin();
            return true;
        case '@':
            m_hasDomain = true;
            return true;
        case '[': {
            const qsizetype end = m_value.indexOf(']', m_at);
            m_at = end + 1;
            return m_hasDomain && end >= 0;
        }
        case ',':
            if (m_inAngle)
                return m_hasDomain; // a source route
            endOfAddress();
            return true;
        case ':':
            if (m_inAngle)
                return m_hasDomain;
            if (m_inGroup || m_hadAngle || m_hasDomain)
                return false;
            m_inGroup = true;
            begin();
            return true;
        case ';':
            if (m_inAngle || !m_inGroup)
                return false;
            endOfAddress();
            m_inGroup = false;
            return true;
        default: // a byte, not an enumeration: what is left has no place in an address
            return false;
        }
    }

    void endOfAddress() {
        if (!m_hadAngle)
            note();
        m_hadAngle = false;
        begin();
    }
    void begin() {
        m_words = 0;
        m_hasDomain = m_isName = false;
    }
    void note() {
        if (m_words == 1 && m_isName && !m_hasDomain)
            m_missing.push_back(m_wordEnd);
    }

    bool skipQuoted() {
        for (++m_at; m_at < m_value.size(); ++m_at) {
            if (m_value[m_at] == '\\')
                ++m_at;
            else if (m_value[m_at] == '"') {
                ++m_at;
                return true;
            }
        }
        return false;
    }
    bool skipComment() {
        int depth = 0;
        for (; m_at < m_value.size(); ++m_at) {
            const char c = m_value[m_at];
            if (c == '\\')
                ++m_at;
            else if (c == '(')
                ++depth;
            else if (c == ')' && --depth == 0) {
                ++m_at;
                return true;
            }
        }
        return false;
    }

    const QByteArrayView m_value;
    qsizetype m_at = 0, m_wordEnd = 0;
    int m_words = 0; // since the address, or its angle bracket, began
    bool m_isName = false, m_hasDomain = false, m_inAngle = false, m_hadAngle = false, m_inGroup = false;
    std::vector<qsizetype> m_missing;
};

} // namespace

std::optional<QByteArray> withDomains(QByteArrayView value, const QByteArray& domain) {
    Reader reader(value);
    if (!reader.read() || reader.missing().empty() || qsizetype(reader.missing().size()) > kMostNames)
        return {};
    QByteArray out;
    out.reserve(value.size() + qsizetype(reader.missing().size()) * (domain.size() + 1));
    qsizetype done = 0;
    for (const qsizetype at : reader.missing()) {
        out += value.sliced(done, at - done);
        out += '@';
        out += domain;
        done = at;
    }
    out += value.sliced(done);
    for (qsizetype from = -kFieldName; from < out.size();) {
        const qsizetype found = out.indexOf("\r\n", std::max<qsizetype>(from, 0));
        const qsizetype end = found < 0 ? out.size() : found;
        if (end - from > kLongestLine)
            return {};
        from = end + 2;
    }
    return out;
}

} // namespace postern::smtp
