// SPDX-License-Identifier: GPL-3.0-or-later
//
// What happened, one plain line per event, newest first; bounded, so that a night of ten thousand lines a second costs
// the memory of five thousand. ActivityFilter shows the chosen kinds and the words that were typed. No widgets.
// Thread: the GUI thread.
#pragma once

#include "control/snapshots.h"
#include "window/theme/roles.h"

#include <QAbstractTableModel>
#include <QSet>
#include <QSortFilterProxyModel>

#include <deque>

namespace postern::window {

// What the filter chips are about.
enum class ActivityGroup : quint8 { TakenIn, Delivered, Waiting, Refused, Connections, Gateway };

struct KindWords {
    ActivityGroup group = ActivityGroup::Gateway;
    Tone tone = Tone::Dim;
    QString icon, word;
};
KindWords kindWords(const QString& kind);

class ActivityModel final : public QAbstractTableModel {
    Q_OBJECT
  public:
    enum Column { Time, What, Text, ColumnCount };
    enum Role { ToneRole = Qt::UserRole + 1, IconRole, GroupRole };
    using QAbstractTableModel::QAbstractTableModel;

    void add(const QList<control::ActivityEvent>& events, qint64 now); // oldest first
    const control::ActivityEvent* event(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    static constexpr int kMost = 5000;

  private:
    std::deque<control::ActivityEvent> m_events; // newest first
    qint64 m_now = 0;
};

class ActivityFilter final : public QSortFilterProxyModel {
    Q_OBJECT
  public:
    using QSortFilterProxyModel::QSortFilterProxyModel;
    void setGroups(const QSet<ActivityGroup>& groups); // none = all
    void setWords(const QString& words);

  protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

  private:
    QSet<ActivityGroup> m_groups;
    QString m_words;
};

size_t qHash(ActivityGroup group, size_t seed = 0) noexcept;

} // namespace postern::window
