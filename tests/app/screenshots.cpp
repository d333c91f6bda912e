// SPDX-License-Identifier: GPL-3.0-or-later
//
// postern_screenshots FOLDER: every page of the window with the sample office, as PNG files to be looked at.
//
// Light, dark, the smallest window, right to left, high contrast, and the first start with nothing in it. Runs on the
// offscreen platform too.
#include "support/fake_clock.h"
#include "support/fake_facade.h"
#include "window/frame/main_window.h"
#include "window/theme/theme.h"

#include <QApplication>
#include <QDir>
#include <QFontDatabase>
#include <QListView>
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
};

bool take(const Shot& shot, const QDir& folder) {
    QApplication::setLayoutDirection(shot.direction);
    window::theme::install(*qApp, shot.scheme);
    test::FakeClock clock;
    test::FakeFacade facade;
    if (shot.isEmpty)
        facade.emptyCatchingProfile(clock.unixNow());
    else
        facade.officeAtHalfPastTwo(clock.unixNow());
    window::WindowSetup setup;
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
    return main.grab().save(folder.filePath(shot.name + u".png"_s));
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
    for (const Shot& shot : shots) {
        if (!take(shot, folder)) {
            std::fprintf(stderr, "postern_screenshots: %s: not written\n", qPrintable(shot.name));
            return 1;
        }
    }
    std::printf("%d pictures in %s\n", static_cast<int>(shots.size()), qPrintable(folder.path()));
    return 0;
}
