// SPDX-License-Identifier: GPL-3.0-or-later
//
// postern: the window and tray, with the gateway in this process or attached to one that already runs.
#include "gateway_door.h"

#include "base/clock.h"
#include "base/core_dumps.h"
#include "base/log.h"
#include "ctl/unix_signals.h"
#include "engine/profile.h"
#include "window/frame/main_window.h"
#include "window/frame/single_instance.h"
#include "window/theme/theme.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QFile>
#include <QSettings>

#include <csignal>
#include <cstdlib>
#include <utility>

using namespace Qt::StringLiterals;
using namespace postern;

int main(int argc, char** argv) {
    postern::forbidCoreDumps();
    std::signal(SIGPIPE, SIG_IGN);
    QApplication app(argc, argv);
    QApplication::setApplicationName(u"postern"_s);
    QApplication::setApplicationDisplayName(u"Postern"_s);
    QApplication::setApplicationVersion(QStringLiteral(POSTERN_VERSION));
    QApplication::setQuitOnLastWindowClosed(false); // the tray keeps it; the window decides

    QCommandLineParser parser;
    parser.setApplicationDescription(u"Mail gateway for an office: the window."_s);
    parser.addHelpOption();
    parser.addVersionOption();
    const QCommandLineOption profileOption(u"profile"_s, u"The profile folder."_s, u"DIR"_s);
    const QCommandLineOption backgroundOption(u"background"_s, u"Start in the tray."_s);
    const QCommandLineOption showOption(u"show"_s, u"Show the window, whatever was set before."_s);
    parser.addOptions({profileOption, backgroundOption, showOption});
    parser.process(app);

    const engine::Profile profile = parser.isSet(profileOption)
                                        ? engine::Profile::at(QFile::encodeName(parser.value(profileOption)))
                                        : engine::Profile::platformDefault();
    window::SingleInstance instance(QFile::decodeName(profile.folder));
    if (!instance.claim(QApplication::arguments().mid(1)))
        return 0; // the first one shows its window

    const SystemClock clock;
    const QString settingsFile = QFile::decodeName(profile.settingsFile());
    window::theme::install(app, window::theme::schemeFromString(
                                    QSettings(settingsFile, QSettings::IniFormat).value(u"window/colors"_s).toString()));

    GatewayDoor door(profile);
    // exit(), not quit(): who asks from outside has decided already, so no window may hold it up with a question.
    const auto end = [] { QApplication::exit(0); };
    door.onStopAsked(end);
    // Before the start, which may take its time; obeyed when the event loop runs.
    const ctl::UnixSignals signals([end](int) { end(); },
                                   [&door] { door.ask({"reload", {}}, [](const control::Reply&) {}); });
    door.open(); // if it fails, the window says why and offers to try again

    window::WindowSetup setup;
    setup.settingsFile = settingsFile;
    setup.startEngine = [&door] { door.open(); };
    setup.tray = window::makeSystemTrayIcon();
    window::MainWindow window(door, clock, std::move(setup));
    QObject::connect(&window, &window::MainWindow::quitAsked, &app, end);
    QObject::connect(&instance, &window::SingleInstance::startedAgain, &window,
                     [&window](const QStringList&) {
                         log(LogLevel::Notice, LogArea::Control, "Postern was started again: its window is shown");
                         window.bringToFront();
                     });
    if (parser.isSet(backgroundOption) && !parser.isSet(showOption))
        window.showHidden();
    else
        window.bringToFront();
    const int status = QApplication::exec();
    window.hide();      // stopping may take seconds: open connections are finished first
    instance.release(); // a start from now on is a first one
    if (!door.close())
        std::_Exit(1); // an engine that hangs: nothing may be taken down around its threads. Accepted mail is on disk
    return status;
}
