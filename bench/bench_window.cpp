// SPDX-License-Identifier: GPL-3.0-or-later
//
// The window half of `./dev bench`: the real window with the gateway in its process, turning its pages while mail goes through,
// and how long its event loop kept somebody waiting meanwhile.
//
//   bench_window PROFILE    prints "ready" when the gateway answers, "seconds longest work p99" (milliseconds) when its input ends
//
// A tick is due every 5 ms; what it comes later than that is a stall, whether the thread was at work or had no processor. `work`
// is the processor time the thread took in the longest one: of the rest, the machine is the cause.
// Failure: a text on standard error and status 1.
#include "../app/gateway_door.h"

#include "base/clock.h"
#include "window/frame/main_window.h"
#include "window/theme/theme.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QSocketNotifier>
#include <QTimer>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <vector>

#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace postern;

namespace {

constexpr std::chrono::milliseconds kTick{5};
constexpr std::chrono::milliseconds kTurn{700}; // a page is looked at that long

class StallWatch {
  public:
    StallWatch() {
        m_timer.setTimerType(Qt::PreciseTimer);
        m_timer.setInterval(kTick);
        QObject::connect(&m_timer, &QTimer::timeout, [this] {
            const qint64 late = m_since.nsecsElapsed() - std::chrono::nanoseconds(kTick).count();
            const qint64 now = processorTime();
            if (m_late.empty() || late > m_longest) {
                m_longest = late;
                m_work = now - m_spent;
            }
            m_late.push_back(std::max<qint64>(0, late));
            m_spent = now;
            m_since.restart();
        });
    }

    void begin() {
        m_late.clear();
        m_spent = processorTime();
        m_whole.start();
        m_since.start();
        m_timer.start();
    }

    void print() {
        m_timer.stop();
        std::sort(m_late.begin(), m_late.end());
        if (m_late.empty())
            m_late.push_back(m_since.nsecsElapsed()); // it never came: the loop stood all the time
        const auto milliseconds = [](qint64 nanoseconds) { return double(nanoseconds) / 1e6; };
        std::printf("%.1f %.2f %.2f %.2f\n", milliseconds(m_whole.nsecsElapsed()) / 1e3, milliseconds(m_late.back()),
                    milliseconds(m_work), milliseconds(m_late[(m_late.size() - 1) * 99 / 100]));
        std::fflush(stdout);
    }

  private:
    static qint64 processorTime() { // of this thread, nanoseconds
        timespec now{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return qint64(now.tv_sec) * 1000000000 + now.tv_nsec;
    }

    QTimer m_timer;
    QElapsedTimer m_whole, m_since;
    std::vector<qint64> m_late;
    qint64 m_spent = 0, m_longest = 0, m_work = 0;
};

} // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    QApplication app(argc, argv);
    if (argc != 2) {
        std::fputs("bench_window: wants the profile folder\n", stderr);
        return 1;
    }
    QApplication::setQuitOnLastWindowClosed(false);
    const SystemClock clock;
    const engine::Profile profile = engine::Profile::at(QByteArray(argv[1]));
    window::theme::install(app, window::theme::schemeFromString(QString()));
    GatewayDoor door(profile);
    if (!door.open()) {
        std::fprintf(stderr, "bench_window: %s\n", qPrintable(door.reason()));
        return 1;
    }
    window::WindowSetup setup;
    setup.settingsFile = QFile::decodeName(profile.settingsFile());
    window::MainWindow window(door, clock, std::move(setup));
    window.bringToFront();

    QTimer turn;
    const QStringList pages{u"overview"_s, u"queue"_s, u"activity"_s, u"caught"_s};
    qsizetype page = 0;
    QObject::connect(&turn, &QTimer::timeout, [&] { window.openPage(pages[++page % pages.size()]); });
    StallWatch watch;
    QTimer::singleShot(kTurn, [&] { // the first paint is no stall under load
        turn.start(kTurn);
        watch.begin();
        std::puts("ready");
        std::fflush(stdout);
    });
    QSocketNotifier ended(STDIN_FILENO, QSocketNotifier::Read);
    QObject::connect(&ended, &QSocketNotifier::activated, &app, [] { QApplication::exit(0); });
    QApplication::exec();
    watch.print();
    window.hide();
    return door.close() ? 0 : 1;
}
