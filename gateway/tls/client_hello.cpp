// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls/client_hello.h"

#include "base/host_name.h"

#include <algorithm>

namespace postern::tls {
namespace {

constexpr uchar kHandshakeRecord = 0x16;
constexpr uchar kClientHello = 1;
constexpr qsizetype kRecordHeader = 5;
constexpr qsizetype kMostRecord = 16 * 1024;
constexpr qsizetype kMostProtocols = 32;
constexpr quint32 kServerName = 0, kAlpn = 16;

// Reads big-endian numbers and pieces; once something is missing, everything it gives is empty and isGood() is false.
class Reader {
  public:
    explicit Reader(QByteArrayView octets) : m_rest(octets) {}
    bool isGood() const { return m_good; }
    bool atEnd() const { return m_rest.isEmpty() || !m_good; }

    QByteArrayView take(qsizetype count) {
        if (!m_good || count > m_rest.size()) {
            m_good = false;
            return {};
        }
        const QByteArrayView piece = m_rest.first(count);
        m_rest = m_rest.sliced(count);
        return piece;
    }
    quint32 number(qsizetype octets) {
        quint32 value = 0;
        for (const char c : take(octets))
            value = value << 8 | uchar(c);
        return value;
    }
    QByteArrayView vector(qsizetype lengthOctets) { return take(qsizetype(number(lengthOctets))); }

  private:
    QByteArrayView m_rest;
    bool m_good = true;
};

void readServerName(QByteArrayView extension, ClientHello& hello) {
    Reader list(Reader(extension).vector(2));
    while (!list.atEnd()) {
        const quint32 kind = list.number(1);
        const QByteArrayView name = list.vector(2);
        if (!list.isGood())
            return;
        if (kind == 0 && isHostName(name)) {
            hello.serverName = name.toByteArray().toLower();
            return;
        }
    }
}

void readProtocols(QByteArrayView extension, ClientHello& hello) {
    Reader list(Reader(extension).vector(2));
    while (!list.atEnd() && hello.protocols.size() < kMostProtocols) {
        const QByteArrayView name = list.vector(1);
        if (list.isGood() && !name.isEmpty())
            hello.protocols.append(name.toByteArray());
    }
}

// The body of the handshake message. False: it ends in the middle of something.
bool readBody(QByteArrayView body, ClientHello& hello) {
    Reader reader(body);
    reader.take(2 + 32);  // version, random
    reader.vector(1);     // session
    reader.vector(2);     // ciphers
    reader.vector(1);     // compression
    if (!reader.isGood())
        return false;
    if (reader.atEnd())
        return true; // no extensions: TLS 1.2 may leave them out
    Reader extensions(reader.vector(2));
    while (!extensions.atEnd()) {
        const quint32 kind = extensions.number(2);
        const QByteArrayView extension = extensions.vector(2);
        if (!extensions.isGood())
            return false;
        if (kind == kServerName)
            readServerName(extension, hello);
        else if (kind == kAlpn)
            readProtocols(extension, hello);
    }
    return reader.isGood();
}

ClientHello unreadable() {
    return {ClientHello::State::Unreadable};
}

} // namespace

// A message may be cut into several records, each with a header of its own; their payloads are put together first.
ClientHello readClientHello(QByteArrayView peeked) {
    QByteArray message;
    for (qsizetype at = 0;;) {
        const QByteArrayView record = peeked.sliced(at);
        if (!record.isEmpty() && uchar(record[0]) != kHandshakeRecord)
            return at == 0 ? ClientHello{ClientHello::State::NotTls} : unreadable();
        if (at + kRecordHeader > kMostHello)
            return unreadable();
        if (record.size() < kRecordHeader)
            return {ClientHello::State::NeedMore, at + kRecordHeader};
        const qsizetype length = uchar(record[3]) << 8 | uchar(record[4]);
        if (record[1] != 3 || length == 0 || length > kMostRecord || at + kRecordHeader + length > kMostHello)
            return unreadable();
        if (record.size() < kRecordHeader + length)
            return {ClientHello::State::NeedMore, at + kRecordHeader + length};
        message += record.sliced(kRecordHeader, length);
        at += kRecordHeader + length;
        if (message.size() >= 4) {
            const qsizetype body = uchar(message[1]) << 16 | uchar(message[2]) << 8 | uchar(message[3]);
            if (uchar(message[0]) != kClientHello || body > kMostHello)
                return unreadable();
            if (message.size() - 4 >= body) {
                ClientHello hello{ClientHello::State::Complete};
                return readBody(QByteArrayView(message).sliced(4, body), hello) ? hello : unreadable();
            }
        }
    }
}

bool speaksSomethingElse(const ClientHello& hello) {
    const auto isMail = [](const QByteArray& protocol) {
        return protocol == "smtp" || protocol == "esmtp" || protocol == "smtps" || protocol == "submission";
    };
    return !hello.protocols.isEmpty() && std::none_of(hello.protocols.begin(), hello.protocols.end(), isMail);
}

} // namespace postern::tls
