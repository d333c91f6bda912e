// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/convert/conversion.h"

#include "config/document.h"
#include "config/views/action_view.h"
#include "config/views/match_view.h"

#include <algorithm>

namespace postern::test {

Conversion converted(MemoryFileStore& files, const QByteArray& text, config::Target target,
                     std::optional<config::Dialect> dialect) {
    const convert::Converted made = convert::convertText(files, "/p/smtpd.conf", text, target, {dialect});
    Conversion result;
    result.text = made.text;
    result.isRefused = made.isRefused;
    for (const convert::Remark& remark : made.report)
        result.report.append(QByteArray::number(remark.line) + ": " + toString(remark.kind).toByteArray() + ": " +
                             remark.text);
    return result;
}

Conversion converted(const QByteArray& text, config::Target target, std::optional<config::Dialect> dialect) {
    MemoryFileStore files;
    return converted(files, text, target, dialect);
}

QByteArrayList meaning(const QByteArray& text) {
    const config::DocumentPtr document = config::Document::parse("smtpd.conf", text, {config::Dialect::Modern});
    QHash<QByteArray, QByteArray> actions;
    QByteArrayList lines;
    const auto clausesOf = [](const config::StatementView& statement, config::ClauseKind without) {
        QByteArrayList clauses;
        for (const config::Clause& clause : statement.clauses()) {
            if (clause.kind != without)
                clauses.append(clause.text);
        }
        std::sort(clauses.begin(), clauses.end());
        return clauses.join(" | ");
    };
    for (const config::StatementView& statement : document->statements()) {
        if (const auto action = config::ActionView::from(statement)) {
            actions.insert(action->name()->text, clausesOf(statement, config::ClauseKind::None));
        } else if (const auto match = config::MatchView::from(statement)) {
            const QByteArray does = match->isReject() ? "reject" : actions.value(match->action()->text, "?");
            lines.append(clausesOf(statement, config::ClauseKind::UseAction) + " => " + does);
        } else {
            lines.append(statement.text());
        }
    }
    return lines;
}

} // namespace postern::test
