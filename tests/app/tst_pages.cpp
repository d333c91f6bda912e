// SPDX-License-Identifier: GPL-3.0-or-later
//
// The pages as a person uses them: what is chosen reaches the gateway, what is asked is asked with a number, what is
// removed can be taken back, and what is being read stands still.
#include "support/fake_clock.h"
#include "support/fake_facade.h"
#include "window/caught/caught_page.h"
#include "window/frame/main_window.h"
#include "window/message/save_message.h"
#include "window/queue/queue_view.h"
#include "window/theme/theme.h"
#include "window/widgets/buttons.h"

#include <QClipboard>
#include <QDir>
#include <QFile>
#include <QFileDialog>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
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
    std::unique_ptr<MainWindow> window;

    explicit Office(const QString& page) {
        facade.officeAtHalfPastTwo(clock.unixNow());
        window = std::make_unique<MainWindow>(facade, clock, WindowSetup());
        window->show();
        window->openPage(page);
    }
    // The action of the page in front, as its button, its key and its row in the menu trigger it.
    QAction* action(const QString& text) const {
        for (const char* page : {"queuePage", "activityPage", "caughtPage", "messagePage"}) {
            const auto* widget = window->findChild<QWidget*>(QLatin1String(page));
            for (QAction* one : widget->actions()) {
                if (widget->isVisible() && one->text() == text)
                    return one;
            }
        }
        return nullptr;
    }
    control::Request last() const { return facade.requests.isEmpty() ? control::Request() : facade.requests.last(); }
    QStringList lastIds() const {
        QStringList ids;
        for (const auto& id : last().args[u"ids"_s].toArray())
            ids << id.toString();
        return ids;
    }
};

struct QueueOffice : Office {
    QueueView* view = nullptr;
    QueueOffice() : Office(u"queue"_s), view(window->findChild<QueueView*>()) {}
    bool loaded() const { return view->model()->rowCount() == 3; }
    QModelIndex group(int g) const { return view->model()->index(g, 0); }
    QModelIndex row(int g, int r) const { return view->model()->index(r, 0, group(g)); }
    void select(const QModelIndexList& rows) const {
        for (const QModelIndex& index : rows)
            view->selectionModel()->select(index, QItemSelectionModel::Select | QItemSelectionModel::Rows);
        view->selectionModel()->setCurrentIndex(rows.last(), QItemSelectionModel::NoUpdate);
    }
};

} // namespace

