// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/reverse_names.h"

#include <utility>

namespace postern::engine {

std::optional<QByteArray> ReverseNames::find(const QByteArray& address, Found found) {
    return m_answers.find(address, std::move(found), [&] {
        return m_resolver.reverse(address.split('%').first(),
                                  [this, address](const dns::NameAnswer& answer) { confirm(address, answer); });
    });
}

// Whoever owns the address can give it any name; only the owner of the name can make it lead back.
void ReverseNames::confirm(const QByteArray& address, const dns::NameAnswer& answer) {
    switch (answer.outcome) {
    case dns::Outcome::Found:
        break;
    case dns::Outcome::NoData:
    case dns::Outcome::NoSuchName:
        m_answers.conclude(address, {}, true);
        return;
    case dns::Outcome::Failed:
        m_answers.conclude(address, {}, false);
        return;
    }
    m_answers.goOn(address, [&] {
        return m_resolver.addresses(answer.name, [this, address, name = answer.name](const dns::AddressAnswer& addresses) {
            const bool leadsBack = addresses.addresses.contains(address.split('%').first());
            m_answers.conclude(address, leadsBack ? name : QByteArray(), addresses.outcome != dns::Outcome::Failed);
        });
    });
}

} // namespace postern::engine
