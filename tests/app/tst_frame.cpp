// SPDX-License-Identifier: GPL-3.0-or-later
//
// The frame: what it says about the gateway, rail, banners, notices, closing and quitting, one window per profile.
#include "support/fake_clock.h"
#include "support/fake_facade.h"
#include "support/places.h"
#include "window/frame/main_window.h"
#include "window/frame/single_instance.h"
#include "window/frame/tray.h"
#include "window/message/save_message.h"
#include "window/queue/queue_view.h"
#include "window/theme/line_icon.h"
#include "window/theme/theme.h"
#include "window/widgets/banner.h"
#include "window/widgets/buttons.h"

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QDirIterator>
#include <QFile>
#include <QFileDialog>
#include <QLabel>
#include <QLocalSocket>
#include <QMessageBox>
#include <QPushButton>
#include <QRegularExpression>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeView>

using namespace postern;
using namespace postern::window;
using namespace Qt::StringLiterals;

namespace {

struct Office {
    test::FakeClock clock;
    test::FakeFacade facade;
    QTemporaryDir folder;
    std::unique_ptr<MainWindow> window;

    explicit Office(bool isEmpty = false) {
        if (isEmpty)
            facade.emptyCatchingProfile(clock.unixNow());
        else
            facade.officeAtHalfPastTwo(clock.unixNow());
    }
    MainWindow& open() {
        WindowSetup setup;
        setup.title = u"Marlow & Finch"_s;
        setup.settingsFile = folder.filePath(u"postern.ini"_s);
        window = std::make_unique<MainWindow>(facade, clock, std::move(setup));
        window->show();
        return *window;
    }
};

template <class Widget>
Widget* pick(QWidget& in, const QString& name) {
    return in.findChild<Widget*>(name);
}

QAbstractButton* buttonOf(QWidget& in, const QString& text) {
    for (auto* button : in.findChildren<QAbstractButton*>()) {
        if (button->text() == text && button->isVisible())
            return button;
    }
    return nullptr;
}

control::Problem problem(const QString& id, control::Gravity gravity = control::Gravity::Attention) {
    return {gravity, id, id + u" needs you"_s, u"Mail is safe."_s, {}};
}

} // namespace

