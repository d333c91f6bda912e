// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/queue/queue_view.h"

#include "window/theme/line_icon.h"
#include "window/theme/theme.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPushButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

constexpr int kRowHeight = 30;
constexpr int kGroupHeight = 46;
constexpr int kIndent = 20; // the page margin: rows start where the title starts

} // namespace

ToneDelegate::ToneDelegate(int toneRole, int iconRole, QObject* parent)
    : QStyledItemDelegate(parent), m_toneRole(toneRole), m_iconRole(iconRole) {}

QSize ToneDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
    return {60, std::max(kRowHeight, option.fontMetrics.height() + 10)};
}

void ToneDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const Roles& r = theme::roles();
    const bool isSelected = option.state.testFlag(QStyle::State_Selected);
    const auto tone = static_cast<Tone>(index.data(m_toneRole).toInt());
    const QColor ink = isSelected && r.highContrast ? r.selectionText : r.tone(tone).ink;
    const int lead = index.column() == 0 ? m_leadIndent : 0;
    QRect box = QStyle::visualRect(option.direction, option.rect, option.rect.adjusted(6 + lead, 0, -6, 0));
    painter->save();
    if (const QString icon = index.data(m_iconRole).toString(); !icon.isEmpty()) {
        paintLineIcon(*painter, QStyle::visualRect(option.direction, box, QRect(box.left(), box.top() + (box.height() - 16) / 2, 16, 16)),
                      icon, ink);
        box = QStyle::visualRect(option.direction, box, box.adjusted(22, 0, 0, 0));
    }
    painter->setFont(option.font);
    painter->setPen(ink);
    const auto alignment = index.data(Qt::TextAlignmentRole).value<Qt::Alignment>();
    const QString text = index.data().toString();
    const auto elide = text.contains(u'@') && !text.contains(u' ') ? Qt::ElideMiddle : Qt::ElideRight;
    painter->drawText(box, static_cast<int>(QStyle::visualAlignment(option.direction, alignment)),
                      option.fontMetrics.elidedText(text, elide, box.width()));
    painter->restore();
}

QueueDelegate::QueueDelegate(QObject* parent) : ToneDelegate(QueueModel::ToneRole, QueueModel::IconRole, parent) {}

QSize QueueDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    if (static_cast<QueueModel::Kind>(index.data(QueueModel::KindRole).toInt()) != QueueModel::Kind::Group)
        return ToneDelegate::sizeHint(option, index);
    return {200, std::max(kGroupHeight, 2 * option.fontMetrics.height() + 10)};
}

void QueueDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const auto kind = static_cast<QueueModel::Kind>(index.data(QueueModel::KindRole).toInt());
    if (kind == QueueModel::Kind::Row) {
        QStyleOptionViewItem inner = option;
        if (index.column() == QueueModel::State)
            inner.rect = QStyle::visualRect(option.direction, option.rect, option.rect.adjusted(kIndent + 8, 0, 0, 0));
        if (index.column() == QueueModel::Tries)
            inner.rect = QStyle::visualRect(option.direction, option.rect, option.rect.adjusted(0, 0, -14, 0));
        ToneDelegate::paint(painter, inner, index);
        return;
    }
    if (index.column() != 0)
        return;
    const Roles& r = theme::roles();
    const QRect all = option.rect;
    const auto placed = [&](const QRect& rect) { return QStyle::visualRect(option.direction, all, rect); };
    const auto leading = static_cast<int>(QStyle::visualAlignment(option.direction, Qt::AlignLeft) | Qt::AlignVCenter);
    painter->save();
    if (kind == QueueModel::Kind::More) {
        QFont font = option.font;
        font.setUnderline(true);
        painter->setFont(font);
        painter->setPen(r.link);
        painter->drawText(placed(all.adjusted(kIndent + 14, 0, -8, 0)), leading, index.data().toString());
        painter->restore();
        return;
    }
    const auto tone = static_cast<Tone>(index.data(QueueModel::ToneRole).toInt());
    const bool isOpen = option.state.testFlag(QStyle::State_Open);
    paintLineIcon(*painter, placed(QRect(all.left() + 8, all.top() + (all.height() - 16) / 2, 16, 16)),
                  isOpen ? u"chevron-down"_s : u"chevron-end"_s, r.textDim);
    paintLineIcon(*painter, placed(QRect(all.left() + kIndent + 14, all.top() + (all.height() - 16) / 2, 16, 16)),
                  index.data(QueueModel::IconRole).toString(), r.tone(tone).ink);
    const QFont bold = theme::sectionFont();
    const QFont small = theme::smallFont();
    const QFontMetrics boldMetrics(bold);
    const QFontMetrics smallMetrics(small);
    const int start = all.left() + kIndent + 40;
    const int room = all.right() - 150 - start; // the button's place
    const int top = all.top() + (all.height() - boldMetrics.height() - smallMetrics.height() - 1) / 2;
    const QString count = index.data(QueueModel::CountRole).toString();
    const int countWidth = option.fontMetrics.horizontalAdvance(count);
    const QString title = boldMetrics.elidedText(index.data().toString(), Qt::ElideRight, room - countWidth - 10);
    const int titleWidth = boldMetrics.horizontalAdvance(title);
    painter->setFont(bold);
    painter->setPen(r.text);
    painter->drawText(placed(QRect(start, top, titleWidth + 2, boldMetrics.height())), leading, title);
    painter->setFont(option.font);
    painter->drawText(placed(QRect(start + titleWidth + 10, top, countWidth + 2, boldMetrics.height())), leading, count);
    painter->setFont(small);
    painter->setPen(r.textDim);
    painter->drawText(placed(QRect(start, top + boldMetrics.height() + 1, room, smallMetrics.height())), leading,
                      smallMetrics.elidedText(index.data(QueueModel::DetailRole).toString(), Qt::ElideRight, room));
    painter->restore();
}

