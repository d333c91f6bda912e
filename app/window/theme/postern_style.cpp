// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/theme/postern_style.h"

#include "window/theme/line_icon.h"
#include "window/theme/theme.h"

#include <QAbstractScrollArea>
#include <QComboBox>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QScrollBar>
#include <QStyleOption>
#include <QTabBar>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

constexpr int kRadius = 4;

QColor hoverFill(const QStyleOption& option, const QColor& rest) {
    const Roles& r = theme::roles();
    if (!option.state.testFlag(QStyle::State_Enabled))
        return rest;
    if (option.state.testFlag(QStyle::State_Sunken) || option.state.testFlag(QStyle::State_On))
        return mixed(r.text, r.base, 0.14);
    return option.state.testFlag(QStyle::State_MouseOver) ? mixed(r.text, r.base, 0.06) : rest;
}

} // namespace

void paintButtonPanel(QPainter& painter, const QRect& rect, const QColor& fill, const QColor& border) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(border.isValid() ? QPen(border, 1) : QPen(Qt::NoPen));
    painter.setBrush(fill);
    painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), kRadius, kRadius);
    painter.restore();
}

PosternStyle::PosternStyle() : QProxyStyle(u"Fusion"_s) {}

bool PosternStyle::isOurs() {
#if defined(Q_OS_MACOS)
    return false;
#elif defined(Q_OS_WIN) && QT_VERSION >= QT_VERSION_CHECK(6, 7, 0)
    return false;
#else
    return true;
#endif
}

void PosternStyle::polish(QWidget* widget) {
    QProxyStyle::polish(widget);
    if (qobject_cast<QPushButton*>(widget) || qobject_cast<QToolButton*>(widget) ||
        qobject_cast<QComboBox*>(widget) || qobject_cast<QTabBar*>(widget))
        widget->setAttribute(Qt::WA_Hover);
}

void PosternStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                                 const QWidget* widget) const {
    const Roles& r = theme::roles();
    // Only what differs from Fusion is listed; the rest is Fusion's.
    if (element == PE_PanelButtonCommand) {
        const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
        const bool isFlat = button && button->features.testFlag(QStyleOptionButton::Flat);
        const bool isDefault = button && button->features.testFlag(QStyleOptionButton::DefaultButton);
        if (isDefault)
            paintButtonPanel(*painter, option->rect, r.accentFill, r.accentFill);
        else
            paintButtonPanel(*painter, option->rect, hoverFill(*option, isFlat ? QColor(Qt::transparent) : r.base),
                             isFlat ? QColor() : (option->state.testFlag(State_Enabled) ? r.controlBorder : r.line));
        return;
    }
    if (element == PE_IndicatorCheckBox) { // Fusion's border is lost on a dark window
        const bool isOn = option->state.testFlag(State_On);
        const bool isEnabled = option->state.testFlag(State_Enabled);
        const QColor fill = isOn && isEnabled ? r.accentFill : hoverFill(*option, r.base);
        paintButtonPanel(*painter, option->rect, fill, isEnabled ? r.controlBorder : r.line);
        if (isOn)
            paintLineIcon(*painter, option->rect, QStringLiteral("check"), isEnabled ? r.onAccent : r.textDisabled);
        return;
    }
    if (element == PE_FrameMenu) {
        painter->setPen(r.line);
        painter->drawRect(option->rect.adjusted(0, 0, -1, -1));
        return;
    }
    if (element == PE_PanelButtonTool) {
        const QColor fill = hoverFill(*option, Qt::transparent);
        if (fill.alpha() > 0)
            paintButtonPanel(*painter, option->rect, fill, QColor());
        return;
    }
    if (element == PE_PanelLineEdit || element == PE_FrameLineEdit) {
        const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option);
        if (frame && frame->lineWidth <= 0 && element == PE_PanelLineEdit) {
            painter->fillRect(option->rect, option->palette.base());
            return;
        }
        paintButtonPanel(*painter, option->rect, r.base, r.controlBorder);
        return;
    }
    if (element == PE_FrameFocusRect || element == PE_FrameStatusBarItem || element == PE_PanelStatusBar ||
        element == PE_FrameTabBarBase)
        return; // the focus ring is drawn once, outside, by FocusRing
    if (element == PE_Frame || element == PE_FrameTabWidget) {
        return; // lists and panes have hairlines of their own
    }
    QProxyStyle::drawPrimitive(element, option, painter, widget);
}

void PosternStyle::drawHeaderSection(const QStyleOption& option, QPainter& painter) const {
    const Roles& r = theme::roles();
    painter.fillRect(option.rect, r.window);
    painter.fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1), r.line);
}

void PosternStyle::drawTab(const QStyleOptionTab& tab, QPainter& painter) const {
    const Roles& r = theme::roles();
    if (tab.state.testFlag(State_Selected))
        painter.fillRect(QRect(tab.rect.left(), tab.rect.bottom() - 1, tab.rect.width(), 2), r.accentLine);
    else if (tab.state.testFlag(State_MouseOver))
        painter.fillRect(tab.rect, mixed(r.text, r.base, 0.06));
}

