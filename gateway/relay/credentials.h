// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a credentials table says about a label, read as user and password; or a text that says what to mend, with the label
// and the table's name and never a word of the secret. Thread: pure function.
// Spec: relay labels: "user:password" (first colon splits), or a password alone for user = label.
#pragma once

#include "policy/ruleset.h"
#include "smtp/client_session.h"

namespace postern::relay {

Result<smtp::Credentials> readCredentials(tables::LookupResult&& answer, const QByteArray& label,
                                          const QByteArray& tableName);
Error noCredentialsTable(const QByteArray& label);

} // namespace postern::relay
