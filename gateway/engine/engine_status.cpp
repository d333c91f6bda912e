// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the engine tells of itself: its state, what somebody should do something about, and its numbers.
#include "engine/engine.h"

#include <QCoreApplication>
#include <QDateTime>

using namespace Qt::StringLiterals;

namespace postern::engine {
namespace {

QString textOf(const QByteArray& bytes) {
    return QString::fromUtf8(harmless(bytes, 1000));
}

QString timeText(qint64 unixSeconds) {
    return QDateTime::fromSecsSinceEpoch(unixSeconds).toString(u"yyyy-MM-dd HH:mm:ss"_s);
}

// "2d1h5m7s", as smtpctl prints it.
QString upFor(qint64 seconds) {
    QString text;
    for (const auto& [unit, letter] : {std::pair(qint64(86400), u'd'), {qint64(3600), u'h'}, {qint64(60), u'm'}}) {
        if (seconds >= unit || !text.isEmpty())
            text += QString::number(seconds / unit) + letter;
        seconds %= unit;
    }
    return text + QString::number(seconds) + u's';
}

control::RelayStatus statusOf(const RelayRecord& relay, int waiting) {
    control::RelayStatus r;
    r.name = textOf(relay.name);
    r.way = textOf(relay.way);
    const bool defers = relay.defers && waiting > 0;
    r.state = relay.failing ? u"failing"_s : defers ? u"deferring"_s : relay.answered ? u"working"_s : u"idle"_s;
    if (relay.failing || defers)
        r.detail = textOf(relay.detail);
    r.waiting = waiting;
    r.lastSentAt = relay.lastSentAt;
    return r;
}

} // namespace

QList<control::Problem> Engine::problems(const std::map<queue::RouteKey, int>& waiting) const {
    QList<control::Problem> out;
    for (const config::Diagnostic& d : m_configProblems) {
        if (d.severity != config::Severity::Error)
            continue;
        const QString where = textOf(d.file) + u':' + QString::number(d.line);
        out.append({control::Gravity::Error, u"config"_s, u"The configuration has an error and was not taken"_s,
                    textOf(d.print()) + (m_configLoadedAt ? u". The one from before stays in force."_s : u"."_s), where});
        break;
    }
    for (const ListenerBook::Failure& failure : m_listeners.failures())
        out.append({control::Gravity::Error, u"listener:"_s + textOf(failure.name),
                    u"Nothing can be received on %1"_s.arg(textOf(failure.name)), textOf(failure.reason),
                    textOf(failure.origin.file) + u':' + QString::number(failure.origin.line)});
    if (!m_storeTrouble.isEmpty())
        out.append({control::Gravity::Error, u"disk:store"_s, u"New mail cannot be stored"_s,
                    textOf(m_storeTrouble) + u". Senders are told to try again later; what was taken in is safe."_s, {}});
    if (!m_spoolTrouble.isEmpty())
        out.append({control::Gravity::Error, u"spool"_s, u"The queue cannot be written"_s,
                    textOf(m_spoolTrouble) + u". New mail is turned away for now; what was taken in is safe."_s, {}});
    if (m_freeBytes->load() <= kReserveBytes)
        out.append({control::Gravity::Error, u"disk"_s, u"The disk is nearly full"_s,
                    u"New mail is turned away for now. Make room on the disk of %1."_s.arg(
                        textOf(m_settings.profile.stateFolder)), {}});
    if (!m_logTrouble.isEmpty())
        out.append({control::Gravity::Attention, u"log"_s, u"No log is kept on the disk"_s,
                    textOf(m_logTrouble) + u". Mail is not touched by it."_s, {}});
    if (const QByteArray trouble = m_keychainWatch->trouble(); !trouble.isEmpty())
        out.append({control::Gravity::Attention, u"keychain"_s, u"Logins of relays cannot be had from the keychain"_s,
                    textOf(trouble) + u". Mail that needs them is safe and waits; the keychain is asked again every minute."_s, {}});
    for (const QByteArray& finding : m_spool->findings())
        out.append({control::Gravity::Attention, u"spool:found"_s, u"The queue was not in order at the start"_s,
                    textOf(finding), {}});
    for (const tables::TablePtr& table : m_rules->tables) {
        const auto state = table->state();
        if (!state || !state->isFailing)
            continue;
        const policy::TableOrigin& origin = m_rules->tableOrigins.at(table->name());
        out.append({control::Gravity::Attention, u"table:"_s + textOf(table->name()),
                    u"The table %1 cannot be asked since %2"_s.arg(textOf(table->name()), timeText(state->since)),
                    textOf(table->kind() + ": " + state->trouble) +
                        u". Mail and sign-ins that need it are told to try again; nothing is lost."_s,
                    textOf(origin.origin.file) + u':' + QString::number(origin.origin.line)});
    }
    for (const auto& [route, relay] : m_desk->relays()) {
        if (!relay.failing || !waiting.contains(route))
            continue;
        const control::RelayStatus is = statusOf(relay, 1);
        out.append({control::Gravity::Attention, is.id(),
                    u"%1 does not take mail at the moment"_s.arg(is.way.isEmpty() ? is.name : is.name + u" ("_s + is.way + u')'),
                    textOf(relay.detail) + (relay.detail.endsWith('.') ? u" "_s : u". "_s) +
                        u"Mail is safe and is tried again."_s,
                    {}});
    }
    return out;
}

// Their state changes on other threads; who watches is told.
void Engine::noteTables() {
    std::map<QByteArray, QByteArray> troubles;
    for (const tables::TablePtr& table : m_rules->tables)
        if (const auto state = table->state(); state && state->isFailing)
            troubles.emplace(table->name(), state->trouble);
    m_changed = m_changed || troubles != m_tableTroubles;
    m_tableTroubles = std::move(troubles);
}

QList<control::TableStatus> Engine::tableStatuses() const {
    QList<control::TableStatus> out;
    for (const tables::TablePtr& table : m_rules->tables) {
        const auto state = table->state();
        if (!state)
            continue;
        control::TableStatus one;
        one.name = textOf(table->name());
        one.backend = textOf(table->kind());
        one.state = state->isFailing ? u"failing"_s : u"working"_s;
        one.detail = textOf(state->trouble);
        one.since = state->since;
        out.append(one);
    }
    return out;
}

control::Status Engine::status() {
    control::Status s;
    s.version = QStringLiteral(POSTERN_VERSION);
    s.profile = textOf(m_settings.profile.folder.isEmpty() ? m_settings.profile.stateFolder
                                                           : m_settings.profile.folder);
    s.configFile = textOf(m_settings.profile.configFile);
    s.serverName = textOf(serverName(*m_rules));
    s.pid = QCoreApplication::applicationPid();
    s.startedAt = m_startedAt;
    s.configLoadedAt = m_configLoadedAt;
    switch (m_rules->era) {
    case policy::Era::Map2012: s.dialect = u"2012"_s; break;
    case policy::Era::Legacy: s.dialect = u"legacy"_s; break;
    case policy::Era::Modern: s.dialect = u"modern"_s; break;
    }
    for (const policy::Rule& rule : m_rules->rules) {
        s.catchesMail = s.catchesMail || (rule.action && rule.action->kind == policy::ActionKind::Catch);
        s.sendsMail = s.sendsMail || (rule.action && rule.action->kind == policy::ActionKind::Relay);
    }
    s.relayPaused = m_relayPaused;
    s.smtpPaused = m_smtpPaused;
    s.mdaPaused = m_mdaPaused;
    const queue::QueueCounts counts = m_desk->scheduler().counts();
    s.waiting = counts.waiting;
    s.inFlight = counts.inFlight;
    s.inFlightHere = counts.inFlightHere;
    s.held = counts.held;
    s.caught = counts.caught;
    s.messages = counts.messages;
    s.diskFree = m_freeBytes->load();
    std::map<QByteArray, int> sessions;
    for (const IoCounts& io : m_counts) {
        s.sessions += io.sessions;
        for (const auto& [name, n] : io.sessionsPerListener)
            sessions[name] += n;
    }
    s.listeners = m_listeners.statuses(sessions, m_lastAccepted);
    s.socket = m_listeners.socketStatus(sessions);
    const std::map<queue::RouteKey, int>& waiting = m_desk->scheduler().waitingByRoute();
    m_desk->tellTwinsApart();
    for (const auto& [route, relay] : m_desk->relays()) {
        const auto at = waiting.find(route);
        s.relays.append(statusOf(relay, at == waiting.end() ? 0 : at->second));
    }
    s.tables = tableStatuses();
    s.problems = problems(waiting);
    s.today = m_journal.today();
    return s;
}

QJsonObject Engine::counters() {
    const queue::QueueCounts counts = m_desk->scheduler().counts();
    const DeskCounts& tries = m_desk->tries();
    const control::Counters& today = m_journal.today();
    const qint64 up = m_clock.wall().time_since_epoch().count() - m_startedAt;
    int sessions = 0, connections = 0;
    for (const IoCounts& io : m_counts) {
        sessions += io.sessions;
        connections += io.relayConnections;
    }
    return {
        {u"control.session"_s, m_socket ? m_socket->clients() : 0},
        {u"mda.delivered"_s, tries.deliveredHere},
        {u"mda.envelope"_s, counts.inFlightHere},
        {u"mda.session"_s, m_localCounts.sessions},
        {u"mta.envelope"_s, counts.inFlight - counts.inFlightHere},
        {u"mta.relay"_s, qint64(m_desk->relays().size())},
        {u"mta.session"_s, connections},
        {u"queue.bounce"_s, m_journal.total().bounced},
        {u"queue.caught"_s, counts.caught},
        {u"queue.held"_s, counts.held},
        {u"queue.message"_s, counts.messages},
        {u"queue.waiting"_s, counts.waiting},
        {u"scheduler.delivery.ok"_s, tries.delivered},
        {u"scheduler.delivery.permfail"_s, tries.permanent},
        {u"scheduler.delivery.tempfail"_s, tries.temporary},
        {u"scheduler.envelope"_s, counts.waiting + counts.inFlight + counts.held + counts.caught},
        {u"scheduler.envelope.inflight"_s, counts.inFlight},
        {u"smtp.accepted"_s, m_journal.total().taken},
        {u"smtp.refused"_s, m_journal.total().refused},
        {u"smtp.session"_s, sessions},
        {u"today.accepted"_s, today.taken},
        {u"today.bounced"_s, today.bounced},
        {u"today.delivered"_s, today.delivered},
        {u"today.refused"_s, today.refused},
        {u"uptime"_s, up},
        {u"uptime.human"_s, upFor(up)},
    };
}

} // namespace postern::engine
