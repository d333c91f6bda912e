// SPDX-License-Identifier: GPL-3.0-or-later
//
// The navigation at the leading edge: icon, word, count; amber with a triangle when a person is needed.
// One tab stop; arrows move, Enter goes into the page. Holds only pages that exist.
// Thread: the GUI thread.
#pragma once

#include <QAbstractListModel>
#include <QListView>
#include <QStyledItemDelegate>

namespace postern::window {

struct RailEntry {
    QString id, icon, text;
    int count = 0;          // 0 = none shown
    bool attention = false; // a person is needed
    bool isGroup = false;   // a heading; not selectable
};

class RailModel final : public QAbstractListModel {
    Q_OBJECT
  public:
    enum Role { IconRole = Qt::UserRole + 1, CountRole, AttentionRole, IsGroupRole, IdRole };
    using QAbstractListModel::QAbstractListModel;
    void setEntries(QList<RailEntry> entries);
    void setCount(const QString& id, int count, bool attention);
    int rowOf(const QString& id) const;
    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

  private:
    QList<RailEntry> m_entries;
};

class RailDelegate final : public QStyledItemDelegate {
    Q_OBJECT
  public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void setIconsOnly(bool on) { m_iconsOnly = on; }
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

  private:
    bool m_iconsOnly = false;
};

class Rail final : public QListView {
    Q_OBJECT
  public:
    explicit Rail(RailModel* model, QWidget* parent = nullptr);
    void setIconsOnly(bool on); // below 1120 pixels of window
    bool iconsOnly() const { return m_iconsOnly; }
    void choose(const QString& id);

  Q_SIGNALS:
    void chosen(const QString& id);
    void entered(const QString& id); // Enter: go into the page

  protected:
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;

  private:
    void fit();
    RailDelegate* m_delegate = nullptr;
    bool m_iconsOnly = false;
};

} // namespace postern::window
