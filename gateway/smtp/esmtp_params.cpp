// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/esmtp_params.h"

#include "smtp/command.h"
#include "smtp/xtext.h"

#include <limits>

using namespace Qt::StringLiterals;

namespace postern::smtp {
namespace {

constexpr qsizetype kMaxSizeDigits = 20; // RFC 1870 §3
constexpr qint64 kHuge = std::numeric_limits<qint64>::max();

// Octets, more than fits becomes kHuge; -1 if it is no number of at most 20 digits.
qint64 readSize(QByteArrayView text) {
    if (text.isEmpty() || text.size() > kMaxSizeDigits)
        return -1;
    qint64 value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return -1;
        value = value > (kHuge - 9) / 10 ? kHuge : value * 10 + (c - '0');
    }
    return value;
}

} // namespace

replies::Wire readMailParams(QByteArrayView text, const ParamRules& rules, MailParams& params) {
    const auto list = splitParameters(text);
    if (!list)
        return replies::kBadParameter;
    for (const Parameter& p : *list) {
        if (p.name == "SIZE"_ba) {
            params.declaredSize = readSize(p.value);
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
