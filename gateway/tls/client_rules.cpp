// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls/client_rules.h"

#include "tls/cipher_choice.h"
#include "tls/tls_policy.h"

#include <memory>
#include <utility>

namespace postern::tls {

Result<ClientRulesPtr> makeClientRules(const ClientWords& words) {
    auto rules = std::make_shared<ClientRules>();
    const auto protocol = chosenProtocol(words.tls12, words.tls13);
    if (!protocol)
        return protocol.error();
    rules->protocol = *protocol;
    auto ciphers = chosenCiphers(words.ciphers);
    if (!ciphers)
        return ciphers.error();
    rules->ciphers = std::move(ciphers).value();
    return ClientRulesPtr(std::move(rules));
}

} // namespace postern::tls
