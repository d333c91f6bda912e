// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a large configuration costs: to read and compile it, to edit it, to decide by it. Part of `./dev bench --config`.
//
// bench_config [LINES]   (100 000)   everything, on samples of that length
// bench_config tables               what large tables cost
// bench_config FILE...              reading and compiling these
#include "bench_edit.h"
#include "bench_match.h"
#include "bench_tables.h"
#include "config/document.h"
#include "config/file_set.h"
#include "policy/compile.h"
#include "sample_config.h"
#include "stopwatch.h"

#include <QFile>
#include <QTemporaryDir>

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace postern;

namespace {

// Resident memory in MiB as the system keeps it ("VmHWM": the most so far; forgetPeak() starts anew).
double mebibytes(const char* key) {
    QFile status(QStringLiteral("/proc/self/status"));
    if (!status.open(QIODevice::ReadOnly))
        return 0;
    for (const QByteArray& line : status.readAll().split('\n')) {
        if (line.startsWith(key))
            return double(line.mid(qsizetype(std::strlen(key)) + 1).simplified().split(' ').value(0).toLongLong()) / 1024;
    }
    return 0;
}

void forgetPeak() {
    QFile references(QStringLiteral("/proc/self/clear_refs"));
    if (references.open(QIODevice::WriteOnly))
        references.write("5\n");
}

void measureCompile(const QByteArray& name, const QByteArray& path, const QByteArray& text) {
    bench::heading(name + ": " + QByteArray::number(text.count('\n')) + " lines, " +
                   QByteArray::number(text.size() / 1024) + " KiB");
    const auto files = makeDiskFileStore();
    bench::measure("parse (tree and diagnostics)", 1000, 3, 1, [&] { config::Document::parse(path, text); });
    forgetPeak();
    const double before = mebibytes("VmRSS");
    bool isUsable = false;
    QByteArray first;
    // Letting go of it counts: whoever checks a file pays for that too.
    bench::measure("parse and compile, then forget", 1000, 3, 1, [&] {
        const policy::Compiled compiled = policy::compileText(*files, path, text, {});
        isUsable = compiled.isUsable();
        first = compiled.diagnostics.empty() ? QByteArray() : compiled.diagnostics.front().print();
    });
    std::printf("  memory at most: %.0f MiB\n", mebibytes("VmHWM") - before);
    if (!isUsable)
        std::printf("  it does not compile: %s\n", first.constData());
}

void measureFiles(const QList<QByteArray>& paths) {
    for (const QByteArray& path : paths) {
        if (const auto text = makeDiskFileStore()->read(path))
            measureCompile(path, path, *text);
        else
            std::printf("%s: %s\n", path.constData(), text.error().text.constData());
    }
}

void measureSamples(int lines) {
    for (int number = 0; number < bench::sampleCount(); ++number) {
        const bench::Sample sample = bench::sample(number, lines);
        const QTemporaryDir folder;
        for (auto one = sample.included.begin(); one != sample.included.end(); ++one) {
            QFile file(folder.filePath(QString::fromLatin1(one.key())));
            if (file.open(QIODevice::WriteOnly))
                file.write(*one);
        }
        measureCompile(sample.name, QFile::encodeName(folder.filePath(QStringLiteral("bench.conf"))), sample.text);
    }
}

} // namespace

int main(int argc, char** argv) {
    const int lines = argc > 1 ? std::atoi(argv[1]) : 100000;
    if (argc == 2 && std::strcmp(argv[1], "tables") == 0) {
        bench::measureTables();
        return 0;
    }
    if (argc > 1 && lines == 0) {
        measureFiles(QList<QByteArray>(argv + 1, argv + argc));
        return 0;
    }
    if (lines < 200) {
        std::fprintf(stderr, "bench_config [LINES], at least 200, or FILE...\n");
        return 2;
    }
    const QByteArray mixed = bench::mixedConfig(lines);
    measureCompile("A mixed configuration", "bench.conf", mixed);
    measureSamples(lines);
    bench::measureEdits(mixed, bench::rulesOnly(lines));
    bench::measureMatch();
    bench::measureTables();
    return 0;
}
