// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/file_identity.h"

#include <sys/stat.h>

namespace postern::tables {

std::optional<FileIdentity> fileIdentity(const QByteArray& path) {
    struct stat info;
    if (::stat(path.constData(), &info) != 0)
        return std::nullopt;
    return FileIdentity(info.st_dev, info.st_ino);
}

} // namespace postern::tables
