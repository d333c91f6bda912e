// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/queue_key_prompt.h"
#include "ctl/unix_signals.h"

#include "base/log.h"
#include "engine/engine_host.h"

#include <QCoreApplication>

#include <cstdlib>

namespace postern::ctl {

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

    engine::EngineHost host;
    // Before the start, which may take its time: a signal that comes then is obeyed as soon as there is a gateway.
    const UnixSignals signals(
        [](int number) { // main thread
            log(LogLevel::Notice, LogArea::Engine, "signal " + QByteArray::number(number) + ": stopping");
            QCoreApplication::quit();
        },
        [&host] { host.reload(); });
    host.onStopAsked([] { QCoreApplication::quit(); });
    const auto started = host.start(std::move(settings));
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
