// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/file_stamps.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>

namespace postern::engine {
namespace {

std::pair<qint64, qint64> stampOf(const QByteArray& path) {
    const QFileInfo info(QFile::decodeName(path));
    return info.exists() ? std::pair(info.size(), info.lastModified().toMSecsSinceEpoch()) : std::pair<qint64, qint64>(-1, -1);
}

} // namespace

QByteArray FileStamps::plain(const QByteArray& path) {
    return QFile::encodeName(QDir::cleanPath(QFileInfo(QFile::decodeName(path)).absoluteFilePath()));
}

FileStamps::FileStamps(const QByteArrayList& paths) {
    for (const QByteArray& path : paths)
        m_stamps[plain(path)] = stampOf(path);
}

FileStamps FileStamps::now() const {
    FileStamps fresh;
    for (const auto& [path, stamp] : m_stamps)
        fresh.m_stamps[path] = stampOf(path);
    return fresh;
}

QByteArrayList FileStamps::differences(const FileStamps& other) const {
    QByteArrayList paths;
    for (const auto& [path, stamp] : m_stamps)
        if (const auto at = other.m_stamps.find(path); at != other.m_stamps.end() && at->second != stamp)
            paths.append(path);
    return paths;
}

QByteArray FileStamps::firstChange(const QByteArray& except) const {
    const QByteArray left = plain(except);
    for (const auto& [path, stamp] : m_stamps)
        if (path != left && stampOf(path) != stamp)
            return path;
    return {};
}

} // namespace postern::engine
