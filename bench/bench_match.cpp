// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench_match.h"

#include "policy/compile.h"
#include "policy/match.h"
#include "stopwatch.h"

#include <QFile>
#include <QTemporaryDir>

#include <cstdio>

namespace postern::bench {
namespace {

constexpr int kRules = 1000;
constexpr int kEntries = 1'000'000;
constexpr int kEach = 2000; // matches a round

QByteArray domain(int number) {
    return "domain" + QByteArray::number(number) + ".example";
}

// Short lists of each kind, so that nothing decides early; the large table comes last.
QByteArray configuration() {
    QByteArray text = "table big file:big\naction \"a\" relay\n";
    for (int i = 0; i < kRules - 1; ++i) {
        const QByteArray n = QByteArray::number(i);
        if (i % 3 == 0)
            text += "match from any for domain { \"a" + n + ".test\", \"*.b" + n + ".test\" } action \"a\"\n";
        else if (i % 3 == 1)
            text += "match from src \"10." + QByteArray::number(i / 256) + "." + QByteArray::number(i % 256) +
                    ".0/24\" for any action \"a\"\n";
        else
            text += "match from any mail-from \"@s" + n + ".test\" for any action \"a\"\n";
    }
    return text + "match from any for domain <big> action \"a\"\n";
}

// Resident memory in MiB; 0 where it can't be told.
double residentMiB() {
    QFile status(QStringLiteral("/proc/self/statm"));
    if (!status.open(QIODevice::ReadOnly))
        return 0;
    return double(status.readAll().split(' ').value(1).toLongLong()) * 4096 / (1 << 20);
}

} // namespace

void measureMatch() {
    heading("1 000 rules and a table of 1 000 000 entries");
    const QTemporaryDir folder;
    QFile table(folder.filePath(QStringLiteral("big")));
    if (!folder.isValid() || !table.open(QIODevice::WriteOnly)) {
        std::printf("  no folder for the table\n");
        return;
    }
    for (int i = 0; i < kEntries; ++i)
        table.write(domain(i) + "\n");
    table.close();
    const auto files = makeDiskFileStore();
    const QByteArray path = QFile::encodeName(folder.filePath(QStringLiteral("smtpd.conf")));
    const QByteArray text = configuration();
    const double before = residentMiB();
    policy::Compiled compiled = policy::compileText(*files, path, text, {});
    std::printf("  memory for the rules and the table: %.0f MiB\n", residentMiB() - before);
    measure("parse and compile, with the table", 5000, 3, 1,
            [&] { compiled = policy::compileText(*files, path, text, {}); });
    if (!compiled.isUsable())
        std::printf("  the sample does not compile: %s\n", compiled.diagnostics.front().print().constData());
    policy::MatchContext context;
    context.clientAddress = "192.0.2.66";
    context.sender = "sue@send.example";
    context.localNames = {"localhost"};
    int number = 0, decided = 0;
    const auto decide = [&](int upTo) {
        for (int i = 0; i < kEach; ++i) {
            number = (number + 7919) % upTo; // all over the table
            context.recipient = "joe@" + domain(number);
            policy::match(compiled.ruleset, context, policy::WantTrace::No, [&](const policy::Verdict& verdict) {
                decided += verdict.decision == policy::Decision::Relay ? 1 : 0;
            });
        }
    };
    measure("one match by the last rule, through the table", 0.02, 15, kEach, [&] { decide(kEntries); });
    const int found = decided;
    measure("one match that no rule takes", 0.02, 15, kEach, [&] {
        for (int i = 0; i < kEach; ++i) {
            context.recipient = "joe@nowhere" + QByteArray::number(i) + ".test";
            policy::match(compiled.ruleset, context, policy::WantTrace::No, [&](const policy::Verdict& verdict) {
                decided += verdict.decision == policy::Decision::Relay ? 1 : 0;
            });
        }
    });
    if (found == 0 || decided != found)
        std::printf("  the sample decides wrongly\n");
}

} // namespace postern::bench
