// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/diagnostics.h"

namespace postern::config {

QByteArrayView toString(Severity severity) {
    switch (severity) {
    case Severity::Note:
        return "note";
    case Severity::Warning:
        return "warning";
    case Severity::Error:
        return "error";
    }
    return "error";
}

QByteArray Diagnostic::print() const {
    QByteArray out = file + ':' + QByteArray::number(line) + ':' + QByteArray::number(column) + ": ";
    out += toString(severity);
    out += ": " + text;
    if (!suggestion.isEmpty())
        out += "; did you mean \"" + suggestion + "\"?";
    return out;
}

} // namespace postern::config
