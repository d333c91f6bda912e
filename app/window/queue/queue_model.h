// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queue as a tree of two levels: reasons, and the rows that wait for each. New rows move nothing that is being read:
// a change is carried out as removals and insertions, and only a changed order resets.
//
// While there are several groups a long one shows its first rows and "N more for the same reason". At most kMostGroups
// reasons stand alone; the rest share one group. Holds only the rows it is given (the loader pages). No widgets.
// Thread: the GUI thread.
#pragma once

#include "window/queue/queue_reason.h"

#include <QAbstractItemModel>
#include <QHash>
#include <QSet>

#include <memory>
#include <vector>

namespace postern::window {

class QueueModel final : public QAbstractItemModel {
    Q_OBJECT
  public:
    enum Column { State, From, To, Subject, Size, Waiting, NextTry, Tries, ColumnCount };
    enum Role { ToneRole = Qt::UserRole + 1, IconRole, DetailRole, KindRole, CountRole };
    enum class Kind : quint8 { Group, Row, More };

    explicit QueueModel(QObject* parent = nullptr);

    void setRows(const QList<control::QueueRow>& rows, bool isComplete, bool sendingPaused, qint64 now);
    void setTroubles(const QHash<QString, QString>& troubles); // relay -> what is wrong with it now
    void setFilter(const QString& text);
    void setHidden(const QSet<QString>& ids); // rows whose removal can still be undone
    void unfold(const QModelIndex& group);

    Kind kind(const QModelIndex& index) const;
    const control::QueueRow* row(const QModelIndex& index) const; // null for groups and "more"
    const QueueReason* reason(const QModelIndex& index) const;    // of a group
    QModelIndex find(const QString& id) const;                    // the row, if it is shown
    QStringList idsOf(const QModelIndex& index) const;            // all rows of a group, or the one
    int rowTotal() const; // rows that pass filter and undo

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    void sort(int column, Qt::SortOrder order) override;

    static constexpr int kMostGroups = 30;
    static constexpr int kFolded = 6;

  private:
    struct Child {
        control::QueueRow row;
        int more = 0; // > 0: not a row, that many more
        QString key() const { return more > 0 ? QString() : row.id; }
    };
    struct Group {
        QueueReason reason;
        QStringList ids; // all, also the folded ones
        std::vector<Child> children;
    };
    using Groups = std::vector<std::unique_ptr<Group>>;

    Groups build() const;
    void update();
    bool syncGroups(Groups& fresh);
    bool syncChildren(int at, Group& fresh);
    bool isBefore(const control::QueueRow& a, const control::QueueRow& b) const;
    bool passes(const control::QueueRow& row) const;
    QVariant groupData(const Group& group, int column, int role) const;
    QVariant rowData(const control::QueueRow& row, int column, int role) const;
    QString cell(const control::QueueRow& row, int column) const;

    QList<control::QueueRow> m_rows;
    Groups m_groups;
    QSet<QString> m_hidden;
    QSet<QString> m_unfolded; // reason keys
    QHash<QString, QString> m_troubles;
    QString m_filter;
    int m_sortColumn = Waiting;
    Qt::SortOrder m_sortOrder = Qt::DescendingOrder;
    qint64 m_now = 0;
    bool m_isComplete = true;
    bool m_sendingPaused = false;
};

} // namespace postern::window
