// SPDX-License-Identifier: GPL-3.0-or-later
//
// The place beside the clock, with a tray made of values: what it says, its menu, what is told and how often, and that a
// window hidden there is never lost.
#include "support/fake_clock.h"
#include "support/fake_facade.h"
#include "window/frame/bell.h"
#include "window/frame/main_window.h"
#include "window/frame/tray.h"
#include "window/queue/queue_view.h"
#include "window/theme/theme.h"

#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

using namespace postern;
using namespace postern::window;
using namespace Qt::StringLiterals;

namespace {

struct FakeTray final : TrayIcon {
    struct Seen {
        bool there = true;
        QString icon, sentence;
        QStringList told; // titles
        QString text;     // of the last
    };
    explicit FakeTray(std::shared_ptr<Seen> to) : seen(std::move(to)) {}
    bool isThere() const override { return seen->there; }
    void show(QMenu*) override {}
    void setState(const QString& iconName, const QString& sentence) override {
        seen->icon = iconName;
        seen->sentence = sentence;
    }
    void tell(const QString& title, const QString& text) override {
        seen->told << plain(title);
        seen->text = plain(text);
    }
    // Without the marks that keep addresses in their direction.
    static QString plain(QString text) { return text.remove(QChar(0x2066)).remove(QChar(0x2068)).remove(QChar(0x2069)); }
    std::shared_ptr<Seen> seen;
};

struct Office {
    test::FakeClock clock;
    test::FakeFacade facade;
    QTemporaryDir folder;
    std::shared_ptr<FakeTray::Seen> seen = std::make_shared<FakeTray::Seen>();
    FakeTray* tray = nullptr;
    std::unique_ptr<MainWindow> window;

    explicit Office(bool isEmpty = false) {
        if (isEmpty)
            facade.emptyCatchingProfile(clock.unixNow());
        else
            facade.officeAtHalfPastTwo(clock.unixNow());
    }
    MainWindow& make() {
        WindowSetup setup;
        setup.settingsFile = folder.filePath(u"postern.ini"_s);
        auto icon = std::make_unique<FakeTray>(seen);
        tray = icon.get();
        setup.tray = std::move(icon);
        window = std::make_unique<MainWindow>(facade, clock, std::move(setup));
        return *window;
    }
    QMenu& menu() { return window->findChild<Tray*>()->menu(); }
};

BannerText trouble(const QString& id, Tone tone = Tone::Attention) {
    BannerText banner;
    banner.id = id;
    banner.tone = tone;
    banner.title = id + u" needs you"_s;
    banner.text = u"Mail is safe."_s;
    return banner;
}

QStringList textsOf(const QMenu& menu) {
    QStringList texts;
    for (const QAction* action : menu.actions()) {
        if (action->isVisible() && !action->isSeparator())
            texts << FakeTray::plain(action->text());
    }
    return texts;
}

} // namespace

