// SPDX-License-Identifier: GPL-3.0-or-later
//
// One line per event, for people: "2026-11-19 14:32:07 smtp notice: ..." on standard error and to whoever listens.
//
// Text from outside is made harmless here (control characters shown as \xNN, bidi overrides too, length capped), so no
// caller can forget it. Secrets are not the log's business: they travel as Secret and have no way into a line; redact()
// is the second wall for free text such as URLs with credentials and AUTH lines.
// Thread: any; standard error is written by a thread of its own (log_writer.h), so a log that nobody reads stops nobody.
// Listeners are called under a mutex and must only post to a mailbox.
#pragma once

#include <QByteArray>

#include <functional>

namespace postern {

enum class LogLevel { Debug, Info, Notice, Warning, Error };
enum class LogArea { Engine, Config, Smtp, Queue, Relay, Tls, Dns, Control };
QByteArrayView toString(LogLevel level);
QByteArrayView toString(LogArea area);

struct LogLine {
    qint64 unixMs = 0;
    LogLevel level = LogLevel::Info;
    LogArea area = LogArea::Engine;
    QByteArray text; // already harmless and redacted
};

QByteArray toText(const LogLine& line); // "2026-11-19 14:32:07.123 smtp notice: ..." in local time, without a line end

void log(LogLevel level, LogArea area, QByteArrayView text);

void flushLog(); // waits, at most a second, until standard error has what was logged; done at exit

void setLogThreshold(LogLevel lowest);       // default Info
bool isLogged(LogLevel level);               // not below the threshold; for lines that cost something to make
void setLogToStandardError(bool on);         // default on
void setLogListener(std::function<void(const LogLine&)> listener); // one; empty removes it

// Printable one-line form of bytes from outside, at most `limit` characters plus "…". UTF-8 that is well formed stays.
QByteArray harmless(QByteArrayView text, qsizetype limit = 400);

// Masks the secret part of AUTH lines and of URLs and DSNs that carry "user:password@".
QByteArray redact(QByteArray text);

} // namespace postern
