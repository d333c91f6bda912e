// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/frame/main_window.h"

#include "window/activity/activity_page.h"
#include "window/caught/caught_page.h"
#include "window/frame/bars.h"
#include "window/frame/bell.h"
#include "window/frame/rail.h"
#include "window/frame/tray.h"
#include "window/message/message_page.h"
#include "window/overview/overview_page.h"
#include "window/queue/queue_page.h"
#include "window/theme/line_icon.h"
#include "window/theme/theme.h"
#include "window/widgets/focus_ring.h"
#include "window/widgets/page.h"
#include "window/words/phrases.h"
#include "window/words/safe_text.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDesktopServices>
#include <QFrame>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QMenu>
#include <QMessageBox>
#include <QSessionManager>
#include <QSettings>
#include <QStackedWidget>
#include <QUrl>

#include <chrono>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

constexpr int kNarrow = 1120; // below, the rail shows icons only

// The first thing in `area` that takes the keyboard, in tab order.
QWidget* firstStop(QWidget* area) {
    const auto takesFocus = [area](QWidget* w) {
        return area->isAncestorOf(w) && w->isVisible() && w->isEnabled() && (w->focusPolicy() & Qt::TabFocus);
    };
    if (area->isVisible() && (area->focusPolicy() & Qt::TabFocus))
        return area;
    for (QWidget* w = area->nextInFocusChain(); w && w != area; w = w->nextInFocusChain()) {
        if (takesFocus(w))
            return w;
    }
    return nullptr;
}

} // namespace

MainWindow::MainWindow(control::Facade& facade, const Clock& clock, WindowSetup setup, QWidget* parent)
    : QMainWindow(parent), m_setup(std::move(setup)), m_link(facade, clock) {
    setObjectName(u"mainWindow"_s);
    setWindowTitle(m_setup.title.isEmpty() ? tr("Postern") : tr("%1 – Postern").arg(safeLine(m_setup.title)));
    setWindowIcon(lineIcon(u"app"_s, theme::roles().accentLine));
    setMinimumSize(960, 620);
    if (!m_setup.settingsFile.isEmpty())
        m_settings = std::make_unique<QSettings>(m_setup.settingsFile, QSettings::IniFormat);

    makeActions();
    makePages();
    makeMenus();
    auto* central = new QWidget;
    auto* column = new QVBoxLayout(central);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_bell = new Bell(m_notices);
    connect(m_bell, &Bell::noticeOpened, this, &MainWindow::openProblem);
    m_top = new TopBar(m_pauseMenu, m_bell);
    m_foot = new FootBar;
    auto* middle = new QHBoxLayout;
    middle->setSpacing(0);
    middle->addWidget(m_rail);
    auto* edge = new QFrame;
    edge->setFixedWidth(1);
    edge->setAutoFillBackground(true);
    edge->setBackgroundRole(QPalette::Mid);
    middle->addWidget(edge);
    middle->addWidget(m_stack, 1);
    column->addWidget(m_top);
    column->addLayout(middle, 1);
    column->addWidget(m_foot);
    setCentralWidget(central);
    new FocusRing(this);

    connect(m_top, &TopBar::stateOpened, this, &MainWindow::openState);
    connect(m_top, &TopBar::resumeAsked, m_resume, &QAction::trigger);
    connect(m_foot, &FootBar::receivingOpened, this, [this] { openPage(u"overview"_s); });
    connect(m_foot, &FootBar::queueOpened, this, [this] { openPage(u"queue"_s); });
    connect(m_foot, &FootBar::sendingOpened, this, [this] { openPage(u"activity"_s); });
    makeTray();
    connect(qApp, &QGuiApplication::commitDataRequest, this, [this](QSessionManager&) { m_isEnding = true; });
    m_resumeTimer.setObjectName(u"resumeTimer"_s);
    m_resumeTimer.setParent(this);
    m_resumeTimer.setSingleShot(true);
    connect(&m_resumeTimer, &QTimer::timeout, this, [this] { pause(u"mta"_s, false); });
    connect(&m_link, &GatewayLink::statusChanged, this, &MainWindow::showStatus);
    restore();
    m_rail->setFocus();
    showStatus();
    m_link.start();
}