class TestTray final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() {
        QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
        theme::install(*qApp, theme::Scheme::Light);
    }

    void eachStateHasItsShapeAndItsSentence_data() {
        QTest::addColumn<QString>("situation");
        QTest::addColumn<QString>("icon");
        QTest::addColumn<QString>("sentence");
        QTest::addRow("all well") << u"well"_s << u"tray-running"_s << u"Postern is running"_s;
        QTest::addRow("paused by a person") << u"paused"_s << u"tray-paused"_s << u"Sending is paused"_s;
        QTest::addRow("a relay needs a person")
            << u"sign-in"_s << u"tray-attention"_s << u"smtp.mailhaus.example does not accept the sign-in: 12 messages wait"_s;
        QTest::addRow("the gateway is gone") << u"gone"_s << u"tray-stopped"_s << u"Postern does not receive mail"_s;
    }

    void eachStateHasItsShapeAndItsSentence() {
        QFETCH(QString, situation);
        Office office;
        if (situation != u"sign-in")
            office.facade.status.problems.clear();
        office.facade.status.relayPaused = situation == u"paused";
        office.facade.gone = situation == u"gone" ? u"It was ended."_s : QString();
        MainWindow& window = office.make();
        QTRY_VERIFY(window.link().isThere() || !window.link().reason().isEmpty());
        QTEST(office.seen->icon, "icon");
        QTEST(FakeTray::plain(office.seen->sentence), "sentence");
    }

    void theMenuIsAsThePictureShowsIt() {
        Office office;
        MainWindow& window = office.make();
        QTRY_VERIFY(window.link().isThere());
        QCOMPARE(textsOf(office.menu()),
                 (QStringList{u"smtp.mailhaus.example does not accept the sign-in: 12 messages wait"_s, u"Open Postern"_s,
                              u"Find a message…"_s, u"Queue (15)"_s, u"Pause sending"_s, u"Quit Postern"_s}));
        office.facade.status.relayPaused = true;
        window.link().refresh();
        QTRY_VERIFY(textsOf(office.menu()).contains(u"Resume sending"_s));
        QVERIFY(!textsOf(office.menu()).contains(u"Pause sending"_s));
    }

    void whatTheMenuDoesTheWindowDoesToo() {
        Office office;
        MainWindow& window = office.make();
        QTRY_VERIFY(window.link().isThere());
        QStringList inWindow;
        for (const QAction* menu : window.menuBar()->actions())
            inWindow += textsOf(*menu->menu());
        for (const QString& text : textsOf(office.menu()).mid(2)) // the sentence is the top bar's, and it is open already
            QVERIFY2(inWindow.contains(QString(text).remove(u" (15)"_s)), qPrintable(text));
    }

    void theSentenceOpensItsCause() {
        Office office;
        MainWindow& window = office.make();
        QTRY_VERIFY(window.link().isThere());
        QVERIFY(!window.isVisible());
        office.menu().actions().first()->trigger();
        QVERIFY(window.isVisible());
        auto* view = window.findChild<QueueView*>();
        QTRY_VERIFY(view->isVisible());
        QTRY_COMPARE(view->selectedIds().size(), 12); // the messages that wait for the sign-in, and no others
    }

    void findingAMessageLeadsToTheActivity() {
        Office office;
        MainWindow& window = office.make();
        QTRY_VERIFY(window.link().isThere());
        for (QAction* action : office.menu().actions()) {
            if (action->text() == u"Find a message…")
                action->trigger();
        }
        QVERIFY(window.isVisible());
        QTRY_VERIFY(window.findChild<QWidget*>(u"activityFind"_s)->isVisible());
    }

    void aPauseThatEndsByItselfSaysWhen() {
        Office office;
        office.facade.status.problems.clear();
        MainWindow& window = office.make();
        QTRY_VERIFY(window.link().isThere());
        for (auto* action : window.findChildren<QAction*>()) {
            if (action->text() == u"For 15 minutes")
                action->trigger();
        }
        const QString until = QLocale().toString(QDateTime::fromSecsSinceEpoch(office.clock.unixNow() + 900).time(), u"HH:mm"_s);
        QTRY_COMPARE(office.seen->sentence, u"Sending is paused until "_s + until);
        QCOMPARE(office.seen->icon, u"tray-paused"_s);
        QVERIFY2(office.seen->told.filter(u"paused"_s).isEmpty(), "who paused knows it");
    }

    void noticesAreFewAndNotRepeated() {
        Notices notices;
        const auto first = notices.due({trouble(u"a"_s, Tone::Error), trouble(u"b"_s)}, 1000);
        QVERIFY(first);
        QCOMPARE(first->problemId, u"a"_s);
        QVERIFY(first->text.contains(u"1 more problem"_s));
        QVERIFY(!notices.due({trouble(u"a"_s, Tone::Error), trouble(u"b"_s)}, 1010));
        QVERIFY(notices.due({trouble(u"a"_s, Tone::Error), trouble(u"c"_s)}, 1020));
        const auto later = notices.due({trouble(u"a"_s, Tone::Error), trouble(u"b"_s)}, 1000 + 3600);
        QVERIFY(later);
        QCOMPARE(later->problemId, u"a"_s); // still broken: once an hour; mail that is safe does not nag
    }

    void whatComesBackWithinTheHourIsNoNews() {
        Notices notices;
        QVERIFY(notices.due({trouble(u"a"_s, Tone::Error)}, 1000));
        QVERIFY(!notices.due({}, 1100));
        QVERIFY(!notices.due({trouble(u"a"_s, Tone::Error)}, 1200));
        QVERIFY(!notices.due({}, 1300));
        QVERIFY(!notices.due({}, 1200 + 3600));
        QVERIFY(notices.due({trouble(u"a"_s, Tone::Error)}, 1200 + 3601));
    }

    void aRelayThatIsTriedAgainIsToldOnlyWhenItLasts() {
        Notices notices;
        const QList<BannerText> away{trouble(u"relay:smtp://relay.example"_s)};
        QVERIFY(!notices.due(away, 1000));
        QVERIFY(!notices.due(away, 1000 + 15 * 60 - 1));
        QVERIFY(notices.due(away, 1000 + 15 * 60));
        QVERIFY(!notices.due(away, 1000 + 15 * 60 + 1));
    }

    void aRefusedSignInIsToldAtOnceAndOpensItsMessages() {
        Office office;
        MainWindow& window = office.make();
        QTRY_COMPARE(office.seen->told, QStringList{u"smtp.mailhaus.example does not accept the sign-in"_s});
        QVERIFY2(office.seen->text.startsWith(u"12 messages are waiting. Nothing is lost"), qPrintable(office.seen->text));
        Q_EMIT office.tray->noticeClicked();
        QVERIFY(window.isVisible());
        QTRY_COMPARE(window.findChild<QueueView*>()->selectedIds().size(), 12);
    }

    void aFullDiskAndABrokenConfigurationAreTold() {
        Office office(true);
        office.facade.status.problems = {{control::Gravity::Error, u"disk"_s, u"The disk is nearly full"_s, u"Make room."_s, {}},
                                         {control::Gravity::Error, u"config"_s, u"The configuration has an error"_s, {}, u"smtpd.conf:3"_s}};
        office.make();
        QTRY_COMPARE(office.seen->told, QStringList{u"The disk is nearly full"_s});
        QVERIFY(office.seen->text.contains(u"1 more problem"));
        QCOMPARE(office.seen->icon, u"tray-attention"_s);
    }

    void aGatewayThatGoesIsTold() {
        Office office(true);
        MainWindow& window = office.make();
        QTRY_VERIFY(window.link().isThere());
        QVERIFY(office.seen->told.isEmpty());
        office.facade.gone = u"The gateway has stopped."_s;
        window.link().refresh();
        QTRY_COMPARE(office.seen->told, QStringList{u"Postern does not receive mail"_s});
    }

    void theFirstCaughtMessageIsToldOnce() {
        Office office(true);
        MainWindow& window = office.make();
        QTRY_VERIFY(window.link().isThere());
        const auto caught = [&office, &window](int n) {
            office.facade.status.caught = n;
            window.link().refresh();
        };
        caught(1);
        QTRY_COMPARE(office.seen->told, QStringList{u"Your first message was caught"_s});
        Q_EMIT office.tray->noticeClicked();
        QTRY_VERIFY(window.findChild<QWidget*>(u"caughtPage"_s)->isVisible());
        caught(0);
        QTRY_COMPARE(window.link().status().caught, 0);
        caught(1);
        QTRY_COMPARE(window.link().status().caught, 1);
        QCOMPARE(office.seen->told.size(), 1);
    }

    void theBellKeepsWhatWasTold() {
        Office office;
        MainWindow& window = office.make();
        window.show();
        QTRY_VERIFY(window.link().isThere());
        auto* bell = window.findChild<Bell*>();
        QTRY_COMPARE(bell->accessibleName(), u"Notifications, 1 new"_s);
        auto* list = bell->findChild<QMenu*>();
        Q_EMIT list->aboutToShow();
        QCOMPARE(list->actions().size(), 1);
        QVERIFY(list->actions().first()->text().contains(u"does not accept the sign-in"));
        QCOMPARE(bell->accessibleName(), u"Notifications"_s);
        list->actions().first()->trigger();
        QTRY_COMPARE(window.findChild<QueueView*>()->selectedIds().size(), 12);
    }

    void closingExplainsThenHidesInTheTray() {
        Office office;
        MainWindow& window = office.make();
        window.show();
        QTRY_VERIFY(window.link().isThere());
        window.close();
        auto* question = window.findChild<QMessageBox*>(u"closeQuestion"_s);
        QVERIFY(question && window.isVisible());
        QVERIFY2(question->informativeText().contains(u"icon stays beside the clock"), qPrintable(question->informativeText()));
        question->defaultButton()->click();
        QTRY_VERIFY(!window.isVisible());
        Q_EMIT office.tray->clicked();
        QVERIFY(window.isVisible());
    }

    void aStartThatGoesWrongIsSeenAlsoInTheBackground_data() {
        QTest::addColumn<bool>("isGone");
        QTest::addRow("the gateway does not start") << true;
        QTest::addRow("nothing listens") << false;
    }

    void aStartThatGoesWrongIsSeenAlsoInTheBackground() {
        QFETCH(bool, isGone);
        Office office(true);
        if (isGone)
            office.facade.gone = u"The folder cannot be written."_s;
        else
            office.facade.status.problems = {{control::Gravity::Error, u"listener:127.0.0.1:25"_s, u"Nothing can be received"_s, {}, {}}};
        MainWindow& window = office.make();
        window.showHidden();
        QVERIFY(!window.isVisible());
        QTRY_VERIFY(window.isVisible());
        window.hide(); // by the person, who has seen it
        window.link().refresh();
        QCoreApplication::processEvents();
        QVERIFY(!window.isVisible());
    }

    void aTrayThatGoesAwayGivesTheWindowBack() {
        Office office;
        MainWindow& window = office.make();
        window.showHidden();
        QTRY_VERIFY(window.link().isThere());
        auto* patience = window.findChild<QTimer*>(u"trayPatience"_s);
        QVERIFY(!patience->isActive() && !window.isVisible());
        office.seen->there = false; // the panel ended
        window.link().refresh();
        QTRY_VERIFY(patience->isActive());
        QVERIFY(!window.isVisible()); // panels start again
        patience->start(0);
        QTRY_VERIFY(window.isVisible() && window.isMinimized());
    }

    void startedBeforeTheTrayItWaitsForIt_data() {
        QTest::addColumn<bool>("comes");
        QTest::addRow("the tray comes later") << true;
        QTest::addRow("there is none") << false;
    }

    void startedBeforeTheTrayItWaitsForIt() {
        QFETCH(bool, comes);
        Office office;
        office.seen->there = false;
        MainWindow& window = office.make();
        window.showHidden();
        auto* patience = window.findChild<QTimer*>(u"trayPatience"_s);
        QVERIFY(patience->isActive());
        QCOMPARE(patience->intervalAsDuration(), std::chrono::seconds(30));
        office.seen->there = comes;
        QSignalSpy over(patience, &QTimer::timeout);
        patience->start(0);
        QVERIFY(over.wait());
        QCOMPARE(window.isVisible(), !comes);
        QCOMPARE(window.isMinimized(), !comes);
    }
};

QTEST_MAIN(TestTray)
#include "tst_tray.moc"
