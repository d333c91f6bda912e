// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/limits.h"

#include <array>

namespace postern::policy {
namespace {

constexpr auto kMta = std::to_array<LimitKey<MtaLimits>>({
    {"max-conn-per-host", &MtaLimits::maxConnPerHost},
    {"max-conn-per-route", &MtaLimits::maxConnPerRoute},
    {"max-conn-per-source", &MtaLimits::maxConnPerSource},
    {"max-conn-per-connector", &MtaLimits::maxConnPerConnector},
    {"max-conn-per-relay", &MtaLimits::maxConnPerRelay},
    {"max-conn-per-domain", &MtaLimits::maxConnPerDomain},
    {"conn-delay-host", &MtaLimits::connDelayHost},
    {"conn-delay-route", &MtaLimits::connDelayRoute},
    {"conn-delay-source", &MtaLimits::connDelaySource},
    {"conn-delay-connector", &MtaLimits::connDelayConnector},
    {"conn-delay-relay", &MtaLimits::connDelayRelay},
    {"conn-delay-domain", &MtaLimits::connDelayDomain},
    {"reconn-delay-route", &MtaLimits::reconnDelayRoute},
    {"session-mail-max", &MtaLimits::sessionMailMax},
    {"session-transaction-delay", &MtaLimits::sessionTransactionDelay},
    {"session-keepalive", &MtaLimits::sessionKeepalive},
    {"max-failures-per-session", &MtaLimits::maxFailuresPerSession},
    {"task-hiwat", &MtaLimits::taskHiwat},
    {"task-lowat", &MtaLimits::taskLowat},
    {"task-release", &MtaLimits::taskRelease},
});

constexpr auto kMda = std::to_array<LimitKey<MdaLimits>>({
    {"max-session", &MdaLimits::maxSession},
    {"max-session-per-user", &MdaLimits::maxSessionPerUser},
    {"task-lowat", &MdaLimits::taskLowat},
    {"task-hiwat", &MdaLimits::taskHiwat},
    {"task-release", &MdaLimits::taskRelease},
});

constexpr auto kScheduler = std::to_array<LimitKey<SchedulerLimits>>({
    {"max-inflight", &SchedulerLimits::maxInflight},
    {"max-evp-batch-size", &SchedulerLimits::maxEvpBatchSize},
    {"max-msg-batch-size", &SchedulerLimits::maxMsgBatchSize},
    {"max-schedule", &SchedulerLimits::maxSchedule},
});

} // namespace

std::span<const LimitKey<MtaLimits>> mtaLimitKeys() {
    return kMta;
}

std::span<const LimitKey<MdaLimits>> mdaLimitKeys() {
    return kMda;
}

std::span<const LimitKey<SchedulerLimits>> schedulerLimitKeys() {
    return kScheduler;
}

} // namespace postern::policy
