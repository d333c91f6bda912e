// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/keychain_wait.h"
#include "ctl/queue_key_prompt.h"
#include "ctl/unix_signals.h"

#include "base/log.h"
#include "engine/engine_host.h"
#include "keychain/keychain_program.h"

#include <QCoreApplication>

#include <cstdlib>

namespace postern::ctl {

namespace {

constexpr int kTryAgain = 100; // what QCoreApplication::exec() returns then; quit() is 0

} // namespace

int runCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--verbose", "-v"}, {"--profile", "--state", "-f", "--dialect"}, {"-D"});
    if (!arguments.words().isEmpty())
        throw UsageError{"run takes no words, but \"" + arguments.words().first() + "\" was given"};
    if (arguments.has("--verbose") || arguments.has("-v"))
        setLogThreshold(LogLevel::Debug);

    engine::EngineSettings settings;
    settings.profile = profileFrom(arguments);
    settings.dialect = dialectFrom(arguments);
    settings.macros = macrosFrom(arguments);
    settings.mustListen = true;
    settings.askQueueKey = askQueueKey;

    const QByteArray queueKey = settings.profile.queueKeyName();
    settings.keychain = keychain::systemKeychain();
    std::unique_ptr<KeychainWait> wait;

    engine::EngineHost host;
    // Before the start, which may take its time: a signal that comes then is obeyed as soon as there is a gateway.
    const UnixSignals signals(
        [](int number) { // main thread
            log(LogLevel::Notice, LogArea::Engine, "signal " + QByteArray::number(number) + ": stopping");
            QCoreApplication::quit();
        },
        [&host, &wait] {
            host.reload();
            if (wait)
                wait->tryNow(); // the configuration may want no key any more
        });
    host.onStopAsked([] { QCoreApplication::quit(); });
    auto started = host.start(settings);
    while (!started && engine::waitsForKeychain(started.error())) {
        wait = std::make_unique<KeychainWait>(settings.keychain, queueKey, [] { QCoreApplication::exit(kTryAgain); });
        if (QCoreApplication::exec() != kTryAgain)
            return kGood; // told to stop
        wait.reset();
        started = host.start(settings);
    }
    if (!started) {
        complain(started.error().text);
        return kErrorsFound;
    }
    out("ready " + started->listeningOn.join(' '));
    const int status = QCoreApplication::exec();
    if (host.stop())
        return status;
    complain("the gateway did not stop in time and was ended; what it had accepted is safe in the queue");
    std::_Exit(kErrorsFound); // its threads still run: nothing of theirs may be taken down around them
}

} // namespace postern::ctl
