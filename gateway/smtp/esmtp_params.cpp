// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/esmtp_params.h"

#include "smtp/command.h"
#include "smtp/xtext.h"

#include <QByteArrayList>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::smtp {
namespace {

constexpr qsizetype kMaxEnvid = 100; // RFC 3461 §4.4, as written
constexpr qsizetype kMaxOrcpt = 500; // RFC 3461 §4.2, as written

bool isWord(QByteArrayView value, QByteArrayView word) {
    return value.compare(word, Qt::CaseInsensitive) == 0;
}

bool isPrintableXtext(QByteArrayView text) {
    const auto plain = decodeXtext(text);
    return plain && std::all_of(plain->begin(), plain->end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// In upper case, each word once; nothing if NEVER has company or a word is none (RFC 3461 §4.1).
std::optional<QByteArray> readNotify(QByteArrayView value) {
    const QByteArray upper = value.toByteArray().toUpper();
    if (upper == "NEVER"_ba)
        return upper;
    QByteArrayList words;
    for (const QByteArray& word : upper.split(',')) {
        if (word != "SUCCESS"_ba && word != "FAILURE"_ba && word != "DELAY"_ba)
            return std::nullopt;
        if (!words.contains(word))
            words.append(word);
    }
    return words.join(',');
}

bool isAtom(QByteArrayView text) {
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               QByteArrayView("!#$%&'*+-/=?^_`{|}~").contains(c);
    });
}

// "type;address". UTF-8 in it comes out as \x{...}, so that it can be sent on to whoever knows DSN.
std::optional<QByteArray> readOrcpt(QByteArrayView value, bool mayBeUtf8) {
    const qsizetype semicolon = value.indexOf(';');
    if (semicolon < 0 || value.size() > kMaxOrcpt || !isAtom(value.first(semicolon)))
        return std::nullopt;
    const QByteArrayView address = value.sliced(semicolon + 1);
    if (address.isEmpty())
        return std::nullopt;
    if (!isWord(value.first(semicolon), "utf-8"))
        return isPrintableXtext(address) ? std::optional(value.toByteArray()) : std::nullopt;
    auto ascii = toUnicodeXtext(address);
    const bool wasAscii = ascii && *ascii == address;
    if (!ascii || (!wasAscii && !mayBeUtf8) || semicolon + 1 + ascii->size() > kMaxOrcpt)
        return std::nullopt;
    return value.first(semicolon + 1).toByteArray() + *ascii;
}

} // namespace

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
        } else if (p.name == "SMTPUTF8"_ba) {
            if (p.hasValue)
                return replies::kBadParameter;
            params.smtpUtf8 = true;
        } else if (p.name == "RET"_ba && rules.dsnOffered) {
            const bool full = isWord(p.value, "FULL");
            if (!full && !isWord(p.value, "HDRS"))
                return replies::kBadReturn;
            params.ret = full ? DsnReturn::Full : DsnReturn::Headers;
        } else if (p.name == "ENVID"_ba && rules.dsnOffered) {
            if (p.value.isEmpty() || p.value.size() > kMaxEnvid || !isPrintableXtext(p.value))
                return replies::kBadEnvid;
            params.envid = p.value.toByteArray();
        } else {
            return replies::kUnknownParameter;
        }
    }
    return {};
}

replies::Wire readRcptParams(QByteArrayView text, const ParamRules& rules, RcptParams& params) {
    const auto list = splitParameters(text);
    if (!list)
        return replies::kBadParameter;
    for (const Parameter& p : *list) {
        if (p.name == "NOTIFY"_ba && rules.dsnOffered) {
            auto notify = readNotify(p.value);
            if (!notify)
                return replies::kBadNotify;
            params.notify = std::move(*notify);
        } else if (p.name == "ORCPT"_ba && rules.dsnOffered) {
            auto orcpt = readOrcpt(p.value, rules.smtpUtf8);
            if (!orcpt)
                return replies::kBadOrcpt;
            params.orcpt = std::move(*orcpt);
        } else {
            return replies::kUnknownParameter;
        }
    }
    return {};
}

} // namespace postern::smtp
