// SPDX-License-Identifier: GPL-3.0-or-later
#include "listener/listen_error.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

using namespace Qt::StringLiterals;

namespace postern::listener {
namespace {

QByteArray readAll(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// The kernel prints addresses as host-order 32-bit words in hex.
QByteArray kernelHex(const QByteArray& address) {
    in_addr v4{};
    if (::inet_pton(AF_INET, address.constData(), &v4) == 1)
        return QByteArray::number(v4.s_addr, 16).rightJustified(8, '0').toUpper();
    in6_addr v6{};
    if (::inet_pton(AF_INET6, address.split('%').first().constData(), &v6) != 1)
        return {};
    QByteArray hex;
    for (int word = 0; word < 4; ++word) {
        quint32 value = 0;
        std::memcpy(&value, v6.s6_addr + word * 4, 4);
        hex += QByteArray::number(value, 16).rightJustified(8, '0').toUpper();
    }
    return hex;
}

bool isWildcard(QByteArrayView hex) {
    return std::all_of(hex.begin(), hex.end(), [](char c) { return c == '0'; });
}

QByteArray shellQuoted(const QByteArray& path) {
    for (const char c : path)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::strchr("/._-+", c)))
            return "'" + QByteArray(path).replace('\'', "'\\''") + "'";
    return path;
}

} // namespace

QList<quint64> listeningInodes(QByteArrayView procNetTcp, const QByteArray& addressHex, quint16 port) {
    const QByteArray portHex = QByteArray::number(port, 16).rightJustified(4, '0').toUpper();
    QList<quint64> inodes;
    for (const QByteArray& line : procNetTcp.toByteArray().split('\n')) {
        // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ...
        const QByteArrayList fields = line.simplified().split(' ');
        if (fields.size() < 10 || fields[3] != "0A") // 0A = LISTEN
            continue;
        const qsizetype colon = fields[1].indexOf(':');
        const QByteArray address = fields[1].left(colon);
        if (fields[1].mid(colon + 1) != portHex)
            continue;
        if (address == addressHex || addressHex.isEmpty() || isWildcard(address) || isWildcard(addressHex))
            inodes.append(fields[9].toULongLong());
    }
    return inodes;
}

ListenSurroundings lookAround(const QByteArray& address, quint16 port) {
    ListenSurroundings around;
    around.program = QFile::encodeName(QFileInfo(u"/proc/self/exe"_s).symLinkTarget());
    const QByteArray hex = kernelHex(address);
    QList<quint64> inodes = listeningInodes(readAll(u"/proc/net/tcp"_s), hex.size() == 8 ? hex : QByteArray(), port);
    inodes += listeningInodes(readAll(u"/proc/net/tcp6"_s), hex.size() == 32 ? hex : QByteArray(), port);
    if (inodes.isEmpty())
        return around;

    QStringList wanted;
    for (const quint64 inode : inodes)
        wanted.append(u"socket:[%1]"_s.arg(inode));
    for (const QString& pid : QDir(u"/proc"_s).entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        if (!pid.at(0).isDigit())
            continue;
        const QDir descriptors(u"/proc/%1/fd"_s.arg(pid));
        for (const QString& fd : descriptors.entryList(QDir::NoDotAndDotDot | QDir::AllEntries | QDir::System)) {
            char target[64];
            const QByteArray path = QFile::encodeName(descriptors.filePath(fd));
            const ssize_t n = ::readlink(path.constData(), target, sizeof target);
            if (n <= 0 || !wanted.contains(QString::fromLatin1(target, n)))
                continue;
            const QByteArray name = readAll(u"/proc/%1/comm"_s.arg(pid)).trimmed();
            around.holder = name + " (process " + pid.toLatin1() + ")";
            around.isOurs = pid.toLongLong() == qint64(::getpid());
            return around;
        }
    }
    return around;
}

Error listenError(int number, const QByteArray& name, quint16 port, const ListenSurroundings& around) {
    const QByteArray portText = QByteArray::number(port);
    const QByteArray what = "cannot listen on " + name + ": ";
    const QByteArray at = " on " + name.left(name.lastIndexOf(':'));
    switch (number) {
    case EADDRINUSE:
        if (around.isOurs)
            return {ErrorCode::Busy, what + "another listen statement of this configuration already opened it",
                    Permanence::Temporary};
        if (!around.holder.isEmpty())
            return {ErrorCode::Busy,
                    what + "port " + portText + at + " is taken by " + around.holder +
                        "; stop that program or use another port",
                    Permanence::Temporary};
        return {ErrorCode::Busy,
                what + "port " + portText + at + " is taken by another program (sudo ss -ltnp 'sport = :" + portText +
                    "' shows which); stop it or use another port",
                Permanence::Temporary};
    case EACCES:
    case EPERM:
        if (port != 0 && port < 1024) {
            QByteArray text = what + "ports below 1024 need a permission";
            if (!around.program.isEmpty())
                text += "; give it with: sudo setcap 'cap_net_bind_service=+ep' " + shellQuoted(around.program) +
                        " and start again";
            return {ErrorCode::Denied, text + ", or use port " + QByteArray::number(port == 25 ? 2525 : port + 2000),
                    Permanence::Temporary};
        }
        return {ErrorCode::Denied, what + "the system does not permit it (" + std::strerror(number) + ")",
                Permanence::Temporary};
    case EADDRNOTAVAIL:
        return {ErrorCode::NotFound,
                what + "this computer has no such address now; check the address, or whether its network is connected",
                Permanence::Temporary};
    case EAFNOSUPPORT:
        return {ErrorCode::Unsupported, what + "this computer has no IPv6", Permanence::Temporary};
    case EMFILE:
    case ENFILE:
        return {ErrorCode::Unavailable, what + "too many files are open", Permanence::Temporary};
    default:
        return {ErrorCode::Io, what + std::strerror(number), Permanence::Temporary};
    }
}

} // namespace postern::listener
