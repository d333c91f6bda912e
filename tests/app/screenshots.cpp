// SPDX-License-Identifier: GPL-3.0-or-later
//
// postern_screenshots FOLDER: every page of the window with the sample office, as PNG files to be looked at.
//
// Light, dark, the smallest window, right to left, high contrast, words a third longer (as German is), very many and very
// long things, faults, the tray's menu, and the first start with nothing in it. Runs on the offscreen platform too.
#include "support/fake_clock.h"
#include "support/fake_facade.h"
#include "window/frame/main_window.h"
#include "window/frame/tray.h"
#include "window/theme/theme.h"

#include <QApplication>
#include <QDir>
#include <QFontDatabase>
#include <QListView>
#include <QMenu>
#include <QMessageBox>
#include <QTranslator>
#include <QTreeView>

#include <cstdio>

using namespace Qt::StringLiterals;
using namespace postern;
using window::theme::Scheme;

namespace {

// Replies are queued, and layouts ask for themselves again: a few rounds settle everything.
void settle() {
    for (int i = 0; i < 20; ++i) {
        QCoreApplication::sendPostedEvents();
        QCoreApplication::processEvents();
    }
}

struct Shot {
    QString name;
    QString page;
    Scheme scheme = Scheme::Light;
    QSize size{1280, 800};
    bool isEmpty = false;
    Qt::LayoutDirection direction = Qt::LeftToRight;
    QString gone{}; // the gateway's last words
    enum class Extra : quint8 { None, LongWords, Many, Faults, Menu, Closing } extra = Extra::None;
};

// Every word of four letters or more grows, and keeps its placeholders: about a third more, as German has.
class LongWords final : public QTranslator {
  public:
    bool isEmpty() const override { return false; }
    QString translate(const char*, const char* source, const char*, int n) const override {
        QStringList words = QString::fromUtf8(source).replace(u"%n"_s, QString::number(n)).replace(u"(s)"_s, u"s"_s).split(u' ');
        for (QString& word : words) {
            if (word.size() > 3 && !word.contains(u'%') && word.back().isLetter())
                word += u"ung"_s;
        }
        return words.join(u' ');
    }
};

// A tray that shows nothing, so that its menu is made.
class NoTray final : public window::TrayIcon {
  public:
    bool isThere() const override { return true; }
    void show(QMenu*) override {}
    void setState(const QString&, const QString&) override {}
    void tell(const QString&, const QString&) override {}
};

void makeMany(test::FakeFacade& facade) {
    const QList<control::QueueRow> samples = facade.rows;
    for (int i = 0; i < 10'000; ++i) {
        control::QueueRow row = samples.at(i % 14);
        row.id = u"%1"_s.arg(0x9000000000000000ULL + static_cast<quint64>(i), 16, 16, QLatin1Char('0'));
        row.message = row.id.left(8);
        if (i % 3 == 0) {
            row.recipient = u"a-very-long-name-of-a-department-"_s.repeated(4) + u"@a-host-with-a-long-name.example"_s;
            row.subject = u"A subject that goes on and on and tells everything that the message itself tells once more "_s.repeated(3);
        }
        facade.rows.append(row);
    }
    facade.status.waiting += 10'000;
}

void makeFaults(test::FakeFacade& facade) {
    control::ListenerStatus& listener = facade.status.listeners[0];
    listener.open = false;
    listener.detail = u"port 2525 on 192.168.20.2 is taken by master (process 812); stop that program or use another port"_s;
    facade.status.problems.prepend({control::Gravity::Error, u"listener:192.168.20.2:2525"_s,
                                    u"Nothing can be received on 192.168.20.2:2525"_s,
                                    u"cannot listen on 192.168.20.2:2525: "_s + listener.detail, u"smtpd.conf:4"_s});
    facade.status.problems.prepend({control::Gravity::Error, u"config"_s, u"The configuration has an error and was not taken"_s,
                                    u"smtpd.conf:14:1: error: unknown statement \"acton\"; did you mean \"action\"?. The one from before stays in force."_s,
                                    u"smtpd.conf:14"_s});
}

bool take(const Shot& shot, const QDir& folder) {
    QApplication::setLayoutDirection(shot.direction);
    window::theme::install(*qApp, shot.scheme);
    test::FakeClock clock;
    test::FakeFacade facade;
    if (shot.isEmpty)
        facade.emptyCatchingProfile(clock.unixNow());
    else
        facade.officeAtHalfPastTwo(clock.unixNow());
    if (shot.extra == Shot::Extra::Many)
        makeMany(facade);
    if (shot.extra == Shot::Extra::Faults)
        makeFaults(facade);
    LongWords longWords;
    if (shot.extra == Shot::Extra::LongWords)
        QCoreApplication::installTranslator(&longWords);
    window::WindowSetup setup;
    if (shot.extra == Shot::Extra::Menu || shot.extra == Shot::Extra::Closing)
        setup.tray = std::make_unique<NoTray>();
    setup.title = shot.isEmpty ? QString() : u"Marlow & Finch"_s;
    window::MainWindow main(facade, clock, std::move(setup));
    main.resize(shot.size);
    main.show();
    settle();
    if (!shot.gone.isEmpty()) {
        facade.gone = shot.gone;
        main.link().refresh();
        settle();
    }
    main.openPage(shot.page.section(u'/', 0, 0));
    settle();
    const QString select = shot.page.section(u'/', 1, 1);
    if (auto* view = main.findChild<QAbstractItemView*>(select); view && !select.isEmpty()) {
        QModelIndex index = view->model()->index(0, 0);
        while (view->model()->rowCount(index) > 0)
            index = view->model()->index(0, 0, index);
        view->setCurrentIndex(index);
        view->setFocus(Qt::TabFocusReason);
        settle();
        if (shot.page.endsWith(u"/open"))
            Q_EMIT view->activated(index);
        settle();
    }
    QWidget* shown = &main;
    if (shot.extra == Shot::Extra::Menu) {
        shown = &main.findChild<window::Tray*>()->menu();
        shown->ensurePolished();
        shown->resize(shown->sizeHint());
    } else if (shot.extra == Shot::Extra::Closing) {
        main.close();
        settle();
        shown = main.findChild<QMessageBox*>(u"closeQuestion"_s);
    }
    return shown->grab().save(folder.filePath(shot.name + u".png"_s));
}

} // namespace

