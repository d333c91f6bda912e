// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/frame/rail.h"

#include "window/theme/line_icon.h"
#include "window/theme/theme.h"
#include "window/words/phrases.h"

#include <QKeyEvent>
#include <QPainter>

#include <utility>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

constexpr int kRowHeight = 33;
constexpr int kGroupHeight = 30;
constexpr int kIconsWidth = 56;
constexpr int kLeastWidth = 180;
constexpr int kMostWidth = 240;

} // namespace

void RailModel::setEntries(QList<RailEntry> entries) {
    beginResetModel();
    m_entries = std::move(entries);
    endResetModel();
}

void RailModel::setCount(const QString& id, int count, bool attention) {
    const int row = rowOf(id);
    if (row < 0)
        return;
    RailEntry& entry = m_entries[row];
    if (entry.count == count && entry.attention == attention)
        return;
    entry.count = count;
    entry.attention = attention;
    Q_EMIT dataChanged(index(row), index(row));
}

int RailModel::rowOf(const QString& id) const {
    for (int i = 0; i < m_entries.size(); ++i) {
        if (!m_entries.at(i).isGroup && m_entries.at(i).id == id)
            return i;
    }
    return -1;
}

int RailModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_entries.size());
}

QVariant RailModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const RailEntry& entry = m_entries.at(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return entry.text;
    case IconRole:
        return entry.icon;
    case CountRole:
        return entry.count;
    case AttentionRole:
        return entry.attention;
    case IsGroupRole:
        return entry.isGroup;
    case IdRole:
        return entry.id;
    case Qt::ToolTipRole:
    case Qt::AccessibleTextRole: {
        if (entry.isGroup)
            return role == Qt::ToolTipRole ? QVariant() : entry.text;
        QString words = entry.count > 0 ? tr("%1, %2", "page, count").arg(entry.text, countWords(entry.count)) : entry.text;
        if (entry.attention)
            words = tr("%1, needs attention", "page and count").arg(words);
        return words;
    }
    default:
        return {};
    }
}

Qt::ItemFlags RailModel::flags(const QModelIndex& index) const {
    if (!index.isValid() || m_entries.at(index.row()).isGroup)
        return Qt::NoItemFlags;
    return Qt::ItemIsSelectable | Qt::ItemIsEnabled | Qt::ItemNeverHasChildren;
}

QSize RailDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const bool isGroup = index.data(RailModel::IsGroupRole).toBool();
    const QFontMetrics metrics(isGroup ? theme::smallFont() : theme::sectionFont());
    if (m_iconsOnly)
        return {kIconsWidth, isGroup ? 10 : kRowHeight};
    int width = 18 + metrics.horizontalAdvance(index.data().toString()) + 18;
    if (!isGroup)
        width += 26 + option.fontMetrics.horizontalAdvance(u"88,888"_s) + 24;
    return {width, isGroup ? kGroupHeight : std::max(kRowHeight, option.fontMetrics.height() + 12)};
}

void RailDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const Roles& r = theme::roles();
    const QRect all = option.rect;
    const auto placed = [&](const QRect& rect) { return QStyle::visualRect(option.direction, all, rect); };
    const auto leading = static_cast<int>(QStyle::visualAlignment(option.direction, Qt::AlignLeft) | Qt::AlignVCenter);
    const auto trailing = static_cast<int>(QStyle::visualAlignment(option.direction, Qt::AlignRight) | Qt::AlignVCenter);
    painter->save();
    if (index.data(RailModel::IsGroupRole).toBool()) {
        if (!m_iconsOnly) {
            painter->setFont(theme::smallFont());
            painter->setPen(r.textDim);
            painter->drawText(placed(all.adjusted(18, 6, -8, 0)), leading, index.data().toString());
        }
        painter->restore();
        return;
    }
    const bool isCurrent = option.state.testFlag(QStyle::State_Selected);
    const QRect row = all.adjusted(8, 0, -8, -1);
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    if (isCurrent || option.state.testFlag(QStyle::State_MouseOver)) {
        painter->setBrush(isCurrent ? r.selection : mixed(r.text, r.window, 0.05));
        painter->drawRoundedRect(row, 4, 4);
    }
    if (isCurrent) {
        painter->setBrush(r.accentLine);
        painter->drawRoundedRect(placed(QRect(row.left(), row.top() + 7, 3, row.height() - 14)), 1.5, 1.5);
    }
    if (option.state.testFlag(QStyle::State_HasFocus)) {
        painter->setPen(QPen(r.accentLine, 2));
        painter->setBrush(Qt::NoBrush);
        painter->drawRoundedRect(QRectF(row).adjusted(1, 1, -1, -1), 4, 4);
    }
    const QColor ink = isCurrent ? r.selectionText : r.text;
    const int middle = row.top() + (row.height() - 16) / 2;
    const int iconAt = m_iconsOnly ? all.left() + (all.width() - 16) / 2 : row.left() + 11;
    paintLineIcon(*painter, placed(QRect(iconAt, middle, 16, 16)), index.data(RailModel::IconRole).toString(),
                  isCurrent && !r.highContrast ? r.link : ink);
    const int count = index.data(RailModel::CountRole).toInt();
    const bool attention = index.data(RailModel::AttentionRole).toBool();
    if (m_iconsOnly) {
        if (attention)
            paintLineIcon(*painter, placed(QRect(iconAt + 12, row.top() + 1, 12, 12)), u"attention"_s, r.attentionInk);
        painter->restore();
        return;
    }
    painter->setFont(isCurrent ? theme::sectionFont() : option.font);
    painter->setPen(ink);
    painter->drawText(placed(QRect(row.left() + 36, row.top(), row.width() - 40, row.height())), leading, index.data().toString());
    if (count > 0) {
        const QString words = countWords(count);
        painter->setFont(attention ? theme::sectionFont() : option.font);
        painter->setPen(attention ? (isCurrent && r.highContrast ? r.selectionText : r.attentionInk)
                                  : (isCurrent ? r.selectionText : r.textDim));
        const QRect box = placed(QRect(row.left(), row.top(), row.width() - 10, row.height()));
        painter->drawText(box, trailing, words);
        if (attention) {
            const int wide = painter->fontMetrics().horizontalAdvance(words);
            paintLineIcon(*painter, placed(QRect(row.right() - 10 - wide - 18, middle + 1, 14, 14)), u"attention"_s,
                          painter->pen().color());
        }
    }
    painter->restore();
}

Rail::Rail(RailModel* model, QWidget* parent) : QListView(parent), m_delegate(new RailDelegate(this)) {
    setObjectName(u"rail"_s);
    setModel(model);
    setItemDelegate(m_delegate);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setMouseTracking(true);
    viewport()->setBackgroundRole(QPalette::Window);
    viewport()->setAutoFillBackground(true);
    setSelectionMode(QAbstractItemView::SingleSelection);
    setAccessibleName(tr("Pages"));
    setViewportMargins(0, 6, 0, 6);
    setBackgroundRole(QPalette::Window);
    setAutoFillBackground(true);
    connect(model, &QAbstractItemModel::modelReset, this, &Rail::fit);
    fit();
}

void Rail::setIconsOnly(bool on) {
    if (m_iconsOnly == on)
        return;
    m_iconsOnly = on;
    m_delegate->setIconsOnly(on);
    fit();
    scheduleDelayedItemsLayout();
}

void Rail::fit() {
    setFixedWidth(m_iconsOnly ? kIconsWidth : std::clamp(sizeHintForColumn(0), kLeastWidth, kMostWidth));
}

void Rail::choose(const QString& id) {
    const int row = static_cast<RailModel*>(model())->rowOf(id);
    if (row >= 0)
        setCurrentIndex(model()->index(row, 0));
}

void Rail::currentChanged(const QModelIndex& current, const QModelIndex& previous) {
    QListView::currentChanged(current, previous);
    if (current.isValid())
        Q_EMIT chosen(current.data(RailModel::IdRole).toString());
}

void Rail::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        Q_EMIT entered(currentIndex().data(RailModel::IdRole).toString());
        return;
    }
    QListView::keyPressEvent(event);
}

void Rail::changeEvent(QEvent* event) {
    QListView::changeEvent(event);
    if (event->type() == QEvent::FontChange && model())
        fit();
}

} // namespace postern::window
