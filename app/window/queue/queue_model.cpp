// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/queue/queue_model.h"

#include "window/widgets/list_sync.h"
#include "window/words/phrases.h"
#include "window/words/safe_text.h"

#include <QHash>

#include <algorithm>
#include <limits>

using namespace Qt::StringLiterals;

namespace postern::window {

QueueModel::QueueModel(QObject* parent) : QAbstractItemModel(parent) {}

void QueueModel::setRows(const QList<control::QueueRow>& rows, bool isComplete, bool sendingPaused, qint64 now) {
    m_rows = rows;
    m_isComplete = isComplete;
    m_sendingPaused = sendingPaused;
    m_now = now;
    update();
}

void QueueModel::setTroubles(const QHash<QString, QString>& troubles) {
    if (troubles == m_troubles)
        return;
    m_troubles = troubles;
    update();
}

void QueueModel::setFilter(const QString& text) {
    const QString trimmed = text.trimmed();
    if (trimmed == m_filter)
        return;
    m_filter = trimmed;
    update();
}

void QueueModel::setHidden(const QSet<QString>& ids) {
    if (ids == m_hidden)
        return;
    m_hidden = ids;
    update();
}

void QueueModel::unfold(const QModelIndex& group) {
    if (const QueueReason* r = reason(group)) {
        m_unfolded.insert(r->key);
        update();
    }
}

bool QueueModel::passes(const control::QueueRow& row) const {
    if (m_hidden.contains(row.id))
        return false;
    if (m_filter.isEmpty())
        return true;
    for (const QString* text : {&row.sender, &row.recipient, &row.subject, &row.lastError, &row.relay, &row.client, &row.message}) {
        if (text->contains(m_filter, Qt::CaseInsensitive))
            return true;
    }
    return false;
}

bool QueueModel::isBefore(const control::QueueRow& a, const control::QueueRow& b) const {
    const auto three = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
    int order = 0;
    switch (static_cast<Column>(m_sortColumn)) {
    case State:
        order = three(a.state, b.state);
        break;
    case From:
        order = QString::compare(a.sender, b.sender, Qt::CaseInsensitive);
        break;
    case To:
        order = QString::compare(a.recipient, b.recipient, Qt::CaseInsensitive);
        break;
    case Subject:
        order = QString::compare(a.subject, b.subject, Qt::CaseInsensitive);
        break;
    case Size:
        order = three(a.size, b.size);
        break;
    case Waiting:
        order = three(b.createdAt, a.createdAt); // older = longer
        break;
    case NextTry:
        order = three(a.nextTryAt, b.nextTryAt);
        break;
    case Tries:
        order = three(a.tries, b.tries);
        break;
    case ColumnCount:
        break;
    }
    return m_sortOrder == Qt::AscendingOrder ? order < 0 : order > 0;
}

QueueModel::Groups QueueModel::build() const {
    struct Draft {
        QueueReason reason;
        QList<control::QueueRow> rows;
    };
    std::vector<Draft> drafts;
    QHash<QString, size_t> byKey;
    for (const auto& row : m_rows) {
        if (!passes(row))
            continue;
        QueueReason reason = reasonOf(row, m_sendingPaused, m_troubles.value(row.relay));
        auto it = byKey.constFind(reason.key);
        if (it == byKey.constEnd()) {
            it = byKey.insert(reason.key, drafts.size());
            drafts.push_back({std::move(reason), {}});
        }
        drafts[*it].rows.append(row);
    }
    // What stands keeps its place: a group that grows must not move another one away under the pointer.
    QHash<QString, size_t> standing;
    for (const auto& group : m_groups)
        standing.insert(group->reason.key, static_cast<size_t>(standing.size()));
    const auto place = [&standing](const Draft& d) {
        return standing.value(d.reason.key, std::numeric_limits<size_t>::max());
    };
    std::stable_sort(drafts.begin(), drafts.end(), [&place](const Draft& a, const Draft& b) {
        if (a.reason.rank != b.reason.rank)
            return a.reason.rank < b.reason.rank;
        if (place(a) != place(b))
            return place(a) < place(b);
        return a.rows.size() != b.rows.size() ? a.rows.size() > b.rows.size() : a.reason.key < b.reason.key;
    });
    if (drafts.size() > kMostGroups) {
        Draft rest{{u"other"_s, 9, Tone::Link, u"waiting"_s, tr("Other reasons"),
                    tr("Each has its own last answer; select one to read it below."), Cure::TryNow},
                   {}};
        for (size_t i = kMostGroups; i < drafts.size(); ++i)
            rest.rows += drafts[i].rows;
        drafts.resize(kMostGroups);
        drafts.push_back(std::move(rest));
    }
    Groups groups;
    for (Draft& draft : drafts) {
        std::stable_sort(draft.rows.begin(), draft.rows.end(), // equals stay in the order in which they came
                         [this](const auto& a, const auto& b) { return isBefore(a, b); });
        auto group = std::make_unique<Group>();
        group->reason = draft.reason;
        for (const auto& row : std::as_const(draft.rows))
            group->ids.append(row.id);
        const bool isFolded = drafts.size() > 1 && draft.rows.size() > kFolded + 2 && !m_unfolded.contains(draft.reason.key);
        const auto shown = isFolded ? kFolded : draft.rows.size();
        for (const auto& row : draft.rows.mid(0, shown))
            group->children.push_back({row, 0});
        if (isFolded)
            group->children.push_back({{}, static_cast<int>(draft.rows.size() - shown)});
        groups.push_back(std::move(group));
    }
    return groups;
}

void QueueModel::update() {
    Groups fresh = build();
    if (syncGroups(fresh))
        return;
    beginResetModel();
    m_groups = std::move(fresh);
    endResetModel();
}

// Carries the change out in place; false = the order changed, nothing was touched that a reset would not put right.
bool QueueModel::syncGroups(Groups& fresh) {
    const auto key = [](const std::unique_ptr<Group>& g) { return g->reason.key; };
    if (!sameOrder(m_groups, fresh, key))
        return false;
    const auto inNew = keysOf(fresh, key);
    for (size_t i = m_groups.size(); i-- > 0;) {
        if (inNew.contains(key(m_groups[i])))
            continue;
        beginRemoveRows({}, static_cast<int>(i), static_cast<int>(i));
        m_groups.erase(m_groups.begin() + static_cast<std::ptrdiff_t>(i));
        endRemoveRows();
    }
    for (size_t i = 0; i < fresh.size(); ++i) {
        if (i >= m_groups.size() || key(m_groups[i]) != key(fresh[i])) {
            beginInsertRows({}, static_cast<int>(i), static_cast<int>(i));
            m_groups.insert(m_groups.begin() + static_cast<std::ptrdiff_t>(i), std::move(fresh[i]));
            endInsertRows();
        } else if (!syncChildren(static_cast<int>(i), *fresh[i])) {
            fresh = build();
            return false;
        }
    }
    return true;
}

bool QueueModel::syncChildren(int at, Group& fresh) {
    Group& group = *m_groups[static_cast<size_t>(at)];
    const QModelIndex parent = index(at, 0);
    const auto remove = [&](int first, int last, auto act) {
        beginRemoveRows(parent, first, last);
        act();
        endRemoveRows();
    };
    const auto insert = [&](int first, int last, auto act) {
        beginInsertRows(parent, first, last);
        act();
        endInsertRows();
    };
    if (!syncList(group.children, fresh.children, [](const Child& c) { return c.key(); }, remove, insert))
        return false;
    group.reason = fresh.reason;
    group.ids = fresh.ids;
    Q_EMIT dataChanged(parent, index(at, ColumnCount - 1));
    if (!group.children.empty())
        Q_EMIT dataChanged(index(0, 0, parent), index(static_cast<int>(group.children.size()) - 1, ColumnCount - 1, parent));
    return true;
}

QueueModel::Kind QueueModel::kind(const QModelIndex& index) const {
    if (!index.internalPointer())
        return Kind::Group;
    const auto* group = static_cast<const Group*>(index.internalPointer());
    return group->children[static_cast<size_t>(index.row())].more > 0 ? Kind::More : Kind::Row;
}

const control::QueueRow* QueueModel::row(const QModelIndex& index) const {
    if (!index.isValid() || kind(index) != Kind::Row)
        return nullptr;
    return &static_cast<const Group*>(index.internalPointer())->children[static_cast<size_t>(index.row())].row;
}

const QueueReason* QueueModel::reason(const QModelIndex& index) const {
    if (!index.isValid() || kind(index) != Kind::Group)
        return nullptr;
    return &m_groups[static_cast<size_t>(index.row())]->reason;
}

QStringList QueueModel::idsOf(const QModelIndex& index) const {
    if (!index.isValid())
        return {};
    if (kind(index) == Kind::Group)
        return m_groups[static_cast<size_t>(index.row())]->ids;
    const auto* one = row(index);
    return one ? QStringList{one->id} : QStringList();
}

QModelIndex QueueModel::find(const QString& id) const {
    for (size_t group = 0; group < m_groups.size() && !id.isEmpty(); ++group) {
        const auto& children = m_groups[group]->children;
        const auto at = std::find_if(children.begin(), children.end(), [&id](const Child& c) { return c.key() == id; });
        if (at != children.end())
            return index(static_cast<int>(at - children.begin()), 0, index(static_cast<int>(group), 0));
    }
    return {};
}

int QueueModel::rowTotal() const {
    qsizetype total = 0;
    for (const auto& group : m_groups)
        total += group->ids.size();
    return static_cast<int>(total);
}

QModelIndex QueueModel::index(int row, int column, const QModelIndex& parent) const {
    if (!hasIndex(row, column, parent))
        return {};
    if (!parent.isValid())
        return createIndex(row, column, nullptr);
    return createIndex(row, column, m_groups[static_cast<size_t>(parent.row())].get());
}

QModelIndex QueueModel::parent(const QModelIndex& child) const {
    if (!child.isValid() || !child.internalPointer())
        return {};
    for (size_t i = 0; i < m_groups.size(); ++i) {
        if (m_groups[i].get() == child.internalPointer())
            return createIndex(static_cast<int>(i), 0, nullptr);
    }
    return {};
}

int QueueModel::rowCount(const QModelIndex& parent) const {
    if (!parent.isValid())
        return static_cast<int>(m_groups.size());
    if (parent.internalPointer() || parent.column() > 0)
        return 0;
    return static_cast<int>(m_groups[static_cast<size_t>(parent.row())]->children.size());
}

int QueueModel::columnCount(const QModelIndex&) const {
    return ColumnCount;
}

QString QueueModel::cell(const control::QueueRow& row, int column) const {
    switch (static_cast<Column>(column)) {
    case State:
        return rowState(row).word;
    case From:
        return row.sender.isEmpty() ? tr("a bounce notice", "sender column of a message with an empty return path")
                                    : leftToRight(safeLine(row.sender, 320));
    case To:
        return leftToRight(safeLine(row.recipient, 320));
    case Subject:
        return isolated(safeLine(row.subject, 300));
    case Size:
        return sizeWords(row.size);
    case Waiting:
        return spanWords(m_now - row.createdAt);
    case NextTry:
        return nextTryWords(row, m_sendingPaused, m_now);
    case Tries:
        return countWords(row.tries);
    case ColumnCount:
        break;
    }
    return {};
}

QVariant QueueModel::rowData(const control::QueueRow& row, int column, int role) const {
    const bool isNumber = column == Size || column == Waiting || column == NextTry || column == Tries;
    switch (role) {
    case Qt::DisplayRole:
        return cell(row, column);
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(isNumber ? Qt::AlignRight | Qt::AlignAbsolute | Qt::AlignVCenter
                                            : Qt::AlignLeft | Qt::AlignVCenter);
    case ToneRole:
        return column == State ? static_cast<int>(rowState(row).tone)
                               : static_cast<int>(column == Subject || column == NextTry ? Tone::Dim : Tone::Plain);
    case IconRole:
        return column == State ? rowState(row).icon : QString();
    case Qt::ToolTipRole:
        return plainToolTip(cell(row, column) + (row.lastError.isEmpty() ? QString() : u"\n"_s + safeLine(row.lastError, 300)));
    case Qt::AccessibleTextRole:
        return column == State
                   ? tr("%1, from %2 to %3, %4, %5, waiting %6, next try %7")
                         .arg(cell(row, State), cell(row, From), cell(row, To), cell(row, Subject), cell(row, Size),
                              cell(row, Waiting), cell(row, NextTry))
                   : cell(row, column);
    default:
        return {};
    }
}

QVariant QueueModel::groupData(const Group& group, int column, int role) const {
    if (role == KindRole)
        return static_cast<int>(Kind::Group);
    if (column != 0)
        return {};
    const auto count = static_cast<int>(group.ids.size());
    const QString words = m_isComplete ? tr("%n message(s)", nullptr, count) : tr("%n message(s) or more", nullptr, count);
    switch (role) {
    case Qt::DisplayRole:
        return group.reason.title;
    case CountRole:
        return words;
    case DetailRole:
        return group.reason.detail;
    case ToneRole:
        return static_cast<int>(group.reason.tone);
    case IconRole:
        return group.reason.icon;
    case Qt::ToolTipRole:
        return plainToolTip(group.reason.detail);
    case Qt::AccessibleTextRole:
        return u"%1, %2. %3"_s.arg(group.reason.title, words, group.reason.detail);
    default:
        return {};
    }
}

QVariant QueueModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    if (!index.internalPointer())
        return groupData(*m_groups[static_cast<size_t>(index.row())], index.column(), role);
    const auto& child = static_cast<const Group*>(index.internalPointer())->children[static_cast<size_t>(index.row())];
    if (role == KindRole)
        return static_cast<int>(child.more > 0 ? Kind::More : Kind::Row);
    if (child.more == 0)
        return rowData(child.row, index.column(), role);
    const bool isWords = role == Qt::DisplayRole || role == Qt::AccessibleTextRole;
    return isWords && index.column() == 0 ? tr("%n more for the same reason", nullptr, child.more) : QVariant();
}

QVariant QueueModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(section >= Size ? Qt::AlignRight | Qt::AlignAbsolute | Qt::AlignVCenter
                                                   : Qt::AlignLeft | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    const QString names[ColumnCount] = {tr("State"), tr("From"),    tr("To"),       tr("Subject"),
                                        tr("Size"),  tr("Waiting"), tr("Next try"), tr("Tries")};
    return section >= 0 && section < ColumnCount ? names[section] : QVariant();
}

Qt::ItemFlags QueueModel::flags(const QModelIndex& index) const {
    if (!index.isValid())
        return Qt::NoItemFlags;
    return Qt::ItemIsEnabled | Qt::ItemIsSelectable;
}

void QueueModel::sort(int column, Qt::SortOrder order) {
    if (column < 0 || column >= ColumnCount)
        return;
    m_sortColumn = column;
    m_sortOrder = order;
    update();
}

} // namespace postern::window
