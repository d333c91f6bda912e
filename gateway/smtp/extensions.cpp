// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/extensions.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::smtp {

QByteArrayList ehloKeywords(const ServerFeatures& features, const ServerLimits& limits, bool inTls,
                            bool authenticated) {
    QByteArrayList out = {"PIPELINING"_ba, "SIZE "_ba + QByteArray::number(limits.maxMessageSize), "8BITMIME"_ba,
                          "ENHANCEDSTATUSCODES"_ba, "CHUNKING"_ba, "SMTPUTF8"_ba};
    if (features.dsn)
        out.append("DSN"_ba);
    QByteArray most = "LIMITS";
    if (limits.maxMails > 0)
        most += " MAILMAX=" + QByteArray::number(limits.maxMails);
    most += " RCPTMAX=" + QByteArray::number(std::max(limits.maxRecipients, 1));
    out.append(most);
    if (features.startTls && !inTls)
        out.append("STARTTLS"_ba);
    if (features.auth != AuthMode::Off && inTls && !authenticated)
        out.append("AUTH PLAIN LOGIN"_ba);
    out.append("HELP"_ba);
    return out;
}

} // namespace postern::smtp