MainWindow::~MainWindow() {
    remember();
    delete takeCentralWidget(); // the pages hold the link, so they go first
}

LinkState MainWindow::linkState() const {
    return {m_link.isThere(), m_link.wasEverThere(), m_link.isInProcess(), m_setup.startEngine != nullptr,
            m_link.reason(), m_link.status().relayPaused ? m_pausedUntil : 0};
}

void MainWindow::addPage(Page* page, const QString& id, const QString& icon, const QString& text) {
    page->setAccessibleName(text);
    m_railEntries.append({id, icon, text});
    m_pages.insert(id, page);
    m_pageOrder.append(id);
    m_stack->addWidget(page);
}

void MainWindow::makePages() {
    m_railModel = new RailModel(this);
    m_rail = new Rail(m_railModel);
    m_stack = new QStackedWidget;
    m_railEntries.append({{}, {}, tr("Every day"), 0, false, true});
    m_overview = new OverviewPage(m_link);
    connect(m_overview, &OverviewPage::remedyAsked, this, &MainWindow::carryOut);
    connect(m_overview, &OverviewPage::thingOpened, this, &MainWindow::openThing);
    addPage(m_overview, u"overview"_s, u"overview"_s, tr("Overview"));
    m_queue = new QueuePage(m_link);
    connect(m_queue, &QueuePage::messageOpened, this, &MainWindow::openMessage);
    connect(m_queue, &QueuePage::resumeAsked, this, [this] { pause(u"mta"_s, false); });
    addPage(m_queue, u"queue"_s, u"queue"_s, tr("Queue"));
    m_activity = new ActivityPage(m_link);
    connect(m_activity, &ActivityPage::messageOpened, this, &MainWindow::openMessage);
    addPage(m_activity, u"activity"_s, u"activity"_s, tr("Activity"));
    m_caught = new CaughtPage(m_link);
    connect(m_caught, &CaughtPage::messageOpened, this, &MainWindow::openMessage);
    addPage(m_caught, u"caught"_s, u"mail"_s, tr("Caught mail"));
    m_message = new MessagePage(m_link); // reached from the others, so not in the rail
    connect(m_message, &MessagePage::backAsked, this, &MainWindow::openPage);
    connect(m_message, &MessagePage::removeAsked, this, [this](const QStringList& ids, const QString& from) {
        openPage(from);
        if (from == u"caught")
            m_caught->removeLater(ids);
        else
            m_queue->removeLater(ids);
    });
    m_stack->addWidget(m_message);
    m_railModel->setEntries(m_railEntries);
    connect(m_rail, &QAbstractItemView::clicked, this,
            [this](const QModelIndex& index) { openPage(index.data(RailModel::IdRole).toString()); });
    connect(m_rail, &Rail::chosen, this, &MainWindow::openPage);
    connect(m_rail, &Rail::entered, this, [this](const QString&) {
        if (QWidget* stop = firstStop(m_stack->currentWidget()))
            stop->setFocus(Qt::TabFocusReason);
    });
    m_rail->choose(u"overview"_s);
}

Page* MainWindow::currentPage() const {
    return static_cast<Page*>(m_stack->currentWidget());
}

void MainWindow::openPage(const QString& id) {
    Page* page = m_pages.value(id);
    if (!page)
        return;
    m_rail->choose(id);
    turnTo(page);
}

void MainWindow::openMessage(const QString& id) {
    Page* from = currentPage();
    m_message->open(id, m_pages.key(from, u"queue"_s), from->accessibleName());
    turnTo(m_message);
    m_message->setFocus();
    if (QWidget* stop = firstStop(m_message))
        stop->setFocus(Qt::OtherFocusReason);
}