QueueView::QueueView(QueueModel* model, QWidget* parent) : QTreeView(parent), m_model(model) {
    setObjectName(u"queueView"_s);
    setModel(model);
    setItemDelegate(new QueueDelegate(this));
    setFrameShape(QFrame::NoFrame);
    setIndentation(0);
    setRootIsDecorated(false);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setAllColumnsShowFocus(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setSortingEnabled(true);
    sortByColumn(QueueModel::Waiting, Qt::DescendingOrder);
    header()->setSortIndicatorShown(false);
    header()->setSectionsMovable(false);
    header()->setStretchLastSection(false);
    header()->setMinimumSectionSize(40);
    header()->setProperty("leadIndent", kIndent + 8); // where the rows' words start and end
    header()->setProperty("trailIndent", 14);
    setExpandsOnDoubleClick(false);
    setAccessibleName(tr("Messages in the queue"));
    connect(model, &QAbstractItemModel::modelReset, this, &QueueView::dressGroups);
    connect(model, &QAbstractItemModel::rowsInserted, this, &QueueView::dressGroups);
    connect(this, &QAbstractItemView::activated, this, &QueueView::open);
    fitColumns();
    dressGroups();
}

// The words of a group span the row; its button is a real one.
void QueueView::dressGroups() {
    for (int i = 0; i < m_model->rowCount(); ++i) {
        const QModelIndex group = m_model->index(i, 0);
        setFirstColumnSpanned(i, {}, true);
        const int last = m_model->rowCount(group) - 1;
        if (last >= 0 && m_model->kind(m_model->index(last, 0, group)) == QueueModel::Kind::More)
            setFirstColumnSpanned(last, group, true);
        if (indexWidget(group))
            continue;
        const Cure cure = m_model->reason(group)->cure;
        expand(group);
        auto* place = new QWidget;
        place->setFocusPolicy(Qt::NoFocus);
        auto* row = new QHBoxLayout(place);
        row->setContentsMargins(0, 0, 0, 0);
        row->setSpacing(0);
        row->addStretch(1);
        if (cure != Cure::None) {
            auto* button = new QPushButton(cureWords(cure));
            button->setProperty("small", true);
            button->setAutoDefault(false);
            button->setAccessibleName(u"%1: %2"_s.arg(cureWords(cure), m_model->reason(group)->title));
            connect(button, &QAbstractButton::clicked, this, [this, cure, at = QPersistentModelIndex(group)] {
                if (at.isValid())
                    Q_EMIT cureAsked(cure, m_model->idsOf(at));
            });
            row->addWidget(button);
        }
        row->addSpacing(20); // the page margin
        setIndexWidget(group, place);
    }
}

void QueueView::fitColumns() {
    const QFontMetrics metrics(font());
    // Also the header's word, whatever its language makes of it.
    const auto wide = [&](const QString& sample, int column) {
        const QString title = m_model->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
        return std::max(metrics.horizontalAdvance(sample), metrics.horizontalAdvance(title)) + 18;
    };
    QString longest; // of the states' words
    for (const QString& state : {u"waiting"_s, u"sending"_s, u"held"_s}) {
        control::QueueRow row;
        row.state = state;
        if (const QString word = rowState(row).word; metrics.horizontalAdvance(word) > metrics.horizontalAdvance(longest))
            longest = word;
    }
    const int total = viewport()->width();
    const QSignalBlocker quiet(header());
    const int fixed[QueueModel::ColumnCount] = {
        wide(longest, QueueModel::State) + 22 + kIndent + 8,  0, 0, 0, wide(u"888.8 MB"_s, QueueModel::Size),
        wide(u"888 min"_s, QueueModel::Waiting),             wide(u"18 Nov, 14:40"_s, QueueModel::NextTry) + (total < 900 ? 14 : 0),
        wide(u"88"_s, QueueModel::Tries) + 14};
    setColumnHidden(QueueModel::Tries, total < 900);
    setColumnHidden(QueueModel::Size, total < 860);
    int rest = total;
    for (int c = 0; c < QueueModel::ColumnCount; ++c) {
        header()->setSectionResizeMode(c, QHeaderView::Fixed);
        if (fixed[c] > 0 && !isColumnHidden(c)) {
            header()->resizeSection(c, fixed[c]);
            rest -= fixed[c];
        }
    }
    header()->resizeSection(QueueModel::From, rest * 32 / 100);
    header()->resizeSection(QueueModel::To, rest * 34 / 100);
    header()->resizeSection(QueueModel::Subject, rest - rest * 32 / 100 - rest * 34 / 100);
    header()->viewport()->update();
}

void QueueView::resizeEvent(QResizeEvent* event) {
    fitColumns();
    QTreeView::resizeEvent(event);
}

void QueueView::drawRow(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const Roles& r = theme::roles();
    const bool isGroup = m_model->kind(index) == QueueModel::Kind::Group;
    if (selectionModel()->isSelected(index.siblingAtColumn(0)))
        painter->fillRect(option.rect, r.selection);
    else if (isGroup)
        painter->fillRect(option.rect, r.alternate);
    painter->fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1), isGroup ? r.line : r.lineSoft);
    QStyleOptionViewItem plain = option;
    plain.state &= ~QStyle::State_HasFocus;
    QTreeView::drawRow(painter, plain, index);
    if (hasFocus() && currentIndex().isValid() && currentIndex().siblingAtColumn(0) == index.siblingAtColumn(0)) {
        painter->setPen(QPen(r.accentLine, 2));
        painter->setBrush(Qt::NoBrush);
        painter->drawRect(option.rect.adjusted(1, 1, -1, -1));
    }
}

