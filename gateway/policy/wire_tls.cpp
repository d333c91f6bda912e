// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/wire_tls.h"

namespace postern::policy {

WireTls wireTls(const RelaySpec& spec, const RelayUrl* url) {
    WireTls result;
    bool verifyByDefault = false;
    if (url) {
        result.use = url->meaning().tls;
        verifyByDefault = url->meaning().verifyByDefault;
    }
    if (spec.tlsRequired) {
        switch (result.use) {
        case TlsUse::None:
            result.impossible = "the rule requires tls, but " + url->masked() + " never uses it";
            break;
        case TlsUse::Opportunistic:
            result.use = TlsUse::Required;
            break;
        case TlsUse::Required:
        case TlsUse::Wrapped:
        case TlsUse::Either:
            break;
        }
        // The word itself asks for a good certificate in action/match; in accept/reject only `verify` does.
        verifyByDefault = verifyByDefault || spec.era == Era::Modern;
    }
    switch (result.use) {
    case TlsUse::None:
    case TlsUse::Opportunistic: // a session that may be plain gains nothing from a check
        result.verify = false;
        break;
    case TlsUse::Required:
    case TlsUse::Wrapped:
    case TlsUse::Either:
        result.verify = spec.verify.value_or(verifyByDefault);
        break;
    }
    return result;
}

} // namespace postern::policy
