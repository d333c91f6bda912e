// SPDX-License-Identifier: GPL-3.0-or-later
#include "relay/credentials.h"

#include "base/log.h"
#include "policy/relay_url.h"

namespace postern::relay {
namespace {

Error trouble(ErrorCode code, const QByteArray& text) {
    return {code, "Could not retrieve credentials: " + text, Permanence::Temporary};
}

} // namespace

Error noCredentialsTable(const QByteArray& label) {
    return {ErrorCode::NotFound,
            "No auth table for relaying: the relay asks for label \"" + harmless(policy::shownLabel(label), 100) +
                "\", but its action names no auth table",
            Permanence::Temporary};
}

Result<smtp::Credentials> readCredentials(tables::LookupResult&& answer, const QByteArray& label,
                                          const QByteArray& tableName) {
    const QByteArray shownLabel = '"' + harmless(policy::shownLabel(label), 100) + '"';
    const QByteArray shownTable = "table \"" + harmless(tableName, 100) + '"';
    if (answer.failed)
        return trouble(ErrorCode::Unavailable,
                       shownTable + " could not be asked for label " + shownLabel + ": " + harmless(answer.value, 200));
    if (!answer.found)
        return trouble(ErrorCode::NotFound, shownTable + " has no entry for label " + shownLabel);
    const qsizetype colon = answer.value.indexOf(':');
    smtp::Credentials credentials;
    if (colon < 0) {
        credentials.user = label;
        credentials.password = Secret(answer.value);
    } else {
        credentials.user = answer.value.left(colon);
        credentials.password = Secret(answer.value.mid(colon + 1));
    }
    wipe(answer.value);
    if (credentials.user.isEmpty() || credentials.password.isEmpty())
        return trouble(ErrorCode::Invalid, "the entry for label " + shownLabel + " in " + shownTable +
                                               " is not \"user:password\" with both parts");
    return credentials;
}

} // namespace postern::relay
