// SPDX-License-Identifier: GPL-3.0-or-later
#include "local/lmtp_desk.h"

#include "base/log.h"
#include "local/local_plan.h"

namespace postern::local {
namespace {

// RCPT with the user's name alone: no address of RFC 5321, but what mail.lmtp sends and LMTP servers take.
std::optional<smtp::Address> nameAlone(const QByteArray& user) {
    const auto whole = smtp::parsePath(user, "x", smtp::AllowUtf8::Yes);
    return whole && whole->domain() == "x" ? std::optional(smtp::Address(whole->localPart(), {})) : std::nullopt;
}

} // namespace

LmtpDesk::LmtpDesk(const Clock& clock, FileStore& files, std::unique_ptr<dns::Resolver> resolver, relay::Connector connector,
                   std::function<void(LocalReport)> report)
    : m_report(std::move(report)), m_relay(clock, files, std::move(resolver), relay::RelayLimits(),
                                           [this](relay::RelayReport one) { reported(std::move(one)); }, std::move(connector)) {}

LmtpDesk::~LmtpDesk() = default;

void LmtpDesk::submit(const LocalJob& job, const std::vector<size_t>& which, const QByteArray& destination) {
    const auto place = lmtpPlace(destination);
    relay::RelayJob out;
    out.delivery.route = "lmtp " + destination;
    out.delivery.message = job.delivery.message;
    out.body = job.body;
    out.serverName = job.serverName.isEmpty() ? QByteArray("localhost") : job.serverName;
    out.settings = job.settings;
    LocalReport refused{job.delivery.route, {}, false, false, {}, "lmtp " + destination, job.delivery.message};
    for (const size_t index : which) {
        const queue::Envelope& envelope = job.delivery.envelopes[index];
        const QByteArray& user = job.users[index].name;
        const auto name = job.rcptTo ? std::optional(smtp::Address()) : nameAlone(user);
        if (!place || !name) {
            const QByteArray why = !place ? place.error().text : "4.3.5 \"" + harmless(user, 64) + "\" can't be a recipient of LMTP";
            refused.outcomes.push_back({envelope.id, queue::TryResult::Temporary, why, true});
            continue;
        }
        out.delivery.envelopes.push_back(envelope);
        if (!job.rcptTo)
            out.rcptAs.push_back(*name);
        m_routes[envelope.id] = job.delivery.route;
    }
    if (!refused.outcomes.empty())
        m_report(std::move(refused));
    if (out.delivery.envelopes.empty())
        return;
    auto spec = std::make_shared<policy::RelaySpec>();
    if (place->socket.isEmpty())
        spec->urls = {*policy::RelayUrl::parse(place->url, policy::Era::Modern)};
    out.socket = place->socket;
    out.spec = std::move(spec);
    std::vector<relay::RelayJob> jobs;
    jobs.push_back(std::move(out));
    m_relay.submit(std::move(jobs));
}

void LmtpDesk::reported(relay::RelayReport report) {
    if (report.outcomes.empty())
        return; // it has stopped answering, or goes on: the outcome will tell
    LocalReport out;
    out.outcomes = std::move(report.outcomes);
    out.routeFailed = report.routeFailed;
    out.routeWorked = report.routeWorked;
    out.routeText = std::move(report.routeText);
    out.peer = "lmtp " + report.peer;
    out.message = std::move(report.message);
    for (const queue::TryOutcome& outcome : out.outcomes)
        if (auto node = m_routes.extract(outcome.id))
            out.route = node.mapped();
    m_report(std::move(out));
}

} // namespace postern::local
