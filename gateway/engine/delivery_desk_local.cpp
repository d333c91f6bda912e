// SPDX-License-Identifier: GPL-3.0-or-later
//
// The half of DeliveryDesk that hands over what ends on this computer, and hears what became of it.
#include "engine/delivery_desk.h"

#include "base/log.h"

#include <algorithm>

namespace postern::engine {

using queue::Delivery;
using queue::Envelope;
using queue::EnvelopeId;
using queue::TryOutcome;
using queue::TryResult;

namespace {

bool delivers(policy::Method method) {
    switch (method) {
    case policy::Method::Mbox:
    case policy::Method::Maildir:
    case policy::Method::Mda:
    case policy::Method::Lmtp: return true;
    case policy::Method::Relay:
    case policy::Method::Catch:
    case policy::Method::ExpandOnly:
    case policy::Method::ForwardOnly: break;
    }
    return false;
}

Error temporary(ErrorCode code, const QByteArray& text) {
    return {code, text, Permanence::Temporary};
}

} // namespace

// How an envelope is delivered here: as the action says today or, for older dialects, as the rule said when it was taken. What
// an alias or a .forward file named stays as it was named.
Result<local::LocalJob> DeliveryDesk::localJobFor(const queue::Way& way) const {
    local::LocalJob job;
    job.era = m_rules->era;
    auto method = policy::methodFromString(way.method);
    policy::LocalDelivery says;
    if (!way.action.isEmpty()) {
        const auto at = m_rules->actions.find(way.action);
        if (at == m_rules->actions.end() || at->second->kind != policy::ActionKind::Local)
            return temporary(ErrorCode::Unavailable, "the configuration has no action \"" + way.action +
                                                         "\" any more that delivers on this computer; add it again, or remove "
                                                         "this message");
        says = at->second->local;
        if (way.target.isEmpty())
            method = at->second->method;
    } else {
        const auto kept = policy::KeptDelivery::fromBytes(way.relay);
        if (!kept)
            return kept.error();
        job.era = kept->era;
        says = kept->local;
    }
    if (!method || !delivers(*method))
        return temporary(ErrorCode::Unavailable, "action \"" + way.action + "\" does not deliver on this computer any more; "
                                                 "change it back, or remove this message");
    job.method = *method;
    job.isOwnTarget = !way.target.isEmpty();
    job.target = job.isOwnTarget ? way.target : says.target;
    if (!job.isOwnTarget) {
        job.junk = says.junk;
        job.rcptTo = says.rcptTo;
        const auto wrapper = m_rules->settings.wrappers.find(says.wrapper);
        if (wrapper != m_rules->settings.wrappers.end())
            job.wrapper = wrapper->second.command;
    }
    job.serverName = m_serverName;
    job.settings = {m_rules, &m_rules->settings};
    return job;
}

// One user's mail by one action, or all that goes to one LMTP server.
queue::RouteKey DeliveryDesk::localRouteOf(const queue::Way& way) const {
    const auto job = localJobFor(way);
    const bool isShared = job && job->method == policy::Method::Lmtp && !job->target.contains('%');
    const QByteArray by = way.action.isEmpty() ? way.relay : way.action;
    return '\0' + by + '\0' + (isShared ? QByteArray() : way.user + '\0' + way.target);
}

void DeliveryDesk::dispatchLocal(Delivery delivery, queue::BodyPtr body) {
    auto job = m_parts.submitLocal ? localJobFor(queue::Way::of(delivery.envelopes.front()))
                                   : Result<local::LocalJob>(temporary(ErrorCode::Unavailable, "nothing delivers here"));
    if (!job) {
        refuse(delivery, job.error().text, TryResult::Temporary);
        return;
    }
    if (isLogged(LogLevel::Debug))
        log(LogLevel::Debug, LogArea::Queue,
            queue::toText(delivery.message->id) + ": to be delivered by " + policy::toString(job->method).toByteArray() + " for " +
                delivery.envelopes.front().recipient);
    for (const Envelope& envelope : delivery.envelopes)
        job->users.push_back({envelope.local->user, envelope.local->uid, envelope.local->gid, envelope.local->home});
    job->delivery = std::move(delivery);
    job->body = std::move(body);
    std::vector<local::LocalJob> jobs;
    jobs.push_back(std::move(*job));
    m_parts.submitLocal(std::move(jobs));
}

std::function<void(local::LocalReport)> DeliveryDesk::localReportSink() const {
    return [address = m_localReports.address()](local::LocalReport report) { address.post(std::move(report)); };
}

void DeliveryDesk::takeLocalReports(std::vector<local::LocalReport>&& batch) {
    std::vector<TryOutcome> outcomes;
    std::vector<Telling> tellings;
    for (local::LocalReport& report : batch) {
        if (report.routeFailed)
            m_scheduler.routeFailed(report.route);
        else if (report.routeWorked)
            m_scheduler.routeWorks(report.route);
        note(report.outcomes, report.peer);
        Telling delivered{queue::NoticeKind::Delivered, {report.message, {}, false}, {}};
        for (const TryOutcome& outcome : report.outcomes) {
            if (outcome.result != TryResult::Delivered)
                continue;
            ++m_tries.deliveredHere;
            if (const auto row = m_scheduler.rowOf(outcome.id); row && row->envelope.params.notify.contains("SUCCESS"))
                delivered.about.envelopes.push_back(row->envelope);
        }
        if (!delivered.about.envelopes.empty())
            tellings.push_back(std::move(delivered));
        outcomes.insert(outcomes.end(), std::make_move_iterator(report.outcomes.begin()),
                        std::make_move_iterator(report.outcomes.end()));
    }
    settle(outcomes, std::move(tellings));
    pump();
}

} // namespace postern::engine
