// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/unbound_context.h"

#include "base/log.h"

#include <QSocketNotifier>

#include <unbound.h>

#include <utility>

namespace postern::dns {
namespace {

RawAnswer toRaw(int error, const ub_result* result) {
    constexpr int kNoError = 0, kServFail = 2, kNxDomain = 3, kRefused = 5;
    RawAnswer raw;
    if (error != 0 || !result) {
        raw.text = QByteArray("resolver: ") + ub_strerror(error);
    } else if (result->bogus) {
        raw.text = "answer fails DNSSEC validation: " + harmless(result->why_bogus ? result->why_bogus : "");
    } else if (result->nxdomain || result->rcode == kNxDomain) {
        raw.outcome = Outcome::NoSuchName;
    } else if (result->rcode != kNoError) {
        raw.text = result->rcode == kServFail  ? QByteArray("name server failure (SERVFAIL)")
                   : result->rcode == kRefused ? QByteArray("name server refuses to answer")
                                               : "name server answers with code " + QByteArray::number(result->rcode);
    } else if (!result->havedata) {
        raw.outcome = Outcome::NoData;
    } else {
        raw.outcome = Outcome::Found;
        for (int i = 0; result->data[i] && raw.records.size() < 1000; ++i)
            raw.records.append(QByteArray(result->data[i], result->len[i]));
    }
    return raw;
}

} // namespace

UnboundContext::UnboundContext(const ResolverSettings& settings) : m_context(ub_ctx_create()) {
    if (!m_context) {
        m_broken = "the resolver library cannot be started";
        return;
    }
    // A name server on this computer is the usual case (127.0.0.53, a router's own address); names of the local network
    // are its to answer, not libunbound's; and one that was away is asked again at once when it is back.
    const bool usual = set("do-not-query-localhost:", "no") && set("unblock-lan-zones:", "yes") &&
                       set("insecure-lan-zones:", "yes") && set("infra-host-ttl:", "60") &&
                       set("outgoing-range:", "512") && set("num-queries-per-thread:", "2048");
    set("infra-keep-probing:", "yes"); // not in every version
    if (!usual)
        log(LogLevel::Warning, LogArea::Dns, "the resolver library does not know all of our settings");
    if (settings.servers.isEmpty()) {
        if (const int error = ub_ctx_resolvconf(m_context, settings.systemFile.isEmpty() ? nullptr : settings.systemFile.constData()); error != 0)
            log(LogLevel::Warning, LogArea::Dns, "the system's name servers cannot be read; asking the root servers");
    }
    for (const QByteArray& server : settings.servers) {
        if (ub_ctx_set_fwd(m_context, server.constData()) != 0) {
            m_broken = "name server \"" + harmless(server) + "\" is not an address (192.0.2.53 or 192.0.2.53@5353)";
            return;
        }
    }
    ub_ctx_async(m_context, 1);
    // Last, because it ends the time of settings: of these it would say itself that nothing is there (RFC 8375, RFC 6761 6.2).
    for (const char* zone : {"home.arpa.", "test."})
        ub_ctx_zone_add(m_context, zone, "transparent");
    m_notifier = std::make_unique<QSocketNotifier>(ub_fd(m_context), QSocketNotifier::Read);
    QObject::connect(m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(), [this] { ub_process(m_context); });
}

UnboundContext::~UnboundContext() {
    m_notifier.reset();
    if (m_context)
        ub_ctx_delete(m_context); // ends its thread
}

bool UnboundContext::set(const char* option, const char* value) {
    return ub_ctx_set_option(m_context, option, value) == 0;
}

Result<int> UnboundContext::ask(const QByteArray& name, RecordType type, Done done) {
    constexpr int kInternet = 1;
    if (!m_broken.isEmpty())
        return Error{ErrorCode::Unavailable, m_broken, Permanence::Temporary};
    auto query = std::make_unique<Query>(Query{this, 0, std::move(done)});
    const int error = ub_resolve_async(m_context, name.constData(), int(type), kInternet, query.get(), &onAnswer, &query->id);
    if (error != 0)
        return Error{ErrorCode::Unavailable, QByteArray("resolver: ") + ub_strerror(error), Permanence::Temporary};
    const int id = query->id;
    m_queries.emplace(id, std::move(query));
    return id;
}

void UnboundContext::cancel(int id) {
    if (m_queries.erase(id) > 0)
        ub_cancel(m_context, id);
}

void UnboundContext::onAnswer(void* asked, int error, ub_result* result) {
    RawAnswer raw = toRaw(error, result);
    ub_resolve_free(result);
    auto* query = static_cast<Query*>(asked);
    const Done done = std::move(query->done);
    query->context->m_queries.erase(query->id);
    done(std::move(raw));
}

} // namespace postern::dns