void MainWindow::turnTo(Page* page) {
    if (m_stack->currentWidget() != page)
        m_stack->setCurrentWidget(page);
    if (m_messageMenu) {
        m_messageMenu->clear();
        m_messageMenu->addActions(page->actions());
        m_messageMenu->menuAction()->setVisible(!page->actions().isEmpty());
    }
    page->shown();
}

void MainWindow::showStatus() {
    const LinkState state = linkState();
    const auto& status = m_link.status();
    if (!status.relayPaused)
        m_resumeTimer.stop(); // somebody was quicker; a later pause is another one
    if (!m_resumeTimer.isActive())
        m_pausedUntil = 0;
    m_top->showState(stateWords(state, status), state.isThere, status.relayPaused);
    m_foot->showState(state, status);
    const int queued = state.isThere ? status.waiting + status.inFlight + status.held : 0;
    m_railModel->setCount(u"queue"_s, queued, state.isThere && queueNeedsPerson(status));
    m_railModel->setCount(u"caught"_s, state.isThere ? status.caught : 0, false);
    m_overview->showState(state);
    m_queue->showState(state);
    m_activity->showState(state);
    m_caught->showState(state);
    for (QAction* action : std::as_const(m_timedPauses))
        action->setVisible(state.inProcess); // a gateway elsewhere would stay paused if this window ended first
    m_showQueue->setText(tr("Queue (%1)").arg(countWords(queued)));
    m_pauseMenu->menuAction()->setVisible(state.isThere && !status.relayPaused);
    m_resume->setVisible(state.isThere && status.relayPaused);
    m_pauseReceiving->setVisible(state.isThere && !status.smtpPaused);
    m_resumeReceiving->setVisible(state.isThere && status.smtpPaused);
    m_reload->setEnabled(state.isThere);
    showInTray(state);
}

void MainWindow::carryOut(Remedy remedy) {
    switch (remedy) {
    case Remedy::None:
        break;
    case Remedy::ShowQueue:
        openPage(u"queue"_s);
        break;
    case Remedy::TryAgain:
        tryAgain();
        break;
    case Remedy::ReadAndTry:
        reloadConfig(true);
        break;
    case Remedy::ReloadConfig:
        reloadConfig();
        break;
    case Remedy::OpenConfig:
        QDesktopServices::openUrl(QUrl::fromLocalFile(m_link.status().configFile));
        break;
    case Remedy::OpenFolder:
        QDesktopServices::openUrl(QUrl::fromLocalFile(m_link.status().profile));
        break;
    case Remedy::ResumeSending:
        pause(u"mta"_s, false);
        break;
    case Remedy::ResumeReceiving:
        pause(u"smtp"_s, false);
        break;
    case Remedy::Start:
        if (m_setup.startEngine)
            m_setup.startEngine();
        m_link.refresh();
        break;
    case Remedy::Refresh:
        m_link.refresh();
        break;
    }
}

void MainWindow::openThing(const QString& id) {
    if (id == u"config")
        carryOut(Remedy::OpenConfig);
    else if (id == u"folder")
        carryOut(Remedy::OpenFolder);
    else if (id == u"caught")
        openPage(u"caught"_s);
    else if (id.startsWith(u"relay:"))
        openRelay(id.mid(6));
    else if (id.startsWith(u"listener:"))
        openPage(u"activity"_s);
}

// The worst open problem; the thing itself when there is only one.
void MainWindow::openState() {
    const auto& problems = m_link.status().problems;
    openProblem(m_link.isThere() && problems.size() == 1 ? problems.first().id : QString());
}

void MainWindow::openProblem(const QString& id) {
    if (id == u"caught")
        openPage(u"caught"_s);
    else if (isAboutQueue(id))
        openRelay(id.mid(id.indexOf(u':') + 1));
    else
        openPage(u"overview"_s);
}