// Icon, words and perhaps a chevron, centred as one, 8 px apart.
void PosternStyle::drawButtonLabel(const QStyleOptionButton& button, QPainter& painter) const {
    const Roles& r = theme::roles();
    const bool hasMenu = button.features.testFlag(QStyleOptionButton::HasMenu);
    const bool isEnabled = button.state.testFlag(State_Enabled);
    const QColor ink = !isEnabled                                                          ? r.textDisabled
                       : button.features.testFlag(QStyleOptionButton::DefaultButton) ? r.onAccent
                                                                                           : r.text;
    const QSize icon = button.icon.isNull() ? QSize(0, 0) : button.iconSize;
    const int words = button.fontMetrics.size(Qt::TextShowMnemonic, button.text).width();
    const int gap = icon.width() > 0 && words > 0 ? 8 : 0;
    const int chevron = hasMenu ? 22 : 0;
    int x = button.rect.left() + std::max(6, (button.rect.width() - icon.width() - gap - words - chevron) / 2);
    const auto placed = [&](const QRect& rect) { return visualRect(button.direction, button.rect, rect); };
    if (icon.width() > 0) {
        const QRect box(x, button.rect.top() + (button.rect.height() - icon.height() + 1) / 2, icon.width(), icon.height());
        button.icon.paint(&painter, placed(box), Qt::AlignCenter, isEnabled ? QIcon::Normal : QIcon::Disabled);
        x += icon.width() + gap;
    }
    painter.setPen(ink);
    painter.drawText(placed(QRect(x, button.rect.top(), words + 2, button.rect.height())),
                     Qt::AlignCenter | Qt::TextShowMnemonic | Qt::TextHideMnemonic | Qt::TextSingleLine, button.text);
    if (hasMenu)
        paintLineIcon(painter, placed(QRect(x + words + 6, button.rect.top() + (button.rect.height() - 16) / 2, 16, 16)),
                      u"chevron-down"_s, ink);
}

void PosternStyle::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                               const QWidget* widget) const {
    const Roles& r = theme::roles();
    if (element == CE_HeaderSection || element == CE_HeaderEmptyArea) {
        drawHeaderSection(*option, *painter);
        return;
    }
    if (const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option);
        element == CE_MenuItem && item && item->menuItemType == QStyleOptionMenuItem::Separator && item->text.isEmpty()) {
        painter->fillRect(QRect(item->rect.left() + 4, item->rect.center().y(), item->rect.width() - 8, 1), r.line);
        return;
    }
    if (element == CE_HeaderLabel) {
        if (const auto* label = qstyleoption_cast<const QStyleOptionHeader*>(option)) {
            const bool isMirrored = label->direction == Qt::RightToLeft; // then the header names its sections from the other end
            const bool isFirst = label->position == QStyleOptionHeader::OnlyOneSection ||
                                 label->position == (isMirrored ? QStyleOptionHeader::End : QStyleOptionHeader::Beginning);
            const bool isLast = label->position == (isMirrored ? QStyleOptionHeader::Beginning : QStyleOptionHeader::End);
            const int lead = 6 + (isFirst && widget ? widget->property("leadIndent").toInt() : 0);
            const int trail = 6 + (isLast && widget ? widget->property("trailIndent").toInt() : 0);
            const QRect all = widget ? QRect(option->rect.left(), 0, option->rect.width(), widget->height()) : option->rect;
            painter->setPen(r.textDim);
            painter->drawText(visualRect(label->direction, all, all.adjusted(lead, 0, -trail, 0)),
                              static_cast<int>(visualAlignment(label->direction, label->textAlignment) | Qt::AlignVCenter), label->text);
            return;
        }
    }
    if (element == CE_TabBarTabShape) {
        if (const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option))
            drawTab(*tab, *painter);
        return;
    }
    if (element == CE_FocusFrame) {
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(QPen(r.accentLine, 2));
        painter->setBrush(Qt::NoBrush);
        painter->drawRoundedRect(QRectF(option->rect).adjusted(1, 1, -1, -1), kRadius + 2, kRadius + 2);
        painter->restore();
        return;
    }
    if (element == CE_Splitter) {
        const bool isVerticalLine = option->state.testFlag(State_Horizontal);
        const QRect all = option->rect;
        painter->fillRect(isVerticalLine ? QRect(all.center().x(), all.top(), 1, all.height())
                                         : QRect(all.left(), all.center().y(), all.width(), 1),
                          r.line);
        return;
    }
    if (element == CE_PushButtonLabel || element == CE_PushButtonBevel) {
        if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option)) {
            if (element == CE_PushButtonBevel)
                proxy()->drawPrimitive(PE_PanelButtonCommand, option, painter, widget);
            else
                drawButtonLabel(*button, *painter);
            return;
        }
    }
    if (element == CE_MenuBarItem) {
        const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option);
        const bool isHot = option->state.testFlag(State_Selected) || option->state.testFlag(State_Sunken);
        painter->fillRect(option->rect, isHot ? mixed(r.text, r.window, 0.08) : r.window);
        if (item)
            drawItemText(painter, option->rect, Qt::AlignCenter | Qt::TextShowMnemonic | Qt::TextHideMnemonic, option->palette,
                         option->state.testFlag(State_Enabled), item->text, QPalette::WindowText);
        return;
    }
    if (element == CE_MenuBarEmptyArea) {
        painter->fillRect(option->rect, r.window);
        return;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

void PosternStyle::drawScrollBar(const QStyleOptionSlider& bar, QPainter& painter, const QWidget* widget) const {
    const Roles& r = theme::roles();
    painter.fillRect(bar.rect, r.base);
    QRect slider = proxy()->subControlRect(CC_ScrollBar, &bar, SC_ScrollBarSlider, widget);
    if (bar.minimum == bar.maximum)
        return;
    slider.adjust(2, 2, -2, -2);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    const bool isHot = bar.state.testFlag(State_MouseOver) || bar.state.testFlag(State_Sunken);
    painter.setBrush(isHot ? r.controlBorder : mixed(r.controlBorder, r.base, 0.6));
    const double radius = std::min(slider.width(), slider.height()) / 2.0;
    painter.drawRoundedRect(QRectF(slider), radius, radius);
    painter.restore();
}

void PosternStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                                      const QWidget* widget) const {
    const Roles& r = theme::roles();
    if (control == CC_ScrollBar) {
        if (const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option))
            drawScrollBar(*bar, *painter, widget);
        return;
    }
    if (control == CC_ComboBox) {
        if (const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option); combo && !combo->editable) {
            paintButtonPanel(*painter, option->rect, hoverFill(*option, r.base), r.controlBorder);
            const QRect arrow = proxy()->subControlRect(CC_ComboBox, option, SC_ComboBoxArrow, widget);
            paintLineIcon(*painter, QRect(arrow.center() - QPoint(7, 7), QSize(16, 16)), u"chevron-down"_s, r.text);
            return;
        }
    }
    QProxyStyle::drawComplexControl(control, option, painter, widget);
}

