// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/widgets/banner.h"

#include "window/theme/line_icon.h"
#include "window/theme/postern_style.h"
#include "window/theme/theme.h"
#include "window/widgets/buttons.h"
#include "window/widgets/labels.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

namespace postern::window {

Banner::Banner(QWidget* parent) : QFrame(parent) {
    setFocusPolicy(Qt::NoFocus);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(12, 8, 12, 8);
    row->setSpacing(8);
    row->addSpacing(26); // the icon's place
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    m_title = makeLabel(LabelKind::Section);
    m_title->setWordWrap(true);
    m_body = makeLabel(LabelKind::Body);
    m_body->setWordWrap(true);
    words->addWidget(m_title);
    words->addWidget(m_body);
    row->addLayout(words, 1);
    m_link = new LinkButton;
    m_button = new QPushButton;
    m_button->setAutoDefault(false);
    row->addWidget(m_link, 0, Qt::AlignVCenter);
    row->addWidget(m_button, 0, Qt::AlignVCenter);
    connect(m_link, &QAbstractButton::clicked, this, &Banner::linkPressed);
    connect(m_button, &QAbstractButton::clicked, this, &Banner::pressed);
    setText({});
}

void Banner::setText(const BannerText& text) {
    m_text = text;
    m_title->setText(text.title);
    m_body->setText(text.text);
    m_body->setVisible(!text.text.isEmpty());
    m_link->setText(text.link);
    m_link->setVisible(!text.link.isEmpty());
    m_link->updateGeometry();
    m_button->setText(text.button);
    m_button->setVisible(!text.button.isEmpty());
    setAccessibleName(text.title + QStringLiteral(". ") + text.text);
    update();
}

void Banner::paintEvent(QPaintEvent*) {
    const ToneColors colors = theme::roles().tone(m_text.tone);
    QPainter painter(this);
    paintButtonPanel(painter, rect(), colors.tint, colors.line);
    const QRect icon = QStyle::visualRect(layoutDirection(), rect(), QRect(13, (height() - 16) / 2, 16, 16));
    paintLineIcon(painter, icon, m_text.icon, colors.ink);
}

void Banner::changeEvent(QEvent* event) {
    QFrame::changeEvent(event);
    update();
}

BannerStack::BannerStack(QWidget* parent) : QWidget(parent) {
    m_layout = new QVBoxLayout(this);
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(8);
    m_more = new LinkButton;
    m_layout->addWidget(m_more, 0, Qt::AlignLeading);
    connect(m_more, &QAbstractButton::clicked, this, [this] {
        m_showsAll = !m_showsAll;
        setBanners(m_all);
    });
    hide();
}

void BannerStack::setBanners(const QList<BannerText>& banners) {
    m_all = banners;
    const bool tooMany = banners.size() > kMost;
    showBanners(m_showsAll || !tooMany ? banners : banners.mid(0, kMost));
    m_more->setText(m_showsAll ? tr("Show fewer") : tr("%n more", "problems", static_cast<int>(banners.size()) - kMost));
    m_more->setVisible(tooMany);
    m_more->updateGeometry();
    setVisible(!banners.isEmpty());
}

void BannerStack::showBanners(const QList<BannerText>& shown) {
    while (m_banners.size() > shown.size())
        delete m_banners.takeLast();
    while (m_banners.size() < shown.size()) {
        auto* banner = new Banner;
        connect(banner, &Banner::pressed, this, [this, banner] { Q_EMIT pressed(banner->text().id); });
        connect(banner, &Banner::linkPressed, this, [this, banner] { Q_EMIT linkPressed(banner->text().id); });
        m_layout->insertWidget(static_cast<int>(m_banners.size()), banner);
        m_banners.append(banner);
    }
    for (qsizetype i = 0; i < shown.size(); ++i) {
        if (m_banners.at(i)->text() != shown.at(i))
            m_banners.at(i)->setText(shown.at(i));
    }
}

} // namespace postern::window
