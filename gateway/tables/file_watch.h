// SPDX-License-Identifier: GPL-3.0-or-later
//
// Is the file behind a path still the one that was read? By its number on the disk, size and time of change.
// Thread: a value; looks at the disk.
#pragma once

#include "tables/file_identity.h"

#include <QByteArray>
#include <QFileInfo>
#include <QDateTime>

namespace postern::tables {

class FileWatch {
  public:
    explicit FileWatch(QByteArray path) : m_path(std::move(path)) {}

    const QByteArray& path() const { return m_path; }
    void look() { m_seen = stamp(); } // before reading: what changes meanwhile is seen next time
    bool hasChanged() const { return stamp() != m_seen; }

  private:
    struct Stamp {
        std::optional<FileIdentity> identity;
        qint64 size = -1, changed = 0; // milliseconds
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    Stamp stamp() const {
        const QFileInfo info(QFile::decodeName(m_path));
        return info.exists() ? Stamp{fileIdentity(m_path), info.size(), info.lastModified().toMSecsSinceEpoch()} : Stamp();
    }

    QByteArray m_path;
    Stamp m_seen;
};

} // namespace postern::tables
