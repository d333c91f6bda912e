// SPDX-License-Identifier: GPL-3.0-or-later
//
// The engine on its own thread, on the real disk: what starting and stopping promise to the thread that asks.
#include "engine/engine_host.h"

#include "base/log.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <semaphore>

using namespace postern;
using namespace postern::engine;
using namespace Qt::StringLiterals;

namespace {

EngineSettings settingsIn(const QTemporaryDir& folder) {
    EngineSettings settings;
    settings.profile = Profile::at(QFile::encodeName(folder.path()));
    QFile config(QFile::decodeName(settings.profile.configFile));
    if (config.open(QIODevice::WriteOnly))
        config.write("listen on 127.0.0.1 port 0\naction \"c\" catch\nmatch from any for any action \"c\"\n");
    settings.mustListen = true;
    return settings;
}

} // namespace

class TestEngineHost : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void cleanup() { setLogListener({}); }

    void anEngineThatHangsDoesNotHoldUpItsEnd() {
        const QTemporaryDir folder;
        EngineSettings settings = settingsIn(folder);
        settings.stopWithin = Milliseconds(50);
        auto* host = new EngineHost;
        QVERIFY(host->start(std::move(settings)));
        // Its next log line, that it stops, does not come back: as a disk that does not answer would do to it.
        static std::binary_semaphore gate(0);
        QThread* const own = QThread::currentThread();
        setLogListener([own](const LogLine&) {
            if (QThread::currentThread() != own)
                gate.acquire();
        });
        QVERIFY(!host->stop());
        QVERIFY(!host->isRunning());
        QVERIFY(host->stop()); // nothing more to do
        gate.release(1);       // and it may go on where it was left, harming nobody
        delete host;
    }

    void stopsAndStartsAgainOnTheSameProfile() {
        const QTemporaryDir folder;
        EngineHost host;
        QVERIFY(host.start(settingsIn(folder)));
        EngineHost second;
        const auto refused = second.start(settingsIn(folder));
        QVERIFY(!refused);
        QVERIFY(refused.error().code == ErrorCode::Busy);
        QVERIFY(host.stop());
        QVERIFY(second.start(settingsIn(folder)));
        QVERIFY(second.stop());
    }
};

QTEST_GUILESS_MAIN(TestEngineHost)
#include "tst_engine_host.moc"
