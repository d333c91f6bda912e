// SPDX-License-Identifier: GPL-3.0-or-later
//
// Global values. Those that the engine follows go into Settings; the rest is said to have no effect yet.
#include "policy/build.h"
#include "policy/values.h"

#include <limits>

namespace postern::policy {
namespace {

using config::Setting;
using config::SettingView;

constexpr qint64 kMostPerSession = 1'000'000; // recipients or messages; more is a slip

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

void setLimits(Build& build, const SettingView& view) {
    for (const SettingView::Limit& limit : view.limits()) {
        Settings& settings = build.rules->settings;
        int* target = limit.key.text == "max-rcpt"    ? &settings.maxRecipients
                      : limit.key.text == "max-mails" ? &settings.maxMails
                                                      : nullptr;
        if (!target)
            continue; // parsing has said so
        const auto number = parseNumber(limit.number.text);
        if (!number || *number < 1 || *number > kMostPerSession)
            build.report.error(view, limit.number.text.isEmpty() ? limit.key.range : limit.number.range,
                               "\"" + limit.key.text + "\" takes a number from 1 to 1000000");
        else
            *target = int(*number);
    }
}

} // namespace

std::optional<qint64> delayOf(Build& build, const config::StatementView& at, const config::Value& value) {
    const auto delay = parseDelay(value.text);
    if (!delay)
        build.report.error(at, value.range, "a time reads like 30s, 15m, 12h or 4d, from 1s to 3650d");
    return delay;
}

// Tables need it when they are made, wherever the setting stands.
void readAheadSettings(Build& build, const std::vector<config::StatementView>& statements) {
    for (const config::StatementView& statement : statements) {
        const auto view = SettingView::from(statement);
        if (view && view->setting() == Setting::SubAddressDelimiter && view->value())
            setDelimiter(build, *view, *view->value());
    }
}

void addSetting(Build& build, const SettingView& view) {
    const config::Value* value = view.value();
    switch (view.setting()) {
    case Setting::QueueTtl:
        if (value) {
            if (const auto delay = delayOf(build, view, *value))
                build.rules->settings.queueTtl = *delay;
        }
        break;
    case Setting::MaxMessageSize:
        if (value)
            setSize(build, view, *value);
        break;
    case Setting::SessionLimit:
        setLimits(build, view);
        break;
    case Setting::ServerName:
        if (value)
            build.rules->settings.serverName = value->text;
        break;
    case Setting::SubAddressDelimiter:
        break; // read ahead
    case Setting::WarnInterval:
        for (const config::Value& one : view.values())
            delayOf(build, view, one);
        noEffect(build, view, "no notices of delay are sent; the notice of failure is");
        break;
    case Setting::QueueCompression:
        noEffect(build, view, "the queue is kept uncompressed");
        break;
    case Setting::QueueEncryption:
        build.report.say(
            build.unsafe(), view, {},
            "the queue can't be encrypted yet; take this line out to keep mail unencrypted on disk");
        break;
    case Setting::QueueInterval:
        noEffect(build, view, "tries follow the built-in schedule");
        break;
    case Setting::MtaLimit:
    case Setting::MaxDeferred:
        noEffect(build, view, "the relay keeps its built-in limits");
        break;
    case Setting::MdaLimit:
        noEffect(build, view, "there is no local delivery");
        break;
    case Setting::MdaWrapper:
        noEffect(build, view, "there is no local delivery");
        break;
    case Setting::SchedulerLimit:
        noEffect(build, view, "the scheduler keeps its built-in limits");
        break;
    case Setting::Ciphers:
    case Setting::Curve:
        noEffect(build, view, "TLS 1.2 and 1.3 with the library's secure choice are used");
        break;
    case Setting::Admd:
        noEffect(build, view, "no Authentication-Results are written");
        break;
    case Setting::SrsKey:
    case Setting::SrsBackupKey:
    case Setting::SrsTtl:
        noEffect(build, view, "nothing is forwarded, so no sender is rewritten");
        break;
    }
}

} // namespace postern::policy