class TestPages final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() {
        QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
        theme::install(*qApp, theme::Scheme::Light);
    }

    void whatIsChosenOnTheQueuePageReachesTheGateway_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("group"); // 0 sign-in, 1 slow down, 2 held
        QTest::addColumn<QByteArray>("verb");
        QTest::addRow("try now") << u"Try now"_s << 0 << "queue.retry"_ba;
        QTest::addRow("hold") << u"Hold"_s << 1 << "queue.hold"_ba;
        QTest::addRow("release") << u"Release"_s << 2 << "queue.release"_ba;
    }

    void whatIsChosenOnTheQueuePageReachesTheGateway() {
        QFETCH(QString, text);
        QFETCH(int, group);
        QFETCH(QByteArray, verb);
        QueueOffice office;
        QTRY_VERIFY(office.loaded());
        office.select({office.row(group, 0)});
        const QStringList ids = office.view->selectedIds();
        QCOMPARE(ids.size(), 1);
        QAction* action = office.action(text);
        QVERIFY(action && action->isEnabled() && action->isVisible());
        action->trigger();
        QTRY_COMPARE(office.last().verb, verb);
        QCOMPARE(office.lastIds(), ids);
    }

    void severalRowsAndGroupsAreChangedTogether() {
        QueueOffice office;
        QTRY_VERIFY(office.loaded());
        office.select({office.row(0, 0), office.row(0, 2), office.group(1)});
        QCOMPARE(office.view->selectedIds().size(), 4); // two rows, and the two of the group
        office.action(u"Hold"_s)->trigger();
        QTRY_COMPARE(office.lastIds().size(), 4);
        QCOMPARE(office.last().verb, "queue.hold"_ba);
    }

    void theButtonOfAGroupActsOnAllInIt() {
        QueueOffice office;
        QTRY_VERIFY(office.loaded());
        auto* button = office.view->indexWidget(office.group(0))->findChild<QPushButton*>();
        QVERIFY(button);
        button->click();
        QTRY_COMPARE(office.last().verb, "queue.retry"_ba);
        QCOMPARE(office.lastIds().size(), 12); // six of them are folded away
    }

    void aRefusalIsTold() {
        QueueOffice office;
        QTRY_VERIFY(office.loaded());
        office.select({office.row(0, 0)});
        office.facade.gone = u"The gateway has stopped."_s;
        office.action(u"Try now"_s)->trigger();
        QTRY_VERIFY(office.window->findChild<QMessageBox*>());
        QCOMPARE(office.window->findChild<QMessageBox*>()->informativeText(), office.facade.gone);
    }

    void aRightClickOffersThePagesActions() {
        QueueOffice office;
        QTRY_VERIFY(office.loaded());
        const QPoint at = office.view->visualRect(office.row(0, 1)).center();
        QTest::mouseClick(office.view->viewport(), Qt::RightButton, {}, at);
        Q_EMIT office.view->customContextMenuRequested(at); // what the platform sends behind the click
        auto* menu = office.view->findChild<QMenu*>(u"rowMenu"_s);
        QVERIFY(menu);
        QStringList texts;
        for (const QAction* action : menu->actions()) {
            if (action->isVisible())
                texts << action->text();
        }
        QCOMPARE(texts, (QStringList{u"What happened?"_s, u"Try now"_s, u"Hold"_s, u"Save as file…"_s, u"Remove"_s}));
        QCOMPARE(office.view->selectedIds().size(), 1); // the row that was clicked
        menu->actions().at(1)->trigger();
        QTRY_COMPARE(office.lastIds(), office.view->selectedIds());
    }

    void removingOneAsksNothingAndCanBeTakenBack() {
        QueueOffice office;
        QTRY_VERIFY(office.loaded());
        office.select({office.row(0, 0)});
        const QString id = office.view->selectedIds().value(0);
        office.window->activateWindow();
        QTRY_VERIFY(office.window->isActiveWindow()); // else no key is a shortcut
        office.view->setFocus();
        QTest::keyClick(office.view, Qt::Key_Delete);
        QVERIFY(!office.window->findChild<QMessageBox*>());
        auto* undo = office.window->findChild<QWidget*>(u"queuePage"_s)->findChild<QPushButton*>(u"undoButton"_s);
        QVERIFY(undo && undo->isVisible());
        QVERIFY(!office.view->selectedIds().contains(id));
        undo->click();
        QVERIFY(!undo->isVisible());
        QVERIFY(office.facade.requests.isEmpty());
        QVERIFY(std::any_of(office.facade.rows.begin(), office.facade.rows.end(), [&id](const auto& row) { return row.id == id; }));
    }

    void removingSeveralAsksWithTheNumber() {
        QueueOffice office;
        QTRY_VERIFY(office.loaded());
        office.select({office.group(0)});
        office.action(u"Remove"_s)->trigger();
        auto* question = office.window->findChild<QMessageBox*>(u"removeQuestion"_s);
        QVERIFY(question);
        QCOMPARE(question->text(), u"Remove 12 messages?"_s);
        QCOMPARE(question->defaultButton(), question->button(QMessageBox::Cancel));
        question->button(QMessageBox::Cancel)->click();
        QTRY_VERIFY(!office.window->findChild<QMessageBox*>(u"removeQuestion"_s));
        QCOMPARE(office.view->model()->rowCount(), 3);
        office.action(u"Remove"_s)->trigger();
        question = office.window->findChild<QMessageBox*>(u"removeQuestion"_s);
        for (auto* button : question->buttons()) {
            if (button->text() == u"Remove")
                button->click();
        }
        QTRY_COMPARE(office.view->model()->rowCount(), 2);
        QVERIFY2(office.facade.requests.isEmpty(), "it can still be taken back");
    }

    void severalMessagesAreSavedSideBySide() {
        QTemporaryDir folder;
        QCOMPARE(saveInto(folder.path(), u"Scan / page 1"_s, "one"), QString());
        QCOMPARE(saveInto(folder.path(), u"Scan / page 1"_s, "two"), QString());
        QCOMPARE(saveInto(folder.path(), QString(), "three"), QString());
        QCOMPARE(saveInto(folder.path(), u"../../etc/passwd"_s, "four"), QString());
        const QStringList names = QDir(folder.path()).entryList(QDir::Files, QDir::Name);
        QCOMPARE(names.size(), 4);
        QVERIFY2(names.contains(u"Scan - page 1.eml"_s) && names.contains(u"Scan - page 1 (2).eml"_s), qPrintable(names.join(u'|')));
        QFile second(folder.filePath(u"Scan - page 1 (2).eml"_s));
        QVERIFY(second.open(QIODevice::ReadOnly));
        QCOMPARE(second.readAll(), "two"_ba);
        QVERIFY(!saveInto(folder.filePath(u"nowhere"_s), u"x"_s, "x").isEmpty());
    }

    void savingSeveralAsksForAFolder() {
        QueueOffice office;
        QTRY_VERIFY(office.loaded());
        QTemporaryDir folder;
        for (const auto& row : std::as_const(office.facade.rows))
            office.facade.contents[row.message] = "Subject: " + row.subject.toUtf8() + "\r\n\r\nbody\r\n";
        office.select({office.group(1)});
        office.action(u"Save as file…"_s)->trigger();
        QFileDialog* dialog = nullptr;
        QTRY_VERIFY(dialog = office.window->findChild<QFileDialog*>());
        QCOMPARE(dialog->fileMode(), QFileDialog::Directory);
        Q_EMIT dialog->fileSelected(folder.path());
        QTRY_VERIFY(office.window->findChild<QMessageBox*>(u"savedNotice"_s));
        QCOMPARE(office.window->findChild<QMessageBox*>(u"savedNotice"_s)->text(), u"2 messages saved"_s);
        QCOMPARE(QDir(folder.path()).entryList(QDir::Files, QDir::Name),
                 (QStringList{u"Invoice 2026-1187.eml"_s, u"Invoice 2026-1188.eml"_s}));
    }

    void aMessageOffersItsCureWhereTheTroubleIs() {
        QueueOffice office;
        QTRY_VERIFY(office.loaded());
        office.select({office.row(0, 0)});
        const QString id = office.view->selectedIds().value(0);
        office.action(u"What happened?"_s)->trigger();
        auto* page = office.window->findChild<QWidget*>(u"messagePage"_s);
        QTRY_VERIFY(page->isVisible());
        const auto texts = [page] {
            QStringList all;
            for (const auto* label : page->findChildren<QLabel*>())
                all << QString(label->text()).remove(QChar(0x2066)).remove(QChar(0x2068)).remove(QChar(0x2069));
            return all;
        };
        QTRY_VERIFY(texts().contains(u"smtp.mailhaus.example does not accept the sign-in"_s));
        QVERIFY(texts().contains(u"Check user name and password in the table of secrets."_s));
        QVERIFY(texts().contains(u"535 5.7.139 Authentication unsuccessful, the password of scans@marlowfinch.example has expired"_s));
        QVERIFY(!texts().filter(u"The next try is at"_s).isEmpty());
        QPushButton* cure = nullptr; // the first "Try now" stands in the story
        for (auto* button : page->findChildren<QPushButton*>()) {
            if (!cure && button->text() == u"Try now")
                cure = button;
        }
        QVERIFY(cure);
        cure->click();
        QTRY_COMPARE(office.last().verb, "queue.retry"_ba);
        QCOMPARE(office.lastIds(), QStringList{id});
    }

    void theActivityStandsStillWhileOlderLinesAreRead() {
        Office office(u"activity"_s);
        auto* view = office.window->findChild<QTreeView*>(u"activityView"_s);
        auto* live = office.window->findChild<StateButton*>(u"liveButton"_s);
        const int before = static_cast<int>(office.facade.events.size());
        QTRY_COMPARE(view->model()->rowCount(), before);
        qint64 serial = 100'000;
        const auto happen = [&office, &serial](int n) {
            for (int i = 0; i < n; ++i)
                office.facade.sendActivity({++serial, office.clock.unixNow(), u"taken"_s, u"a line"_s, {}, {}});
        };
        happen(200); // enough to scroll
        QTRY_COMPARE(view->model()->rowCount(), before + 200);
        QCOMPARE(live->text(), u"Live"_s);
        view->verticalScrollBar()->setValue(300);
        const QString seen = view->indexAt(QPoint(5, 5)).siblingAtColumn(0).data().toString();
        const int at = view->indexAt(QPoint(5, 5)).row();
        happen(14);
        QTRY_COMPARE(live->text(), u"Paused, 14 new"_s);
        QCOMPARE(view->model()->rowCount(), before + 200);
        QCOMPARE(view->verticalScrollBar()->value(), 300);
        QCOMPARE(view->indexAt(QPoint(5, 5)).row(), at);
        QCOMPARE(view->indexAt(QPoint(5, 5)).siblingAtColumn(0).data().toString(), seen);
        live->click();
        QCOMPARE(view->model()->rowCount(), before + 214);
        QCOMPARE(view->verticalScrollBar()->value(), 0);
        QCOMPARE(live->text(), u"Live"_s);
    }

    void theActivityCanBePausedAtItsTop() {
        Office office(u"activity"_s);
        auto* view = office.window->findChild<QTreeView*>(u"activityView"_s);
        auto* live = office.window->findChild<StateButton*>(u"liveButton"_s);
        const int before = static_cast<int>(office.facade.events.size());
        QTRY_COMPARE(view->model()->rowCount(), before);
        QCOMPARE(view->verticalScrollBar()->value(), 0);
        QVERIFY(office.action(u"Pause the list"_s));
        office.action(u"Pause the list"_s)->trigger();
        QCOMPARE(live->text(), u"Paused"_s);
        office.facade.sendActivity({100'001, office.clock.unixNow(), u"taken"_s, u"a line"_s, {}, {}});
        QTRY_COMPARE(live->text(), u"Paused, 1 new"_s);
        QCOMPARE(view->model()->rowCount(), before);
        office.action(u"Go to the newest line"_s)->trigger();
        QCOMPARE(view->model()->rowCount(), before + 1);
    }

    void linesOfTheActivityAreCopiedAsTheyHappened() {
        Office office(u"activity"_s);
        auto* view = office.window->findChild<QTreeView*>(u"activityView"_s);
        QTRY_VERIFY(view->model()->rowCount() > 3);
        view->selectionModel()->select(view->model()->index(0, 0), QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
        view->selectionModel()->setCurrentIndex(view->model()->index(2, 0), QItemSelectionModel::Select | QItemSelectionModel::Rows);
        QVERIFY(office.action(u"Copy as text"_s));
        office.action(u"Copy as text"_s)->trigger();
        const QString copied = QGuiApplication::clipboard()->text();
        const QString newest = view->model()->index(0, 2).data().toString();
        const QString older = view->model()->index(2, 2).data().toString();
        const auto plain = [](QString text) { return text.remove(QChar(0x2066)).remove(QChar(0x2068)).remove(QChar(0x2069)); };
        QVERIFY2(plain(copied).contains(plain(newest)) && plain(copied).contains(plain(older)), qPrintable(copied));
        QVERIFY(plain(copied).indexOf(plain(older)) < plain(copied).indexOf(plain(newest)));
        QVERIFY(copied.contains(u"Taken in"));
    }

    void caughtHtmlShowsWordsAndLinksAndRunsNothing() {
        Office office(u"caught"_s);
        auto* view = office.window->findChild<QListView*>(u"caughtView"_s);
        QTRY_VERIFY(view->model()->rowCount() > 0);
        for (auto& content : office.facade.contents)
            content = "Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
                      "<html><head><style>p{background:url(http://track.example/)}</style></head><body onload=\"go()\">"
                      "<script>document.write('bad')</script><p>Pay <a href=\"http://phish.example/login\">your bank</a></p>"
                      "<img src=\"http://track.example/pixel.png\"><iframe src=\"http://x.example/\">inside</iframe></body></html>\r\n";
        view->setCurrentIndex(view->model()->index(1, 0));
        QPlainTextEdit* text = nullptr;
        for (auto* pane : office.window->findChildren<QPlainTextEdit*>()) {
            if (pane->accessibleName() == u"Text of the message")
                text = pane;
        }
        QVERIFY(text);
        QTRY_VERIFY2(text->toPlainText().contains(u"Pay your bank <http://phish.example/login>"), qPrintable(text->toPlainText()));
        for (const QString& hidden : {u"track.example"_s, u"document.write"_s, u"background"_s, u"go()"_s})
            QVERIFY2(!text->toPlainText().contains(hidden), qPrintable(hidden));
        QStringList notes;
        for (const auto* label : office.window->findChild<QWidget*>(u"caughtPage"_s)->findChildren<QLabel*>())
            notes << label->text();
        QVERIFY(!notes.filter(u"Written as a web page"_s).isEmpty());
    }

    void theSourceOfACaughtMessageIsShownAsItCame() {
        Office office(u"caught"_s);
        auto* view = office.window->findChild<QListView*>(u"caughtView"_s);
        QTRY_VERIFY(view->model()->rowCount() > 0);
        QPlainTextEdit* source = nullptr;
        for (auto* pane : office.window->findChildren<QPlainTextEdit*>()) {
            if (pane->accessibleName() == u"Source of the message")
                source = pane;
        }
        QVERIFY(source);
        QTRY_VERIFY(source->toPlainText().contains(u"Subject: =?utf-8?Q?Order_2216,_oak_boards_=E2=80=93_12_m=C2=B2?="));
        QCOMPARE(source->layoutDirection(), Qt::LeftToRight);
    }

    void anAttachmentIsOfferedUnderASafeName() {
        Office office(u"caught"_s);
        auto* view = office.window->findChild<QListView*>(u"caughtView"_s);
        QTRY_VERIFY(view->model()->rowCount() > 0);
        for (auto& content : office.facade.contents)
            content = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n"
                      "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"../../invoice.pdf.exe\"\r\n"
                      "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n";
        view->setCurrentIndex(view->model()->index(1, 0));
        QPushButton* save = nullptr;
        const auto find = [&office, &save] {
            for (auto* button : office.window->findChildren<QPushButton*>()) {
                if (button->accessibleName().startsWith(u"Save invoice"))
                    save = button;
            }
            return save != nullptr;
        };
        QTRY_VERIFY(find());
        QCOMPARE(save->accessibleName(), u"Save invoice.pdf.exe.saved"_s);
        save->click();
        QFileDialog* dialog = nullptr;
        QTRY_VERIFY(dialog = office.window->findChild<QFileDialog*>());
        QCOMPARE(QFileInfo(dialog->selectedFiles().value(0)).fileName(), u"invoice.pdf.exe.saved"_s);
        QTemporaryDir folder;
        Q_EMIT dialog->fileSelected(folder.filePath(u"kept"_s));
        QFile kept(folder.filePath(u"kept"_s));
        QVERIFY(kept.open(QIODevice::ReadOnly));
        QCOMPARE(kept.readAll(), "hello"_ba);
    }
};

QTEST_MAIN(TestPages)
#include "tst_pages.moc"
