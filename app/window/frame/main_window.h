// SPDX-License-Identifier: GPL-3.0-or-later
//
// The window: menu bar, top bar, rail, pages, foot bar, tray icon; everything it knows of the gateway comes through the
// facade it is given.
//
// It never owns an engine: quitAsked() says that the person wants the whole program to end (already confirmed), and
// whoever made the window ends it. The window can always be brought back: raise() on a second start, the tray, and
// without a tray it minimises instead of hiding.
// Thread: the GUI thread. Lifetime: facade and clock must outlive it.
#pragma once

#include "base/clock.h"
#include "control/facade.h"
#include "window/frame/notices.h"
#include "window/frame/rail.h"
#include "window/frame/tray_icon.h"
#include "window/link/gateway_link.h"
#include "window/overview/needs_you.h"

#include <QMainWindow>
#include <QTimer>

#include <functional>
#include <memory>

class QMenu;
class QSettings;
class QStackedWidget;

namespace postern::window {

class ActivityPage;
class Bell;
class CaughtPage;
class FootBar;
class MessagePage;
class OverviewPage;
class Page;
class QueuePage;
class TopBar;
class Tray;

struct WindowSetup {
    QString title;                     // of the profile, e.g. "Marlow & Finch"; may be empty
    QString settingsFile;              // postern.ini of the profile
    std::function<void()> startEngine; // a way to start a gateway that is not running; may be empty
    std::unique_ptr<TrayIcon> tray;    // null: there is none, as in pictures
};

class MainWindow final : public QMainWindow {
    Q_OBJECT
  public:
    MainWindow(control::Facade& facade, const Clock& clock, WindowSetup setup, QWidget* parent = nullptr);
    ~MainWindow() override;

    void bringToFront();                 // shows, unminimises, raises; whatever was set before
    // Start in the background: in the tray. It may come later than we do; after kPatience without one, minimised. If the
    // start went wrong the window is shown all the same: nobody looks for a gateway that fails in silence.
    void showHidden();
    static constexpr std::chrono::seconds kPatience{30};
    void openPage(const QString& id);    // "overview", "queue", "activity", "caught"
    GatewayLink& link() { return m_link; }
    LinkState linkState() const;

  public Q_SLOTS:
    void askToQuit(); // says how many messages wait, then quitAsked()

  Q_SIGNALS:
    void quitAsked();

  protected:
    void closeEvent(QCloseEvent* event) override;
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

  private:
    enum class OnClose : quint8 { Ask, Keep, Quit };

    void makeActions();
    void makeMenus();
    void makePages();
    void addPage(Page* page, const QString& id, const QString& icon, const QString& text);
    void showStatus();
    void carryOut(Remedy remedy);
    void openThing(const QString& id);
    void openProblem(const QString& id);
    void openRelay(const QString& relay);
    void openState();
    void openMessage(const QString& id);
    void turnTo(Page* page);
    void pause(const QString& what, bool on, int minutes = 0);
    void tellFailure(const QString& what, const control::Reply& reply);
    void reloadConfig(bool thenTry = false);
    void tryAgain();
    void cycleAreas(bool forward);
    void askAboutClosing();
    void keepRunning();
    void makeTray();
    bool hasTray() const;
    void showInTray(const LinkState& state);
    void tellCaught(const control::Status& status);
    void findMessage();
    void showShortcuts();
    void showAbout();
    void restore();
    void remember();
    Page* currentPage() const;

    // constant after construction
    WindowSetup m_setup;
    // GUI thread
    GatewayLink m_link;
    std::unique_ptr<QSettings> m_settings;
    Notices m_notices;
    QTimer m_resumeTimer;
    qint64 m_pausedUntil = 0;
    QTimer m_trayPatience; // runs while the window is hidden and waits for a tray
    bool m_isFirstLook = false; // started in the background, and the gateway has not answered yet
    int m_lastCaught = -1; // -1 = not known yet
    OnClose m_onClose = OnClose::Ask;
    bool m_isEnding = false;

    QList<RailEntry> m_railEntries;
    RailModel* m_railModel = nullptr;
    Rail* m_rail = nullptr;
    QStackedWidget* m_stack = nullptr;
    TopBar* m_top = nullptr;
    FootBar* m_foot = nullptr;
    Bell* m_bell = nullptr;
    Tray* m_tray = nullptr;
    OverviewPage* m_overview = nullptr;
    QueuePage* m_queue = nullptr;
    ActivityPage* m_activity = nullptr;
    CaughtPage* m_caught = nullptr;
    MessagePage* m_message = nullptr;
    QHash<QString, Page*> m_pages;
    QStringList m_pageOrder;
    QMenu* m_messageMenu = nullptr;
    QMenu* m_viewMenu = nullptr;
    QMenu* m_pauseMenu = nullptr;
    QAction* m_open = nullptr;
    QAction* m_showQueue = nullptr;
    QAction* m_find = nullptr;
    QList<QAction*> m_timedPauses;
    QAction* m_resume = nullptr;
    QAction* m_pauseReceiving = nullptr;
    QAction* m_resumeReceiving = nullptr;
    QAction* m_reload = nullptr;
    QAction* m_quit = nullptr;
    QAction* m_keepRunning = nullptr;
};

} // namespace postern::window