QSize PosternStyle::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& contents,
                                     const QWidget* widget) const {
    QSize size = QProxyStyle::sizeFromContents(type, option, contents, widget);
    if (type == CT_PushButton) {
        const bool isSmall = widget && widget->property("small").toBool();
        const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
        const bool hasMenu = button && button->features.testFlag(QStyleOptionButton::HasMenu);
        const int icon = button && !button->icon.isNull() ? button->iconSize.width() + 8 : 0;
        const int words = button ? button->fontMetrics.size(Qt::TextShowMnemonic, button->text).width() : contents.width();
        size = QSize(words + icon + (hasMenu ? 22 : 0) + (isSmall ? 20 : 26), std::max(isSmall ? 25 : 29, contents.height() + 8));
    } else if (type == CT_LineEdit) {
        const bool isSmall = widget && widget->property("small").toBool();
        size.setHeight(std::max(isSmall ? 25 : 29, contents.height() + 8));
    } else if (type == CT_ComboBox) {
        size.setHeight(std::max(29, size.height()));
    } else if (type == CT_MenuItem) {
        size.setHeight(std::max(size.height(), 28));
        if (const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option);
            item && item->menuItemType == QStyleOptionMenuItem::Separator)
            size.setHeight(9);
    } else if (type == CT_HeaderSection) {
        size.setHeight(std::max(27, size.height()));
    } else if (type == CT_TabBarTab) {
        size.setHeight(std::max(31, size.height()));
    } else if (type == CT_MenuBarItem) {
        size += QSize(2, 8);
    }
    return size;
}

int PosternStyle::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const {
    if (metric == PM_FocusFrameHMargin || metric == PM_FocusFrameVMargin)
        return 3; // 2 px ring and 1 px gap
    if (metric == PM_SplitterWidth)
        return 5;
    if (metric == PM_ScrollBarExtent)
        return 12;
    if (metric == PM_ButtonIconSize || metric == PM_SmallIconSize || metric == PM_ToolBarIconSize)
        return 16;
    if (metric == PM_ButtonShiftHorizontal || metric == PM_ButtonShiftVertical)
        return 0;
    if (metric == PM_MenuBarPanelWidth || metric == PM_ToolBarFrameWidth)
        return 0;
    return QProxyStyle::pixelMetric(metric, option, widget);
}

int PosternStyle::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                            QStyleHintReturn* data) const {
    if (hint == SH_EtchDisabledText || hint == SH_UnderlineShortcut || hint == SH_DialogButtonBox_ButtonsHaveIcons)
        return 0;
    if (hint == SH_FocusFrame_AboveWidget)
        return 1;
    if (hint == SH_ItemView_ActivateItemOnSingleClick)
        return 0;
    return QProxyStyle::styleHint(hint, option, widget, data);
}

} // namespace postern::window
