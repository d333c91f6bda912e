// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/frame/bars.h"

#include "window/theme/line_icon.h"
#include "window/theme/theme.h"
#include "window/widgets/buttons.h"

#include <QHBoxLayout>
#include <QMenu>
#include <QPainter>

using namespace Qt::StringLiterals;

namespace postern::window {

TopBar::TopBar(QMenu* pauseMenu, QWidget* bell, QWidget* parent) : QWidget(parent) {
    setObjectName(u"topBar"_s);
    setMinimumHeight(44);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(8, 4, 12, 5);
    m_state = new StateButton;
    m_state->setObjectName(u"stateButton"_s);
    row->addWidget(m_state);
    row->addStretch(1);
    m_pause = new QPushButton(lineIcon(u"pause"_s), tr("Pause sending"));
    m_pause->setFlat(true);
    m_pause->setMenu(pauseMenu);
    m_resume = new QPushButton(lineIcon(u"play"_s), tr("Resume sending"));
    m_resume->setObjectName(u"resumeButton"_s);
    row->addWidget(m_pause);
    row->addWidget(m_resume);
    row->addWidget(bell);
    connect(m_state, &QAbstractButton::clicked, this, &TopBar::stateOpened);
    connect(m_resume, &QAbstractButton::clicked, this, &TopBar::resumeAsked);
    m_resume->hide();
}

void TopBar::showState(const StateWords& words, bool canPause, bool isPaused) {
    m_state->setState(words.tone, words.icon, words.words);
    m_state->setToolTip(tr("Show what this is about"));
    m_pause->setVisible(canPause && !isPaused);
    m_resume->setVisible(canPause && isPaused);
}

void TopBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme::roles().window);
    painter.fillRect(QRect(0, height() - 1, width(), 1), theme::roles().line);
}

FootBar::FootBar(QWidget* parent) : QWidget(parent) {
    setObjectName(u"footBar"_s);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(8, 1, 8, 0);
    row->setSpacing(8);
    for (StateButton** button : {&m_receiving, &m_queue, &m_sending}) {
        *button = new StateButton;
        (*button)->setFont(theme::smallFont());
        row->addWidget(*button);
    }
    row->addStretch(1);
    m_where = new StateButton;
    m_where->setFont(theme::smallFont());
    m_where->setFocusPolicy(Qt::NoFocus);
    m_where->setEnabled(false);
    row->addWidget(m_where);
    connect(m_receiving, &QAbstractButton::clicked, this, &FootBar::receivingOpened);
    connect(m_queue, &QAbstractButton::clicked, this, &FootBar::queueOpened);
    connect(m_sending, &QAbstractButton::clicked, this, &FootBar::sendingOpened);
}

void FootBar::showState(const LinkState& link, const control::Status& status) {
    const auto set = [](StateButton& button, const StateWords& words) {
        button.setState(words.tone, words.icon, words.words, false);
        button.setVisible(!words.words.isEmpty());
    };
    set(*m_receiving, receivingWords(link, status));
    set(*m_queue, queueWords(link, status));
    set(*m_sending, {Tone::Dim, {}, sendingWords(link, status)});
    set(*m_where, {Tone::Dim, {}, whereWords(link)});
}

void FootBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme::roles().window);
    painter.fillRect(QRect(0, 0, width(), 1), theme::roles().line);
}

} // namespace postern::window
