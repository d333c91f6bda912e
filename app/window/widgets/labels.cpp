// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/widgets/labels.h"

#include "window/theme/theme.h"
#include "window/words/safe_text.h"

#include <QEvent>
#include <QPainter>

namespace postern::window {
namespace {

void dress(QLabel& label, LabelKind kind) {
    label.setTextFormat(Qt::PlainText);
    switch (kind) {
    case LabelKind::Body:
        break;
    case LabelKind::Dim:
        label.setForegroundRole(QPalette::PlaceholderText);
        break;
    case LabelKind::Small:
        label.setForegroundRole(QPalette::PlaceholderText);
        label.setFont(theme::smallFont());
        break;
    case LabelKind::Section:
        label.setFont(theme::sectionFont());
        break;
    case LabelKind::Title:
        label.setFont(theme::titleFont());
        break;
    case LabelKind::Big:
        label.setFont(theme::bigFont());
        break;
    case LabelKind::Fixed:
        label.setFont(theme::fixedFont());
        break;
    }
}

} // namespace

QLabel* makeLabel(LabelKind kind, const QString& text, QWidget* parent) {
    auto* label = new QLabel(parent);
    dress(*label, kind);
    label->setText(text);
    return label;
}

ElidedLabel::ElidedLabel(LabelKind kind, QWidget* parent) : QLabel(parent) {
    dress(*this, kind);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void ElidedLabel::setFullText(const QString& text) {
    if (m_full == text)
        return;
    m_full = text;
    setAccessibleName(text);
    updateGeometry();
    elide();
}

QSize ElidedLabel::minimumSizeHint() const {
    return {fontMetrics().averageCharWidth() * 12, fontMetrics().height()};
}

QSize ElidedLabel::sizeHint() const {
    return {fontMetrics().horizontalAdvance(m_full) + 2, fontMetrics().height()};
}

void ElidedLabel::resizeEvent(QResizeEvent* event) {
    QLabel::resizeEvent(event);
    elide();
}

void ElidedLabel::changeEvent(QEvent* event) {
    QLabel::changeEvent(event);
    if (event->type() == QEvent::FontChange)
        elide();
}

void ElidedLabel::elide() {
    const QString shown = fontMetrics().elidedText(m_full, Qt::ElideRight, width());
    if (shown != text())
        setText(shown);
    setToolTip(shown == m_full ? QString() : plainToolTip(m_full));
}

Hairline::Hairline(QWidget* parent) : QWidget(parent) {
    setFixedHeight(1);
}

void Hairline::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme::roles().line);
}

} // namespace postern::window
