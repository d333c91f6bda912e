// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/activity/activity_model.h"

#include "window/words/phrases.h"
#include "window/words/safe_text.h"

#include <QCoreApplication>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Activity)
};

} // namespace

size_t qHash(ActivityGroup group, size_t seed) noexcept {
    return ::qHash(static_cast<int>(group), seed);
}

KindWords kindWords(const QString& kind) {
    if (kind == u"taken")
        return {ActivityGroup::TakenIn, Tone::Dim, u"deliver"_s, Words::tr("Taken in")};
    if (kind == u"caught")
        return {ActivityGroup::TakenIn, Tone::Ok, u"mail"_s, Words::tr("Caught")};
    if (kind == u"delivered")
        return {ActivityGroup::Delivered, Tone::Ok, u"ok"_s, Words::tr("Delivered")};
    if (kind == u"delayed")
        return {ActivityGroup::Waiting, Tone::Link, u"waiting"_s, Words::tr("Delayed")};
    if (kind == u"bounced")
        return {ActivityGroup::Refused, Tone::Error, u"bounce"_s, Words::tr("Sent back")};
    if (kind == u"notice")
        return {ActivityGroup::Waiting, Tone::Link, u"mail"_s, Words::tr("Notice")};
    if (kind == u"refused")
        return {ActivityGroup::Refused, Tone::Error, u"refuse"_s, Words::tr("Refused")};
    if (kind == u"session")
        return {ActivityGroup::Connections, Tone::Dim, u"computer"_s, Words::tr("Connected")};
    if (kind == u"config")
        return {ActivityGroup::Gateway, Tone::Dim, u"file"_s, Words::tr("Settings")};
    return {ActivityGroup::Gateway, Tone::Dim, u"info"_s, Words::tr("Postern")};
}

void ActivityModel::add(const QList<control::ActivityEvent>& events, qint64 now) {
    m_now = now;
    const auto fresh = events.mid(std::max<qsizetype>(0, events.size() - kMost));
    if (fresh.isEmpty())
        return;
    const int tooMany = rowCount() + static_cast<int>(fresh.size()) - kMost;
    if (tooMany > 0 && rowCount() > 0) {
        const int drop = std::min(tooMany, rowCount());
        beginRemoveRows({}, rowCount() - drop, rowCount() - 1);
        m_events.erase(m_events.end() - drop, m_events.end());
        endRemoveRows();
    }
    beginInsertRows({}, 0, static_cast<int>(fresh.size()) - 1);
    for (const auto& event : fresh)
        m_events.push_front(event);
    endInsertRows();
}

const control::ActivityEvent* ActivityModel::event(int row) const {
    return row >= 0 && row < rowCount() ? &m_events[static_cast<size_t>(row)] : nullptr;
}

int ActivityModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_events.size());
}

int ActivityModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant ActivityModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const auto& event = m_events[static_cast<size_t>(index.row())];
    const KindWords kind = kindWords(event.kind);
    const auto time = [&] {
        const QString when = whenWords(event.at, m_now);
        return when == clockTime(event.at) ? clockTimeSeconds(event.at) : when;
    };
    switch (role) {
    case Qt::DisplayRole:
        return index.column() == Time ? time() : index.column() == What ? kind.word : isolated(safeLine(event.text, 600));
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(Qt::AlignLeft | Qt::AlignVCenter);
    case ToneRole:
        return static_cast<int>(index.column() == Time   ? Tone::Dim
                                : index.column() == What ? kind.tone
                                                         : Tone::Plain);
    case IconRole:
        return index.column() == What ? kind.icon : QString();
    case GroupRole:
        return static_cast<int>(kind.group);
    case Qt::ToolTipRole:
        return index.column() == Text ? plainToolTip(safeLine(event.text, 600)) : QVariant();
    case Qt::AccessibleTextRole:
        return u"%1, %2: %3"_s.arg(time(), kind.word, safeLine(event.text, 600));
    default:
        return {};
    }
}

QVariant ActivityModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::AlignLeft | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    return section == Time ? tr("Time") : section == What ? tr("What") : tr("Message");
}

void ActivityFilter::setGroups(const QSet<ActivityGroup>& groups) {
    m_groups = groups;
    invalidateFilter();
}

void ActivityFilter::setWords(const QString& words) {
    m_words = words.trimmed();
    invalidateFilter();
}

bool ActivityFilter::filterAcceptsRow(int row, const QModelIndex&) const {
    const auto* model = qobject_cast<const ActivityModel*>(sourceModel());
    const auto* event = model ? model->event(row) : nullptr;
    if (!event)
        return false;
    if (!m_groups.isEmpty() && !m_groups.contains(kindWords(event->kind).group))
        return false;
    return m_words.isEmpty() || event->text.contains(m_words, Qt::CaseInsensitive) ||
           event->detail.contains(m_words, Qt::CaseInsensitive) || event->message.contains(m_words, Qt::CaseInsensitive);
}

} // namespace postern::window
