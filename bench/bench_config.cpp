// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a large configuration costs: to read and compile it, to edit it, to decide by it. Part of `./dev bench --config`.
//
// bench_config [LINES]   (100 000)
#include "bench_edit.h"
#include "bench_match.h"
#include "config/document.h"
#include "config/file_set.h"
#include "policy/compile.h"
#include "sample_config.h"
#include "stopwatch.h"

#include <cstdio>
#include <cstdlib>

using namespace postern;

namespace {

void measureCompile(const QByteArray& name, const QByteArray& text) {
    bench::heading(name + ": " + QByteArray::number(text.count('\n')) + " lines, " +
                   QByteArray::number(text.size() / 1024) + " KiB");
    const auto files = makeDiskFileStore();
    policy::Compiled compiled;
    bench::measure("parse (tree and diagnostics)", 1000, 5, 1, [&] { config::Document::parse("bench.conf", text); });
    bench::measure("parse and compile", 1000, 5, 1, [&] {
        compiled = policy::compileText(*files, "bench.conf", text, {});
    });
    if (!compiled.isUsable())
        std::printf("  the sample does not compile: %s\n", compiled.diagnostics.front().print().constData());
}

} // namespace

int main(int argc, char** argv) {
    const int lines = argc > 1 ? std::atoi(argv[1]) : 100000;
    if (lines < 100) {
        std::fprintf(stderr, "bench_config [LINES], at least 100\n");
        return 2;
    }
    const QByteArray mixed = bench::mixedConfig(lines), rules = bench::rulesOnly(lines);
    measureCompile("A mixed configuration", mixed);
    measureCompile("Rules only", rules);
    bench::measureEdits(mixed, rules);
    bench::measureMatch();
    return 0;
}
