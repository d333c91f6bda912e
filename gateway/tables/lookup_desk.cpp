// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/lookup_desk.h"

#include "tables/lookup_rules.h"

#include <algorithm>
#include <utility>

namespace postern::tables {
namespace {

bool mayMend(ErrorCode code) {
    switch (code) {
    case ErrorCode::Unavailable:
    case ErrorCode::Timeout:
    case ErrorCode::Busy:
    case ErrorCode::Io:
        return true;
    case ErrorCode::NoSpace:
    case ErrorCode::NotFound:
    case ErrorCode::Exists:
    case ErrorCode::Denied:
    case ErrorCode::Invalid:
    case ErrorCode::Corrupt:
    case ErrorCode::Protocol:
    case ErrorCode::Tls:
    case ErrorCode::Unsupported:
    case ErrorCode::Internal:
        return false;
    }
    return false;
}

bool isKept(Service service) {
    return service != Service::Credentials;
}

QByteArray seconds(Milliseconds time) {
    return QByteArray::number(qint64(std::chrono::duration_cast<Seconds>(time).count())) + " s";
}

} // namespace

LookupDesk::LookupDesk(QByteArray table, LookupLimits limits)
    : m_table(std::move(table)), m_limits(std::move(limits)), m_cache(m_limits.mostCached, m_limits.mostCachedOctets) {}

LookupResult LookupDesk::failure(const QByteArray& why) const {
    return {false, "table " + m_table + ": " + why, {}, true};
}

// --- questions ----------------------------------------------------------------------------------------------------------

void LookupDesk::lookup(Service service, const QByteArray& key, LookupDone done, SteadyTime now) {
    const Result<QByteArray> asked = askedKey(key);
    if (!asked) {
        m_answers.emplace_back(std::move(done), failure(asked.error().text));
        return;
    }
    if (auto known = m_cache.find(service, *asked, now)) {
        m_answers.emplace_back(std::move(done), std::move(*known));
        return;
    }
    ask(isMatchService(service) ? Asking::Check : Asking::Lookup, service, *asked, std::move(done), now);
}

void LookupDesk::fetch(Service service, LookupDone done, SteadyTime now) {
    if (const auto at = m_cycles.find(service); at != m_cycles.end() && at->second.until > now && at->second.left > 0) {
        m_answers.emplace_back(std::move(done), turn(at->second));
        return;
    }
    ask(Asking::Fetch, service, {}, std::move(done), now);
}

void LookupDesk::test(LookupDone done, SteadyTime now) {
    m_isResting = false; // whoever tests wants to know now
    ask(Asking::Probe, Service::String, {}, std::move(done), now);
}

void LookupDesk::ask(Asking asking, Service service, const QByteArray& key, LookupDone done, SteadyTime now) {
    const auto isSame = [&](const Open& open) {
        // A password may have been changed since that one was asked.
        return open.job.asking == asking && open.job.service == service && open.job.key == key &&
               (isKept(service) || !open.isUnderWay);
    };
    const auto refuse = [&](const QByteArray& why) { m_answers.emplace_back(std::move(done), failure(why)); };
    if (m_isClosed)
        return refuse("it is not asked any more");
    if (m_isResting)
        return refuse(m_state.trouble);
    if (const auto same = std::find_if(m_open.begin(), m_open.end(), isSame); same != m_open.end()) {
        same->waiting.push_back(std::move(done));
        return;
    }
    if (m_open.size() >= m_limits.mostWaiting)
        return refuse("too many questions wait for an answer");
    if (m_stuck >= m_limits.mostStuck)
        return refuse("earlier questions have had no answer yet");
    Open open;
    open.job = {++m_lastId, asking, service, key};
    open.waiting.push_back(std::move(done));
    open.deadline = now + m_limits.deadline;
    open.notBefore = now;
    m_open.push_back(std::move(open));
}

void LookupDesk::refresh() {
    m_cache.clear();
    m_cycles.clear();
}

// --- lanes --------------------------------------------------------------------------------------------------------------

std::list<LookupDesk::Open>::const_iterator LookupDesk::nextOpen(SteadyTime now) const {
    const bool hasRoom = m_underWay < m_limits.lanes && m_stuck < m_limits.mostStuck;
    return !hasRoom ? m_open.end() : std::find_if(m_open.begin(), m_open.end(), [now](const Open& open) {
        return !open.isUnderWay && open.notBefore <= now && open.deadline > now;
    });
}

bool LookupDesk::hasNext(SteadyTime now) const {
    return nextOpen(now) != m_open.end();
}

std::optional<LookupDesk::Job> LookupDesk::next(SteadyTime now) {
    const auto found = nextOpen(now);
    if (found == m_open.end())
        return std::nullopt;
    const At at = m_open.erase(found, found); // the same place, to be written to
    at->isUnderWay = true;
    ++at->tries;
    ++m_underWay;
    return at->job;
}

LookupDesk::Lane LookupDesk::finished(JobId id, Result<Found> outcome, SteadyTime now, WallTime wall) {
    const At at = std::find_if(m_open.begin(), m_open.end(), [id](const Open& open) { return open.job.id == id; });
    if (at == m_open.end()) { // its time had run out
        --m_stuck;
        return Lane::Ends;
    }
    --m_underWay;
    at->isUnderWay = false;
    if (outcome) {
        succeeded(at, std::move(outcome).value(), now);
        return Lane::GoesOn;
    }
    const Error& error = outcome.error();
    if (error.code == ErrorCode::Unsupported || error.code == ErrorCode::Corrupt) { // it does answer
        recovered();
        answer(at, failure(error.text));
        return Lane::GoesOn;
    }
    if (mayMend(error.code) && at->job.asking != Asking::Probe && at->tries <= m_limits.retries.size()) {
        const SteadyTime again = now + m_limits.retries[at->tries - 1];
        if (again < at->deadline) {
            at->notBefore = again;
            return Lane::GoesOn;
        }
    }
    failed(at, error.text, now, wall);
    return Lane::GoesOn;
}

void LookupDesk::tick(SteadyTime now, WallTime wall) {
    for (At at = m_open.begin(); at != m_open.end();) {
        const At one = at++;
        if (one->deadline > now)
            continue;
        if (one->isUnderWay) {
            --m_underWay;
            ++m_stuck;
        }
        const bool wasTried = one->tries > 0;
        failed(one, wasTried ? "no answer within " + seconds(m_limits.deadline)
                             : "its turn did not come within " + seconds(m_limits.deadline), now, wall);
        at = m_open.begin(); // a failure may have ended others
    }
    const bool isProbing = std::any_of(m_open.begin(), m_open.end(), [](const Open& open) { return open.job.asking == Asking::Probe; });
    if (m_state.isFailing && !isProbing && now >= m_probeAt && m_stuck < m_limits.mostStuck) {
        Open probe;
        probe.job = {++m_lastId, Asking::Probe, Service::String, {}};
        probe.deadline = now + m_limits.deadline;
        probe.notBefore = now;
        m_open.push_front(std::move(probe));
    }
}

// --- outcomes -----------------------------------------------------------------------------------------------------------

void LookupDesk::answer(At at, const LookupResult& result) {
    for (LookupDone& done : at->waiting)
        m_answers.emplace_back(std::move(done), result);
    m_open.erase(at);
}

void LookupDesk::succeeded(At at, Found&& found, SteadyTime now) {
    recovered();
    const Job job = at->job;
    switch (job.asking) {
    case Asking::Probe:
        return answer(at, {true, {}, {}, false});
    case Asking::Fetch: {
        for (const QByteArray& element : found.elements)
            if (const auto taken = takenValue(job.service, element); !taken)
                return answer(at, failure("an entry is of no use: " + taken.error().text));
        if (found.elements.size() > kMostElements)
            return answer(at, failure("it has more than 10 000 entries to take in turn"));
        Cycle& cycle = m_cycles[job.service];
        const Milliseconds keptFor = found.elements.isEmpty() ? m_limits.missingFor : found.rule.expire;
        cycle = {std::move(found.elements), cycle.next, std::max(1, found.rule.refresh), now + keptFor};
        for (LookupDone& done : at->waiting)
            m_answers.emplace_back(std::move(done), turn(cycle));
        m_open.erase(at);
        return;
    }
    case Asking::Lookup:
    case Asking::Check:
        break;
    }
    LookupResult result;
    result.found = found.found;
    if (found.found) {
        const Result<QByteArray> value =
            job.asking == Asking::Check ? Result<QByteArray>(QByteArray()) : takenValue(job.service, std::move(found.value));
        if (!value)
            return answer(at, failure("the entry of this key is of no use: " + value.error().text));
        result.value = *value;
        result.key = job.key;
    }
    if (isKept(job.service))
        m_cache.keep(job.service, job.key, result, now + (result.found ? m_limits.foundFor : m_limits.missingFor));
    answer(at, result);
}

LookupResult LookupDesk::turn(Cycle& cycle) {
    if (cycle.elements.isEmpty())
        return {};
    --cycle.left;
    const QByteArray element = cycle.elements[cycle.next++ % cycle.elements.size()];
    return {true, element, element, false};
}

void LookupDesk::failed(At at, const QByteArray& why, SteadyTime now, WallTime wall) {
    answer(at, failure(why));
    trouble(why, now, wall);
}

void LookupDesk::trouble(const QByteArray& why, SteadyTime now, WallTime wall) {
    if (!m_state.isFailing)
        m_state.since = wall.time_since_epoch().count();
    m_state.isFailing = true;
    m_state.trouble = why;
    ++m_failures;
    const bool isFirst = m_rest == Milliseconds(0);
    if (isFirst || now >= m_probeAt) {
        m_rest = isFirst ? m_limits.firstRest : std::min(2 * m_rest, m_limits.longestRest);
        m_probeAt = now + m_rest;
    }
    if (m_failures < m_limits.failuresToRest)
        return;
    m_isResting = true;
    for (At one = m_open.begin(); one != m_open.end();) {
        const At at = one++;
        if (!at->isUnderWay && at->job.asking != Asking::Probe)
            answer(at, failure(why));
    }
}

void LookupDesk::recovered() {
    m_state = {};
    m_failures = 0;
    m_isResting = false;
    m_rest = Milliseconds(0);
}

void LookupDesk::close(const QByteArray& why) {
    m_isClosed = true;
    for (At at = m_open.begin(); at != m_open.end();) {
        const At one = at++;
        if (one->isUnderWay) {
            --m_underWay;
            ++m_stuck;
        }
        answer(one, failure(why));
    }
}

std::vector<LookupDesk::Answer> LookupDesk::takeAnswers() {
    return std::exchange(m_answers, {});
}

} // namespace postern::tables
