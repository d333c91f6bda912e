// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/frame/bell.h"

#include "window/theme/line_icon.h"
#include "window/theme/theme.h"
#include "window/words/phrases.h"

#include <QMenu>
#include <QPainter>

using namespace Qt::StringLiterals;

namespace postern::window {

Bell::Bell(Notices& notices, QWidget* parent) : QPushButton(parent), m_notices(notices), m_list(new QMenu(this)) {
    setObjectName(u"bell"_s);
    setFlat(true);
    setAutoDefault(false);
    setIcon(lineIcon(u"bell"_s));
    setMinimumWidth(32);
    connect(m_list, &QMenu::aboutToShow, this, &Bell::fill);
    connect(this, &QAbstractButton::clicked, this, [this] {
        const QSize size = m_list->sizeHint();
        m_list->popup(mapToGlobal(QPoint(isRightToLeft() ? 0 : width() - size.width(), height())));
    });
    showState(0);
}

void Bell::showState(qint64 now) {
    m_now = now;
    const int unseen = m_notices.unseen();
    const QString words = unseen > 0 ? tr("Notifications, %n new", nullptr, unseen) : tr("Notifications");
    if (words == accessibleName())
        return;
    setAccessibleName(words);
    setToolTip(words);
    update();
}

void Bell::fill() {
    m_list->clear();
    for (const Notice& notice : m_notices.told()) {
        const QString line = tr("%1  %2", "time, what needed somebody").arg(whenWords(notice.at, m_now), notice.title);
        m_list->addAction(QString(line).replace(u'&', u"&&"_s), this, [this, id = notice.problemId] { Q_EMIT noticeOpened(id); });
    }
    if (m_list->isEmpty())
        m_list->addAction(tr("Nothing has needed you since Postern was started"))->setEnabled(false);
    m_notices.setSeen();
    showState(m_now);
}

void Bell::paintEvent(QPaintEvent* event) {
    QPushButton::paintEvent(event);
    if (m_notices.unseen() == 0)
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme::roles().window, 1.5));
    painter.setBrush(theme::roles().attentionInk);
    painter.drawEllipse(QRectF(width() / 2.0 + 1, height() / 2.0 - 10, 9, 9));
}

} // namespace postern::window
