// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/message_id.h"

#include <QRandomGenerator>

namespace postern::queue {
namespace {

// The finishing steps of MurmurHash3 (public domain): shifts and odd factors, each of which can be undone.
constexpr quint32 kFirst = 0x85ebca6bU;
constexpr quint32 kSecond = 0xc2b2ae35U;

// The factor that undoes a multiplication by `odd` modulo 2^32 (Newton's iteration doubles the correct bits each time).
constexpr quint32 inverse(quint32 odd) {
    quint32 x = odd;
    for (int i = 0; i < 5; ++i)
        x *= 2U - odd * x;
    return x;
}

constexpr quint32 scramble(quint32 x) {
    x ^= x >> 16;
    x *= kFirst;
    x ^= x >> 13;
    x *= kSecond;
    return x ^ (x >> 16);
}

constexpr quint32 unscramble(quint32 x) {
    x ^= x >> 16;
    x *= inverse(kSecond);
    x ^= (x >> 13) ^ (x >> 26);
    x *= inverse(kFirst);
    return x ^ (x >> 16);
}

static_assert(unscramble(scramble(1)) == 1 && unscramble(scramble(0xfffffffeU)) == 0xfffffffeU && scramble(0) == 0);

QByteArray hex(quint64 value, int digits) {
    static constexpr char kDigits[] = "0123456789abcdef";
    QByteArray text(digits, '0');
    for (qsizetype at = digits; at-- > 0; value >>= 4)
        text[at] = kDigits[value & 15];
    return text;
}

quint64 fromHex(QByteArrayView text, qsizetype digits) {
    if (text.size() != digits)
        return 0;
    quint64 value = 0;
    for (const char c : text) {
        const bool digit = c >= '0' && c <= '9';
        if (!digit && !(c >= 'a' && c <= 'f'))
            return 0;
        value = (value << 4) | quint64(digit ? c - '0' : c - 'a' + 10);
    }
    return value;
}

} // namespace

quint32 serialOf(MessageId id) {
    return unscramble(id);
}

MessageId idOfSerial(quint32 serial) {
    return scramble(serial);
}

MessageId CountedMessageIds::next() {
    quint32 serial = m_next.fetch_add(1);
    if (serial == 0)
        serial = m_next.fetch_add(1);
    return scramble(serial);
}

EnvelopeId newEnvelopeId(MessageId message) {
    static std::atomic<quint32> next{QRandomGenerator::system()->generate()};
    quint32 low = scramble(next.fetch_add(1));
    if (low == 0)
        low = scramble(next.fetch_add(1));
    return (EnvelopeId(message) << 32) | low;
}

QByteArray toText(MessageId id) {
    return hex(id, 8);
}

QByteArray toText(EnvelopeId id) {
    return hex(id, 16);
}

MessageId messageIdFromText(QByteArrayView text) {
    return MessageId(fromHex(text, 8));
}

EnvelopeId envelopeIdFromText(QByteArrayView text) {
    const EnvelopeId id = fromHex(text, 16);
    return messageOf(id) == 0 ? 0 : id;
}

} // namespace postern::queue
