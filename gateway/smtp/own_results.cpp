// SPDX-License-Identifier: GPL-3.0-or-later
//
// The idea: lines stay where they are and are looked at by their first octets; only where one may be, or is, a field of ours
// is something held. What is kept is a run of the content, unless a field fell out of it.
#include "smtp/own_results.h"

#include "base/host_name.h"

#include <algorithm>
#include <utility>

namespace postern::smtp {
namespace {

constexpr QByteArrayView kName = "Authentication-Results";

bool isBlank(char c) {
    return c == ' ' || c == '\t';
}

enum class Looks : quint8 { Other, Same, TooShortToTell };

// Does the line begin with the name, and then a colon or (an obsolete form, taken) a blank?
Looks looksAt(QByteArrayView line) {
    const qsizetype n = std::min(line.size(), kName.size());
    if (line.first(n).compare(kName.first(n), Qt::CaseInsensitive) != 0)
        return Looks::Other;
    if (line.size() <= kName.size())
        return Looks::TooShortToTell;
    return line[n] == ':' || isBlank(line[n]) ? Looks::Same : Looks::Other;
}

// Behind the field that `text` begins with; -1: its end is not there yet.
qsizetype endOfField(QByteArrayView text) {
    qsizetype end = 0;
    do {
        const qsizetype lf = text.indexOf('\n', end);
        if (lf < 0 || lf + 1 == text.size())
            return -1;
        end = lf + 1;
    } while (isBlank(text[end]));
    return end;
}

bool isTokenChar(char c) {
    return uchar(c) > 32 && uchar(c) != 127 && !QByteArrayView("()<>@,;:\\\"/[]?=").contains(c);
}

} // namespace

std::optional<QByteArray> authservId(QByteArrayView value) {
    qsizetype at = 0;
    for (int comments = 0; at < value.size(); ++at) {
        const char c = value[at];
        if (c == '(')
            ++comments;
        else if (comments > 0 && c == ')')
            --comments;
        else if (comments > 0 && c == '\\')
            ++at;
        else if (comments == 0 && !isBlank(c) && c != '\r' && c != '\n')
            break;
        if (comments > 0 && at + 1 >= value.size())
            return std::nullopt;
    }
    QByteArray id;
    if (at < value.size() && value[at] == '"') {
        for (++at; at < value.size() && value[at] != '"'; ++at) {
            if (value[at] == '\\' && at + 1 < value.size())
                ++at;
            if (value[at] != '\r' && value[at] != '\n')
                id += value[at];
        }
        return at < value.size() ? std::optional(id) : std::nullopt;
    }
    for (; at < value.size() && isTokenChar(value[at]); ++at)
        id += value[at];
    return id;
}

OwnResults::OwnResults(const QByteArrayList& names) {
    for (const QByteArray& name : names)
        m_names.append(comparableName(name));
}

bool OwnResults::isOurs(QByteArrayView field) const {
    qsizetype colon = kName.size();
    while (colon < field.size() && isBlank(field[colon]))
        ++colon;
    if (colon == field.size() || field[colon] != ':')
        return false; // no field at all
    auto id = authservId(field.sliced(colon + 1));
    if (!id)
        return true;
    while (id->endsWith('.'))
        id->chop(1);
    return m_names.contains(comparableName(*id));
}

QByteArrayView OwnResults::feed(QByteArrayView content) {
    if (m_place == Place::Body || content.isEmpty())
        return content;
    QByteArrayView seen = content;
    if (!m_held.isEmpty()) {
        m_joined = std::exchange(m_held, {});
        m_joined += content;
        seen = m_joined;
    }
    m_out.clear();
    qsizetype at = 0;
    qsizetype run = 0; // begin of what is kept and not yet in m_out
    qsizetype end = seen.size(); // of it
    const auto hold = [&](qsizetype from) {
        m_held = seen.sliced(from).toByteArray();
        at = seen.size();
        end = from;
    };
    const auto nextLine = [&](Place behind) {
        const qsizetype lf = seen.indexOf('\n', at);
        at = lf < 0 ? seen.size() : lf + 1;
        if (lf >= 0)
            m_place = behind;
    };
    while (at < seen.size()) {
        const QByteArrayView rest = seen.sliced(at);
        switch (m_place) {
        case Place::LineStart:
            if (rest == QByteArrayView("\r")) {
                hold(at);
            } else if (rest.startsWith('\n') || rest.startsWith("\r\n")) {
                m_place = Place::Body;
                at = seen.size();
            } else {
                switch (looksAt(rest)) {
                case Looks::Other: m_place = Place::Line; break;
                case Looks::Same: m_place = Place::Field; break;
                case Looks::TooShortToTell: hold(at); break;
                }
            }
            break;
        case Place::Line:
            nextLine(Place::LineStart);
            break;
        case Place::Field: {
            const qsizetype size = endOfField(rest);
            if (size < 0 && rest.size() <= kMostField) {
                hold(at);
                break;
            }
            const bool goes = size < 0 || size > kMostField || isOurs(rest.first(size));
            if (goes) {
                m_out += seen.sliced(run, at - run);
                run = size < 0 ? seen.size() : at + size;
                ++m_removed;
            }
            m_place = size < 0 ? Place::Gone : Place::LineStart;
            if (size < 0 && rest.endsWith('\n'))
                m_place = Place::GoneStart;
            at = size < 0 ? seen.size() : at + size;
            break;
        }
        case Place::Gone:
            nextLine(Place::GoneStart);
            run = at;
            break;
        case Place::GoneStart:
            m_place = isBlank(rest.front()) ? Place::Gone : Place::LineStart;
            break;
        case Place::Body:
            at = seen.size();
            break;
        }
    }
    const QByteArrayView kept = seen.sliced(run, std::max(end, run) - run);
    if (m_out.isEmpty())
        return kept;
    m_out += kept;
    return m_out;
}

QByteArrayView OwnResults::finish() {
    m_out = std::exchange(m_held, {});
    if (std::exchange(m_place, Place::Body) == Place::Field && isOurs(m_out)) {
        ++m_removed;
        m_out.clear();
    }
    return m_out;
}

} // namespace postern::smtp
