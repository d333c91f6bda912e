// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/queue_stats.h"

#include "ctl/commands.h"

#include <QDateTime>
#include <QLocale>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

struct Age {
    qint64 under; // seconds
    const char16_t* words;
};
constexpr Age kAges[] = {{300, u"under 5 minutes"}, {3600, u"under 1 hour"},  {6 * 3600, u"under 6 hours"},
                         {86400, u"under 1 day"},   {4 * 86400, u"under 4 days"}};
constexpr const char* kStates[] = {"waiting", "sending", "held", "caught"};
constexpr qsizetype kMostDomains = 20; // of the text

QString when(qint64 unixSeconds) {
    return QDateTime::fromSecsSinceEpoch(unixSeconds).toString(u"yyyy-MM-dd HH:mm:ss"_s);
}

} // namespace

void QueueStats::add(const control::QueueRow& row) {
    if (!m_messages.contains(row.message)) {
        m_messages.insert(row.message);
        m_octets += row.size;
    }
    const QString domain = row.recipient.mid(row.recipient.lastIndexOf(u'@') + 1).toLower();
    for (Part* part : {&m_all, &m_domains[domain]}) {
        ++part->envelopes;
        ++part->states[row.state];
        if (part->oldestAt == 0 || row.createdAt < part->oldestAt)
            part->oldestAt = row.createdAt;
        if (!row.lastError.isEmpty() && row.lastTryAt >= part->lastTryAt) {
            part->lastTryAt = row.lastTryAt;
            part->lastError = row.lastError;
        }
    }
    const auto* const age = std::find_if(std::begin(kAges), std::end(kAges),
                                         [this, &row](const Age& a) { return m_now - row.createdAt < a.under; });
    ++m_ages[age - std::begin(kAges)];
}

QJsonObject QueueStats::toJson(const Part& part) {
    QJsonObject out{{u"envelopes"_s, part.envelopes}, {u"oldestAt"_s, part.oldestAt}, {u"lastError"_s, part.lastError}};
    for (const char* state : kStates)
        out[QString::fromLatin1(state)] = part.states.value(QString::fromLatin1(state));
    return out;
}

QList<QueueStats::Named> QueueStats::byCount() const {
    QList<Named> all;
    for (auto at = m_domains.begin(); at != m_domains.end(); ++at)
        all.append({at.key(), at.value()});
    std::sort(all.begin(), all.end(), [](const Named& a, const Named& b) {
        return a.part.envelopes != b.part.envelopes ? a.part.envelopes > b.part.envelopes : a.domain < b.domain;
    });
    return all;
}

QJsonObject QueueStats::toJson() const {
    QJsonArray ages, domains;
    for (qsizetype i = 0; i < m_ages.size(); ++i)
        ages.append(QJsonObject{{u"under"_s, i < qsizetype(std::size(kAges)) ? QJsonValue(kAges[i].under) : QJsonValue()},
                                {u"envelopes"_s, m_ages[i]}});
    for (const Named& one : byCount()) {
        QJsonObject domain = toJson(one.part);
        domain[u"domain"_s] = one.domain;
        domains.append(domain);
    }
    QJsonObject out = toJson(m_all);
    out.remove(u"lastError"_s);
    out[u"messages"_s] = m_messages.size();
    out[u"octets"_s] = m_octets;
    out[u"ages"_s] = ages;
    out[u"domains"_s] = domains;
    return out;
}

QString QueueStats::toText() const {
    if (m_all.envelopes == 0)
        return u"the queue is empty"_s;
    const auto states = [](const Part& part) {
        QStringList words;
        for (const char* state : kStates)
            if (const int n = part.states.value(QString::fromLatin1(state)))
                words.append(QString::number(n) + u' ' + QString::fromLatin1(state));
        return words.join(u", "_s);
    };
    QString text = u"messages    %1, %2\nrecipients  %3: %4\noldest      %5\n"_s
                       .arg(m_messages.size())
                       .arg(QLocale::c().formattedDataSize(m_octets), QString::number(m_all.envelopes), states(m_all),
                            when(m_all.oldestAt));
    for (qsizetype i = 0; i < m_ages.size(); ++i)
        if (m_ages[i] > 0)
            text += u"age         %1: %2\n"_s.arg(i < qsizetype(std::size(kAges)) ? QString::fromUtf16(kAges[i].words) : u"older"_s)
                        .arg(m_ages[i]);
    const QList<Named> domains = byCount();
    for (const Named& one : domains.first(std::min(kMostDomains, domains.size())))
        text += u"to          %1: %2 (%3), oldest %4%5\n"_s.arg(
            one.domain, QString::number(one.part.envelopes), states(one.part), when(one.part.oldestAt),
            one.part.lastError.isEmpty() ? QString() : u", last error: "_s + one.part.lastError);
    if (domains.size() > kMostDomains)
        text += u"to          %1; --json lists them\n"_s.arg(counted(domains.size() - kMostDomains, "more domain"));
    text.chop(1);
    return text;
}

} // namespace postern::ctl
