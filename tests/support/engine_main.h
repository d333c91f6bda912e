// SPDX-License-Identifier: GPL-3.0-or-later
//
// main() of a test whose own event loop is the engine threads' one.
#pragma once

#include "base/epoll_dispatcher.h"

#include <QAbstractEventDispatcher>
#include <QCoreApplication>
#include <QTest>

#define POSTERN_ENGINE_TEST_MAIN(Class)                                                                                \
    int main(int argc, char** argv) {                                                                                  \
        if (auto dispatcher = postern::makeEngineDispatcher())                                                         \
            QCoreApplication::setEventDispatcher(dispatcher.release());                                                \
        const QCoreApplication application(argc, argv);                                                                \
        Class tests;                                                                                                   \
        return QTest::qExec(&tests, argc, argv);                                                                       \
    }