int main(int argc, char** argv) {
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    qputenv("TZ", "UTC");
    QApplication app(argc, argv);
    if (app.arguments().size() != 2) {
        std::fputs("usage: postern_screenshots FOLDER\n", stderr);
        return 2;
    }
    const QDir folder(app.arguments().at(1));
    if (!folder.mkpath(u"."_s)) {
        std::fprintf(stderr, "postern_screenshots: %s: cannot make this folder\n", qPrintable(folder.path()));
        return 1;
    }
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
    QFont font(QStringList{u"Noto Sans"_s, u"DejaVu Sans"_s});
    font.setPixelSize(13);
    QApplication::setFont(font);

    const QSize smallest{960, 620};
    QList<Shot> shots;
    const std::pair<QString, QString> pages[] = {{u"overview"_s, u"overview"_s},
                                                 {u"queue"_s, u"queue/queueView"_s},
                                                 {u"message"_s, u"queue/queueView/open"_s},
                                                 {u"activity"_s, u"activity/activityView"_s},
                                                 {u"caught"_s, u"caught/caughtView"_s}};
    for (const auto& [name, page] : pages) {
        shots << Shot{name, page};
        shots << Shot{name + u"-dark"_s, page, Scheme::Dark};
        shots << Shot{name + u"-small"_s, page, Scheme::Light, smallest};
        shots << Shot{name + u"-empty"_s, page, Scheme::Light, {1280, 800}, true};
        shots << Shot{name + u"-rtl"_s, page, Scheme::Light, {1280, 800}, false, Qt::RightToLeft};
        shots << Shot{name + u"-contrast"_s, page, Scheme::HighContrast};
    }
    shots << Shot{u"overview-gone"_s, u"overview"_s, Scheme::Light, {1280, 800}, false, Qt::LeftToRight,
                  u"The gateway closed the connection."_s};
    shots << Shot{u"overview-empty-dark"_s, u"overview"_s, Scheme::Dark, {1280, 800}, true};
    using Extra = Shot::Extra;
    for (const auto& [name, page] : pages)
        shots << Shot{name + u"-long"_s, page, Scheme::Light, {1280, 800}, false, Qt::LeftToRight, {}, Extra::LongWords};
    shots << Shot{u"overview-long-small"_s, u"overview"_s, Scheme::Light, smallest, false, Qt::LeftToRight, {}, Extra::LongWords};
    shots << Shot{u"queue-long-small"_s, u"queue/queueView"_s, Scheme::Light, smallest, false, Qt::LeftToRight, {}, Extra::LongWords};
    shots << Shot{u"queue-many"_s, u"queue/queueView"_s, Scheme::Light, {1280, 800}, false, Qt::LeftToRight, {}, Extra::Many};
    shots << Shot{u"overview-faults"_s, u"overview"_s, Scheme::Light, {1280, 800}, false, Qt::LeftToRight, {}, Extra::Faults};
    for (const auto& [name, scheme] : {std::pair{QString(), Scheme::Light}, std::pair{u"-dark"_s, Scheme::Dark}}) {
        shots << Shot{u"tray-menu"_s + name, u"overview"_s, scheme, {1280, 800}, false, Qt::LeftToRight, {}, Extra::Menu};
        shots << Shot{u"closing"_s + name, u"overview"_s, scheme, {1280, 800}, false, Qt::LeftToRight, {}, Extra::Closing};
    }
    for (const Shot& shot : shots) {
        if (!take(shot, folder)) {
            std::fprintf(stderr, "postern_screenshots: %s: not written\n", qPrintable(shot.name));
            return 1;
        }
    }
    std::printf("%d pictures in %s\n", static_cast<int>(shots.size()), qPrintable(folder.path()));
    return 0;
}
