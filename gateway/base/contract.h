// SPDX-License-Identifier: GPL-3.0-or-later
//
// Broken assumptions: POSTERN_CHECK(condition, action) logs and carries out `action` in release builds and aborts under
// test (environment POSTERN_ABORT_ON_CHECK, set by our test runner). For broken *input* use diagnostics or Result.
#pragma once

#include <QObject>

namespace postern {

void checkFailed(const char* condition, const char* file, int line);

// True on the thread that owns `object`; logs through checkFailed() otherwise. The door check of cross-thread objects.
bool assertOwnThread(const QObject* object, const char* file, int line);

} // namespace postern

#define POSTERN_CHECK(condition, action)                                                                               \
    do {                                                                                                               \
        if (!(condition)) [[unlikely]] {                                                                               \
            ::postern::checkFailed(#condition, __FILE__, __LINE__);                                                    \
            action;                                                                                                    \
        }                                                                                                              \
    } while (false)

#define POSTERN_OWN_THREAD(object) ::postern::assertOwnThread(object, __FILE__, __LINE__)