class TestFrame final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() {
        QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
        theme::install(*qApp, theme::Scheme::Light);
    }
    // The offscreen platform knows no size hints and no activation, and says so for every window.
    void init() { QTest::failOnWarning(QRegularExpression(u"^(?!This plugin does not support).*"_s)); }

    void pluralsAreEnglish() {
        control::Status status;
        status.listeners = {{u"a"_s, u"127.0.0.1"_s, 25, true, {}, {}, {}, 0, 0, {}}};
        const LinkState there{true, true, true, false, {}};
        QCOMPARE(receivingWords(there, status).words, u"Receiving on 1 listener"_s);
        status.listeners += status.listeners;
        QCOMPARE(receivingWords(there, status).words, u"Receiving on 2 listeners"_s);
    }

    void everyPluralInTheSourcesHasItsForms() {
        QFile file(QStringLiteral(POSTERN_SOURCE_DIR "/translations/postern_en.ts"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray texts = file.readAll();
        QVERIFY(!texts.contains("<numerusform></numerusform>"));
        QDirIterator sources(QStringLiteral(POSTERN_SOURCE_DIR "/app/window"), {u"*.cpp"_s}, QDir::Files, QDirIterator::Subdirectories);
        static const QRegularExpression plural(u"tr\\(\\s*\"([^\"]*%n[^\"]*)\""_s);
        while (sources.hasNext()) {
            QFile source(sources.next());
            QVERIFY(source.open(QIODevice::ReadOnly));
            auto found = plural.globalMatch(QString::fromUtf8(source.readAll()));
            while (found.hasNext()) {
                const QString text = found.next().captured(1);
                QVERIFY2(texts.contains(text.toHtmlEscaped().toUtf8()), qPrintable(text));
            }
        }
    }

    void onlyTheRolesFileHoldsColoursAndNobodyUsesStyleSheets() {
        QDirIterator sources(QStringLiteral(POSTERN_SOURCE_DIR "/app/window"), {u"*.cpp"_s, u"*.h"_s}, QDir::Files,
                             QDirIterator::Subdirectories);
        static const QRegularExpression forbidden(
            u"setStyleSheet|Qt::RichText|Qt::AutoText|setHtml|0x[0-9A-Fa-f]{6}\\b|Qt::(red|blue|green|gray|black|white|yellow)\\b"_s);
        while (sources.hasNext()) {
            const QString path = sources.next();
            if (path.endsWith(u"theme/roles.cpp"))
                continue;
            QFile source(path);
            QVERIFY(source.open(QIODevice::ReadOnly));
            const auto match = forbidden.match(QString::fromUtf8(source.readAll()).remove(u"0x10ffff"_s));
            QVERIFY2(!match.hasMatch(), qPrintable(path + u": "_s + match.captured()));
        }
    }

    void everyIconThatIsNamedExists() {
        QDirIterator sources(QStringLiteral(POSTERN_SOURCE_DIR "/app/window"), {u"*.cpp"_s}, QDir::Files, QDirIterator::Subdirectories);
        static const QRegularExpression named(u"(?:lineIcon\\(|Icon = |icon = |EmptyState\\()u\"([a-z-]+)\"_s"_s);
        while (sources.hasNext()) {
            QFile source(sources.next());
            QVERIFY(source.open(QIODevice::ReadOnly));
            auto found = named.globalMatch(QString::fromUtf8(source.readAll()));
            while (found.hasNext()) {
                const QString name = found.next().captured(1);
                QVERIFY2(hasLineIcon(name), qPrintable(name));
            }
        }
        for (const auto state : {TrayState::Running, TrayState::Paused, TrayState::Attention, TrayState::Stopped})
            QVERIFY(hasLineIcon(trayIconName(state)));
    }

    void theStateIsTheWorstOpenProblem_data() {
        QTest::addColumn<bool>("isThere");
        QTest::addColumn<int>("problems"); // 0 none, 1 attention, 2 error too
        QTest::addColumn<bool>("isPaused");
        QTest::addColumn<QString>("words");
        QTest::addColumn<int>("tray");
        QTest::addRow("gone") << false << 2 << false << u"Not running"_s << static_cast<int>(TrayState::Stopped);
        QTest::addRow("an error") << true << 2 << true << u"Something is not working"_s << static_cast<int>(TrayState::Attention);
        QTest::addRow("a person is needed") << true << 1 << true << u"Needs attention"_s << static_cast<int>(TrayState::Attention);
        QTest::addRow("paused") << true << 0 << true << u"Sending is paused"_s << static_cast<int>(TrayState::Paused);
        QTest::addRow("all well") << true << 0 << false << u"Everything is working"_s << static_cast<int>(TrayState::Running);
    }

    void theStateIsTheWorstOpenProblem() {
        QFETCH(bool, isThere);
        QFETCH(int, problems);
        QFETCH(bool, isPaused);
        QFETCH(QString, words);
        QFETCH(int, tray);
        control::Status status;
        status.relayPaused = isPaused;
        if (problems > 1)
            status.problems.append(problem(u"listener:x"_s, control::Gravity::Error));
        if (problems > 0)
            status.problems.append(problem(u"relay:x"_s));
        const LinkState link{isThere, true, true, false, {}};
        QCOMPARE(stateWords(link, status).words, words);
        QCOMPARE(static_cast<int>(trayState(link, status)), tray);
    }

    void aRelayInTroubleIsToldInPlainWordsWithTheirs_data() {
        QTest::addColumn<QString>("error");
        QTest::addColumn<QString>("title");
        QTest::addColumn<int>("button");
        QTest::addRow("the password is refused") << u"relay.example said: 535 5.7.8 no"_s << u"relay.example does not accept the sign-in"_s
                                               << static_cast<int>(Remedy::ReadAndTry);
        QTest::addRow("nobody answers") << u"cannot reach [192.0.2.1]:25: connection refused"_s << u"relay.example cannot be reached"_s
                                        << static_cast<int>(Remedy::TryAgain);
        QTest::addRow("the certificate is wrong") << u"certificate is for other.example"_s << u"relay.example could not prove who it is"_s
                                                  << static_cast<int>(Remedy::ReadAndTry);
    }

    void aRelayInTroubleIsToldInPlainWordsWithTheirs() {
        QFETCH(QString, error);
        QFETCH(QString, title);
        QFETCH(int, button);
        control::Status status;
        status.relays = {{u"smtp+tls://relay.example"_s, u"failing"_s, error, 1, 0}};
        status.problems = {problem(u"relay:smtp+tls://relay.example"_s)};
        const BannerText banner = needsYou({true, true, true, false, {}}, status).first();
        QCOMPARE(QString(banner.title).remove(QChar(0x2068)).remove(QChar(0x2069)), title);
        QVERIFY2(banner.text.startsWith(u"1 message is waiting. Nothing is lost"), qPrintable(banner.text));
        QVERIFY2(banner.text.contains(error), "their words stand as they came");
        QCOMPARE(static_cast<int>(buttonRemedy(banner.id)), button);
        QCOMPARE(linkRemedy(banner.id), Remedy::ShowQueue);
        QVERIFY(!banner.button.isEmpty() && !banner.link.isEmpty());
    }

    void tryingAgainReadsTheSettingsFirst() {
        Office office;
        MainWindow& window = office.open();
        QTRY_VERIFY(window.link().isThere());
        auto* button = buttonOf(window, u"Read settings and try again"_s);
        QVERIFY(button);
        button->click();
        QTRY_COMPARE(office.facade.asked("queue.retry"), 1);
        QCOMPARE(office.facade.asked("reload"), 1);
    }

    void bannersSayTheReasonAndOfferAWayOn() {
        control::Status status;
        const auto gone = needsYou({false, true, true, true, u"The disk is full."_s}, status);
        QCOMPARE(gone.size(), 1);
        QCOMPARE(gone.first().tone, Tone::Error);
        QVERIFY(gone.first().text.startsWith(u"The disk is full."));
        QCOMPARE(gone.first().button, u"Start"_s);
        status.problems = {problem(u"listener:127.0.0.1:25"_s, control::Gravity::Error)};
        status.relayPaused = true;
        const auto banners = needsYou({true, true, true, false, {}}, status);
        QCOMPARE(banners.size(), 2);
        QCOMPARE(buttonRemedy(banners.at(0).id), Remedy::ReloadConfig);
        QCOMPARE(linkRemedy(banners.at(0).id), Remedy::OpenConfig);
        QCOMPARE(buttonRemedy(banners.at(1).id), Remedy::ResumeSending);
    }

    void aBannerSaysThePlaceOnceAndEndsItsSentence() {
        control::Status status;
        auto broken = problem(u"config"_s, control::Gravity::Error);
        broken.where = u"smtpd.conf:2"_s;
        broken.text = u"smtpd.conf:2:1: unknown statement."_s;
        status.problems = {broken};
        status.configLoadedAt = 1; // an earlier one is in force
        QCOMPARE(needsYou({true, true, true, false, {}}, status).first().text, broken.text);
        const auto gone = needsYou({false, true, true, true, u"cannot make folder /x: Not a directory"_s}, status);
        QVERIFY(gone.first().text.startsWith(u"Cannot make folder /x: Not a directory. Mail"));
        QCOMPARE(buttonRemedy(u"spool:found"_s), Remedy::OpenFolder);
    }

    void onlyAPureCatcherSaysThatNothingLeaves() {
        test::FakeClock clock;
        test::FakeFacade facade;
        facade.emptyCatchingProfile(clock.unixNow());
        control::Status status = facade.status;
        QVERIFY(isFreshCatcher(status));
        QCOMPARE(goingOut(status, 2).first().name, u"Nothing leaves this computer"_s);
        status.sendsMail = true; // another rule relays, and nothing was sent yet
        QVERIFY(!isFreshCatcher(status));
        QCOMPARE(goingOut(status, 2).first().name, u"Nothing sent yet"_s);
    }

    void aRelayThatWorksAgainDoesNotShowItsOldTrouble() {
        control::Status status;
        status.relays = {{u"smtp://relay.example"_s, u"working"_s, u"connection refused"_s, 0, 1}};
        QVERIFY(!goingOut(status, 2).first().detail.contains(u"refused"));
        status.relays[0].state = u"failing"_s;
        QVERIFY(goingOut(status, 2).first().detail.contains(u"refused"));
    }

    void aRelayThatPutsMailOffSaysWhyAndTwinsAreToldApart() {
        control::Status status;
        status.relays = {{u"smtp://relay.example"_s, u"deferring"_s, u"451 4.7.1 Greylisted"_s, 3, 0, u"action \"bulk\""_s},
                         {u"smtp://relay.example"_s, u"working"_s, {}, 0, 1, u"action \"people\""_s}};
        const QList<StatusLine> lines = goingOut(status, 2);
        QVERIFY2(lines[0].detail.contains(u"3 waiting") && lines[0].detail.contains(u"451 4.7.1 Greylisted"), qPrintable(lines[0].detail));
        QVERIFY(lines[0].state != lines[1].state);
        QVERIFY(lines[0].detail.contains(u"bulk") && lines[1].detail.contains(u"people"));
        QVERIFY(lines[0].id != lines[1].id);
        status.problems = {{control::Gravity::Attention, status.relays[0].id(), u"t"_s, u"x"_s, {}}};
        QCOMPARE(status.problems[0].id, lines[0].id);
    }

    void aScanOfTwoMegabytesCanBeSaved() {
        Office office;
        MainWindow& window = office.open();
        QTRY_VERIFY(window.link().isThere());
        office.facade.contents[office.facade.rows[0].message] = QByteArray(2 << 20, 'x');
        saveMessage(&window, window.link(), office.facade.rows[0].id, u"Scan"_s);
        QTRY_VERIFY(window.findChild<QFileDialog*>());
        QVERIFY(!window.findChild<QMessageBox*>());
    }

    void afterARemovalTheNextRowIsSelectedAndAfterADeliveryNone() {
        Office office;
        MainWindow& window = office.open();
        window.openPage(u"queue"_s);
        auto* view = window.findChild<QueueView*>();
        QTRY_VERIFY(view->model()->rowCount(view->model()->index(0, 0)) > 3);
        const auto child = [view](int row) { return view->model()->index(row, 0, view->model()->index(0, 0)); };
        // In the middle: Qt itself would go back to the row above.
        view->setCurrentIndex(child(2));
        const QString below = view->selectedIds().value(0);
        view->setCurrentIndex(child(1));
        const QString first = view->selectedIds().value(0);
        for (auto* action : window.findChildren<QAction*>()) {
            if (action->shortcut() == QKeySequence(Qt::Key_Delete) && action->parent() == view->parentWidget()->parentWidget())
                action->trigger();
        }
        QCOMPARE(view->selectedIds().size(), 1);
        const QString next = view->selectedIds().value(0);
        QVERIFY(next != first);
        QCOMPARE(next, below);
        office.facade.rows.removeIf([&next](const auto& row) { return row.id == next; });
        window.link().refresh();
        QTRY_VERIFY(view->selectedIds() != QStringList{next});
        QVERIFY(view->selectedIds().isEmpty());
    }

    void atMostTwoBannersStandAndTheRestIsCounted() {
        BannerStack stack;
        stack.show();
        stack.setBanners({{u"1"_s, Tone::Error, u"error"_s, u"One"_s, {}, u"Go"_s, {}}, {u"2"_s, Tone::Attention, {}, u"Two"_s, {}, {}, {}},
                          {u"3"_s, Tone::Attention, {}, u"Three"_s, {}, {}, {}}});
        QCOMPARE(stack.findChildren<Banner*>().size(), 2);
        QTRY_VERIFY(buttonOf(stack, u"1 more"_s));
        buttonOf(stack, u"1 more"_s)->click();
        QCOMPARE(stack.findChildren<Banner*>().size(), 3);
        QSignalSpy pressed(&stack, &BannerStack::pressed);
        QTRY_VERIFY(buttonOf(stack, u"Go"_s));
        buttonOf(stack, u"Go"_s)->click();
        QCOMPARE(pressed.first().first().toString(), u"1"_s);
        stack.setBanners({});
        QVERIFY(stack.isHidden());
    }

    void theRailCountsAndNeverSelectsAHeading() {
        RailModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setEntries({{{}, {}, u"Every day"_s, 0, false, true}, {u"queue"_s, u"queue"_s, u"Queue"_s}});
        QCOMPARE(model.flags(model.index(0)), Qt::NoItemFlags);
        model.setCount(u"queue"_s, 15, true);
        QCOMPARE(model.index(1).data(Qt::AccessibleTextRole).toString(), u"Queue, 15, needs attention"_s);
        model.setCount(u"nowhere"_s, 1, true);
        QCOMPARE(model.rowOf(u"queue"_s), 1);
    }

    void theRailShrinksToIconsInANarrowWindow() {
        Office office;
        MainWindow& window = office.open();
        window.resize(1280, 800);
        QTRY_VERIFY(!pick<Rail>(window, u"rail"_s)->iconsOnly());
        window.resize(1000, 700);
        QTRY_VERIFY(pick<Rail>(window, u"rail"_s)->iconsOnly());
        QVERIFY(window.minimumSize() == QSize(960, 620));
    }

    void pagesOpenByKeyAndEscLeadsBackFromAMessage() {
        Office office;
        MainWindow& window = office.open();
        auto* stack = pick<QWidget>(window, u"queuePage"_s);
        QTRY_VERIFY(window.link().isThere());
        QTest::keyClick(&window, Qt::Key_2, Qt::ControlModifier);
        QTRY_VERIFY(stack->isVisible());
        auto* view = pick<QTreeView>(window, u"queueView"_s);
        QTRY_VERIFY(view->model()->rowCount() > 0);
        const QModelIndex first = view->model()->index(0, 0, view->model()->index(0, 0));
        view->setCurrentIndex(first);
        QTest::keyClick(view, Qt::Key_Return);
        QTRY_VERIFY(pick<QWidget>(window, u"messagePage"_s)->isVisible());
        QTest::keyClick(&window, Qt::Key_Escape);
        QTRY_VERIFY(stack->isVisible());
    }

    void aFreshCatcherSaysHowToBegin() {
        Office office(true);
        MainWindow& window = office.open();
        QTRY_VERIFY(pick<QWidget>(window, u"firstSteps"_s)->isVisible());
        QStringList texts;
        for (const auto* label : pick<QWidget>(window, u"firstSteps"_s)->findChildren<QLabel*>())
            texts << label->text();
        QVERIFY(texts.join(u' ').contains(u"swaks --server 127.0.0.1:2525"));
    }

    void pauseAndResumeReachTheGateway() {
        Office office;
        MainWindow& window = office.open();
        QTRY_VERIFY(window.link().isThere());
        office.facade.status.relayPaused = true;
        window.link().refresh();
        auto* resume = pick<QPushButton>(window, u"resumeButton"_s);
        QTRY_VERIFY(resume->isVisible());
        resume->click();
        QTRY_VERIFY(!office.facade.status.relayPaused);
        QTRY_VERIFY(!resume->isVisible());
    }

    void aTimedPauseEndsByItselfWhateverHappensToReceiving() {
        Office office;
        MainWindow& window = office.open();
        QTRY_VERIFY(window.link().isThere());
        const auto choose = [&window](const QString& text) {
            for (auto* action : window.findChildren<QAction*>())
                if (action->text() == text)
                    action->trigger();
        };
        const auto* timer = window.findChild<QTimer*>(u"resumeTimer"_s);
        choose(u"For 15 minutes"_s);
        QTRY_VERIFY(office.facade.status.relayPaused && timer->isActive());
        QVERIFY(timer->remainingTimeAsDuration() > std::chrono::minutes(14));
        choose(u"Pause receiving"_s);
        QTRY_VERIFY(office.facade.status.smtpPaused);
        QVERIFY(timer->isActive());
        choose(u"Resume receiving"_s);
        QTRY_VERIFY(!office.facade.status.smtpPaused);
        QVERIFY(timer->isActive());
        office.facade.status.relayPaused = false; // by somebody else
        window.link().refresh();
        QTRY_VERIFY(!timer->isActive());
        choose(u"Until I resume"_s);
        QTRY_VERIFY(office.facade.status.relayPaused);
        QVERIFY(!timer->isActive());
    }

    void f6GoesRoundTheAreasAndShiftF6Back() {
        Office office;
        MainWindow& window = office.open();
        QTRY_VERIFY(window.link().isThere());
        window.activateWindow();
        QTRY_VERIFY(window.isActiveWindow());
        window.openPage(u"queue"_s);
        const auto areaOf = [](const QWidget* w) -> QString {
            for (; w; w = w->parentWidget()) {
                for (const char* name : {"topBar", "rail", "queuePage", "footBar"})
                    if (w->objectName() == QLatin1String(name))
                        return w->objectName();
            }
            return {};
        };
        const auto round = [&](Qt::KeyboardModifiers modifiers) {
            QStringList areas;
            for (int i = 0; i < 5; ++i) {
                QTest::keyClick(&window, Qt::Key_F6, modifiers);
                areas.append(areaOf(QApplication::focusWidget()));
            }
            return areas;
        };
        pick<QWidget>(window, u"rail"_s)->setFocus();
        QCOMPARE(round(Qt::NoModifier), QStringList({u"queuePage"_s, u"footBar"_s, u"topBar"_s, u"rail"_s, u"queuePage"_s}));
        QCOMPARE(round(Qt::ShiftModifier), QStringList({u"rail"_s, u"topBar"_s, u"footBar"_s, u"queuePage"_s, u"rail"_s}));
    }

    void f1ListsTheKeys() {
        Office office;
        MainWindow& window = office.open();
        QTRY_VERIFY(window.link().isThere());
        window.openPage(u"queue"_s);
        QTest::keyClick(&window, Qt::Key_F1);
        auto* box = window.findChild<QMessageBox*>();
        QTRY_VERIFY(box = window.findChild<QMessageBox*>());
        for (const QString& line : {u"Ctrl+T\tTry now"_s, u"F6\tNext area"_s, u"Del\tRemove"_s, u"F5\tRefresh"_s})
            QVERIFY2(box->informativeText().contains(line), qPrintable(box->informativeText()));
    }

    void labelsNeverReadMarkup() { // G01
        Office office;
        office.facade.rows[0].subject = u"<img src=\"http://x.example/\" onerror=x> \u202E"_s;
        MainWindow& window = office.open();
        for (const QString& page : {u"overview"_s, u"queue"_s, u"activity"_s, u"caught"_s})
            window.openPage(page);
        for (const auto* label : window.findChildren<QLabel*>())
            QVERIFY(label->textFormat() == Qt::PlainText || label->text().isEmpty());
    }

    void closingAsksOnceAndRemembers() { // G09
        Office office;
        MainWindow& window = office.open();
        QTRY_VERIFY(window.link().isThere());
        window.close();
        auto* question = pick<QMessageBox>(window, u"closeQuestion"_s);
        QVERIFY(question);
        QVERIFY(window.isVisible());
        QCOMPARE(question->defaultButton()->text(), u"Keep running"_s);
        question->checkBox()->setChecked(true);
        question->defaultButton()->click();
        QTRY_VERIFY(window.isMinimized()); // no tray here
        window.bringToFront();
        QVERIFY(!window.isMinimized());
        window.close();
        QTRY_VERIFY(window.isMinimized());
        QCOMPARE(QSettings(office.folder.filePath(u"postern.ini"_s), QSettings::IniFormat).value(u"window/onClose"_s).toString(), u"keep"_s);
    }

    void quittingSaysHowManyWait() { // G09
        Office office;
        MainWindow& window = office.open();
        QTRY_VERIFY(window.link().isThere());
        QSignalSpy quit(&window, &MainWindow::quitAsked);
        window.askToQuit();
        auto* question = pick<QMessageBox>(window, u"quitQuestion"_s);
        QVERIFY(question);
        QCOMPARE(question->informativeText(), u"15 messages are waiting. They stay safe and leave when Postern runs again."_s);
        QCOMPARE(quit.count(), 0);
        question->defaultButton()->click();
        QTRY_COMPARE(quit.count(), 1);
    }

    void anAttachedWindowClosesWithoutAQuestion() {
        Office office;
        office.facade.inProcess = false;
        MainWindow& window = office.open();
        QTRY_VERIFY(window.link().isThere());
        QSignalSpy quit(&window, &MainWindow::quitAsked);
        window.close();
        QCOMPARE(quit.count(), 1);
        QVERIFY(!pick<QMessageBox>(window, u"closeQuestion"_s));
    }

    void withoutAGatewayNothingIsKeptRunning() {
        Office office;
        office.facade.gone = u"The folder cannot be written."_s;
        MainWindow& window = office.open();
        QSignalSpy quit(&window, &MainWindow::quitAsked);
        QTRY_VERIFY(!window.link().reason().isEmpty());
        window.close();
        QCOMPARE(quit.count(), 1);
        QVERIFY(!pick<QMessageBox>(window, u"closeQuestion"_s));
    }

    void aTimedPauseIsOfferedOnlyWhereItWillEnd() {
        Office office;
        office.facade.inProcess = false;
        MainWindow& window = office.open();
        QTRY_VERIFY(window.link().isThere());
        const auto offersAnHour = [&window] {
            for (const QAction* action : window.findChildren<QAction*>()) {
                if (action->text() == u"For 1 hour")
                    return action->isVisible();
            }
            return false;
        };
        QVERIFY(!offersAnHour());
        office.facade.inProcess = true; // Start was chosen after the other one went away
        window.link().refresh();
        QTRY_VERIFY(offersAnHour());
    }

    void afterTheEndTheNextStartIsTheFirst() {
        QTemporaryDir profile;
        SingleInstance first(profile.path());
        QVERIFY(first.claim({}));
        first.release();
        SingleInstance second(profile.path());
        QVERIFY(second.claim({}));
    }

    void aSecondStartHandsOverItsArguments() {
        QTemporaryDir profile;
        SingleInstance first(profile.path());
        QVERIFY(first.claim({}));
        QSignalSpy again(&first, &SingleInstance::startedAgain);
        SingleInstance second(profile.path());
        QVERIFY(!second.claim({u"--show"_s, u"ä b"_s}));
        QTRY_COMPARE(again.count(), 1);
        QCOMPARE(again.first().first().toStringList(), (QStringList{u"--show"_s, u"ä b"_s}));
        QTemporaryDir other;
        SingleInstance elsewhere(other.path());
        QVERIFY2(elsewhere.claim({}), "another profile is another window");
    }

    void aSocketLeftByACrashDoesNotBlock() {
        QTemporaryDir profile;
        QString path;
        {
            SingleInstance probe(profile.path());
            path = QDir::tempPath() + u'/' + probe.socketName();
        }
        QFile left(path); // what a killed program leaves: a name that nobody answers
        QVERIFY(left.open(QIODevice::WriteOnly));
        left.close();
        SingleInstance first(profile.path());
        QVERIFY(first.claim({}));
        SingleInstance second(profile.path());
        QVERIFY(!second.claim({}));
    }
};

QTEST_MAIN(TestFrame)
#include "tst_frame.moc"
