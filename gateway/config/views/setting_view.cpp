// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/views/setting_view.h"

#include "config/grammar.h"

namespace postern::config {

std::optional<SettingView> SettingView::from(const StatementView& statement) {
    if (statement.kind() != StatementKind::Setting)
        return std::nullopt;
    if (statement.words().empty())
        return std::nullopt;
    QByteArrayList words;
    for (const Value& word : statement.words())
        words.append(word.text);
    for (const SettingWords& candidate : settingsOpenedBy(words.front())) {
        if (words.mid(0, candidate.words.size()) == candidate.words) // further words are its own: cipher, digest
            return SettingView(statement, candidate.rule->setting);
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
