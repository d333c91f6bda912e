// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/widgets/undo_bar.h"

#include "window/theme/theme.h"
#include "window/widgets/labels.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>

namespace postern::window {

UndoBar::UndoBar(QWidget* parent) : QFrame(parent) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(20, 6, 20, 6);
    row->setSpacing(12);
    m_words = makeLabel(LabelKind::Section);
    m_undo = new QPushButton(tr("Undo"));
    m_undo->setAutoDefault(false);
    m_undo->setObjectName(QStringLiteral("undoButton"));
    row->addWidget(m_words);
    row->addWidget(m_undo);
    row->addWidget(makeLabel(LabelKind::Dim, tr("This can be undone for 10 seconds.")), 1);
    connect(m_undo, &QAbstractButton::clicked, this, &UndoBar::undone);
    hide();
}

void UndoBar::showRemoved(int count) {
    if (count > 0)
        m_words->setText(tr("Removed %n message(s).", nullptr, count));
    setVisible(count > 0);
}

void UndoBar::paintEvent(QPaintEvent*) {
    const Roles& r = theme::roles();
    QPainter painter(this);
    painter.fillRect(rect(), r.accentTint);
    painter.fillRect(QRect(0, 0, width(), 1), r.accentTintLine);
}

} // namespace postern::window
