// SPDX-License-Identifier: GPL-3.0-or-later
#include "convert/words.h"

namespace postern::convert {

using config::Dialect;
using config::Target;

namespace {

template <typename Rule>
bool isKnownTo(Target target, const Rule& rule) {
    const auto dialect = dialectOf(target);
    return dialect && (rule.dialects & in(*dialect)) && !(targetsWithout(rule.span) & in(target));
}

} // namespace

std::optional<QByteArray> wordFor(config::Context context, config::ClauseKind kind, Target target) {
    for (const config::ClauseRule& rule : clausesIn(context)) {
        if (rule.kind == kind && isKnownTo(target, rule))
            return rule.word;
    }
    return std::nullopt;
}

std::optional<QByteArray> wordsFor(config::Setting setting, const QByteArray& written, bool hasValue, Target target) {
    std::optional<QByteArray> found;
    for (const config::SettingRule& rule : config::settings()) {
        if (rule.setting != setting || !isKnownTo(target, rule))
            continue;
        const QByteArrayView pattern(rule.pattern);
        const bool mustHave = !pattern.isEmpty() && !pattern.endsWith('?'), mayHave = !pattern.isEmpty();
        const bool isForNone = setting == config::Setting::WarnInterval || setting == config::Setting::QueueCompression;
        if (!isForNone && (hasValue ? !mayHave : mustHave))
            continue;
        if (written == rule.words)
            return written;
        if (!found || rule.dialects == config::kIn2012) // the map dialect's own word before a later one of that year
            found = rule.words;
    }
    return found;
}

} // namespace postern::convert
