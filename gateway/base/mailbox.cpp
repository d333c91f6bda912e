// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/mailbox.h"

#include <QCoreApplication>
#include <QEvent>

namespace postern {

void MailboxWaker::wake() {
    QCoreApplication::postEvent(this, new QEvent(QEvent::User));
}

void MailboxWaker::customEvent(QEvent*) {
    m_drain();
}

} // namespace postern
