// SPDX-License-Identifier: GPL-3.0-or-later
#include "listener/proxy_header.h"

#include <QHostAddress>

#include <algorithm>

namespace postern::listener {
namespace {

constexpr QByteArrayView kSignature("\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a", 12);
constexpr qsizetype kFixedPart = 16;
constexpr uchar kVersionAndLocal = 0x20, kVersionAndProxy = 0x21;
constexpr uchar kTcp4 = 0x11, kTcp6 = 0x21;
constexpr uchar kChecksumField = 0x03; // PP2_TYPE_CRC32C
constexpr qsizetype kFieldHeader = 3;

qsizetype numberAt(const QByteArray& octets, qsizetype at) {
    return uchar(octets[at]) << 8 | uchar(octets[at + 1]);
}

// CRC-32C (Castagnoli), RFC 4960 appendix B.
quint32 crc32c(const QByteArray& octets) {
    quint32 crc = 0xffffffff;
    for (const char c : octets) {
        crc ^= uchar(c);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78 : 0);
    }
    return ~crc;
}

QByteArray ipv6(const char* octets) {
    const QHostAddress address(reinterpret_cast<const quint8*>(octets));
    bool isV4 = false;
    const quint32 v4 = address.toIPv4Address(&isV4); // mapped
    return (isV4 ? QHostAddress(v4) : address).toString().toLatin1();
}

} // namespace

qsizetype ProxyHeader::wanted() const {
    if (m_octets.size() < kFixedPart)
        return kFixedPart - m_octets.size();
    return kFixedPart + numberAt(m_octets, 14) - m_octets.size();
}

ProxyHeader::State ProxyHeader::feed(QByteArrayView octets) {
    m_octets += octets;
    // What cannot become a header is told at the first octet that differs.
    const qsizetype known = std::min(m_octets.size(), kSignature.size());
    if (QByteArrayView(m_octets).first(known) != kSignature.first(known))
        return refuse("it does not begin with a PROXY header of version 2");
    if (m_octets.size() < kFixedPart)
        return State::NeedMore;
    if (kFixedPart + numberAt(m_octets, 14) > kMostProxyHeader)
        return refuse("its PROXY header is too long");
    return wanted() > 0 ? State::NeedMore : read();
}

ProxyHeader::State ProxyHeader::read() {
    const uchar command = uchar(m_octets[12]), family = uchar(m_octets[13]);
    if (command == kVersionAndLocal) {
        m_isLocal = true;
        return State::Complete;
    }
    if (command != kVersionAndProxy)
        return refuse("its PROXY header has an unknown version or command");
    const char* at = m_octets.constData() + kFixedPart;
    qsizetype addresses = 0;
    switch (family) {
    case kTcp4:
        addresses = 12;
        break;
    case kTcp6:
        addresses = 36;
        break;
    default: // none, UDP, a UNIX socket
        return refuse("its PROXY header names no client that came by TCP");
    }
    if (m_octets.size() < kFixedPart + addresses)
        return refuse("its PROXY header ends in the middle of the addresses");
    if (!fieldsAreSound(kFixedPart + addresses))
        return refuse("a field of its PROXY header is broken");
    if (family == kTcp4) {
        quint32 v4 = 0;
        for (int i = 0; i < 4; ++i)
            v4 = v4 << 8 | uchar(at[i]);
        m_address = QHostAddress(v4).toString().toLatin1();
        m_port = quint16(numberAt(m_octets, kFixedPart + 8));
    } else {
        m_address = ipv6(at);
        m_port = quint16(numberAt(m_octets, kFixedPart + 32));
    }
    return State::Complete;
}

// Fields behind the addresses fill the header to its end; a checksum among them is right.
bool ProxyHeader::fieldsAreSound(qsizetype from) const {
    for (qsizetype at = from; at < m_octets.size();) {
        if (m_octets.size() - at < kFieldHeader)
            return false;
        const qsizetype length = numberAt(m_octets, at + 1);
        if (m_octets.size() - at - kFieldHeader < length)
            return false;
        if (uchar(m_octets[at]) == kChecksumField) {
            if (length != 4)
                return false;
            QByteArray blank = m_octets;
            quint32 said = 0;
            for (qsizetype i = 0; i < 4; ++i) {
                said = said << 8 | uchar(blank[at + kFieldHeader + i]);
                blank[at + kFieldHeader + i] = '\0';
            }
            if (said != crc32c(blank))
                return false;
        }
        at += kFieldHeader + length;
    }
    return true;
}

ProxyHeader::State ProxyHeader::refuse(const char* why) {
    m_fault = why;
    return State::Faulty;
}

} // namespace postern::listener
