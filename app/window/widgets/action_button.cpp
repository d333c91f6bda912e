// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/widgets/action_button.h"

#include <QAction>

namespace postern::window {

ActionButton::ActionButton(QAction* action, QWidget* parent) : QPushButton(parent), m_action(action) {
    setProperty("small", true);
    setAutoDefault(false);
    connect(this, &QAbstractButton::clicked, action, &QAction::trigger);
    connect(action, &QAction::changed, this, &ActionButton::follow);
    follow();
}

void ActionButton::follow() {
    setText(m_action->text());
    setIcon(m_action->icon());
    setEnabled(m_action->isEnabled());
    if (parentWidget() || !m_action->isVisible()) // never a window of its own
        setVisible(m_action->isVisible());
    if (!m_action->shortcut().isEmpty())
        setToolTip(QStringLiteral("%1 (%2)").arg(m_action->text(), m_action->shortcut().toString(QKeySequence::NativeText)));
}

} // namespace postern::window
