// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/esmtp_params.h"

#include "smtp/command.h"
#include "smtp/xtext.h"

using namespace Qt::StringLiterals;

namespace postern::smtp {
replies::Wire readMailParams(QByteArrayView text, const ParamRules& rules, MailParams& params) {
    const auto list = splitParameters(text);
    if (!list)
        return replies::kBadParameter;
    for (const Parameter& p : *list) {
        if (p.name == "SIZE"_ba) {
            params.declaredSize = parseOctets(p.value);
            if (params.declaredSize < 0)
                return replies::kBadParameter;
            if (rules.maxMessageSize > 0 && params.declaredSize > rules.maxMessageSize)
                return replies::kMessageTooBig;
        } else if (p.name == "BODY"_ba) {
            const QByteArray value = p.value.toByteArray().toUpper();
            if (value != "7BIT"_ba && value != "8BITMIME"_ba)
                return replies::kBadParameter;
            params.body = value == "7BIT"_ba ? BodyType::SevenBit : BodyType::EightBitMime;
        } else if (p.name == "AUTH"_ba && rules.authOffered) {
            // Who first sent the message, as the client says. We vouch for nobody, so it is checked and forgotten.
            if (p.value.isEmpty() || (p.value != "<>"_ba && !decodeXtext(p.value)))
                return replies::kBadParameter;
        } else {
            return replies::kUnknownParameter;
        }
    }
    return {};
}

replies::Wire readRcptParams(QByteArrayView text, RcptParams&) {
    const auto list = splitParameters(text); // none is known until DSN is offered
    if (!list)
        return replies::kBadParameter;
    return list->empty() ? replies::Wire() : replies::kUnknownParameter;
}

} // namespace postern::smtp
