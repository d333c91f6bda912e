// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/values.h"

#include <QByteArrayList>

#include <array>
#include <limits>

namespace postern::policy {
namespace {

constexpr qint64 kMaxNumber = std::numeric_limits<qint64>::max();

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

struct Service {
    QByteArrayView name;
    quint16 port;
};
// The mail services; a whole services file is not worth reading for these.
constexpr auto kServices = std::to_array<Service>({
    {"smtp", 25},
    {"mail", 25},
    {"smtps", 465},
    {"submissions", 465},
    {"ssmtp", 465},
    {"urd", 465},
    {"submission", 587},
    {"lmtp", 24},
});

int sizeShift(char unit) {
    switch (unit) {
    case 'b':
    case 'B':
        return 0;
    case 'k':
    case 'K':
        return 10;
    case 'm':
    case 'M':
        return 20;
    case 'g':
    case 'G':
        return 30;
    case 't':
    case 'T':
        return 40;
    case 'p':
    case 'P':
        return 50;
    case 'e':
    case 'E':
        return 60;
    }
    return -1;
}

} // namespace

std::optional<qint64> parseNumber(QByteArrayView text) {
    if (text.isEmpty())
        return std::nullopt;
    qint64 value = 0;
    for (const char c : text) {
        if (!isDigit(c) || value > (kMaxNumber - 9) / 10)
            return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

std::optional<qint64> parseDelay(QByteArrayView text) {
    if (text.size() < 2)
        return std::nullopt;
    qint64 unit = 0;
    switch (text.back()) {
    case 's':
        unit = 1;
        break;
    case 'm':
        unit = 60;
        break;
    case 'h':
        unit = 3600;
        break;
    case 'd':
        unit = 86400;
        break;
    }
    const auto count = parseNumber(text.chopped(1));
    if (unit == 0 || !count || *count < 1 || *count > kMaxDelay / unit)
        return std::nullopt;
    return *count * unit;
}

std::optional<qint64> parseSize(QByteArrayView text) {
    int shift = 0;
    if (!text.isEmpty() && !isDigit(text.back())) {
        shift = sizeShift(text.back());
        text = text.chopped(1);
    }
    const qsizetype dot = text.indexOf('.');
    const auto whole = parseNumber(dot < 0 ? text : text.first(dot));
    if (shift < 0 || !whole || *whole > (kMaxNumber >> shift))
        return std::nullopt;
    qint64 size = *whole << shift;
    if (dot >= 0) {
        const QByteArrayView digits = text.sliced(dot + 1);
        const auto fraction = digits.size() > 6 ? std::nullopt : parseNumber(digits);
        if (!fraction)
            return std::nullopt;
        qint64 scale = 1;
        for (qsizetype i = 0; i < digits.size(); ++i)
            scale *= 10;
        size += qint64(double(*fraction) / double(scale) * double(qint64(1) << shift));
    }
    return size < 0 ? std::nullopt : std::optional(size);
}

std::optional<quint16> parsePort(QByteArrayView text) {
    for (const Service& service : kServices) {
        if (text.compare(service.name, Qt::CaseInsensitive) == 0)
            return service.port;
    }
    const auto number = parseNumber(text);
    if (!number || *number > 65535)
        return std::nullopt;
    return quint16(*number);
}

std::optional<TlsProtocols> parseTlsProtocols(QByteArrayView text) {
    TlsProtocols protocols;
    bool isFirst = true;
    for (const QByteArray& part : text.toByteArray().toLower().replace(':', ',').split(',')) {
        QByteArray word = part.trimmed();
        const bool negated = word.startsWith('!');
        if (negated)
            word = word.sliced(1);
        if (negated && isFirst)
            protocols.tls12 = protocols.tls13 = true; // all but this one
        isFirst = false;
        const bool all = word == "all" || word == "legacy" || word == "tlsv1";
        const bool good = word == "default" || word == "secure";
        const bool older = word == "tlsv1.0" || word == "tlsv1.1";
        if (all || good || word == "tlsv1.2")
            protocols.tls12 = !negated;
        if (all || good || word == "tlsv1.3")
            protocols.tls13 = !negated;
        if (!all && !good && !older && word != "tlsv1.2" && word != "tlsv1.3")
            return std::nullopt;
        protocols.olderNamed = protocols.olderNamed || (older && !negated);
    }
    return protocols;
}

} // namespace postern::policy
