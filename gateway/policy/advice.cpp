// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/advice.h"

namespace postern::policy {

using config::StatementKind;
using config::StatementView;

namespace {
constexpr size_t kDelaysKept = 4;
} // namespace

void Advice::look(const StatementView& statement) {
    m_isWhole = m_isWhole && !statement.hasError() &&
                !(m_build.options.syntaxOnly && statement.kind() == StatementKind::Include);
    m_matches += statement.kind() == StatementKind::Match ? 1 : 0;
    lookAtNames(statement);
    if (statement.kind() == StatementKind::Action || statement.kind() == StatementKind::Rule) {
        lookAtRelay(statement);
        lookAtFormats(statement);
    } else if (statement.kind() == StatementKind::Setting) {
        lookAtDelays(statement);
    }
}

void Advice::finish() {
    onRules();
    if (m_isWhole) {
        sayUnused();
        onTags();
    }
    onTables();
    onRelayLists();
}

void Advice::lookAtDelays(const StatementView& statement) {
    const auto setting = config::SettingView::from(statement);
    if (setting && setting->setting() == config::Setting::WarnInterval && setting->values().size() > kDelaysKept)
        m_build.report.warning(statement, setting->values()[kDelaysKept].range,
                               "only the first four delays count, this one and those behind it are ignored; take them out");
}

bool isLoopback(QByteArrayView interface) {
    return interface == "lo" || interface == "lo0" || interface == "localhost" || interface.startsWith("127.") ||
           interface == "::1" || interface == "[::1]";
}

} // namespace postern::policy
