// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/contract.h"

#include "base/log.h"

#include <QThread>

#include <cstdio>
#include <cstdlib>

namespace postern {

void checkFailed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "postern: broken assumption at %s:%d: %s\n", file, line, condition);
    if (qEnvironmentVariableIsSet("POSTERN_ABORT_ON_CHECK")) {
        flushLog();
        std::abort();
    }
}

bool assertOwnThread(const QObject* object, const char* file, int line) {
    const bool own = object->thread() == QThread::currentThread();
    if (!own) [[unlikely]]
        checkFailed("called on the thread that owns the object", file, line);
    return own;
}

} // namespace postern
