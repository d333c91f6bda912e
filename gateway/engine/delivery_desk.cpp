// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/delivery_desk.h"

#include "base/crash_notes.h"
#include "base/log.h"
#include "engine/loaded_config.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace postern::engine {

using queue::Delivery;
using queue::Envelope;
using queue::EnvelopeId;
using queue::EnvelopeUpdate;
using queue::Failure;
using queue::Message;
using queue::MessageId;
using queue::TryOutcome;
using queue::TryResult;

namespace {

constexpr qint64 kBodyMemory = 64LL << 20; // octets of small contents kept for a first try soon
constexpr Milliseconds kRecordAgain{3'000};
constexpr size_t kMostRelays = 2'000;
constexpr qint64 kStillComingIn = 10; // seconds; we hear of a stored message in milliseconds

// "relay" names for people: the URL without secrets, or whose mail servers.
QByteArray nameOf(const policy::RelaySpec& spec, const QByteArray& domain) {
    if (!spec.urls.empty())
        return spec.urls.front().masked();
    if (spec.hostTable && !spec.hostTable->name().startsWith('<'))
        return "hosts of table " + spec.hostTable->name();
    if (spec.hostTable) { // a list in the rule itself has no name
        const std::vector<policy::RelayShare> relays = spec.relays();
        const auto first = policy::RelayUrl::parse(relays.empty() ? QByteArray() : relays.front().url, spec.era);
        return (first ? first->masked() : QByteArray("a list of relays")) +
               (relays.size() > 1 ? " and " + QByteArray::number(relays.size() - 1) + " more" : QByteArray());
    }
    if (spec.hostByDomain)
        return "relay of " + domain + " in table " + spec.hostByDomain->name();
    return "mail servers of " + domain;
}

} // namespace

DeliveryDesk::DeliveryDesk(Parts parts)
    : m_parts(std::move(parts)), m_rules(std::make_shared<policy::Ruleset>()),
      m_scheduler(*m_parts.clock, [this](const queue::Way& way) { return routeOf(way); }),
      m_stored([this](std::vector<Stored>&& b) { takeStored(std::move(b)); }),
      m_reports([this](std::vector<relay::RelayReport>&& b) { takeReports(std::move(b)); }),
      m_localReports([this](std::vector<local::LocalReport>&& b) { takeLocalReports(std::move(b)); }),
      m_mailRead([this](std::vector<MailRead>&& b) { takeMail(std::move(b)); }),
      m_recorded([this](std::vector<Recorded>&& b) { takeRecorded(std::move(b)); }),
      m_noticeWays([this](std::vector<NoticeWay>&& b) { takeNoticeWays(std::move(b)); }) {
    m_scheduler.setShares(m_parts.shares);
    m_wake.setSingleShot(true);
    QObject::connect(&m_wake, &QTimer::timeout, &m_wake, [this] { pump(); });
    m_again.setSingleShot(true);
    QObject::connect(&m_again, &QTimer::timeout, &m_again, [this] { recordAgain(); });
}

DeliveryDesk::~DeliveryDesk() = default;

void DeliveryDesk::setRules(policy::RulesetPtr rules, QByteArray serverName,
                            std::map<QByteArray, tls::IdentityPtr> identities) {
    m_rules = std::move(rules);
    m_serverName = std::move(serverName);
    m_identities = std::move(identities);
    m_localNames = localNames(*m_rules);
    m_specs.clear();
    m_handshakes.clear();
    for (auto& [route, relay] : m_relays)
        relay.way.clear(); // its line may be another one now
    const policy::Settings& settings = m_rules->settings;
    m_scheduler.setMaxInFlightPerRoute(std::max(1, settings.mta.taskHiwat), std::max(1, settings.mda.taskHiwat));
    m_scheduler.setMaxInFlight(settings.scheduler.maxInflight);
    const bool hasInterval = settings.origins.contains(config::Setting::QueueInterval);
    m_scheduler.setRetryInterval(Seconds(hasInterval ? settings.queueInterval : 0));
    m_scheduler.rerouteAll();
    pump();
}

void DeliveryDesk::setOwnAddresses(QByteArrayList addresses) {
    m_ownAddresses = std::make_shared<const QByteArrayList>(std::move(addresses));
}

void DeliveryDesk::add(queue::QueueOutline outline, const std::set<MessageId>& deadly) {
    for (const queue::QueueOutline::OfMessage& message : outline.messages)
        if (deadly.contains(message.id))
            setAside(outline, message);
    m_scheduler.add(outline);
    pump();
}

void DeliveryDesk::setAside(queue::QueueOutline& outline, const queue::QueueOutline::OfMessage& message) {
    const QByteArray why = "held: the gateway broke down again and again while it was at work on this message; "
                           "release it to try again, or export it and remove it";
    std::vector<EnvelopeUpdate> updates;
    for (quint32 i = message.first; i < message.first + message.count; ++i) {
        queue::QueueOutline::OfEnvelope& envelope = outline.envelopes[i];
        if (envelope.state != queue::EnvelopeState::Waiting)
            continue;
        envelope.state = queue::EnvelopeState::Held;
        updates.push_back({EnvelopeUpdate::Kind::Reschedule, envelope.id, envelope.nextTryAt, 0, -1, why});
        updates.push_back({EnvelopeUpdate::Kind::Hold, envelope.id, 0, 0, -1, {}});
    }
    if (updates.empty())
        return;
    const QByteArray id = queue::toText(message.id);
    log(LogLevel::Error, LogArea::Queue, "message " + id + " is " + why);
    m_parts.journal->add("delayed", "Message " + id + " is " + why, {}, id);
    record(std::move(updates));
}

void DeliveryDesk::stop() {
    m_stopped = true;
    m_wake.stop();
    recordAgain(); // the last chance
}

void DeliveryDesk::recordAgain() {
    for (queue::UpdateEnvelopes& request : std::exchange(m_unrecorded, {}))
        record(std::move(request.updates));
}

std::function<void(queue::QueuedMessage, queue::BodyPtr)> DeliveryDesk::storedSink() const {
    return [address = m_stored.address()](queue::QueuedMessage queued, queue::BodyPtr body) {
        address.post(Stored{std::move(queued), std::move(body)});
    };
}

std::function<void(relay::RelayReport)> DeliveryDesk::reportSink() const {
    return [address = m_reports.address()](relay::RelayReport report) { address.post(std::move(report)); };
}

// --- what relays an envelope ---------------------------------------------------------------------------------------

std::shared_ptr<const policy::RelaySpec> DeliveryDesk::specOf(const QByteArray& action, const QByteArray& relay,
                                                                QByteArray* why) const {
    if (!action.isEmpty()) {
        const auto at = m_rules->actions.find(action);
        if (at != m_rules->actions.end() && at->second->kind == policy::ActionKind::Relay)
            return {at->second, &at->second->relay};
        if (why)
            *why = "the configuration has no relay action \"" + action +
                   "\" any more; add it again, or remove this message";
        return nullptr;
    }
    auto& known = m_specs[relay];
    if (known)
        return known;
    auto spec = policy::RelaySpec::fromBytes(relay, *m_rules);
    if (!spec) {
        if (why)
            *why = spec.error().text;
        return nullptr;
    }
    known = std::make_shared<const policy::RelaySpec>(std::move(spec).value());
    return known;
}

// Equal keys may share connections: same relay definition, and for MX relaying the same domain.
QByteArray DeliveryDesk::routeOf(const queue::Way& way) const {
    if (way.isHere())
        return localRouteOf(way);
    const auto spec = specOf(way.action, way.relay, nullptr);
    QByteArray key = way.action.isEmpty() ? way.relay : way.action;
    if (spec && spec->urls.empty() && !spec->hostTable)
        key += '\0' + way.domain;
    return key;
}

// --- the loop --------------------------------------------------------------------------------------------------------

void DeliveryDesk::pump() {
    if (m_stopped)
        return;
    giveBack(m_scheduler.expired());
    for (Delivery& delivery : m_scheduler.due()) {
        const MessageId id = queue::messageOf(delivery.envelopes.front().id);
        const AtWork here(id);
        if (const auto at = m_bodies.find(id); at != m_bodies.end() && delivery.message) {
            dispatch(std::move(delivery), at->second);
            continue;
        }
        auto& waiting = m_waitingForMail[id];
        waiting.push_back(std::move(delivery));
        if (waiting.size() == 1)
            fetch(id);
    }
    if (const auto wake = m_scheduler.nextWake()) {
        const auto wait = std::max(Milliseconds(0), *wake - m_parts.clock->steady());
        m_wake.start(std::min(wait, Milliseconds(60'000)));
    } else {
        m_wake.stop();
    }
    m_parts.changed();
}

void DeliveryDesk::takeStored(std::vector<Stored>&& batch) {
    std::vector<Telling> expanded;
    for (Stored& stored : batch) {
        const AtWork here(stored.queued.message.id);
        remember(stored.queued, stored.body);
        if (!stored.queued.expanded.empty())
            expanded.push_back({queue::NoticeKind::Expanded,
                                {std::make_shared<const Message>(stored.queued.message), std::move(stored.queued.expanded), false},
                                {}});
        m_scheduler.add(std::move(stored.queued));
    }
    for (Telling& telling : expanded)
        tell(std::move(telling));
    pump();
}

void DeliveryDesk::fetch(MessageId id) {
    m_parts.spool->post(queue::ReadMail{id, [address = m_mailRead.address(), id](Result<queue::QueuedMessage> words,
                                                                                 Result<queue::BodyPtr> body) {
                                            address.post(MailRead{id, std::move(words), std::move(body)});
                                        }});
}

void DeliveryDesk::takeMail(std::vector<MailRead>&& batch) {
    if (m_stopped)
        return; // the workers may be gone; what waits is on disk as it was
    for (MailRead& read : batch) {
        const AtWork here(read.id);
        if (read.words)
            m_scheduler.supply(*read.words);
        if (auto waiting = m_tellingsWaitingForMail.extract(read.id))
            for (Telling& telling : waiting.mapped())
                tellRead(std::move(telling), read);
        if (auto waiting = m_waitingForMail.extract(read.id))
            for (Delivery& delivery : waiting.mapped())
                dispatchRead(std::move(delivery), read);
    }
    pump();
}

void DeliveryDesk::dispatchRead(Delivery delivery, const MailRead& read) {
    const bool isWhole = delivery.message || m_scheduler.fill(delivery);
    if (isWhole && read.body)
        dispatch(std::move(delivery), *read.body);
    else if (!read.words)
        shelve(delivery, read.words.error());
    else if (!read.body)
        shelve(delivery, read.body.error());
    else
        shelve(delivery, {ErrorCode::NotFound, "a recipient of it is missing from the queue database"});
}

// It cannot be had. Damaged or gone: a person must look at it; a disk that is away: later.
void DeliveryDesk::shelve(const Delivery& delivery, const Error& error) {
    refuse(delivery, "the stored message cannot be read: " + error.text, TryResult::Temporary);
    if (error.code != ErrorCode::Corrupt && error.code != ErrorCode::NotFound)
        return;
    std::vector<EnvelopeId> ids;
    for (const Envelope& envelope : delivery.envelopes)
        ids.push_back(envelope.id);
    record(m_scheduler.hold(ids));
}

// Worked out once for all deliveries with the same words: OpenSSL takes a while over a choice of ciphers.
const Result<tls::ClientRulesPtr>& DeliveryDesk::handshakesOf(const policy::RelaySpec& spec) {
    const QByteArray words = spec.ciphers + '\n' + spec.protocols;
    const auto known = m_handshakes.find(words);
    return known == m_handshakes.end() ? m_handshakes.emplace(words, clientTls(*m_rules, spec)).first->second : known->second;
}

void DeliveryDesk::dispatch(Delivery delivery, queue::BodyPtr body) {
    if (queue::isLocal(delivery.route))
        dispatchLocal(std::move(delivery), std::move(body));
    else
        dispatchAway(std::move(delivery), std::move(body));
}

void DeliveryDesk::dispatchAway(Delivery delivery, queue::BodyPtr body) {
    QByteArray why;
    auto spec = specOf(delivery.envelopes.front().action, delivery.envelopes.front().relay, &why);
    if (!spec) {
        refuse(delivery, why, TryResult::Temporary);
        return;
    }
    const Result<tls::ClientRulesPtr>& handshakes = handshakesOf(*spec);
    if (!handshakes) {
        refuse(delivery, handshakes.error().text, TryResult::Temporary);
        return;
    }
    relay::RelayJob job;
    job.handshakes = *handshakes;
    job.action = delivery.envelopes.front().action.isEmpty() ? delivery.envelopes.front().relay : delivery.envelopes.front().action;
    job.domain = queue::Way::of(delivery.envelopes.front()).domain;
    job.serverName = m_serverName;
    job.ownAddresses = m_ownAddresses;
    job.settings = {m_rules, &m_rules->settings};
    if (const policy::Pki* pki = spec->pki.isEmpty() ? nullptr : m_rules->pki(spec->pki)) {
        if (const auto at = m_identities.find(pki->name); at != m_identities.end())
            job.identity = at->second;
    }
    if (m_relays.size() >= kMostRelays && !m_relays.contains(delivery.route)) { // domains without end
        std::erase_if(m_relays, [](const auto& entry) { return !entry.second.failing; });
        if (m_relays.size() >= kMostRelays)
            m_relays.clear(); // all of them fail: that is told by those that come now
    }
    auto& record = m_relays[delivery.route];
    if (record.name.isEmpty()) {
        record.name = nameOf(*spec, job.domain);
        record.action = delivery.envelopes.front().action;
        record.relay = delivery.envelopes.front().relay;
    }
    if (isLogged(LogLevel::Debug))
        log(LogLevel::Debug, LogArea::Relay,
            queue::toText(delivery.message->id) + ": off to " + record.name + " for " + delivery.envelopes.front().recipient +
                (delivery.envelopes.size() == 1 ? QByteArray()
                                                : " and " + QByteArray::number(delivery.envelopes.size() - 1) + " more"));
    const size_t worker = qHash(delivery.route) % m_parts.workers;
    job.body = std::move(body);
    job.spec = std::move(spec);
    job.delivery = std::move(delivery);
    std::vector<relay::RelayJob> jobs;
    jobs.push_back(std::move(job));
    m_parts.submit(worker, std::move(jobs));
}

void DeliveryDesk::refuse(const Delivery& delivery, const QByteArray& why, TryResult result) {
    std::vector<TryOutcome> outcomes;
    for (const Envelope& envelope : delivery.envelopes)
        outcomes.push_back({envelope.id, result, why, true});
    const QByteArray id = queue::toText(queue::messageOf(delivery.envelopes.front().id));
    const QByteArray what = delivery.message ? "to " + delivery.envelopes.front().recipient : "(message " + id + ')';
    m_parts.journal->add("delayed", "Not sent " + what + ": " + why, {}, id);
    settle(outcomes);
}

// OpenSMTPD's max-deferred: mail whose next hop failed as a whole goes on when the hop takes something again, and does not
// wait for its own next try.
void DeliveryDesk::keepForLater(RelayRecord& relay, const std::vector<TryOutcome>& outcomes) {
    for (const TryOutcome& outcome : outcomes)
        if (outcome.result == TryResult::Temporary && outcome.countsAsTry &&
            relay.deferred.size() < size_t(std::max(0, m_rules->settings.maxDeferred)))
            relay.deferred.push_back(outcome.id);
}

void DeliveryDesk::release(RelayRecord& relay) {
    if (!relay.deferred.empty())
        record(m_scheduler.retryNow(std::exchange(relay.deferred, {})));
}

void DeliveryDesk::takeReports(std::vector<relay::RelayReport>&& batch) {
    std::vector<TryOutcome> outcomes;
    std::vector<Telling> tellings;
    std::vector<EnvelopeId> damaged;
    std::set<queue::RouteKey> works;
    for (relay::RelayReport& report : batch) {
        if (!report.relayed.empty())
            tellings.push_back({queue::NoticeKind::Relayed, {report.message, std::move(report.relayed), false}, {}});
        RelayRecord forgotten; // its record was dropped meanwhile
        const auto at = m_relays.find(report.route);
        RelayRecord& relay = at == m_relays.end() ? forgotten : at->second;
        if (report.stalled) {
            relay.setStalled(*report.stalled, report.routeText);
            continue;
        }
        if (report.routeFailed) {
            relay.failing = true;
            relay.isStalled = false;
            relay.detail = report.routeText;
            m_scheduler.routeFailed(report.route);
            keepForLater(relay, report.outcomes);
        } else if (report.routeWorked) {
            works.insert(report.route);
            relay.hear(report.outcomes, m_parts.clock->wall().time_since_epoch().count());
            m_scheduler.routeWorks(report.route);
        }
        note(report.outcomes, report.peer, report.damaged);
        for (const TryOutcome& outcome : report.outcomes)
            if (report.damaged && outcome.countsAsTry && outcome.result == TryResult::Temporary)
                damaged.push_back(outcome.id);
        outcomes.insert(outcomes.end(), std::make_move_iterator(report.outcomes.begin()),
                        std::make_move_iterator(report.outcomes.end()));
    }
    settle(outcomes, std::move(tellings));
    if (!damaged.empty()) // as shelve() does: no try will mend it, a person must look
        record(m_scheduler.hold(damaged));
    for (const queue::RouteKey& route : works)
        if (const auto at = m_relays.find(route); at != m_relays.end() && !at->second.failing)
            release(at->second);
    pump();
}

void DeliveryDesk::settle(const std::vector<TryOutcome>& outcomes, std::vector<Telling> tellings) {
    const std::vector<Late> late = mayBeLate(outcomes);
    queue::Scheduler::Settled settled = m_scheduler.finished(outcomes);
    for (Telling& telling : tellings) { // what is told of stays until it is told: the notice needs the content
        const auto isTold = [&](const EnvelopeUpdate& update) {
            return std::any_of(telling.about.envelopes.begin(), telling.about.envelopes.end(),
                               [&](const Envelope& envelope) { return envelope.id == update.id; });
        };
        std::copy_if(settled.updates.begin(), settled.updates.end(), std::back_inserter(telling.updates), isTold);
        std::erase_if(settled.updates, isTold);
    }
    tellOfDelay(late, settled.updates);
    for (const EnvelopeUpdate& update : settled.updates)
        forgetBodyOf(update.id);
    record(std::move(settled.updates));
    for (Telling& telling : tellings)
        tell(std::move(telling));
    giveBack(std::move(settled.failures));
}

// --- durable changes -------------------------------------------------------------------------------------------------

void DeliveryDesk::record(std::vector<EnvelopeUpdate> updates) {
    if (updates.empty())
        return;
    queue::UpdateEnvelopes request;
    request.updates = updates;
    request.done = [address = m_recorded.address(), tell = m_spoolTroubled,
                    updates = std::move(updates)](Result<void> outcome) {
        if (outcome && !tell)
            return; // the common case costs no wake-up
        queue::UpdateEnvelopes again;
        if (!outcome)
            again.updates = updates;
        address.post(Recorded{std::move(again), {}, {}, {}, std::move(outcome)});
    };
    m_parts.spool->post(std::move(request));
}

void DeliveryDesk::takeRecorded(std::vector<Recorded>&& batch) {
    for (Recorded& recorded : batch) {
        if (recorded.outcome) {
            m_spoolTroubled = false;
            m_parts.spoolFine();
            m_scheduler.forget(recorded.returned);
            for (const EnvelopeId id : recorded.returned)
                forgetBodyOf(id);
            for (auto& [bounce, body] : recorded.bounces) {
                noteTold(recorded, bounce);
                remember(bounce, body);
                m_scheduler.add(std::move(bounce));
            }
            continue;
        }
        m_spoolTroubled = true;
        m_parts.spoolTroubled(recorded.outcome.error());
        if (!recorded.returned.empty()) {
            // They are still in the scheduler's books: the next try, or the next look at their age, returns them again.
            record(m_scheduler.keep(recorded.returned,
                                    "could not be returned to the sender: " + recorded.outcome.error().text,
                                    queue::Scheduler::Unreturned::TryAgain));
            continue;
        }
        m_unrecorded.push_back(std::move(recorded.request));
        m_again.start(kRecordAgain);
    }
    pump();
}

// Both the message and the notice about it say so, each naming the other: whoever asks after one finds the end of it.
void DeliveryDesk::noteTold(const Recorded& recorded, const queue::QueuedMessage& notice) {
    const QByteArray to = notice.envelopes.front().recipient;
    const QByteArray id = queue::toText(notice.message.id), aboutId = queue::toText(recorded.about.message->id);
    const Envelope& first = recorded.about.envelopes.front();
    const size_t more = recorded.about.envelopes.size() - 1;
    const QByteArray mail =
        "mail for " + first.recipient + (more == 0 ? QByteArray() : " and " + QByteArray::number(more) + " more");
    if (recorded.returned.empty())
        m_parts.journal->add("notice", "Told " + to + " about " + mail + ": " + notice.message.subject + " (" + id + ')', {},
                             aboutId);
    else
        m_parts.journal->add("bounced", "Returned to " + to + ": " + mail +
                                            (recorded.about.expired ? " was given up, its time is over: " : " was refused: ") +
                                            first.lastError + " (the notice is " + id + ')',
                             {}, aboutId);
    m_parts.journal->add("notice", "Notice to " + to + " about message " + aboutId + ": " + notice.message.subject, {}, id);
}

// --- returning mail --------------------------------------------------------------------------------------------------

void DeliveryDesk::giveBack(std::vector<Failure> failures) {
    for (Failure& failure : failures)
        tell({queue::NoticeKind::Failed, std::move(failure), {}});
}

void DeliveryDesk::keep(const Failure& failure, const QByteArray& why, queue::Scheduler::Unreturned what) {
    std::vector<EnvelopeId> ids;
    for (const Envelope& envelope : failure.envelopes)
        ids.push_back(envelope.id);
    const QByteArray id = queue::toText(queue::messageOf(ids.front()));
    if (what == queue::Scheduler::Unreturned::Hold)
        m_parts.journal->add("delayed", "Held: " + (failure.message ? "mail for " + failure.envelopes.front().recipient : "message " + id) +
                                            ' ' + why, {}, id);
    record(m_scheduler.keep(ids, why, what));
}

// --- people's wishes -------------------------------------------------------------------------------------------------

int DeliveryDesk::retry(const std::vector<EnvelopeId>& ids) {
    auto updates = m_scheduler.retryNow(ids);
    const int n = int(updates.size());
    record(std::move(updates));
    pump();
    return n;
}

int DeliveryDesk::hold(const std::vector<EnvelopeId>& ids) {
    auto updates = m_scheduler.hold(ids);
    const int n = int(updates.size());
    record(std::move(updates));
    pump();
    return n;
}

int DeliveryDesk::release(const std::vector<EnvelopeId>& ids) {
    auto updates = m_scheduler.release(ids);
    const int n = int(updates.size());
    record(std::move(updates));
    pump();
    return n;
}

int DeliveryDesk::remove(const std::vector<EnvelopeId>& ids) {
    auto updates = m_scheduler.remove(ids);
    const int n = int(updates.size());
    std::vector<EnvelopeId> gone;
    for (const EnvelopeUpdate& update : updates) {
        forgetBodyOf(update.id);
        gone.push_back(update.id);
    }
    m_scheduler.forget(gone);
    record(std::move(updates));
    pump();
    return n;
}

int DeliveryDesk::discover(queue::QueuedMessage queued, EnvelopeId only) {
    if (queued.message.createdAt > m_parts.clock->wall().time_since_epoch().count() - kStillComingIn)
        return 0;
    const auto known = m_scheduler.rowsOf(queued.message.id);
    std::erase_if(queued.envelopes, [&](const Envelope& one) {
        return (only && one.id != only) ||
               std::any_of(known.begin(), known.end(), [&one](const auto& row) { return row.envelope.id == one.id; });
    });
    const int n = int(queued.envelopes.size());
    if (n > 0) {
        m_scheduler.add(std::move(queued));
        pump();
    }
    return n;
}

void DeliveryDesk::setPaused(bool away, bool here) {
    m_scheduler.setPaused(away, here);
    pump();
}

// --- contents kept in memory for a first try -------------------------------------------------------------------------

void DeliveryDesk::remember(const queue::QueuedMessage& queued, const queue::BodyPtr& body) {
    if (!body || !body->file.isEmpty() || m_bodyBytes + body->size > kBodyMemory)
        return;
    if (std::none_of(queued.envelopes.begin(), queued.envelopes.end(),
                     [](const Envelope& e) { return e.state == queue::EnvelopeState::Waiting; }))
        return; // caught: nobody is going to send it
    if (m_bodies.emplace(queued.message.id, body).second)
        m_bodyBytes += body->size;
}

// A content is dropped as soon as one of its envelopes has been dealt with: the others can read it from the spool.
void DeliveryDesk::forgetBodyOf(EnvelopeId id) {
    if (auto node = m_bodies.extract(queue::messageOf(id)))
        m_bodyBytes -= node.mapped()->size;
}

} // namespace postern::engine
