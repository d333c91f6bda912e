// SPDX-License-Identifier: GPL-3.0-or-later
//
// Caught messages, newest first; the recipients of one message are one row. No widgets.
// Thread: the GUI thread.
#pragma once

#include "control/snapshots.h"

#include <QAbstractListModel>
#include <QSet>

#include <vector>

namespace postern::window {

struct CaughtMessage {
    QString message;
    QStringList ids; // envelopes
    QString from, subject;
    QStringList to;
    qint64 at = 0, size = 0;
};

class CaughtModel final : public QAbstractListModel {
    Q_OBJECT
  public:
    enum Role { FromRole = Qt::UserRole + 1, ToRole, SubjectRole, TimeRole };
    using QAbstractListModel::QAbstractListModel;

    void setRows(const QList<control::QueueRow>& rows, qint64 now);
    void setFilter(const QString& text);
    void setHidden(const QSet<QString>& ids);
    const CaughtMessage* message(const QModelIndex& index) const;
    QStringList allIds() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;

  private:
    void update();
    std::vector<CaughtMessage> build() const;

    QList<control::QueueRow> m_rows;
    std::vector<CaughtMessage> m_messages;
    QSet<QString> m_hidden;
    QString m_filter;
    qint64 m_now = 0;
};

} // namespace postern::window
