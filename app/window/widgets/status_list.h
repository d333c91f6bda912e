// SPDX-License-Identifier: GPL-3.0-or-later
//
// Status lines: shape, name, state in words and colour, dim detail, time. One tab stop; Enter opens the thing.
// Thread: the GUI thread.
#pragma once

#include "window/theme/roles.h"

#include <QAbstractListModel>
#include <QListView>
#include <QStyledItemDelegate>

namespace postern::window {

struct StatusLine {
    QString id;
    Tone tone = Tone::Dim;
    QString icon;
    QString name, state, detail, time;
    QString toolTip;
    bool operator==(const StatusLine&) const = default;
};

class StatusLineModel final : public QAbstractListModel {
    Q_OBJECT
  public:
    using QAbstractListModel::QAbstractListModel;
    void setLines(const QList<StatusLine>& lines); // keeps rows that only changed
    const StatusLine& line(int row) const { return m_lines.at(row); }
    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

  private:
    QList<StatusLine> m_lines;
};

class StatusLineDelegate final : public QStyledItemDelegate {
    Q_OBJECT
  public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

// Grows to its rows; the page scrolls, not the list.
class StatusListView final : public QListView {
    Q_OBJECT
  public:
    explicit StatusListView(StatusLineModel* model, QWidget* parent = nullptr);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

  protected:
    void focusInEvent(QFocusEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
};

} // namespace postern::window
