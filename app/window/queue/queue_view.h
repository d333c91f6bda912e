// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queue as a list with group rows: reason, count, the other side's words, and one real button per group.
// Thread: the GUI thread.
#pragma once

#include "window/queue/queue_model.h"

#include <QStyledItemDelegate>
#include <QTreeView>

namespace postern::window {

// A cell with the tone and icon that the model names; shared by the lists that have a state column.
class ToneDelegate : public QStyledItemDelegate {
    Q_OBJECT
  public:
    ToneDelegate(int toneRole, int iconRole, QObject* parent);
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

    void setLeadIndent(int pixels) { m_leadIndent = pixels; } // of the first column

  private:
    int m_toneRole;
    int m_iconRole;
    int m_leadIndent = 0;
};

class QueueDelegate final : public ToneDelegate {
    Q_OBJECT
  public:
    explicit QueueDelegate(QObject* parent);
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

class QueueView final : public QTreeView {
    Q_OBJECT
  public:
    explicit QueueView(QueueModel* model, QWidget* parent = nullptr);
    QStringList selectedIds() const;
    const control::QueueRow* currentRow() const;

  Q_SIGNALS:
    void cureAsked(postern::window::Cure cure, const QStringList& ids);
    void rowOpened(const QString& envelopeId);
    void selectionMoved();

  protected:
    void drawBranches(QPainter*, const QRect&, const QModelIndex&) const override {}
    void drawRow(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void selectionChanged(const QItemSelection& selected, const QItemSelection& deselected) override;
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;

  private:
    void dressGroups();
    void fitColumns();
    void open(const QModelIndex& index);
    QueueModel* m_model;
};

} // namespace postern::window
