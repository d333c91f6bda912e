// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/unix_signals.h"

#include "base/log.h"
#include "engine/engine_host.h"

#include <QCoreApplication>

namespace postern::ctl {

int runCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--verbose", "-v"}, {"--profile", "--state", "-f", "--dialect"});
    if (!arguments.words().isEmpty())
        throw UsageError{"run takes no words, but \"" + arguments.words().first() + "\" was given"};
    if (arguments.has("--verbose") || arguments.has("-v"))
        setLogThreshold(LogLevel::Debug);

    engine::EngineSettings settings;
    settings.profile = profileFrom(arguments);
    settings.dialect = dialectFrom(arguments);
    settings.mustListen = true;

    engine::EngineHost host;
    host.onStopAsked([] { QCoreApplication::quit(); });
    const auto started = host.start(std::move(settings));
    if (!started) {
        complain(started.error().text);
        return kErrorsFound;
    }
    const UnixSignals signals(
        [](int number) { // main thread
            log(LogLevel::Notice, LogArea::Engine, "signal " + QByteArray::number(number) + ": stopping");
            QCoreApplication::quit();
        },
        [&host] { host.reload(); });
    out("ready " + started->listeningOn.join(' '));
    const int status = QCoreApplication::exec();
    host.stop();
    return status;
}

} // namespace postern::ctl
