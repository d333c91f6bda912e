// SPDX-License-Identifier: GPL-3.0-or-later
#include "control/snapshots.h"

using namespace Qt::StringLiterals;

namespace postern::control {
namespace {

QJsonArray toArray(const QList<int>& numbers) {
    QJsonArray array;
    for (const int n : numbers)
        array.append(n);
    return array;
}

QList<int> toNumbers(const QJsonValue& value) {
    QList<int> numbers;
    for (const auto& n : value.toArray())
        numbers.append(n.toInt());
    return numbers;
}

template <class T>
QJsonArray toArray(const QList<T>& things) {
    QJsonArray array;
    for (const T& thing : things)
        array.append(thing.toJson());
    return array;
}

template <class T>
QList<T> toThings(const QJsonValue& value) {
    QList<T> things;
    for (const auto& thing : value.toArray())
        things.append(T::fromJson(thing.toObject()));
    return things;
}

} // namespace

QJsonObject Problem::toJson() const {
    return {
        {u"gravity"_s, gravity == Gravity::Error ? u"error"_s : u"attention"_s},
        {u"id"_s, id},
        {u"title"_s, title},
        {u"text"_s, text},
        {u"where"_s, where},
    };
}

Problem Problem::fromJson(const QJsonObject& json) {
    Problem r;
    r.gravity = json[u"gravity"_s].toString() == u"error"_s ? Gravity::Error : Gravity::Attention;
    r.id = json[u"id"_s].toString();
    r.title = json[u"title"_s].toString();
    r.text = json[u"text"_s].toString();
    r.where = json[u"where"_s].toString();
    return r;
}

QJsonObject ListenerStatus::toJson() const {
    return {
        {u"name"_s, name},
        {u"interface"_s, interface},
        {u"address"_s, address},
        {u"port"_s, port},
        {u"open"_s, open},
        {u"detail"_s, detail},
        {u"tls"_s, tls},
        {u"auth"_s, auth},
        {u"sessions"_s, sessions},
        {u"lastAt"_s, lastAt},
        {u"where"_s, where},
    };
}

ListenerStatus ListenerStatus::fromJson(const QJsonObject& json) {
    ListenerStatus r;
    r.name = json[u"name"_s].toString();
    r.interface = json[u"interface"_s].toString();
    r.address = json[u"address"_s].toString();
    r.port = json[u"port"_s].toInt();
    r.open = json[u"open"_s].toBool();
    r.detail = json[u"detail"_s].toString();
    r.tls = json[u"tls"_s].toString();
    r.auth = json[u"auth"_s].toString();
    r.sessions = json[u"sessions"_s].toInt();
    r.lastAt = json[u"lastAt"_s].toInteger();
    r.where = json[u"where"_s].toString();
    return r;
}

QJsonObject RelayStatus::toJson() const {
    return {
        {u"name"_s, name},
        {u"state"_s, state},
        {u"detail"_s, detail},
        {u"waiting"_s, waiting},
        {u"lastSentAt"_s, lastSentAt},
        {u"way"_s, way},
    };
}

RelayStatus RelayStatus::fromJson(const QJsonObject& json) {
    RelayStatus r;
    r.name = json[u"name"_s].toString();
    r.state = json[u"state"_s].toString();
    r.detail = json[u"detail"_s].toString();
    r.waiting = json[u"waiting"_s].toInt();
    r.lastSentAt = json[u"lastSentAt"_s].toInteger();
    r.way = json[u"way"_s].toString();
    return r;
}

QJsonObject TableStatus::toJson() const {
    return {
        {u"name"_s, name}, {u"backend"_s, backend}, {u"state"_s, state}, {u"detail"_s, detail}, {u"since"_s, since},
    };
}

TableStatus TableStatus::fromJson(const QJsonObject& json) {
    TableStatus r;
    r.name = json[u"name"_s].toString();
    r.backend = json[u"backend"_s].toString();
    r.state = json[u"state"_s].toString();
    r.detail = json[u"detail"_s].toString();
    r.since = json[u"since"_s].toInteger();
    return r;
}

QJsonObject Counters::toJson() const {
    return {
        {u"taken"_s, taken},
        {u"delivered"_s, delivered},
        {u"refused"_s, refused},
        {u"bounced"_s, bounced},
        {u"takenPerHour"_s, toArray(takenPerHour)},
        {u"waitingPerHour"_s, toArray(waitingPerHour)},
        {u"refusedPerHour"_s, toArray(refusedPerHour)},
    };
}

Counters Counters::fromJson(const QJsonObject& json) {
    Counters r;
    r.taken = json[u"taken"_s].toInteger();
    r.delivered = json[u"delivered"_s].toInteger();
    r.refused = json[u"refused"_s].toInteger();
    r.bounced = json[u"bounced"_s].toInteger();
    r.takenPerHour = toNumbers(json[u"takenPerHour"_s]);
    r.waitingPerHour = toNumbers(json[u"waitingPerHour"_s]);
    r.refusedPerHour = toNumbers(json[u"refusedPerHour"_s]);
    return r;
}

QJsonObject Status::toJson() const {
    return {
        {u"version"_s, version},
        {u"profile"_s, profile},
        {u"configFile"_s, configFile},
        {u"serverName"_s, serverName},
        {u"pid"_s, pid},
        {u"startedAt"_s, startedAt},
        {u"configLoadedAt"_s, configLoadedAt},
        {u"dialect"_s, dialect},
        {u"catchesMail"_s, catchesMail},
        {u"sendsMail"_s, sendsMail},
        {u"relayPaused"_s, relayPaused},
        {u"smtpPaused"_s, smtpPaused},
        {u"mdaPaused"_s, mdaPaused},
        {u"waiting"_s, waiting},
        {u"inFlight"_s, inFlight},
        {u"inFlightHere"_s, inFlightHere},
        {u"held"_s, held},
        {u"caught"_s, caught},
        {u"messages"_s, messages},
        {u"sessions"_s, sessions},
        {u"diskFree"_s, diskFree},
        {u"listeners"_s, toArray(listeners)},
        {u"socket"_s, socket.toJson()},
        {u"relays"_s, toArray(relays)},
        {u"tables"_s, toArray(tables)},
        {u"problems"_s, toArray(problems)},
        {u"today"_s, today.toJson()},
    };
}

Status Status::fromJson(const QJsonObject& json) {
    Status r;
    r.version = json[u"version"_s].toString();
    r.profile = json[u"profile"_s].toString();
    r.configFile = json[u"configFile"_s].toString();
    r.serverName = json[u"serverName"_s].toString();
    r.pid = json[u"pid"_s].toInteger();
    r.startedAt = json[u"startedAt"_s].toInteger();
    r.configLoadedAt = json[u"configLoadedAt"_s].toInteger();
    r.dialect = json[u"dialect"_s].toString();
    r.catchesMail = json[u"catchesMail"_s].toBool();
    r.sendsMail = json[u"sendsMail"_s].toBool();
    r.relayPaused = json[u"relayPaused"_s].toBool();
    r.smtpPaused = json[u"smtpPaused"_s].toBool();
    r.mdaPaused = json[u"mdaPaused"_s].toBool();
    r.waiting = json[u"waiting"_s].toInt();
    r.inFlight = json[u"inFlight"_s].toInt();
    r.inFlightHere = json[u"inFlightHere"_s].toInt();
    r.held = json[u"held"_s].toInt();
    r.caught = json[u"caught"_s].toInt();
    r.messages = json[u"messages"_s].toInt();
    r.sessions = json[u"sessions"_s].toInt();
    r.diskFree = json[u"diskFree"_s].toInteger();
    r.listeners = toThings<ListenerStatus>(json[u"listeners"_s]);
    r.socket = ListenerStatus::fromJson(json[u"socket"_s].toObject());
    r.relays = toThings<RelayStatus>(json[u"relays"_s]);
    r.tables = toThings<TableStatus>(json[u"tables"_s]);
    r.problems = toThings<Problem>(json[u"problems"_s]);
    r.today = Counters::fromJson(json[u"today"_s].toObject());
    return r;
}

QJsonObject QueueRow::toJson() const {
    return {
        {u"id"_s, id},
        {u"message"_s, message},
        {u"state"_s, state},
        {u"sender"_s, sender},
        {u"recipient"_s, recipient},
        {u"subject"_s, subject},
        {u"client"_s, client},
        {u"user"_s, user},
        {u"destination"_s, destination},
        {u"method"_s, method},
        {u"account"_s, account},
        {u"relay"_s, relay},
        {u"size"_s, size},
        {u"createdAt"_s, createdAt},
        {u"nextTryAt"_s, nextTryAt},
        {u"lastTryAt"_s, lastTryAt},
        {u"expiresAt"_s, expiresAt},
        {u"tries"_s, tries},
        {u"lastError"_s, lastError},
    };
}

QueueRow QueueRow::fromJson(const QJsonObject& json) {
    QueueRow r;
    r.id = json[u"id"_s].toString();
    r.message = json[u"message"_s].toString();
    r.state = json[u"state"_s].toString();
    r.sender = json[u"sender"_s].toString();
    r.recipient = json[u"recipient"_s].toString();
    r.subject = json[u"subject"_s].toString();
    r.client = json[u"client"_s].toString();
    r.user = json[u"user"_s].toString();
    r.destination = json[u"destination"_s].toString();
    r.method = json[u"method"_s].toString();
    r.account = json[u"account"_s].toString();
    r.relay = json[u"relay"_s].toString();
    r.size = json[u"size"_s].toInteger();
    r.createdAt = json[u"createdAt"_s].toInteger();
    r.nextTryAt = json[u"nextTryAt"_s].toInteger();
    r.lastTryAt = json[u"lastTryAt"_s].toInteger();
    r.expiresAt = json[u"expiresAt"_s].toInteger();
    r.tries = json[u"tries"_s].toInt();
    r.lastError = json[u"lastError"_s].toString();
    return r;
}

QJsonObject ActivityEvent::toJson() const {
    return {
        {u"serial"_s, serial},
        {u"at"_s, at},
        {u"kind"_s, kind},
        {u"text"_s, text},
        {u"detail"_s, detail},
        {u"message"_s, message},
    };
}

ActivityEvent ActivityEvent::fromJson(const QJsonObject& json) {
    ActivityEvent r;
    r.serial = json[u"serial"_s].toInteger();
    r.at = json[u"at"_s].toInteger();
    r.kind = json[u"kind"_s].toString();
    r.text = json[u"text"_s].toString();
    r.detail = json[u"detail"_s].toString();
    r.message = json[u"message"_s].toString();
    return r;
}

QJsonObject Event::toJson() const {
    if (kind == "log"_L1)
        return {{u"kind"_s, kind}, {u"line"_s, line}};
    return {
        {u"kind"_s, kind},
        {u"activity"_s, activity.toJson()},
    };
}

Event Event::fromJson(const QJsonObject& json) {
    Event r;
    r.kind = json[u"kind"_s].toString();
    r.activity = ActivityEvent::fromJson(json[u"activity"_s].toObject());
    r.line = json[u"line"_s].toString();
    return r;
}

} // namespace postern::control
