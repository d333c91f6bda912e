// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/epoll_dispatcher.h"

#include <QAbstractEventDispatcher>

namespace postern {

std::unique_ptr<QAbstractEventDispatcher> makeEngineDispatcher() {
    return nullptr;
}

} // namespace postern
