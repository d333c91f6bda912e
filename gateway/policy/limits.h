// SPDX-License-Identifier: GPL-3.0-or-later
//
// The limits a configuration can set for sending, delivering and scheduling, with OpenSMTPD's defaults, and the table
// of their keys.
// Thread: values and constants.
#pragma once

#include "base/secret.h"
#include "policy/origin.h"

#include <span>

namespace postern::policy {

// `mta limit` and `limit mta`: connections at once, seconds between them, mails on one. Where a default differs from
// OpenSMTPD's (in brackets) the other would hold up a burst of mail to a host that is able to take it.
struct MtaLimits {
    int family = 0; // 0 both, 4, 6
    int maxConnPerHost = 10;
    int maxConnPerRoute = 10;   // (5)
    int maxConnPerSource = 100;
    int maxConnPerConnector = 20;
    int maxConnPerRelay = 100;
    int maxConnPerDomain = 100;
    int connDelayHost = 0;
    int connDelayRoute = 0;     // (5)
    int connDelaySource = 0;
    int connDelayConnector = 0;
    int connDelayRelay = 0;     // (2)
    int connDelayDomain = 0;
    int reconnDelayRoute = 0;   // (3)
    int sessionMailMax = 100;
    int sessionTransactionDelay = 0;
    int sessionKeepalive = 10;
    int maxFailuresPerSession = 25;
    int taskHiwat = 200;        // (50)
    int taskLowat = 30;
    int taskRelease = 10;
    Origin origin; // the last line that changed it; line 0 = nothing written
};

struct MdaLimits {
    int maxSession = 50;
    int maxSessionPerUser = 7;
    int taskLowat = 30;
    int taskHiwat = 50;
    int taskRelease = 10;
};

struct SchedulerLimits {
    int maxInflight = 5000;
    int maxEvpBatchSize = 256;
    int maxMsgBatchSize = 1024;
    int maxSchedule = 10;
};

template <class Limits>
struct LimitKey {
    const char* word;
    int Limits::*value;
};
std::span<const LimitKey<MtaLimits>> mtaLimitKeys();
std::span<const LimitKey<MdaLimits>> mdaLimitKeys();
std::span<const LimitKey<SchedulerLimits>> schedulerLimitKeys();

// `mda wrapper NAME COMMAND`: runs instead of a command, which it finds as %{mda}.
struct Wrapper {
    QByteArray command;
    Origin origin;
};

} // namespace postern::policy
