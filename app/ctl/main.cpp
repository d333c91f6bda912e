// SPDX-License-Identifier: GPL-3.0-or-later
//
// posternctl: the gateway headless, and every tool that goes with it.
#include "base/core_dumps.h"
#include "ctl/arguments.h"
#include "ctl/commands.h"

#include "base/log.h"
#include "config/suggest.h"

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
    bool follows = false; // -f behind it means "go on", as tail has it
};

constexpr std::array kCommands{
    Command{"run", runCommand,
            "run [-f FILE] [--state DIR] [--dialect D] [-D NAME=VALUE]... [--verbose]    the gateway in the foreground"},
    Command{"check", checkCommand,
            "check [-f] FILE [--dialect auto|2012|legacy|modern] [--target T] [-D NAME=VALUE]... [--syntax-only] [--json]"},
    Command{"print", printCommand, "print FILE [--json]                 parse and write back: the same bytes"},
    Command{"convert", convertCommand,
            "convert --to TARGET FILE [-o OUT] [--json]    rewrite for postern, opensmtpd-2012, -5.9, -6.8 or -7.8"},
    Command{"explain", explainCommand,
            "explain -f FILE [--client IP] [--local] [--helo H] [--rdns N] [--auth USER] [--tls] [--tag T]\n"
            "          [--listener ADDR:PORT] [-D NAME=VALUE]... --mail-from A --rcpt-to B [--json]    what would happen, and why"},
    Command{"table", tableCommand,
            "table lookup TABLE SERVICE KEY | list [TABLE] | test [TABLE]  [-f FILE] [--json]    the configuration's tables"},
    Command{"keychain", keychainCommand,
            "keychain set LABEL | set --queue-key [--random] | list | forget LABEL | forget --queue-key  [--json]\n"
            "          secrets in the system's keychain; a login is USER:PASSWORD on standard input, or typed"},
    Command{"status", statusCommand, "status [--json]                     the running gateway"},
    Command{"queue", queueCommand,
            "queue list [--filter STATE] [--since WHEN] [--from A] [--to A] [--columns C,...] | show ID | stats\n"
            "          | export ID [-o FILE] | export --all -o FOLDER|FILE.mbox | retry|hold|release|remove ID...|--all  [--json]\n"
            "          STATE: waiting, sending, held, caught    WHEN: 30m, 2h, 3d, 2026-11-29    works on a stopped profile too"},
    Command{"trace", traceCommand,
            "trace ID [-f] [--json]              all that is known of a message; -f: until it has left the queue", true},
    Command{"discover", discoverCommand, "discover ID [--json]                schedule what lies in the queue folder and is not scheduled"},
    Command{"reload", reloadCommand, "reload [--json]                     read the configuration again"},
    Command{"update", updateCommand, "update table NAME [--json]          read one table's file again"},
    Command{"stop", stopCommand, "stop [--json]                       finish safely and stop"},
    Command{"pause", pauseCommand, "pause mta|smtp|mda [--json]         stop sending | receiving | delivering here for now"},
    Command{"resume", resumeCommand, "resume mta|smtp|mda [--json]        go on"},
    Command{"counters", countersCommand, "counters [--json]                   numbers of the running gateway, name=value"},
    Command{"encrypt", encryptCommand,
            "encrypt [PASSWORD] [--json]         a hash for a listener's credentials table; without a word, one line each"},
    Command{"makemap", makemapCommand,
            "makemap [-U] [-d hash|btree] [-t aliases|set] [-o OUT] FILE [--json]    FILE.db for `table NAME db:`; -U: what a db holds"},
    Command{"newaliases", newaliasesCommand, "newaliases [-f FILE] [--json]       the db of the table `aliases`, made again"},
    Command{"log", logCommand,
            "log [-n LINES] [-f] [--filter WORDS] [--json]    the log's last lines; -f: and what comes\n"
            "          WORDS: a level (notice: that and worse), an area (smtp, relay ...) or a text; several with commas", true},
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
            after.append(command->follows && all[i] == "-f" ? QByteArray("--follow") : all[i]);
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
            if (!command) {
                QByteArrayList names;
                for (const Command& candidate : kCommands)
                    names.append(candidate.name);
                const QByteArray meant = config::nearest(all[i], names);
                throw UsageError{"there is no command \"" + harmless(all[i], 40) + '"' +
                                 (meant.isEmpty() ? QByteArray() : "; did you mean " + meant + '?')};
            }
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
        std::fprintf(stderr, "usage: posternctl %s\n", command->usage);
        return kUsage;
    }
}

} // namespace
} // namespace postern::ctl

int main(int argc, char** argv) {
    postern::forbidCoreDumps();
    std::signal(SIGPIPE, SIG_IGN);
    qputenv("QT_NO_GLIB", "1"); // before the application object: the stock loop without GLib is the faster one
    QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("postern"));
    QByteArrayList words;
    for (int i = 1; i < argc; ++i)
        words.append(argv[i]);
    try {
        const int status = postern::ctl::carryOut(words);
        const bool isWritten = std::fflush(stdout) == 0 && !std::ferror(stdout); // a full disk, a closed pipe
        return isWritten || status != postern::ctl::kGood ? status : int(postern::ctl::kErrorsFound);
    } catch (const postern::ctl::UsageError& error) {
        (void)postern::ctl::refuse(words.contains("--json"), error.text);
        std::fprintf(stderr, "%s\n", postern::ctl::usage().constData());
        return postern::ctl::kUsage;
    }
}
