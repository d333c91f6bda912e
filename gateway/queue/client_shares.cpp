// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/client_shares.h"

#include <QHostAddress>

#include <algorithm>

namespace postern::queue {
namespace {

// "" = not counted.
QByteArray keyOf(const QByteArray& clientAddress) {
    QHostAddress address;
    if (!address.setAddress(QString::fromLatin1(clientAddress.split('%').first())))
        return {}; // "local", or none: a notice of ours
    bool isIPv4 = false;
    const quint32 four = address.toIPv4Address(&isIPv4); // also ::ffff:192.0.2.1
    if (isIPv4)
        return (four >> 24) == 127 ? QByteArray() : QHostAddress(four).toString().toLatin1();
    if (address.isLoopback())
        return {};
    const Q_IPV6ADDR six = address.toIPv6Address();
    return QByteArray(reinterpret_cast<const char*>(six.c), 8).toHex();
}

} // namespace

ClientShares::Share::~Share() {
    if (m_shares)
        m_shares->add(m_key, -m_octets);
}

void ClientShares::Share::growTo(qint64 octets) {
    if (!m_shares || octets <= m_octets)
        return;
    m_shares->add(m_key, octets - m_octets);
    m_octets = octets;
}

ClientShares::Share ClientShares::take(const QByteArray& clientAddress, qint64 octets) {
    QByteArray key = keyOf(clientAddress);
    if (key.isEmpty())
        return {};
    Share share(shared_from_this(), std::move(key));
    share.growTo(octets);
    return share;
}

qint64 ClientShares::heldBy(const QByteArray& clientAddress) const {
    const std::lock_guard lock(m_mutex);
    const auto at = m_octets.find(keyOf(clientAddress));
    return at == m_octets.end() ? 0 : at->second;
}

qint64 ClientShares::total() const {
    const std::lock_guard lock(m_mutex);
    return m_total;
}

bool ClientShares::mayTake(const QByteArray& clientAddress, qint64 octets, qint64 room) const {
    const QByteArray key = keyOf(clientAddress);
    if (key.isEmpty())
        return true;
    const std::lock_guard lock(m_mutex);
    const auto at = m_octets.find(key);
    const qint64 held = at == m_octets.end() ? 0 : at->second;
    const qint64 half = (std::max<qint64>(room, 0) + held) / 2;
    return octets <= half && held <= half - octets;
}

void ClientShares::add(const QByteArray& key, qint64 octets) {
    const std::lock_guard lock(m_mutex);
    m_total += octets;
    const auto at = m_octets.try_emplace(key, 0).first;
    at->second += octets;
    if (at->second <= 0)
        m_octets.erase(at);
}

} // namespace postern::queue
