// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/queue_filter.h"

#include "base/log.h"

#include <QDateTime>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

// `*` stands for any text, also none. Linear in the text for each piece between stars.
bool globMatches(const QString& text, const QString& pattern) {
    const QStringList pieces = pattern.split(u'*');
    qsizetype at = 0;
    for (qsizetype i = 0; i < pieces.size(); ++i) {
        const QString& piece = pieces[i];
        if (i == pieces.size() - 1)
            return (i == 0 ? text.size() == piece.size() : text.size() - piece.size() >= at) && text.endsWith(piece);
        const qsizetype found = i == 0 ? (text.startsWith(piece) ? 0 : -1) : text.indexOf(piece, at);
        if (found < 0)
            return false;
        at = found + piece.size();
    }
    return true;
}

} // namespace

std::optional<qint64> timeFrom(const QByteArray& text, qint64 now) {
    static constexpr std::pair<char, qint64> kUnits[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
    for (const auto& [letter, seconds] : kUnits) {
        if (!text.endsWith(letter))
            continue;
        bool isNumber = false;
        const qint64 n = text.chopped(1).toLongLong(&isNumber);
        if (!isNumber || n < 0 || n > 100'000'000)
            return std::nullopt;
        return now - n * seconds;
    }
    const QString words = QString::fromLatin1(text).replace(u'T', u' ');
    for (const QString& form : {u"yyyy-MM-dd HH:mm:ss"_s, u"yyyy-MM-dd HH:mm"_s, u"yyyy-MM-dd"_s}) {
        const QDateTime at = QDateTime::fromString(words, form);
        if (at.isValid())
            return at.toSecsSinceEpoch();
    }
    return std::nullopt;
}

bool addressMatches(const QString& address, const QByteArray& pattern) {
    QString wanted = QString::fromUtf8(pattern).toLower();
    if (wanted.startsWith(u'<') && wanted.endsWith(u'>'))
        wanted = wanted.mid(1, wanted.size() - 2);
    return globMatches(address.toLower(), wanted.startsWith(u'@') ? u'*' + wanted : wanted);
}

QueueFilter::QueueFilter(const Arguments& arguments) : m_from(arguments.value("--from")), m_to(arguments.value("--to")) {
    if (const auto since = arguments.value("--since")) {
        m_since = timeFrom(*since, QDateTime::currentSecsSinceEpoch());
        if (!m_since)
            throw UsageError{"--since is a time ago (30m, 2h, 3d) or a date (2026-11-29, \"2026-11-29 08:30\"); not \"" +
                             harmless(*since, 40) + '"'};
    }
}

bool QueueFilter::takes(const control::QueueRow& row) const {
    return (!m_since || row.createdAt >= *m_since) && (!m_from || addressMatches(row.sender, *m_from)) &&
           (!m_to || addressMatches(row.recipient, *m_to));
}

} // namespace postern::ctl
