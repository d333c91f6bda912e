// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/control_verbs.h"

#include "engine/engine.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::engine {
namespace {

constexpr int kMostActivity = 2'000;       // events of one answer
constexpr int kChangedAtOnce = 500;        // envelopes; then others get their turn

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
    log(LogLevel::Debug, LogArea::Control, "asked for " + verb);
    if (verb == "status")
        done(fine(e.status().toJson()));
    else if (verb == "queue.list")
        list(Listing::ofPage(e.m_desk->scheduler(), request.args), std::move(done));
    else if (verb == "queue.show")
        list(Listing::ofId(e.m_desk->scheduler(), request.args["id"_L1].toString()), std::move(done));
    else if (verb == "queue.retry" || verb == "queue.hold" || verb == "queue.release" || verb == "queue.remove")
        changeQueue(verb, request.args, std::move(done));
    else if (verb == "queue.content")
        content(request.args, std::move(done));
    else if (verb == "queue.discover")
        discover(request.args, std::move(done));
    else if (verb == "counters")
        done(fine(e.counters()));
    else if (verb == "table.update")
        done(e.updateTable(request.args["name"_L1].toString().toUtf8()));
    else if (verb == "activity")
        done(activity(request.args));
    else if (verb == "log.tail")
        done(fine(QJsonObject{
            {u"lines"_s, QJsonArray::fromStringList(e.m_journal.logTail(request.args["most"_L1].toInt(200)))}}));
    else if (verb == "pause" || verb == "resume")
        pause(request.args, verb == "pause", std::move(done));
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

// The rows are those of now; their words, where the scheduler has none, are read by the spool.
void ControlVerbs::list(Result<Listing> listing, control::ReplyDone done) {
    if (!listing) {
        done(refused(QString::fromUtf8(listing.error().text) + u'.'));
        return;
    }
    const auto answer = [&e = m_engine, done = std::move(done)](const Listing& ready) {
        done(ready.reply([&e](const queue::Envelope& envelope) {
            const auto at = e.m_desk->relays().find(e.m_desk->routeOf(queue::Way::of(envelope)));
            return at == e.m_desk->relays().end() ? QByteArray() : at->second.name;
        }));
    };
    std::vector<queue::MessageId> missing = listing->missing();
    if (missing.empty()) {
        answer(*listing);
        return;
    }
    const auto begun = std::make_shared<Listing>(std::move(listing).value());
    using Found = std::vector<Result<queue::QueuedMessage>>;
    m_engine.m_spool->post(queue::LoadMessages{missing, [begun, answer, missing, calls = m_engine.m_calls.address()](Found found) {
                                                   calls.post([begun, answer, missing, found = std::move(found)] {
                                                       begun->supply(missing, found);
                                                       answer(*begun);
                                                   });
                                               }});
}

// A change by hand under way: some hundred envelopes, their commit, the next ones. So a queue of any length can be removed
// while mail goes in and out, and the answer comes when all of it is durable.
struct ControlVerbs::Change {
    QByteArray verb;
    Selection selection;
    control::ReplyDone done;
    int changed = 0;
};

void ControlVerbs::changeQueue(const QByteArray& verb, const QJsonObject& args, control::ReplyDone done) {
    auto selection = Selection::from(m_engine.m_desk->scheduler(), args);
    if (!selection) {
        done(refused(QString::fromUtf8(selection.error().text) + u'.'));
        return;
    }
    if (verb == "queue.retry")
        for (const auto& thread : m_engine.m_ioThreads)
            thread->forgetRelayFailures();
    if (verb == "queue.retry" && m_engine.m_localThread)
        m_engine.m_localThread->forgetFailures();
    changeSome(std::make_shared<Change>(Change{verb, std::move(selection).value(), std::move(done), 0}));
}

void ControlVerbs::changeSome(const std::shared_ptr<Change>& change) {
    DeliveryDesk& desk = *m_engine.m_desk;
    const auto ids = change->selection.next(desk.scheduler(), kChangedAtOnce);
    if (ids.empty()) {
        const QByteArray n = QByteArray::number(change->changed);
        m_engine.m_journal.add("engine", QByteArray("By hand: ") + change->verb.mid(6) + ", " + n +
                                             (change->changed == 1 ? " recipient" : " recipients"));
        m_engine.publishChanged();
        change->done(fine(QJsonObject{{u"changed"_s, change->changed}}));
        return;
    }
    change->changed += change->verb == "queue.retry"     ? desk.retry(ids)
                       : change->verb == "queue.hold"    ? desk.hold(ids)
                       : change->verb == "queue.release" ? desk.release(ids)
                                                         : desk.remove(ids);
    // Empty, so that its answer tells of the commit that what was just posted is in, too.
    queue::UpdateEnvelopes behind;
    behind.done = [&engine = m_engine, change, calls = m_engine.m_calls.address()](Result<void> outcome) {
        calls.post([&engine, change, outcome = std::move(outcome)] {
            if (outcome)
                ControlVerbs(engine).changeSome(change);
            else
                change->done(refused(u"The queue cannot be written: %1. It is done as soon as it can."_s.arg(QString::fromUtf8(outcome.error().text))));
        });
    };
    m_engine.m_spool->post(std::move(behind));
}

void ControlVerbs::content(const QJsonObject& args, control::ReplyDone done) {
    const QByteArray text = args["id"_L1].toString().toLatin1();
    const queue::EnvelopeId envelope = queue::envelopeIdFromText(text);
    const queue::MessageId id = envelope ? queue::messageOf(envelope) : queue::messageIdFromText(text);
    if (!id) {
        done(refused(u"That is not a message id."_s));
        return;
    }
    const auto read = [args, files = m_engine.m_files.get()](const Result<queue::BodyPtr>& body) {
        return body ? pieceOfContent(*files, *body, args) : refused(QString::fromUtf8(body.error().text));
    };
    // The spool says where it lies, a reader fetches it from the disk, and here it is handed on.
    const auto located = [&engine = m_engine, read, done = std::move(done)](const Result<queue::BodyPtr>& body) {
        engine.m_readers.post([read, body, done, calls = engine.m_calls.address()] {
            calls.post([done, reply = read(body)] { done(reply); });
        });
    };
    m_engine.m_spool->post(queue::ReadBody{id, [located, calls = m_engine.m_calls.address()](Result<queue::BodyPtr> body) {
                                               calls.post([located, body = std::move(body)] { located(body); });
                                           }});
}

void ControlVerbs::discover(const QJsonObject& args, control::ReplyDone done) {
    const QString text = args["id"_L1].toString();
    const queue::EnvelopeId envelope = queue::envelopeIdFromText(text.toLatin1());
    const queue::MessageId id = envelope ? queue::messageOf(envelope) : queue::messageIdFromText(text.toLatin1());
    if (!id) {
        done(refused(u"\"%1\" is not a message or envelope id."_s.arg(QString::fromUtf8(harmless(text.toUtf8(), 40)))));
        return;
    }
    // While rows of what was delivered cannot be removed, they must not be taken for mail that waits.
    if (!m_engine.m_spoolTrouble.isEmpty()) {
        done(refused(u"The queue cannot be written: %1."_s.arg(QString::fromUtf8(m_engine.m_spoolTrouble))));
        return;
    }
    const auto found = [&engine = m_engine, envelope, done = std::move(done)](Result<queue::QueuedMessage> loaded) {
        if (!loaded) {
            done(refused(QString::fromUtf8(loaded.error().text) + u'.'));
            return;
        }
        queue::QueuedMessage queued = std::move(loaded).value();
        const QString name = QString::fromLatin1(queue::toText(queued.message.id));
        if (queued.envelopes.empty() || !queued.damage.isEmpty()) {
            done(refused(queued.damage.isEmpty() ? u"Message %1 has no envelope in the queue."_s.arg(name)
                                                 : u"message %1: %2."_s.arg(name, QString::fromUtf8(queued.damage))));
            return;
        }
        const int n = engine.m_desk->discover(std::move(queued), envelope);
        if (n > 0)
            engine.m_journal.add("engine", "By hand: discover, " + QByteArray::number(n) +
                                               (n == 1 ? " recipient" : " recipients"));
        done(fine(QJsonObject{{u"changed"_s, n}}));
    };
    m_engine.m_spool->post(queue::LoadMessages{
        {id}, [found, calls = m_engine.m_calls.address()](std::vector<Result<queue::QueuedMessage>> loaded) {
            calls.post([found, loaded = std::move(loaded.front())] { found(loaded); });
        }});
}

control::Reply ControlVerbs::activity(const QJsonObject& args) const {
    const auto events = m_engine.m_journal.since(args["since"_L1].toInteger(),
                                                 qBound(1, args["most"_L1].toInt(1000), kMostActivity));
    QJsonArray out;
    for (const control::ActivityEvent& event : events)
        out.append(event.toJson());
    return fine(QJsonObject{{u"events"_s, out}});
}

// It holds at once; the answer comes when it will outlive a restart, too.
void ControlVerbs::pause(const QJsonObject& args, bool on, control::ReplyDone done) {
    const QString what = args["what"_L1].toString();
    const char* words = "sending";
    if (what == "mta"_L1) {
        m_engine.m_relayPaused = on;
        m_engine.m_desk->setPaused(on, m_engine.m_mdaPaused);
    } else if (what == "mda"_L1) {
        m_engine.m_mdaPaused = on;
        m_engine.m_desk->setPaused(m_engine.m_relayPaused, on);
        if (m_engine.m_localThread) // not while we are stopping
            m_engine.m_localThread->setPaused(on);
        words = "delivering on this computer";
    } else if (what == "smtp"_L1) {
        m_engine.m_smtpPaused = on;
        for (const auto& thread : m_engine.m_ioThreads)
            thread->setSmtpPaused(on);
        words = "receiving";
    } else {
        done(refused(u"Say what to pause or resume: mta (sending), smtp (receiving) or mda (delivering on this computer)."_s));
        return;
    }
    const QByteArray news = QByteArray(on ? "Paused: " : "Resumed: ") + words;
    log(LogLevel::Notice, LogArea::Engine, news);
    m_engine.m_journal.add("engine", news);
    m_engine.publishChanged();
    m_engine.keepPauses([done = std::move(done), news](const Result<void>& kept) {
        if (kept) {
            done(fine());
            return;
        }
        const QByteArray trouble = news + " for now, but a restart may undo it, because the queue could not note it: " +
                                   kept.error().text + ". Put that right, then say it again.";
        log(LogLevel::Error, LogArea::Engine, trouble);
        done(refused(QString::fromUtf8(harmless(trouble))));
    });
}

} // namespace postern::engine
