// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/widgets/status_list.h"

#include "window/theme/line_icon.h"
#include "window/theme/theme.h"
#include "window/words/safe_text.h"

#include <QPainter>
#include <QWheelEvent>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

constexpr int kRowHeight = 40;

} // namespace

void StatusLineModel::setLines(const QList<StatusLine>& lines) {
    if (lines == m_lines)
        return;
    const auto common = std::min(lines.size(), m_lines.size());
    if (lines.size() < m_lines.size()) {
        beginRemoveRows({}, static_cast<int>(lines.size()), static_cast<int>(m_lines.size()) - 1);
        m_lines.resize(lines.size());
        endRemoveRows();
    } else if (lines.size() > m_lines.size()) {
        beginInsertRows({}, static_cast<int>(m_lines.size()), static_cast<int>(lines.size()) - 1);
        m_lines += lines.mid(common);
        endInsertRows();
    }
    for (qsizetype i = 0; i < common; ++i) {
        if (m_lines.at(i) == lines.at(i))
            continue;
        m_lines[i] = lines.at(i);
        Q_EMIT dataChanged(index(static_cast<int>(i)), index(static_cast<int>(i)));
    }
}

int StatusLineModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_lines.size());
}

QVariant StatusLineModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const StatusLine& line = m_lines.at(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return line.name;
    case Qt::ToolTipRole:
        return line.toolTip.isEmpty() ? QVariant() : plainToolTip(line.toolTip);
    case Qt::AccessibleTextRole: {
        QStringList parts{line.name, line.state, line.detail, line.time};
        parts.removeAll(QString());
        return parts.join(u", "_s);
    }
    default:
        return {};
    }
}

QSize StatusLineDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
    return {200, std::max(kRowHeight, option.fontMetrics.height() + 14)};
}

void StatusLineDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const auto* model = qobject_cast<const StatusLineModel*>(index.model());
    if (!model)
        return;
    const StatusLine& line = model->line(index.row());
    const Roles& r = theme::roles();
    const QRect all = option.rect;
    const auto placed = [&](const QRect& rect) { return QStyle::visualRect(option.direction, all, rect); };
    painter->save();
    if (option.state.testFlag(QStyle::State_MouseOver))
        painter->fillRect(all, r.alternate);
    painter->fillRect(QRect(all.left(), all.bottom(), all.width(), 1), r.lineSoft);
    if (option.state.testFlag(QStyle::State_HasFocus)) {
        painter->setPen(QPen(r.accentLine, 2));
        painter->drawRect(all.adjusted(1, 1, -1, -2));
    }
    const int middle = all.top() + (all.height() - 16) / 2;
    const QColor ink = r.tone(line.tone).ink;
    paintLineIcon(*painter, placed(QRect(all.left() + 4, middle, 16, 16)), line.icon, ink);

    // Columns share their starts over all sections: name three tenths, state what its word needs, detail the rest.
    const QFont bold = theme::sectionFont();
    const QFontMetrics boldMetrics(bold);
    const int start = all.left() + 30;
    const int timeWidth = option.fontMetrics.horizontalAdvance(line.time);
    const int room = all.right() - 8 - start;
    const int nameWidth = std::clamp(room * 30 / 100, 90, 300);
    const int stateWidth = std::clamp(room * 13 / 100, std::min(option.fontMetrics.horizontalAdvance(line.state), room / 4) + 8, 200);
    const auto draw = [&](int at, int width, const QString& text, const QFont& font, const QColor& color,
                          Qt::Alignment align) {
        if (width <= 8 || text.isEmpty())
            return;
        painter->setFont(font);
        painter->setPen(color);
        const QRect box = placed(QRect(at, all.top(), width, all.height()));
        painter->drawText(box, static_cast<int>(QStyle::visualAlignment(option.direction, align) | Qt::AlignVCenter),
                          QFontMetrics(font).elidedText(text, text.contains(u'/') ? Qt::ElideMiddle : Qt::ElideRight, width));
    };
    draw(start, nameWidth, line.name, bold, r.text, Qt::AlignLeft);
    draw(start + nameWidth + 12, stateWidth, line.state, option.font, ink, Qt::AlignLeft);
    const int detailAt = start + nameWidth + stateWidth + 24;
    draw(detailAt, all.right() - 8 - timeWidth - 12 - detailAt, line.detail, option.font, r.textDim, Qt::AlignLeft);
    draw(all.right() - 8 - timeWidth, timeWidth + 2, line.time, option.font, r.textDim, Qt::AlignRight);
    painter->restore();
}

StatusListView::StatusListView(StatusLineModel* model, QWidget* parent) : QListView(parent) {
    setModel(model);
    setItemDelegate(new StatusLineDelegate(this));
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setSelectionMode(QAbstractItemView::NoSelection);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setUniformItemSizes(true);
    const auto grow = [this] { updateGeometry(); };
    connect(model, &QAbstractItemModel::rowsInserted, this, grow);
    connect(model, &QAbstractItemModel::rowsRemoved, this, grow);
    connect(model, &QAbstractItemModel::modelReset, this, grow);
}

QSize StatusListView::sizeHint() const {
    const int rows = model()->rowCount();
    const int height = rows > 0 ? sizeHintForRow(0) : kRowHeight;
    return {320, rows * height};
}

QSize StatusListView::minimumSizeHint() const {
    return {200, sizeHint().height()};
}

void StatusListView::focusInEvent(QFocusEvent* event) {
    QListView::focusInEvent(event);
    if (!currentIndex().isValid() && model()->rowCount() > 0)
        setCurrentIndex(model()->index(0, 0));
}

void StatusListView::wheelEvent(QWheelEvent* event) {
    event->ignore(); // the page scrolls
}

} // namespace postern::window
