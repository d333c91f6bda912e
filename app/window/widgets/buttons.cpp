// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/widgets/buttons.h"

#include "window/theme/line_icon.h"
#include "window/theme/postern_style.h"
#include "window/theme/theme.h"

#include <QEvent>
#include <QPainter>
#include <QStyle>
#include <QStyleOptionButton>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

// `rect` of a leading-to-trailing layout, where it really is.
QRect placed(const QWidget& widget, const QRect& rect) {
    return QStyle::visualRect(widget.layoutDirection(), widget.rect(), rect);
}

bool repaintsOnHover(QEvent* event) {
    return event->type() == QEvent::HoverEnter || event->type() == QEvent::HoverLeave;
}

} // namespace

PrimaryButton::PrimaryButton(const QString& text, QWidget* parent) : QPushButton(text, parent) {
    setAttribute(Qt::WA_Hover);
    setAutoDefault(false);
    setFont(theme::sectionFont());
}

void PrimaryButton::paintEvent(QPaintEvent*) {
    const Roles& r = theme::roles();
    QPainter painter(this);
    QColor fill = isEnabled() ? r.accentFill : r.chip;
    if (isEnabled() && isDown())
        fill = mixed(r.text, fill, 0.25);
    else if (isEnabled() && underMouse())
        fill = mixed(r.text, fill, 0.12);
    paintButtonPanel(painter, rect(), fill, r.highContrast ? r.text : fill);
    painter.setPen(isEnabled() ? r.onAccent : r.textDisabled);
    painter.setFont(font());
    painter.drawText(rect(), Qt::AlignCenter | Qt::TextShowMnemonic, text());
}

LinkButton::LinkButton(const QString& text, QWidget* parent) : QAbstractButton(parent) {
    setText(text);
    setCursor(Qt::PointingHandCursor);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

QSize LinkButton::sizeHint() const {
    return {fontMetrics().size(Qt::TextShowMnemonic, text()).width() + 4, std::max(24, fontMetrics().height())};
}

bool LinkButton::event(QEvent* event) {
    if (repaintsOnHover(event))
        update();
    return QAbstractButton::event(event);
}

void LinkButton::paintEvent(QPaintEvent*) {
    const Roles& r = theme::roles();
    QPainter painter(this);
    painter.setFont(font());
    painter.setPen(isEnabled() ? r.link : r.textDisabled);
    const QRect words = placed(*this, rect().adjusted(2, 0, -2, 0));
    painter.drawText(words, Qt::AlignCenter | Qt::TextShowMnemonic, text());
    const int under = rect().center().y() + fontMetrics().height() / 2 - fontMetrics().descent() + 3;
    painter.fillRect(QRect(words.left(), under, words.width(), 1), underMouse() ? r.link : mixed(r.link, r.base, 0.5));
}

FilterChip::FilterChip(const QString& text, QWidget* parent) : QAbstractButton(parent) {
    setText(text);
    setCheckable(true);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

QSize FilterChip::sizeHint() const {
    const int cross = isChecked() ? 20 : 0;
    return {fontMetrics().horizontalAdvance(text()) + 22 + cross, std::max(25, fontMetrics().height() + 8)};
}

bool FilterChip::event(QEvent* event) {
    if (repaintsOnHover(event))
        update();
    return QAbstractButton::event(event);
}

void FilterChip::paintEvent(QPaintEvent*) {
    const Roles& r = theme::roles();
    QPainter painter(this);
    const QColor rest = isChecked() ? r.accentTint : r.base;
    const QColor border = isChecked() && !r.highContrast ? r.accentTintLine : r.controlBorder;
    paintButtonPanel(painter, rect(), underMouse() ? mixed(r.text, rest, 0.06) : rest, border);
    painter.setFont(font());
    painter.setPen(r.text);
    const QRect words = placed(*this, rect().adjusted(11, 0, isChecked() ? -28 : -11, 0));
    painter.drawText(words, Qt::AlignCenter, text());
    if (isChecked())
        paintLineIcon(painter, placed(*this, QRect(width() - 26, (height() - 16) / 2, 16, 16)), u"close"_s, r.text);
}

StateButton::StateButton(QWidget* parent) : QAbstractButton(parent) {
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void StateButton::setState(Tone tone, const QString& icon, const QString& words, bool bold) {
    if (m_tone == tone && m_icon == icon && text() == words && m_bold == bold)
        return;
    m_tone = tone;
    m_icon = icon;
    m_bold = bold;
    setText(words);
    setAccessibleName(words);
    updateGeometry();
    update();
}

QFont StateButton::wordFont() const {
    QFont own = font();
    if (m_bold)
        own.setWeight(QFont::DemiBold);
    return own;
}

QSize StateButton::sizeHint() const {
    const QFontMetrics metrics(wordFont());
    return {metrics.horizontalAdvance(text()) + (m_icon.isEmpty() ? 8 : 32), std::max(24, metrics.height() + 6)};
}

bool StateButton::event(QEvent* event) {
    if (repaintsOnHover(event))
        update();
    return QAbstractButton::event(event);
}

void StateButton::paintEvent(QPaintEvent*) {
    const Roles& r = theme::roles();
    QPainter painter(this);
    if (underMouse() && isEnabled())
        paintButtonPanel(painter, rect(), mixed(r.text, r.window, 0.06), QColor());
    const QColor ink = r.tone(m_tone).ink;
    int start = 4;
    if (!m_icon.isEmpty()) {
        paintLineIcon(painter, placed(*this, QRect(4, (height() - 16) / 2, 16, 16)), m_icon, ink);
        start = 26;
    }
    painter.setFont(wordFont());
    painter.setPen(ink);
    painter.drawText(placed(*this, QRect(start, 0, width() - start - 2, height())),
                     static_cast<int>(Qt::AlignVCenter) | static_cast<int>(QStyle::visualAlignment(layoutDirection(), Qt::AlignLeft)),
                     text());
}

} // namespace postern::window
