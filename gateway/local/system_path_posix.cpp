// SPDX-License-Identifier: GPL-3.0-or-later
#include "local/system_path.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>

#include <paths.h>

namespace postern::local {

QByteArray systemPath() {
    return _PATH_DEFPATH;
}

// Beside it, where it was built; where it is installed, under libexec.
QByteArray deliverProgram() {
    const QString here = QCoreApplication::applicationDirPath();
    for (const char* place : {"/postern-deliver", "/../libexec/postern/postern-deliver"}) {
        const QString path = QDir::cleanPath(here + QLatin1String(place));
        if (QFile::exists(path))
            return QFile::encodeName(path);
    }
    return QFile::encodeName(here) + "/postern-deliver";
}

} // namespace postern::local
