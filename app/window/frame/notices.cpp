// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/frame/notices.h"

#include <QCoreApplication>

namespace postern::window {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Notices)
};

} // namespace

std::optional<Notice> Notices::due(const QList<BannerText>& open, qint64 now) {
    std::optional<Notice> notice;
    int more = 0;
    for (const auto& trouble : open) {
        if (isProblemAbout(trouble.id, u"paused"))
            continue; // by a person
        Known& known = m_known[trouble.id];
        if (known.since == 0)
            known.since = now;
        known.seen = now;
        if (endsByItself(trouble) && now - known.since < kPatience)
            continue;
        if (known.told > 0 && (now - known.told < kAtMostEvery || trouble.tone != Tone::Error))
            continue; // while mail is safe, once is enough
        known.told = now;
        if (!notice)
            notice = Notice{trouble.id, trouble.title, trouble.text, now};
        else
            ++more;
    }
    if (notice) {
        keep(*notice);
        if (more > 0)
            notice->text += QStringLiteral("\n") + Words::tr("%n more problem(s)", nullptr, more);
    }
    // Gone for good after an hour; what comes back before that is no news.
    m_known.removeIf([now](const auto& entry) { return now - entry.value().seen >= kAtMostEvery; });
    return notice;
}

std::optional<Notice> Notices::once(const QString& id, const QString& title, const QString& text, qint64 now) {
    for (const Notice& notice : m_list) {
        if (notice.problemId == id)
            return std::nullopt;
    }
    const Notice notice{id, title, text, now};
    keep(notice);
    return notice;
}

void Notices::keep(const Notice& notice) {
    m_list.prepend(notice);
    if (m_list.size() > kMostKept)
        m_list.removeLast();
    ++m_unseen;
}

} // namespace postern::window
