// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/widgets/focus_ring.h"

#include <QAbstractButton>
#include <QApplication>
#include <QComboBox>
#include <QLineEdit>
#include <QPlainTextEdit>

namespace postern::window {

FocusRing::FocusRing(QWidget* window) : QFocusFrame(window) {
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget*, QWidget* now) { follow(now); });
}

void FocusRing::follow(QWidget* now) {
    const bool isOurs = now && parentWidget() && parentWidget()->window() == now->window();
    const bool isControl = qobject_cast<QAbstractButton*>(now) || qobject_cast<QLineEdit*>(now) ||
                           qobject_cast<QComboBox*>(now);
    setWidget(isOurs && isControl ? now : nullptr);
}

} // namespace postern::window
