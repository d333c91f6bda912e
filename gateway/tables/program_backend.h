// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tables that a program answers for, by the text protocol of OpenSMTPD 7.6: `table NAME WORD:FILE` asks the program table-WORD.
//
// The program is started with its file as argument, and is told the name of the table; its standard input and output carry the
// dialogue, what it says on standard error goes to the log, 64 KiB a question at most. It is started anew when it ends or breaks
// the rules, and runs as the user that the gateway runs as.
// Failure: a program that is not there is Denied, one that ends or is silent Unavailable or Timeout. A service that it did not
//   register is Unsupported. Keys with a line end never get here (threat B04); a "|" only stands in the last field.
// Spec: tables page, 13. Thread: as backend.h says; parse functions are pure.
#pragma once

#include "tables/backend_config.h"

namespace postern::tables {

MadeBackend makeProgramBackend(QByteArrayView word, const BackendSource& source);

// Where the program of this backend word is: OpenSMTPD's folders for it, then PATH. "" = nowhere.
QByteArray tableProgram(QByteArrayView word);

// The service of a "register|..." line; nothing = "ready". An error for any other line, or a service that there is not.
Result<std::optional<Service>> parseRegistration(const QByteArray& line);

// What a reply to `id` says: its value, "" to a check, or nothing for not-found. Also takes "lookup-result" for a fetch, as the
// manual has it. ErrorCode::Unavailable: the table's own error; Protocol: not a reply to this.
Result<std::optional<QByteArray>> parseTableReply(const QByteArray& line, const QByteArray& operation, const QByteArray& id);

} // namespace postern::tables
