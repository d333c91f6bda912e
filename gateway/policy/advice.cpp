// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/advice.h"

#include <algorithm>

namespace postern::policy {

using config::Severity;
using config::StatementKind;
using config::StatementView;

namespace {

constexpr size_t kDelaysKept = 4;

void adviseOnDelays(Build& build, const std::vector<StatementView>& statements) {
    for (const StatementView& statement : statements) {
        const auto setting = config::SettingView::from(statement);
        if (!setting || setting->setting() != config::Setting::WarnInterval ||
            setting->values().size() <= kDelaysKept)
            continue;
        build.report.warning(statement, setting->values()[kDelaysKept].range,
                             "only the first four delays count, this one and those behind it are ignored; take them out");
    }
}

} // namespace

void advise(Build& build, const config::FileSet& set, const std::vector<StatementView>& statements) {
    adviseOnRules(build, statements);
    adviseOnNames(build, set, statements);
    adviseOnTags(build, statements);
    adviseOnTables(build, statements);
    adviseOnRelays(build, statements);
    adviseOnFormats(build, statements);
    adviseOnDelays(build, statements);
}

bool isWhole(const Build& build, const std::vector<StatementView>& statements) {
    return std::none_of(statements.begin(), statements.end(), [&](const StatementView& one) {
        return one.hasError() || (build.options.syntaxOnly && one.kind() == StatementKind::Include);
    });
}

bool isLoopback(QByteArrayView interface) {
    return interface == "lo" || interface == "lo0" || interface == "localhost" || interface.startsWith("127.") ||
           interface == "::1" || interface == "[::1]";
}

} // namespace postern::policy