void QueueView::selectionChanged(const QItemSelection& selected, const QItemSelection& deselected) {
    QTreeView::selectionChanged(selected, deselected);
    viewport()->update();
    Q_EMIT selectionMoved();
}

void QueueView::currentChanged(const QModelIndex& current, const QModelIndex& previous) {
    QTreeView::currentChanged(current, previous);
    Q_EMIT selectionMoved();
}

void QueueView::open(const QModelIndex& index) {
    switch (m_model->kind(index)) {
    case QueueModel::Kind::Group:
        setExpanded(index.siblingAtColumn(0), !isExpanded(index.siblingAtColumn(0)));
        break;
    case QueueModel::Kind::More:
        m_model->unfold(index.parent());
        break;
    case QueueModel::Kind::Row:
        Q_EMIT rowOpened(m_model->row(index)->id);
        break;
    }
}

void QueueView::keyPressEvent(QKeyEvent* event) {
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && currentIndex().isValid()) {
        open(currentIndex());
        return;
    }
    QTreeView::keyPressEvent(event);
}

// The chevron's place folds; "N more" opens with one click.
void QueueView::mousePressEvent(QMouseEvent* event) {
    const QModelIndex index = indexAt(event->pos());
    QTreeView::mousePressEvent(event);
    if (!index.isValid() || event->button() != Qt::LeftButton)
        return;
    const int fromEdge = isRightToLeft() ? viewport()->width() - event->pos().x() : event->pos().x();
    const auto kind = m_model->kind(index);
    if (kind == QueueModel::Kind::More || (kind == QueueModel::Kind::Group && fromEdge < kIndent + 12))
        open(index);
}

QStringList QueueView::selectedIds() const {
    QStringList ids;
    QSet<QString> seen;
    for (const QModelIndex& index : selectionModel()->selectedRows()) {
        for (const QString& id : m_model->idsOf(index)) {
            if (!seen.contains(id)) {
                seen.insert(id);
                ids.append(id);
            }
        }
    }
    return ids;
}

const control::QueueRow* QueueView::currentRow() const {
    return m_model->row(currentIndex());
}

} // namespace postern::window
