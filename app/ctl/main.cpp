// SPDX-License-Identifier: GPL-3.0-or-later
//
// posternctl: the gateway headless, and every tool that goes with it.
#include "ctl/arguments.h"
#include "ctl/commands.h"

#include <QCoreApplication>

#include <array>
#include <csignal>
#include <cstdio>

namespace postern::ctl {
namespace {

struct Command {
    const char* name;
    int (*carryOut)(const QByteArrayList&);
    const char* usage;
};

constexpr std::array kCommands{
    Command{"run", runCommand, "run [-f FILE] [--state DIR] [--dialect D] [--verbose]    the gateway in the foreground"},
    Command{"check", checkCommand, "check [-f] FILE [--dialect auto|2012|legacy|modern] [--target T] [--syntax-only] [--json]"},
    Command{"print", printCommand, "print FILE                          parse and write back: the same bytes"},
    Command{"convert", convertCommand,
            "convert --to TARGET FILE [-o OUT] [--json]    rewrite for postern, opensmtpd-2012, -5.9, -6.8 or -7.8"},
    Command{"explain", explainCommand,
            "explain -f FILE [--client IP] [--local] [--helo H] [--auth USER] [--tls] [--tag T]\n"
            "          [--listener ADDR:PORT] --mail-from A --rcpt-to B [--json]    what would happen, and why"},
    Command{"status", statusCommand, "status [--json]                     the running gateway"},
    Command{"queue", queueCommand,
            "queue list [--filter STATE] | show ID | retry|hold|release|remove ID...|--all [--filter STATE]  [--json]\n"
            "          STATE: waiting, sending, held, caught    works on a stopped profile too"},
    Command{"reload", reloadCommand, "reload [--json]                     read the configuration again"},
    Command{"stop", stopCommand, "stop [--json]                       finish safely and stop"},
    Command{"pause", pauseCommand, "pause mta|smtp [--json]             stop sending | receiving for now"},
    Command{"resume", resumeCommand, "resume mta|smtp [--json]            go on"},
    Command{"encrypt", encryptCommand,
            "encrypt [PASSWORD]                  a hash for a listener's credentials table; without a word, one line each"},
    Command{"log", logCommand, "log [-n LINES] [--json]             the last lines of the running gateway's log"},
};

QByteArray usage() {
    QByteArray text = "usage: posternctl [--profile DIR] COMMAND ...\n\n";
    for (const Command& command : kCommands)
        text += QByteArray("  ") + command.usage + '\n';
    text += "\nExit: 0 good (warnings too), 1 errors found or refused, 2 wrong usage.";
    return text;
}

int carryOut(const QByteArrayList& all) {
    // Options before the command go to it, so that `posternctl --profile DIR status` and `status --profile DIR` agree.
    QByteArrayList before, after;
    const Command* command = nullptr;
    for (qsizetype i = 0; i < all.size(); ++i) {
        if (command) {
            after.append(all[i]);
        } else if (all[i] == "-h" || all[i] == "--help" || all[i] == "help") {
            out(usage());
            return kGood;
        } else if (all[i] == "--version" || all[i] == "-V") {
            out("posternctl " POSTERN_VERSION);
            return kGood;
        } else if (all[i].startsWith('-')) {
            before.append(all[i]);
            const bool takesValue = all[i] == "--profile" || all[i] == "-f" || all[i] == "--state" ||
                                    all[i] == "--dialect";
            if (takesValue && i + 1 < all.size())
                before.append(all[++i]);
        } else {
            for (const Command& candidate : kCommands)
                if (all[i] == candidate.name)
                    command = &candidate;
            if (!command)
                throw UsageError{"there is no command \"" + all[i] + '"'};
        }
    }
    if (!command)
        throw UsageError{"a command is missing"};
    if (after.contains("--help") || after.contains("-h")) {
        out(QByteArray("usage: posternctl ") + command->usage);
        return kGood;
    }
    try {
        return command->carryOut(before + after);
    } catch (const UsageError& error) {
        (void)refuse(all.contains("--json"), error.text);
        complain(QByteArray("usage: posternctl ") + command->usage);
        return kUsage;
    }
}

} // namespace
} // namespace postern::ctl

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    qputenv("QT_NO_GLIB", "1"); // before the application object: the stock loop without GLib is the faster one
    QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("postern"));
    QByteArrayList words;
    for (int i = 1; i < argc; ++i)
        words.append(argv[i]);
    try {
        return postern::ctl::carryOut(words);
    } catch (const postern::ctl::UsageError& error) {
        (void)postern::ctl::refuse(words.contains("--json"), error.text);
        std::fprintf(stderr, "%s\n", postern::ctl::usage().constData());
        return postern::ctl::kUsage;
    }
}
