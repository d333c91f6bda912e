// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mail_domains.h"

#include <utility>

namespace postern::engine {

std::optional<bool> MailDomains::hasNullMx(const QByteArray& domain, Found found) {
    return m_answers.find(domain, std::move(found), [&] {
        return m_resolver.mx(domain, [this, domain](const dns::MxAnswer& answer) { conclude(domain, answer); });
    });
}

// A "." among others means nothing (RFC 7505 §3).
void MailDomains::conclude(const QByteArray& domain, const dns::MxAnswer& answer) {
    const bool isNull = answer.outcome == dns::Outcome::Found && answer.hosts.size() == 1 && answer.hosts.front().name.isEmpty();
    m_answers.conclude(domain, isNull, answer.outcome != dns::Outcome::Failed);
}

} // namespace postern::engine
