// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/diagnostics.h"

#include <algorithm>

namespace postern::config {

QByteArrayView toString(Severity severity) {
    switch (severity) {
    case Severity::ForOthers:
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

Severity severityFor(const Diagnostic& diagnostic, Target target) {
    if (target == Target::Postern)
        return diagnostic.severity;
    if (diagnostic.refusedBy & in(target))
        return Severity::Error;
    return std::min(diagnostic.severity, Severity::Warning);
}

Diagnostics judgedFor(Diagnostics diagnostics, Target target) {
    for (Diagnostic& one : diagnostics)
        one.severity = severityFor(one, target);
    diagnostics.erase(std::remove_if(diagnostics.begin(), diagnostics.end(),
                                     [](const Diagnostic& one) { return one.severity == Severity::ForOthers; }),
                      diagnostics.end());
    return diagnostics;
}

bool isRefused(const Diagnostics& diagnostics, Target target) {
    return std::any_of(diagnostics.begin(), diagnostics.end(),
                       [target](const Diagnostic& one) { return severityFor(one, target) == Severity::Error; });
}

} // namespace postern::config
