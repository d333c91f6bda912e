// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/activity_journal.h"

#include <QDateTime>

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

using namespace Qt::StringLiterals;

namespace postern::engine {
namespace {

// What happened to mail is a log line too; "engine" and "config" are logged where they happen.
std::optional<LogArea> areaOf(const QString& kind) {
    if (kind == "engine"_L1 || kind == "config"_L1)
        return std::nullopt;
    const bool isOutbound =
        kind == "delivered"_L1 || kind == "delayed"_L1 || kind == "bounced"_L1 || kind == "notice"_L1;
    return isOutbound ? LogArea::Relay : LogArea::Smtp;
}

// Each counter with the name that it is kept under.
template <class Counters, class Take>
void eachCounter(Counters& today, Take take) {
    take(QByteArray("taken"), today.taken);
    take(QByteArray("delivered"), today.delivered);
    take(QByteArray("refused"), today.refused);
    take(QByteArray("bounced"), today.bounced);
    for (qsizetype hour = 0; hour < today.takenPerHour.size(); ++hour) {
        const QByteArray at = "-" + QByteArray::number(hour);
        take("taken" + at, today.takenPerHour[hour]);
        take("waiting" + at, today.waitingPerHour[hour]);
        take("refused" + at, today.refusedPerHour[hour]);
    }
}

} // namespace

std::vector<std::pair<QByteArray, qint64>> ActivityJournal::countersToKeep() {
    rollOver();
    std::vector<std::pair<QByteArray, qint64>> values{{"day", m_day}};
    eachCounter(std::as_const(m_today), [&values](QByteArray name, qint64 value) { values.emplace_back(std::move(name), value); });
    if (values == m_kept)
        return {};
    m_kept = values;
    return values;
}

void ActivityJournal::restoreCounters(const std::map<QByteArray, qint64>& kept) {
    rollOver();
    const auto day = kept.find("day");
    if (day == kept.end() || day->second != m_day)
        return;
    eachCounter(m_today, [&kept](const QByteArray& name, auto& counter) {
        if (const auto at = kept.find(name); at != kept.end())
            counter = std::remove_reference_t<decltype(counter)>(std::max<qint64>(0, at->second));
    });
    (void)countersToKeep(); // they are kept as they are
}

void ActivityJournal::rollOver() {
    const QDateTime now = QDateTime::fromSecsSinceEpoch(m_clock.wall().time_since_epoch().count());
    const qint64 day = now.date().toJulianDay();
    if (day == m_day)
        return;
    m_day = day;
    m_today = {};
    m_today.takenPerHour = m_today.waitingPerHour = m_today.refusedPerHour = QList<int>(24, 0);
}

void ActivityJournal::add(const char* kind, const QByteArray& text, const QByteArray& detail,
                          const QByteArray& message) {
    rollOver();
    control::ActivityEvent event;
    event.serial = ++m_serial;
    event.at = m_clock.wall().time_since_epoch().count();
    event.kind = QString::fromLatin1(kind);
    event.text = QString::fromUtf8(harmless(text));
    QStringList lines;
    for (const QByteArray& line : detail.split('\n'))
        lines.append(QString::fromUtf8(redact(harmless(line, 1000))));
    event.detail = lines.join(u'\n');
    event.message = QString::fromLatin1(message);

    const int hour = QDateTime::fromSecsSinceEpoch(event.at).time().hour();
    if (event.kind == "taken"_L1 || event.kind == "caught"_L1) {
        ++m_today.taken;
        ++m_total.taken;
        ++m_today.takenPerHour[hour];
    } else if (event.kind == "delivered"_L1) {
        ++m_today.delivered;
        ++m_total.delivered;
    } else if (event.kind == "refused"_L1) {
        ++m_today.refused;
        ++m_total.refused;
        ++m_today.refusedPerHour[hour];
    } else if (event.kind == "bounced"_L1) {
        ++m_today.bounced;
        ++m_total.bounced;
    }
    if (const auto area = areaOf(event.kind)) {
        const QByteArray words = lines.first().toUtf8();
        const bool isNews = !words.isEmpty() && !text.contains(words);
        log(LogLevel::Info, *area,
            (message.isEmpty() ? text : message + ": " + text) + (isNews ? " (" + words + ')' : QByteArray()));
    }
    m_events.push_back(event);
    if (qsizetype(m_events.size()) > kMost)
        m_events.pop_front();
    if (m_sink)
        m_sink(event);
}

const QString& ActivityJournal::addLogLine(const LogLine& line) {
    m_logLines.push_back(QString::fromUtf8(toText(line)));
    if (qsizetype(m_logLines.size()) > kMostLogLines)
        m_logLines.pop_front();
    return m_logLines.back();
}

QList<control::ActivityEvent> ActivityJournal::since(qint64 serial, int most) const {
    auto from = std::upper_bound(m_events.begin(), m_events.end(), serial,
                                 [](qint64 s, const control::ActivityEvent& e) { return s < e.serial; });
    if (m_events.end() - from > most)
        from = m_events.end() - most;
    return {from, m_events.end()};
}

QStringList ActivityJournal::logTail(int most) const {
    const auto from = qsizetype(m_logLines.size()) > most ? m_logLines.end() - most : m_logLines.begin();
    return {from, m_logLines.end()};
}

const control::Counters& ActivityJournal::today() {
    rollOver();
    return m_today;
}

void ActivityJournal::noteWaiting(int waiting) {
    rollOver();
    const int hour = QDateTime::fromSecsSinceEpoch(m_clock.wall().time_since_epoch().count()).time().hour();
    m_today.waitingPerHour[hour] = waiting;
}

} // namespace postern::engine
