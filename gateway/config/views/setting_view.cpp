// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/views/setting_view.h"

#include "config/grammar.h"

namespace postern::config {

std::optional<SettingView> SettingView::from(const StatementView& statement) {
    if (statement.kind() != StatementKind::Setting)
        return std::nullopt;
    QByteArray spelled;
    for (const Value& word : statement.words())
        spelled += (spelled.isEmpty() ? "" : " ") + word.text;
    // Words behind the setting's own (cipher, digest) follow a blank.
    for (const SettingRule& rule : settings()) {
        if (spelled == rule.words || spelled.startsWith(QByteArray(rule.words) + ' '))
            return SettingView(statement, rule.setting);
    }
    return std::nullopt;
}

std::vector<SettingView::Limit> SettingView::limits() const {
    std::vector<Limit> result;
    for (const Value& value : values()) {
        if (value.number && !result.empty() && result.back().number.text.isEmpty())
            result.back().number = value;
        else
            result.push_back({value, {}});
    }
    return result;
}

} // namespace postern::config