void MainWindow::openRelay(const QString& relay) {
    const auto& relays = m_link.status().relays;
    const auto known = std::find_if(relays.begin(), relays.end(), [&](const auto& one) { return one.id() == u"relay:"_s + relay; });
    openPage(u"queue"_s);
    m_queue->showRelay(known == relays.end() ? relay : known->name);
}

void MainWindow::pause(const QString& what, bool on, int minutes) {
    if (what == u"mta") // the end of a timed pause of sending has nothing to do with receiving
        m_resumeTimer.stop();
    m_link.ask(on ? "pause"_ba : "resume"_ba, {{u"what"_s, what}}, this, [this, on, minutes](const control::Reply& reply) {
        if (!reply.ok)
            tellFailure(on ? tr("Pausing did not work") : tr("Resuming did not work"), reply);
        else if (on && minutes > 0) {
            m_resumeTimer.start(std::chrono::minutes(minutes));
            m_pausedUntil = m_link.now() + minutes * 60;
        }
        m_link.refresh();
    });
}

void MainWindow::tryAgain() {
    m_link.ask("queue.retry"_ba, {{u"all"_s, true}}, this, [this](const control::Reply& reply) {
        if (!reply.ok)
            tellFailure(tr("Trying again did not work"), reply);
        m_link.refresh();
    });
}

void MainWindow::reloadConfig(bool thenTry) {
    m_link.ask("reload"_ba, {}, this, [this, thenTry](const control::Reply& reply) {
        if (reply.ok && thenTry)
            tryAgain();
        QStringList problems;
        for (const auto& problem : reply.value.toObject()[u"problems"_s].toArray())
            problems.append(safeLine(problem.toString()));
        if (!reply.ok || !problems.isEmpty()) {
            control::Reply shown = reply;
            if (!problems.isEmpty())
                shown.error = problems.mid(0, 10).join(u'\n');
            tellFailure(reply.ok ? tr("smtpd.conf is in use, but not all of it works") : tr("smtpd.conf was not taken over"), shown);
        }
        m_link.refresh();
    });
}

void MainWindow::tellFailure(const QString& what, const control::Reply& reply) {
    auto* box = new QMessageBox(QMessageBox::Warning, windowTitle(), what, QMessageBox::Close, this);
    box->setTextFormat(Qt::PlainText);
    box->setInformativeText(reply.error);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

void MainWindow::bringToFront() {
    setWindowState((windowState() & ~Qt::WindowMinimized) | Qt::WindowActive);
    show();
    raise();
    activateWindow();
}

void MainWindow::cycleAreas(bool forward) {
    const QList<QWidget*> areas{m_top, m_rail, m_stack, m_foot};
    const QWidget* focus = QApplication::focusWidget();
    int at = forward ? -1 : static_cast<int>(areas.size());
    for (int i = 0; i < areas.size(); ++i) {
        if (focus && (areas.at(i) == focus || areas.at(i)->isAncestorOf(focus)))
            at = i;
    }
    for (int step = 1; step <= areas.size(); ++step) {
        const int n = static_cast<int>(areas.size());
        const int next = ((at + (forward ? step : -step)) % n + n) % n;
        if (QWidget* stop = firstStop(areas.at(next) == m_stack ? m_stack->currentWidget() : areas.at(next))) {
            stop->setFocus(Qt::TabFocusReason);
            return;
        }
    }
}

void MainWindow::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape && currentPage()->escape()) {
        event->accept();
        return;
    }
    QMainWindow::keyPressEvent(event);
}

void MainWindow::resizeEvent(QResizeEvent* event) {
    QMainWindow::resizeEvent(event);
    m_rail->setIconsOnly(width() < kNarrow);
}

void MainWindow::changeEvent(QEvent* event) {
    QMainWindow::changeEvent(event);
    if (event->type() != QEvent::PaletteChange || !m_tray)
        return;
    m_tray->recolor();
    setWindowIcon(lineIcon(u"app"_s, theme::roles().accentLine));
}

} // namespace postern::window
