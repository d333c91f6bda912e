// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is wrong or noteworthy in a configuration, and where. Broken input never stops the parse: it ends up here.
//
// `severity` is Postern's own view. Other readers of the language differ: `refusedBy` says which of them refuse the text for
// this, and judgedFor() turns a list into what one of them would say.
// Thread: values. Texts are English, one line, say what to do, and never hold a secret.
#pragma once

#include "config/target.h"

#include <QByteArray>

#include <vector>

namespace postern::config {

// ForOthers: Postern has nothing to say; it matters only to the readers that refuse it.
enum class Severity : quint8 { ForOthers, Note, Warning, Error };
QByteArrayView toString(Severity severity);

struct Diagnostic {
    Severity severity = Severity::Error;
    QByteArray file;
    int line = 1;              // 1-based
    int column = 1;            // 1-based, in bytes
    qsizetype offset = 0;      // byte range in the file
    qsizetype length = 0;
    QByteArray text;           // "unknown option \"tsl\""
    QByteArray suggestion;     // "tls", "" = none
    Targets refusedBy = kReaders; // what is wrong for Postern is wrong for every reader, unless said otherwise
    QByteArray print() const;  // "FILE:LINE:COL: error: text; did you mean \"tls\"?"
};
using Diagnostics = std::vector<Diagnostic>;

// How bad it is for a target: an error for those that refuse it; what only Postern refuses is a warning to others.
Severity severityFor(const Diagnostic& diagnostic, Target target);
// The list as the target sees it, severities set; what does not concern it is left out.
Diagnostics judgedFor(Diagnostics diagnostics, Target target);
// The verdict: does the target refuse the configuration that these were found in?
bool isRefused(const Diagnostics& diagnostics, Target target);

// What refusedBy is when nothing else is said: every reader for an error, none otherwise.
constexpr Targets usuallyRefusedBy(Severity severity) { return severity == Severity::Error ? kReaders : Targets(0); }

} // namespace postern::config
