// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/edits/set_setting.h"

#include "config/edits/insert_statement.h"
#include "config/edits/spelling.h"
#include "config/grammar.h"
#include "config/views/setting_view.h"

#include <algorithm>

namespace postern::config::edits {

namespace {

bool isAllDigits(const QByteArray& text) {
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The one that the dialect of the file has; of two, the older where the newer is not of 2012.
const SettingRule* ruleFor(Setting setting, Dialect dialect) {
    const SettingRule* found = nullptr;
    for (const SettingRule& rule : settings()) {
        if (rule.setting != setting || !(rule.dialects & in(dialect)))
            continue;
        if (!found || (setting == Setting::MaxMessageSize && rule.dialects == kIn2012))
            found = &rule;
    }
    return found;
}

// The n-th value behind the words, by the rule's pattern.
Result<QByteArray> writtenValue(const SettingRule& rule, qsizetype index, const QByteArray& value, Dialect dialect, Quoting habit) {
    const QByteArrayView pattern(rule.pattern);
    const char part = pattern.contains('D') || pattern.contains('K') ? pattern[0]
                      : pattern[std::min(index, pattern.size() - 1)];
    switch (part) {
    case 'd':
    case 'D':
        return spelledTime(value, dialect, habit);
    case 'z':
        return isAllDigits(value) ? Result<QByteArray>(value) : spelled(value, dialect, habit);
    case 'n':
        return spelledNumber(value, rule.words);
    case 'K':
        return isAllDigits(value) ? Result<QByteArray>(value) : spelled(value, dialect, habit);
    default:
        return spelled(value, dialect, habit);
    }
}

QByteArrayList textsOf(const StatementView& statement) {
    QByteArrayList result;
    for (const Value& value : statement.values())
        result.append(value.text);
    return result;
}

struct Found {
    std::optional<size_t> same;    // the last statement that sets it
    std::optional<size_t> setting; // the last global value above the rules
    std::optional<size_t> opening; // the last macro or include that the file begins with
};

Found lookThrough(const Document& document, Setting setting) {
    Found found;
    size_t index = 0;
    bool sawOther = false, sawRule = false;
    for (Document::Cursor at = document.begin(); at.isValid(); at.next()) {
        if (!at.child().isNode())
            continue;
        const auto kind = StatementKind(at.child().kind());
        if (kind == StatementKind::Setting) {
            const auto view = SettingView::from(document.statement(index));
            if (view && view->setting() == setting && !view->forDomain())
                found.same = index;
            if (!sawRule)
                found.setting = index;
        } else if ((kind == StatementKind::Macro || kind == StatementKind::Include) && !sawOther) {
            found.opening = index;
        } else {
            sawOther = true;
            sawRule = sawRule || kind == StatementKind::Rule || kind == StatementKind::Match;
        }
        ++index;
    }
    return found;
}

Result<Edited> changed(const DocumentPtr& document, size_t index, const SettingRule& rule, const QByteArrayList& values) {
    const StatementView statement = document->statement(index);
    const std::vector<Value>& old = statement.values();
    const Dialect dialect = document->dialect();
    if (textsOf(statement) == values)
        return Edited{{}, document};
    std::vector<tree::TextEdit> edits;
    const bool hasCommas = QByteArrayView(rule.pattern).contains('D');
    const auto habit = [&](const Value& value) { return quotingOf(QByteArrayView(document->bytes()).sliced(value.range.offset, value.range.length)); };
    const qsizetype common = std::min(values.size(), qsizetype(old.size()));
    for (qsizetype i = 0; i < common; ++i) {
        const Value& value = old[size_t(i)];
        if (value.text == values[i])
            continue;
        if (value.fromMacro)
            return comesFromMacro(*document, value.range);
        const auto text = writtenValue(rule, i, values[i], dialect, habit(value));
        if (!text)
            return text.error();
        edits.push_back({value.range, *text});
    }
    qsizetype end = statement.words().back().range.end();
    if (common > 0)
        end = std::max(end, old[size_t(common) - 1].range.end());
    QByteArray more;
    for (qsizetype i = common; i < values.size(); ++i) {
        const auto text = writtenValue(rule, i, values[i], dialect, Quoting::AsNeeded);
        if (!text)
            return text.error();
        more += (hasCommas && i > 0 ? ", " : " ") + *text;
    }
    if (!more.isEmpty())
        edits.push_back({{end, 0}, more});
    if (common < qsizetype(old.size())) {
        for (size_t i = size_t(common); i < old.size(); ++i) {
            if (old[i].fromMacro)
                return comesFromMacro(*document, old[i].range);
        }
        edits.push_back({{end, old.back().range.end() - end}, {}});
    }
    return carriedOut(document, std::move(edits));
}

} // namespace

Result<Edited> setSetting(const DocumentPtr& document, Setting setting, const QByteArrayList& values) {
    const SettingRule* rule = ruleFor(setting, document->dialect());
    if (!rule)
        return refusal('"' + toString(setting).toByteArray() + "\" cannot be said in " + describe(document->dialect()).toByteArray());
    const Found found = lookThrough(*document, setting);
    Result<Edited> result = Edited{{}, document};
    size_t index = 0;
    if (found.same) {
        index = *found.same;
        result = changed(document, index, *rule, values);
    } else {
        QByteArray text(rule->words);
        for (qsizetype i = 0; i < values.size(); ++i) {
            const auto value = writtenValue(*rule, i, values[i], document->dialect(), Quoting::AsNeeded);
            if (!value)
                return value.error();
            text += (QByteArrayView(rule->pattern).contains('D') && i > 0 ? ", " : " ") + *value;
        }
        const auto anchor = found.setting ? found.setting : found.opening;
        index = anchor ? *anchor + 1 : 0;
        result = insertStatement(document, anchor.value_or(0), anchor ? Side::After : Side::Before, text);
    }
    if (!result)
        return result;
    const auto now = SettingView::from(result->document->statement(index));
    if (!now || now->setting() != setting || now->hasError() || textsOf(*now) != values)
        return refusal("written like this, it would not be read as what was asked");
    return result;
}

} // namespace postern::config::edits
