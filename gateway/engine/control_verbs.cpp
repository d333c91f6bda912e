// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/control_verbs.h"

#include "engine/engine.h"
#include "engine/queue_rows.h"

using namespace Qt::StringLiterals;

namespace postern::engine {
namespace {

constexpr qint64 kMostContent = 64LL << 20; // octets of one queue.content answer

control::Reply fine(QJsonValue value = QJsonObject()) {
    return {true, std::move(value), {}};
}

control::Reply refused(const QString& why) {
    return {false, {}, why};
}

} // namespace

void ControlVerbs::carryOut(const control::Request& request, control::ReplyDone done) {
    Engine& e = m_engine;
    const QByteArray& verb = request.verb;
    const RelayName relayName = [&e](const queue::Message& message, const queue::Envelope& envelope) {
        const auto at = e.m_desk->relays().find(e.m_desk->routeOf(message, envelope));
        return at == e.m_desk->relays().end() ? QByteArray() : at->second.name;
    };
    if (verb == "status")
        done(fine(e.status().toJson()));
    else if (verb == "queue.list")
        done(fine(listQueue(e.m_desk->scheduler(), request.args, relayName)));
    else if (verb == "queue.show")
        done(showQueue(e.m_desk->scheduler(), request.args["id"_L1].toString(), relayName));
    else if (verb == "queue.retry" || verb == "queue.hold" || verb == "queue.release" || verb == "queue.remove")
        done(changeQueue(verb, request.args));
    else if (verb == "queue.content")
        content(request.args, std::move(done));
    else if (verb == "activity")
        done(activity(request.args));
    else if (verb == "log.tail")
        done(fine(QJsonObject{
            {u"lines"_s, QJsonArray::fromStringList(e.m_journal.logTail(request.args["most"_L1].toInt(200)))}}));
    else if (verb == "pause" || verb == "resume")
        done(pause(request.args, verb == "pause"));
    else if (verb == "reload")
        done(e.reload());
    else if (verb == "subscribe")
        done(fine());
    else if (verb == "stop") {
        done(fine());
        if (e.m_stopAsked)
            e.m_stopAsked();
    } else
        done(refused(u"This gateway does not know the request \"%1\"."_s.arg(
            QString::fromUtf8(harmless(verb, 40)))));
}

control::Reply ControlVerbs::changeQueue(const QByteArray& verb, const QJsonObject& args) {
    DeliveryDesk& desk = *m_engine.m_desk;
    const auto ids = envelopesOf(desk.scheduler(), args);
    if (!ids)
        return refused(QString::fromUtf8(ids.error().text) + u'.');
    int n = 0;
    if (verb == "queue.retry") {
        for (const auto& thread : m_engine.m_ioThreads)
            thread->forgetRelayFailures();
        n = desk.retry(*ids);
    } else if (verb == "queue.hold") {
        n = desk.hold(*ids);
    } else if (verb == "queue.release") {
        n = desk.release(*ids);
    } else {
        n = desk.remove(*ids);
    }
    m_engine.m_journal.add("engine", QByteArray("By hand: ") + verb.mid(6) + ", " + QByteArray::number(n) +
                                         (n == 1 ? " recipient" : " recipients"));
    m_engine.publishChanged();
    return fine(QJsonObject{{u"changed"_s, n}});
}

void ControlVerbs::content(const QJsonObject& args, control::ReplyDone done) {
    const QByteArray text = args["id"_L1].toString().toLatin1();
    const queue::EnvelopeId envelope = queue::envelopeIdFromText(text);
    const queue::MessageId id = envelope ? queue::messageOf(envelope) : queue::messageIdFromText(text);
    const qint64 most = qBound<qint64>(1, args["most"_L1].toInteger(1 << 20), kMostContent);
    if (!id) {
        done(refused(u"That is not a message id."_s));
        return;
    }
    const auto answer = [this, most, done = std::move(done), files = m_engine.m_files.get(),
                         calls = m_engine.m_calls.address()](Result<queue::BodyPtr> body) {
        calls.post([most, done, files, body = std::move(body)] {
            if (!body) {
                done(refused(QString::fromUtf8(body.error().text)));
                return;
            }
            const queue::Body& stored = **body;
            const auto bytes = stored.file.isEmpty() ? Result<QByteArray>(stored.bytes.left(most))
                                                     : files->read(stored.file, 0, most);
            if (!bytes) {
                done(refused(QString::fromUtf8(bytes.error().text)));
                return;
            }
            done(fine(QJsonObject{{u"content"_s, QString::fromLatin1(bytes->toBase64())},
                                  {u"size"_s, stored.size},
                                  {u"truncated"_s, bytes->size() < stored.size}}));
        });
    };
    m_engine.m_spool->post(queue::ReadBody{id, answer});
}

control::Reply ControlVerbs::activity(const QJsonObject& args) const {
    const auto events = m_engine.m_journal.since(args["since"_L1].toInteger(),
                                                 qBound(1, args["most"_L1].toInt(1000), 20'000));
    QJsonArray out;
    for (const control::ActivityEvent& event : events)
        out.append(event.toJson());
    return fine(QJsonObject{{u"events"_s, out}});
}

control::Reply ControlVerbs::pause(const QJsonObject& args, bool on) {
    const QString what = args["what"_L1].toString();
    if (what == "mta"_L1) {
        m_engine.m_relayPaused = on;
        m_engine.m_desk->setPaused(on);
    } else if (what == "smtp"_L1) {
        m_engine.m_smtpPaused = on;
        for (const auto& thread : m_engine.m_ioThreads)
            thread->setSmtpPaused(on);
    } else {
        return refused(u"Say what to pause or resume: mta (sending) or smtp (receiving)."_s);
    }
    m_engine.m_journal.add("engine", QByteArray(on ? "Paused: " : "Resumed: ") +
                                         (what == "mta"_L1 ? "sending" : "receiving"));
    m_engine.publishChanged();
    return fine();
}

} // namespace postern::engine
