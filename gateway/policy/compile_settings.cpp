// SPDX-License-Identifier: GPL-3.0-or-later
//
// Global values. All go into Settings; of those that the engine does not follow yet, that is said.
#include "base/log.h"
#include "policy/build.h"
#include "policy/values.h"

#include <algorithm>
#include <type_traits>

namespace postern::policy {
namespace {

using config::Setting;
using config::SettingView;

constexpr qint64 kMostPerSession = 1'000'000; // recipients or messages; more is a slip
constexpr size_t kMostWarnIntervals = 4;      // further ones are ignored, as by all readers

void noEffect(Build& build, const SettingView& view, QByteArray why) {
    build.report.note(view, "\"" + toString(view.setting()).toByteArray() + "\" has no effect yet: " + why);
}

void setSize(Build& build, const SettingView& view, const config::Value& value) {
    const auto size = parseSize(value.text);
    if (!size || *size == 0)
        build.report.error(view, value.range, "a size reads like 35M or 1000000, and is at least 1");
    else
        build.rules->settings.maxMessageSize = *size;
}

void setDelimiter(Build& build, const SettingView& view, const config::Value& value) {
    const bool printable =
        value.text.size() == 1 && value.text[0] > ' ' && value.text[0] < 127 && value.text[0] != '@';
    if (!printable)
        build.report.error(view, value.range,
                           "the sub-address delimiter is one printable character, not a blank and not @");
    else
        build.rules->settings.subAddressDelimiter = value.text[0];
}

struct NamedInt {
    QByteArrayView word;
    int* value;
};

// Words and numbers in turn; each number goes where its word says.
void setLimits(Build& build, const SettingView& view, const std::vector<NamedInt>& known, int least, int* family) {
    for (const SettingView::Limit& limit : view.limits()) {
        if (family && (limit.key.text == "inet4" || limit.key.text == "inet6")) {
            *family = limit.key.text == "inet4" ? 4 : 6;
            continue;
        }
        const auto found = std::find_if(known.begin(), known.end(),
                                        [&](const NamedInt& one) { return one.word == limit.key.text; });
        if (found == known.end())
            continue; // parsing has said so
        const auto number = parseNumber(limit.number.text);
        if (!number || *number < least || *number > kMostPerSession)
            build.report.error(view, limit.number.text.isEmpty() ? limit.key.range : limit.number.range,
                               "\"" + limit.key.text + "\" takes a number from " + QByteArray::number(least) +
                                   " to 1000000");
        else
            *found->value = int(*number);
    }
}

template <class Limits>
std::vector<NamedInt> named(std::span<const LimitKey<Limits>> keys, Limits& limits) {
    std::vector<NamedInt> result;
    for (const LimitKey<Limits>& key : keys)
        result.push_back({key.word, &(limits.*key.value)});
    return result;
}

// A block for one domain starts as a copy of what holds for all at its place.
void setMtaLimits(Build& build, const SettingView& view) {
    Settings& settings = build.rules->settings;
    MtaLimits* limits = &settings.mta;
    if (const config::Clause* domain = view.forDomain()) {
        const QByteArray name = comparableName(domain->table ? domain->table->value.text : domain->valueText());
        limits = &settings.mtaByDomain.try_emplace(name, settings.mta).first->second;
    }
    limits->origin = originOf(view);
    setLimits(build, view, named(mtaLimitKeys(), *limits), 0, &limits->family);
    for (const SettingView::Limit& limit : view.limits()) {
        const QByteArray& key = limit.key.text;
        if (key == "task-lowat" || key == "task-release" || (key == "task-hiwat" && view.forDomain()))
            build.report.say(config::Severity::Note, view, limit.key.range,
                              "\"" + key + "\" has no effect: mail for a host leaves the queue one by one as others are done, " +
                                  "never in batches, and task-hiwat says for all hosts how many are under way");
        else if (key.startsWith("max-conn-") && parseNumber(limit.number.text) == 0)
            build.report.warning(view, limit.number.range, "with \"" + key + " 0\" nothing is ever sent there; mail waits");
    }
}

void setWarnIntervals(Build& build, const SettingView& view) {
    std::vector<qint64> intervals;
    for (const config::Value& one : view.values()) {
        const auto delay = delayOf(build, view, one);
        if (delay && intervals.size() < kMostWarnIntervals)
            intervals.push_back(*delay);
    }
    build.rules->settings.warnIntervals = std::move(intervals);
}

// [cipher C] [digest D], 2012. The cipher that is written must be ours; the key's characters are used as they are.
void checkAlgorithms(Build& build, const SettingView& view) {
    size_t at = 1; // values: the key, then what stands behind each further word
    for (const config::Value& word : view.words()) {
        if (word.text != "cipher" && word.text != "digest")
            continue;
        const config::Value* name = view.value(at++);
        if (!name)
            return;
        if (word.text == "digest")
            build.report.note(view, "\"digest\" has no effect: the 32 characters of the key are the key");
        else if (name->text.compare("aes-256-gcm", Qt::CaseInsensitive) != 0)
            build.report.error(view, name->range,
                               "the queue is encrypted with aes-256-gcm only, not with " + harmless(name->text, 40) +
                                   "; write that, or leave \"cipher\" out");
    }
}

void setQueueKey(Build& build, const SettingView& view) {
    constexpr qsizetype kKeyCharacters = 32;
    Settings& settings = build.rules->settings;
    const config::Value* key = view.value();
    if (view.words().size() > 2 && view.words()[2].text == "keychain") {
        settings.queueKey = QueueKey::Keychain;
        return;
    }
    settings.queueKey = !key                                         ? QueueKey::Terminal
                        : key->text == "stdin" || key->text == "-" ? QueueKey::StandardInput
                                                                     : QueueKey::Written;
    checkAlgorithms(build, view);
    if (settings.queueKey != QueueKey::Written)
        return;
    settings.queueKeyText = Secret(key->text);
    const QByteArray n = QByteArray::number(key->text.size());
    if (key->text.size() != kKeyCharacters) // readers of the language find this out when they start
        build.report.say(build.unsafe(), view, key->range,
                         "the key of the queue must be exactly 32 characters, this one has " + n);
    const QByteArray file = view.file();
    if (build.options.syntaxOnly || build.checkedSecretFiles.contains(file))
        return;
    build.checkedSecretFiles.append(file);
    if (build.files.readableByOthers(file).value_or(false))
        build.report.warning(view, "the queue's key in " + file +
                                       " can be read by every user of this computer; take that right away (chmod o-r)");
}

void setNumber(Build& build, const SettingView& view, const config::Value& value, qint64 least, qint64 most,
               auto& target) {
    const auto number = parseNumber(value.text);
    if (!number || *number < least || *number > most)
        build.report.error(view, value.range,
                           "a number from " + QByteArray::number(least) + " to " + QByteArray::number(most) +
                               " is wanted");
    else
        target = std::decay_t<decltype(target)>(*number);
}

} // namespace

std::optional<qint64> delayOf(Build& build, const config::StatementView& at, const config::Value& value) {
    const auto delay = parseDelay(value.text);
    if (!delay && !value.number) // of a bare number parsing has said what is wrong
        build.report.error(at, value.range, "a time reads like 30s, 15m, 12h or 4d, from 1s to 3650d");
    return delay;
}

// Tables need it when they are made, wherever the setting stands.
void readAheadSettings(Build& build) {
    build.set.each(in(config::StatementKind::Setting), [&build](const config::StatementView& statement) {
        const auto view = SettingView::from(statement);
        if (view && view->setting() == Setting::SubAddressDelimiter && view->value())
            setDelimiter(build, *view, *view->value());
    });
}

void addWrapper(Build& build, const SettingView& view) {
    const config::Value* name = view.value();
    const config::Value* command = view.value(1);
    if (!name || !command)
        return;
    const auto [twin, isNew] = build.rules->settings.wrappers.try_emplace(name->text, Wrapper{command->text, originOf(view)});
    if (!isNew)
        build.report.error(view, name->range,
                           "wrapper " + harmless(name->text, 80) + " is defined already, in line " +
                               QByteArray::number(twin->second.origin.line));
}

void addSetting(Build& build, const SettingView& view) {
    const config::Value* value = view.value();
    Settings& settings = build.rules->settings;
    settings.origins[view.setting()] = originOf(view);
    const auto setText = [&](QByteArray& target) { target = value ? value->text : QByteArray(); };
    const auto setDelay = [&](qint64& target) {
        if (value) {
            if (const auto delay = delayOf(build, view, *value))
                target = *delay;
        }
    };
    switch (view.setting()) {
    case Setting::QueueTtl:
        setDelay(settings.queueTtl);
        break;
    case Setting::MaxMessageSize:
        if (value)
            setSize(build, view, *value);
        break;
    case Setting::SessionLimit:
        setLimits(build, view, {{"max-rcpt", &settings.maxRecipients}, {"max-mails", &settings.maxMails}}, 1, nullptr);
        break;
    case Setting::ServerName:
        if (value)
            settings.serverName = value->text;
        break;
    case Setting::SubAddressDelimiter:
        break; // read ahead
    case Setting::WarnInterval:
        setWarnIntervals(build, view);
        break;
    case Setting::QueueCompression:
        settings.compression = true;
        if (value && value->text != "gzip" && value->text != "zlib")
            build.report.note(view, "the queue is compressed with zlib; " + harmless(value->text, 40) +
                                        " can't be chosen");
        break;
    case Setting::QueueEncryption:
        setQueueKey(build, view);
        break;
    case Setting::QueueInterval:
        if (value)
            setNumber(build, view, *value, 1, kMaxDelay, settings.queueInterval);
        break;
    case Setting::MtaLimit:
        setMtaLimits(build, view);
        break;
    case Setting::MaxDeferred:
        if (value)
            setNumber(build, view, *value, 0, kMostPerSession, settings.maxDeferred);
        break;
    case Setting::MdaLimit:
        setLimits(build, view, named(mdaLimitKeys(), settings.mda), 0, nullptr);
        for (const SettingView::Limit& limit : view.limits())
            if (limit.key.text == "task-lowat" || limit.key.text == "task-release")
                build.report.note(view, '"' + limit.key.text + "\" has no effect: mail for a user leaves the queue one by one");
        break;
    case Setting::MdaWrapper:
        addWrapper(build, view);
        break;
    case Setting::SchedulerLimit:
        setLimits(build, view, named(schedulerLimitKeys(), settings.scheduler), 0, nullptr);
        for (const SettingView::Limit& limit : view.limits())
            if (limit.key.text != "max-inflight")
                build.report.note(view, '"' + limit.key.text + "\" has no effect: the scheduler works in other steps");
        break;
    case Setting::Ciphers:
        setText(settings.ciphers);
        break;
    case Setting::Curve:
        setText(settings.curve);
        noEffect(build, view, "TLS 1.2 and 1.3 with the library's secure choice are used");
        break;
    case Setting::Admd:
        setText(settings.admd);
        noEffect(build, view, "no Authentication-Results are written");
        break;
    case Setting::SrsKey:
    case Setting::SrsBackupKey:
        if (value)
            (view.setting() == Setting::SrsKey ? settings.srsKey : settings.srsBackupKey) = Secret(value->text);
        noEffect(build, view, "nothing is forwarded, so no sender is rewritten");
        break;
    case Setting::SrsTtl:
        setDelay(settings.srsTtl);
        noEffect(build, view, "nothing is forwarded, so no sender is rewritten");
        break;
    }
}

} // namespace postern::policy
