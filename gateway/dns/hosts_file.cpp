// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/hosts_file.h"

#include "dns/answers.h"

#include <QFile>
#include <QFileInfo>

#include <algorithm>

namespace postern::dns {
namespace {

constexpr qint64 kMostBytes = 16 * 1024 * 1024; // block lists are put into hosts files, too

} // namespace

void HostsFile::refresh() {
    const QFileInfo info(QFile::decodeName(m_path));
    const qint64 size = info.exists() ? info.size() : 0;
    if (info.lastModified() == m_changed && size == m_size)
        return;
    m_changed = info.lastModified();
    m_size = size;
    m_byName.clear();
    m_byAddress.clear();
    QFile file(info.filePath());
    if (!file.open(QIODevice::ReadOnly))
        return;
    // Not more than it has: read() makes room for all that it is asked for.
    const QByteArrayList lines = file.read(std::min(kMostBytes, size)).split('\n');
    for (const QByteArray& line : lines) {
        QByteArrayList words = line.split('#').first().simplified().split(' ');
        const auto address = addressLiteral(words.takeFirst());
        if (!address)
            continue;
        for (const QByteArray& word : std::as_const(words)) {
            const auto name = askableName(word);
            if (!name)
                continue;
            if (!m_byAddress.contains(*address))
                m_byAddress.insert(*address, *name);
            Families& families = m_byName[*name];
            QByteArrayList& list = address->contains(':') ? families.v6 : families.v4;
            if (!list.contains(*address))
                list.append(*address);
        }
    }
}

QByteArrayList HostsFile::addressesOf(const QByteArray& name) {
    refresh();
    const auto found = m_byName.constFind(name);
    if (found != m_byName.constEnd())
        return interleaved(found->v4, found->v6);
    if (name == "localhost" || name.endsWith(".localhost"))
        return {"127.0.0.1", "::1"};
    return {};
}

QByteArray HostsFile::nameOf(const QByteArray& address) {
    refresh();
    const QByteArray name = m_byAddress.value(address);
    if (name.isEmpty() && (address == "127.0.0.1" || address == "::1"))
        return "localhost";
    return name;
}

} // namespace postern::dns
