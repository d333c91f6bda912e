// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/caught/caught_model.h"

#include "window/widgets/list_sync.h"
#include "window/words/phrases.h"
#include "window/words/safe_text.h"

#include <QHash>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::window {

void CaughtModel::setRows(const QList<control::QueueRow>& rows, qint64 now) {
    m_rows = rows;
    m_now = now;
    update();
}

void CaughtModel::setFilter(const QString& text) {
    m_filter = text.trimmed();
    update();
}

void CaughtModel::setHidden(const QSet<QString>& ids) {
    m_hidden = ids;
    update();
}

std::vector<CaughtMessage> CaughtModel::build() const {
    std::vector<CaughtMessage> messages;
    QHash<QString, size_t> byId;
    for (const auto& row : m_rows) {
        if (m_hidden.contains(row.id))
            continue;
        auto it = byId.constFind(row.message);
        if (it == byId.constEnd()) {
            it = byId.insert(row.message, messages.size());
            messages.push_back({row.message, {}, row.sender, row.subject, {}, row.createdAt, row.size});
        }
        messages[*it].ids.append(row.id);
        messages[*it].to.append(row.recipient);
    }
    if (!m_filter.isEmpty()) {
        std::erase_if(messages, [this](const CaughtMessage& m) {
            return !m.from.contains(m_filter, Qt::CaseInsensitive) && !m.subject.contains(m_filter, Qt::CaseInsensitive) &&
                   std::none_of(m.to.begin(), m.to.end(),
                                [this](const QString& to) { return to.contains(m_filter, Qt::CaseInsensitive); });
        });
    }
    std::stable_sort(messages.begin(), messages.end(), [](const auto& a, const auto& b) { return a.at > b.at; });
    return messages;
}

void CaughtModel::update() {
    auto fresh = build();
    const auto remove = [this](int first, int last, auto act) {
        beginRemoveRows({}, first, last);
        act();
        endRemoveRows();
    };
    const auto insert = [this](int first, int last, auto act) {
        beginInsertRows({}, first, last);
        act();
        endInsertRows();
    };
    if (syncList(m_messages, fresh, [](const CaughtMessage& m) { return m.message; }, remove, insert)) {
        if (!m_messages.empty())
            Q_EMIT dataChanged(index(0), index(static_cast<int>(m_messages.size()) - 1));
        return;
    }
    beginResetModel();
    m_messages = std::move(fresh);
    endResetModel();
}

const CaughtMessage* CaughtModel::message(const QModelIndex& index) const {
    return index.isValid() && index.row() < rowCount() ? &m_messages[static_cast<size_t>(index.row())] : nullptr;
}

QStringList CaughtModel::allIds() const {
    QStringList ids;
    for (const auto& message : m_messages)
        ids += message.ids;
    return ids;
}

int CaughtModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_messages.size());
}

QVariant CaughtModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const CaughtMessage& m = m_messages[static_cast<size_t>(index.row())];
    const auto subject = [&m] { return m.subject.isEmpty() ? tr("(no subject)") : isolated(safeLine(m.subject, 300)); };
    const auto from = [&m] { return m.from.isEmpty() ? tr("a notice") : leftToRight(safeLine(m.from, 320)); };
    const auto to = [&m] {
        QStringList shown;
        for (const QString& one : m.to.mid(0, 5))
            shown << leftToRight(safeLine(one, 320));
        return m.to.size() > 5 ? shown.join(u", "_s) + u" …"_s : shown.join(u", "_s);
    };
    switch (role) {
    case Qt::DisplayRole:
    case SubjectRole:
        return subject();
    case FromRole:
        return from();
    case ToRole:
        return to();
    case TimeRole:
        return whenWords(m.at, m_now);
    case Qt::ToolTipRole:
        return plainToolTip(u"%1\n%2 → %3\n%4"_s.arg(subject(), from(), to(), sizeWords(m.size)));
    case Qt::AccessibleTextRole:
        return tr("%1, from %2 to %3, %4", "subject, sender, recipients, time").arg(subject(), from(), to(), whenWords(m.at, m_now));
    default:
        return {};
    }
}

} // namespace postern::window
