// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is wrong or noteworthy in a configuration, and where. Broken input never stops the parse: it ends up here.
// Thread: values. Texts are English, one line, say what to do, and never hold a secret.
#pragma once

#include <QByteArray>

#include <vector>

namespace postern::config {

enum class Severity : quint8 { Note, Warning, Error };
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
    QByteArray print() const;  // "FILE:LINE:COL: error: text; did you mean \"tls\"?"
};
using Diagnostics = std::vector<Diagnostic>;

} // namespace postern::config
