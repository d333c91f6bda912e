// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/frame/notices.h"

#include "window/words/safe_text.h"

#include <QCoreApplication>

namespace postern::window {
namespace {

constexpr qint64 kAtMostEvery = 3600;

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Notices)
};

} // namespace

std::optional<Notice> Notices::due(const QList<control::Problem>& problems, qint64 now) {
    std::optional<Notice> notice;
    int more = 0;
    for (const auto& problem : problems) {
        const auto told = m_told.constFind(problem.id);
        if (told != m_told.constEnd() && now - *told < kAtMostEvery)
            continue;
        const bool isStillOpen = told != m_told.constEnd();
        m_told.insert(problem.id, now);
        if (isStillOpen && problem.gravity == control::Gravity::Attention)
            continue; // once said, mail is safe: no reminder every hour
        if (!notice)
            notice = Notice{problem.id, safeLine(problem.title), safeLine(problem.text)};
        else
            ++more;
    }
    if (notice && more > 0)
        notice->text += QStringLiteral("\n") + Words::tr("%n more problem(s)", nullptr, more);
    m_told.removeIf([&](const auto& entry) {
        return now - entry.value() >= kAtMostEvery &&
               std::none_of(problems.begin(), problems.end(), [&](const auto& p) { return p.id == entry.key(); });
    });
    return notice;
}

} // namespace postern::window
