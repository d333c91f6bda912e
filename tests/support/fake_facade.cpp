// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/fake_facade.h"

#include <QMetaObject>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::test {
namespace {

constexpr int kPiece = 512 << 10; // of a content, as the engine does

control::Reply good(QJsonValue value = QJsonObject()) {
    return {true, std::move(value), {}};
}

bool isMeant(const QJsonObject& args, const control::QueueRow& row) {
    if (args[u"all"_s].toBool())
        return args[u"state"_s].toString().isEmpty() || args[u"state"_s] == row.state;
    for (const auto& id : args[u"ids"_s].toArray()) {
        if (id.toString() == row.id || id.toString() == row.message)
            return true;
    }
    return false;
}

} // namespace

void FakeFacade::ask(control::Request request, control::ReplyDone done) {
    ++m_asked[request.verb];
    if (holdsAnswers) {
        m_open.append({std::move(request), std::move(done)});
        return;
    }
    QMetaObject::invokeMethod(
        &m_context, [this, request, done] { done(answer(request)); }, Qt::QueuedConnection);
}

void FakeFacade::answerAll() {
    const auto open = std::exchange(m_open, {});
    for (const auto& [request, done] : open)
        done(answer(request));
}

void FakeFacade::send(const control::Event& event) {
    if (m_sink)
        m_sink(event);
}

void FakeFacade::sendActivity(const control::ActivityEvent& event) {
    events.append(event);
    send({u"activity"_s, event});
}

control::Reply FakeFacade::list(const QJsonObject& args) const {
    QJsonArray found;
    int total = 0;
    const int offset = args[u"after"_s].toString().toInt();
    const int most = args[u"most"_s].toInt(100);
    const QString state = args[u"state"_s].toString();
    for (const auto& row : rows) {
        if (!state.isEmpty() && row.state != state)
            continue;
        if (total >= offset && found.size() < most)
            found.append(row.toJson());
        ++total;
    }
    QJsonObject value{{u"rows"_s, found}, {u"total"_s, total}, {u"newest"_s, QString::number(total)}};
    if (offset + found.size() < total)
        value[u"next"_s] = QString::number(offset + found.size());
    return good(value);
}

control::Reply FakeFacade::change(const control::Request& request) {
    requests.append(request);
    int changed = 0;
    if (request.verb == "queue.remove") {
        changed = static_cast<int>(rows.removeIf([&](const auto& row) { return isMeant(request.args, row); }));
    } else {
        for (auto& row : rows) {
            if (!isMeant(request.args, row))
                continue;
            ++changed;
            if (request.verb == "queue.hold")
                row.state = u"held"_s;
            else if (request.verb == "queue.release" && row.state == u"held")
                row.state = u"waiting"_s;
        }
    }
    return good(QJsonObject{{u"changed"_s, changed}});
}

control::Reply FakeFacade::answer(const control::Request& request) {
    if (!gone.isEmpty())
        return {false, {}, gone};
    if (request.verb == "status")
        return good(status.toJson());
    if (request.verb == "queue.list")
        return list(request.args);
    if (request.verb == "queue.show") {
        QJsonArray found;
        for (const auto& row : rows) {
            if (row.id == request.args[u"id"_s].toString() || row.message == request.args[u"id"_s].toString())
                found.append(row.toJson());
        }
        return found.isEmpty() ? control::Reply{false, {}, u"There is no such message in the queue."_s}
                               : good(QJsonObject{{u"rows"_s, found}});
    }
    if (request.verb == "queue.content") {
        for (const auto& row : rows) {
            if (row.id != request.args[u"id"_s].toString() && row.message != request.args[u"id"_s].toString())
                continue;
            const QByteArray whole = contents.value(row.message);
            const qsizetype offset = request.args[u"offset"_s].toInt();
            const QByteArray part = whole.mid(offset, std::min(request.args[u"most"_s].toInt(kPiece), kPiece));
            return good(QJsonObject{{u"content"_s, QString::fromLatin1(part.toBase64())},
                                    {u"offset"_s, offset},
                                    {u"size"_s, whole.size()}});
        }
        return {false, {}, u"There is no such message in the queue."_s};
    }
    if (request.verb == "activity") {
        QJsonArray found;
        for (const auto& event : events) {
            if (event.serial > request.args[u"since"_s].toInteger())
                found.append(event.toJson());
        }
        return good(QJsonObject{{u"events"_s, found}});
    }
    if (request.verb == "pause" || request.verb == "resume") {
        requests.append(request);
        (request.args[u"what"_s].toString() == u"mta" ? status.relayPaused : status.smtpPaused) = request.verb == "pause";
        return good();
    }
    if (request.verb.startsWith("queue."))
        return change(request);
    if (request.verb == "reload" || request.verb == "subscribe") {
        requests.append(request);
        return good();
    }
    return {false, {}, u"This gateway does not know “%1”."_s.arg(QString::fromLatin1(request.verb))};
}

} // namespace postern::test
