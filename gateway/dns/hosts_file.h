// SPDX-License-Identifier: GPL-3.0-or-later
//
// The system's hosts file: names and addresses that never go to a name server. Read again when it changes.
//
// "localhost" and everything under it is there even if the file does not say so (RFC 6761 §6.3).
// Thread: one. Failure: a missing file is an empty one; lines that make no sense are left out.
#pragma once

#include <QByteArray>
#include <QByteArrayList>
#include <QDateTime>
#include <QHash>

namespace postern::dns {

class HostsFile {
  public:
    explicit HostsFile(QByteArray path) : m_path(std::move(path)) {}

    QByteArrayList addressesOf(const QByteArray& name); // families mixed as the resolver does; empty = not in here
    QByteArray nameOf(const QByteArray& address);       // the line's first name; "" = not in here

  private:
    struct Families {
        QByteArrayList v4, v6;
    };
    void refresh();

    const QByteArray m_path;
    QDateTime m_changed;
    qint64 m_size = -1;
    QHash<QByteArray, Families> m_byName;
    QHash<QByteArray, QByteArray> m_byAddress;
};

} // namespace postern::dns
