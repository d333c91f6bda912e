// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a certain reader of the language says of a configuration: `check --target`, and what export must avoid.
//
// For Postern that is what compile() says. For a release of OpenSMTPD it is its grammar (the parser knows who refuses what)
// and what that release checks while it reads: names defined before they are used and once, tables of the right kind, values
// in range. Nothing is said here about what Postern could not run.
// Failure: none; what cannot be read is a diagnostic. Thread: any; reads files unless syntaxOnly.
#pragma once

#include "base/file_store.h"
#include "config/diagnostics.h"
#include "config/file_set.h"

namespace postern::policy {

struct JudgeOptions {
    config::Target target = config::Target::Postern; // a reader sets the dialect
    std::optional<config::Dialect> dialect;          // for Postern: override detection
    bool syntaxOnly = false;                         // do not look at other files
    std::vector<std::pair<QByteArray, QByteArray>> macros = {}; // of the command line
};

// Severities are the target's: config::isRefused(result, options.target) is the verdict.
config::Diagnostics judge(FileStore& files, const QByteArray& path, const JudgeOptions& options);
config::Diagnostics judgeText(FileStore& files, const QByteArray& path, const QByteArray& text, const JudgeOptions& options);

} // namespace postern::policy
