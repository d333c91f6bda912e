// SPDX-License-Identifier: GPL-3.0-or-later
//
// How files looked when they were read: size and time of change of each, to tell later which of them is another one now.
// Thread: a value, but making one looks at the disk. A file that is gone counts as changed. A change that keeps both size and time is not seen.
#pragma once

#include <QByteArrayList>

#include <map>
#include <utility>

namespace postern::engine {

class FileStamps {
  public:
    static QByteArray plain(const QByteArray& path); // how the functions below name it

    FileStamps() = default;
    explicit FileStamps(const QByteArrayList& paths); // as they are now

    // The first file, in the order of names, that is not as it was; `except` is not looked at. "" = all are.
    QByteArray firstChange(const QByteArray& except) const;
    FileStamps now() const;                               // of the same files
    QByteArrayList differences(const FileStamps& other) const; // files of both that are not alike
    friend bool operator==(const FileStamps&, const FileStamps&) = default;

  private:
    std::map<QByteArray, std::pair<qint64, qint64>> m_stamps; // size, milliseconds
};

} // namespace postern::engine
