// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/answers.h"

#include "base/host_name.h"

#include <QHostAddress>
#include <QUrl>

#include <algorithm>

namespace postern::dns {
namespace {

// Our own notation of an address, from its 4 or 16 octets.
QByteArray addressText(QByteArrayView octets) {
    if (octets.size() == 4) {
        const quint32 number = quint32(uchar(octets[0])) << 24 | quint32(uchar(octets[1])) << 16 |
                               quint32(uchar(octets[2])) << 8 | uchar(octets[3]);
        return QHostAddress(number).toString().toLatin1();
    }
    if (octets.size() == 16)
        return QHostAddress(reinterpret_cast<const quint8*>(octets.data())).toString().toLatin1();
    return {};
}

QByteArrayList addressesOf(const RawAnswer& raw, qsizetype octets) {
    QByteArrayList list;
    for (const QByteArray& record : raw.records)
        if (record.size() == octets && !list.contains(addressText(record)))
            list.append(addressText(record));
    return list;
}

} // namespace

std::optional<QByteArray> askableName(const QByteArray& name) {
    QByteArray plain = name;
    if (std::any_of(plain.begin(), plain.end(), [](char c) { return uchar(c) >= 0x80; }))
        plain = QUrl::toAce(QString::fromUtf8(plain));
    if (plain.endsWith('.'))
        plain.chop(1);
    if (!isHostName(plain))
        return std::nullopt;
    return plain.toLower();
}

std::optional<QByteArray> addressLiteral(const QByteArray& text) {
    QByteArray plain = text;
    if (plain.startsWith('[') && plain.endsWith(']'))
        plain = plain.mid(1, plain.size() - 2);
    if (plain.left(5).compare("IPv6:", Qt::CaseInsensitive) == 0)
        plain = plain.mid(5);
    const bool v6 = plain.contains(':');
    if (!v6 && (plain.count('.') != 3 || plain.endsWith('.')))
        return std::nullopt; // "10" and "10.1" are addresses only to inet_aton()
    const QHostAddress address(QString::fromLatin1(plain));
    return address.isNull() ? std::nullopt : std::optional(address.toString().toLatin1());
}

QByteArray reverseName(const QByteArray& address) {
    const QHostAddress parsed(QString::fromLatin1(address));
    QByteArray name;
    if (parsed.protocol() == QAbstractSocket::IPv4Protocol) {
        const quint32 number = parsed.toIPv4Address();
        for (int shift = 0; shift < 32; shift += 8)
            name += QByteArray::number((number >> shift) & 0xff) + '.';
        return name + "in-addr.arpa";
    }
    if (parsed.protocol() == QAbstractSocket::IPv6Protocol) {
        const Q_IPV6ADDR octets = parsed.toIPv6Address();
        for (int i = 15; i >= 0; --i)
            name += QByteArray::number(octets[i] & 15, 16) + '.' + QByteArray::number(octets[i] >> 4, 16) + '.';
        return name + "ip6.arpa";
    }
    return {};
}

std::optional<QByteArray> wireName(QByteArrayView record, qsizetype at) {
    QByteArray name;
    while (at < record.size()) {
        const qsizetype length = uchar(record[at++]);
        if (length == 0) // the root ends it, and must end the record too
            return at == record.size() && (name.isEmpty() || isHostName(name)) ? std::optional(name) : std::nullopt;
        if (length > kMostLabelOctets || at + length > record.size())
            return std::nullopt;
        const QByteArrayView label = record.sliced(at, length);
        if (label.contains('.'))
            return std::nullopt;
        if (!name.isEmpty())
            name += '.';
        name += label;
        at += length;
    }
    return std::nullopt;
}

MxAnswer toMx(const RawAnswer& raw) {
    MxAnswer answer{raw.outcome, {}, raw.text};
    if (raw.outcome != Outcome::Found)
        return answer;
    for (const QByteArray& record : raw.records) {
        const auto name = record.size() > 2 ? wireName(record, 2) : std::nullopt;
        if (name)
            answer.hosts.push_back({uchar(record[0]) << 8 | uchar(record[1]), name->toLower()});
    }
    std::stable_sort(answer.hosts.begin(), answer.hosts.end(),
                     [](const MxHost& a, const MxHost& b) { return a.preference < b.preference; });
    if (answer.hosts.size() > size_t(kMostMxHosts))
        answer.hosts.resize(size_t(kMostMxHosts));
    if (answer.hosts.empty()) { // they say there is a mail server, but not one that can be named: not our call to bounce
        answer.outcome = Outcome::Failed;
        answer.text = "none of its MX records names a host";
    }
    return answer;
}

QByteArrayList interleaved(const QByteArrayList& v4, const QByteArrayList& v6) {
    QByteArrayList list;
    for (qsizetype i = 0; i < std::max(v4.size(), v6.size()); ++i) {
        if (i < v4.size())
            list.append(v4[i]);
        if (i < v6.size())
            list.append(v6[i]);
    }
    return list.mid(0, kMostAddresses);
}

AddressAnswer toAddresses(const RawAnswer& v4, const RawAnswer& v6) {
    AddressAnswer answer;
    answer.addresses = interleaved(addressesOf(v4, 4), addressesOf(v6, 16));
    if (!answer.addresses.isEmpty()) {
        answer.outcome = Outcome::Found;
    } else if (v4.outcome == Outcome::Failed || v6.outcome == Outcome::Failed) {
        answer.outcome = Outcome::Failed; // the half that is missing could have had some
        answer.text = v4.outcome == Outcome::Failed ? v4.text : v6.text;
    } else if (v4.outcome == Outcome::NoSuchName && v6.outcome == Outcome::NoSuchName) {
        answer.outcome = Outcome::NoSuchName;
    } else {
        answer.outcome = Outcome::NoData;
    }
    return answer;
}

NameAnswer toName(const RawAnswer& raw) {
    NameAnswer answer{raw.outcome, {}};
    if (raw.outcome != Outcome::Found)
        return answer;
    for (const QByteArray& record : raw.records) {
        const auto name = wireName(record, 0);
        if (name && !name->isEmpty()) {
            answer.name = name->toLower();
            return answer;
        }
    }
    answer.outcome = Outcome::NoData; // a name that is none is no name
    return answer;
}

} // namespace postern::dns
