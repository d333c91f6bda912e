// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log.h"

#include "base/log_writer.h"

#include <QDateTime>
#include <QRegularExpression>
#include <QStringDecoder>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>

using namespace Qt::StringLiterals;

namespace postern {
namespace {

struct LogState {
    std::mutex mutex;
    std::function<void(const LogLine&)> listener; // guarded by mutex
    std::atomic<LogLevel> threshold{LogLevel::Info};
    std::atomic<bool> toStandardError{true};
};

LogState& state() {
    static LogState s;
    return s;
}

// Never taken down: threads log until the very end. What waits is written before the process exits.
LogWriter& standardError() {
    static LogWriter* const writer = [] {
        std::atexit([] { flushLog(); });
        return new LogWriter(2);
    }();
    return *writer;
}

// Local time is looked up once a second, not once a line.
QByteArray stampOf(qint64 unixMs) {
    thread_local qint64 second = -1;
    thread_local QByteArray text;
    if (unixMs / 1000 != second) {
        second = unixMs / 1000;
        text = QDateTime::fromSecsSinceEpoch(second).toString(u"yyyy-MM-dd HH:mm:ss"_s).toLatin1();
    }
    const QByteArray thousandths = QByteArray::number(1000 + unixMs % 1000).sliced(1);
    return text + '.' + thousandths;
}

bool isHostile(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

bool isBlankOrHigh(char c) {
    return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x80;
}

// Whatever the patterns of redact() find, these two find too, and much faster where there is nothing.
bool mayHoldLogin(QByteArrayView text) { // AUTH, a word, another word
    constexpr qsizetype kLength = 4;
    const auto isAt = [&text](qsizetype at) {
        return (text[at] | 0x20) == 'a' && (text[at + 1] | 0x20) == 'u' && (text[at + 2] | 0x20) == 't' && (text[at + 3] | 0x20) == 'h';
    };
    for (qsizetype at = 0; at + kLength < text.size(); ++at) {
        if (!isAt(at) || !isBlankOrHigh(text[at + kLength]))
            continue;
        const auto word = std::find_if_not(text.begin() + at + kLength, text.end(), isBlankOrHigh);
        if (std::any_of(word, text.end(), isBlankOrHigh))
            return true;
    }
    return false;
}

bool mayHoldPasswordInUrl(QByteArrayView text) { // ://label:
    constexpr QByteArrayView kMark = "://";
    for (qsizetype at = text.indexOf(kMark); at >= 0; at = text.indexOf(kMark, at + 1)) {
        const auto end = std::find_if(text.begin() + at + kMark.size(), text.end(), [](char c) {
            return c == '/' || c == ':' || c == '@' || (c > 0 && c <= ' ');
        });
        if (end != text.end() && *end == ':' && std::find(end, text.end(), '@') != text.end())
            return true;
    }
    return false;
}

} // namespace

QByteArrayView toString(LogLevel level) {
    switch (level) {
    case LogLevel::Debug: return "debug";
    case LogLevel::Info: return "info";
    case LogLevel::Notice: return "notice";
    case LogLevel::Warning: return "warning";
    case LogLevel::Error: return "error";
    }
    return "error";
}

QByteArrayView toString(LogArea area) {
    switch (area) {
    case LogArea::Engine: return "engine";
    case LogArea::Config: return "config";
    case LogArea::Smtp: return "smtp";
    case LogArea::Queue: return "queue";
    case LogArea::Relay: return "relay";
    case LogArea::Tls: return "tls";
    case LogArea::Dns: return "dns";
    case LogArea::Control: return "control";
    }
    return "engine";
}

QByteArray harmless(QByteArrayView text, qsizetype limit) {
    if (text.size() <= limit && std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; }))
        return text.toByteArray(); // the usual case
    QByteArray out;
    out.reserve(qMin(text.size(), limit) + 8);
    const auto hex = [&out](uchar byte) {
        static constexpr char digits[] = "0123456789abcdef";
        out += "\\x";
        out += digits[byte >> 4];
        out += digits[byte & 15];
    };
    for (qsizetype i = 0; i < text.size();) {
        if (out.size() >= limit)
            return out + "…";
        const uchar lead = uchar(text[i]);
        const int length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
        if (length == 1) {
            if (isHostile(lead))
                hex(lead);
            else
                out += char(lead);
            ++i;
            continue;
        }
        bool taken = false;
        if (length > 1 && i + length <= text.size()) {
            QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
            const QString one = decoder.decode(text.sliced(i, length));
            if (!decoder.hasError()) {
                const auto points = one.toUcs4();
                if (points.size() == 1 && !isHostile(points[0])) {
                    out.append(text.sliced(i, length));
                    i += length;
                    taken = true;
                }
            }
        }
        if (!taken) {
            hex(lead);
            ++i;
        }
    }
    return out;
}

QByteArray redact(QByteArray text) {
    if (!mayHoldLogin(text) && !mayHoldPasswordInUrl(text))
        return text; // nothing that the patterns below could find
    QString s = QString::fromUtf8(text);
    // Rather too much than too little: no word boundary before AUTH (an escaped line end may stand there), and a password
    // reaches to the last @ of its word.
    static const QRegularExpression auth(uR"((AUTH\s+\S+\s+)\S+)"_s, QRegularExpression::CaseInsensitiveOption);
    static const QRegularExpression url(uR"((://[^\s/:@]*:)\S+(@))"_s);
    s.replace(auth, u"\\1***"_s);
    s.replace(url, u"\\1***\\2"_s);
    return s.toUtf8();
}

QByteArray toText(const LogLine& line) {
    return stampOf(line.unixMs) + ' ' + toString(line.area).toByteArray() + ' ' + toString(line.level).toByteArray() + ": " +
           line.text;
}

void log(LogLevel level, LogArea area, QByteArrayView text) {
    LogState& s = state();
    if (level < s.threshold.load(std::memory_order_relaxed))
        return;
    LogLine line{QDateTime::currentMSecsSinceEpoch(), level, area, redact(harmless(text, 2000))};
    const std::lock_guard lock(s.mutex);
    if (s.toStandardError.load(std::memory_order_relaxed)) {
        standardError().add(toText(line) + '\n');
    }
    if (s.listener)
        s.listener(line);
}

void flushLog() {
    if (state().toStandardError.load(std::memory_order_relaxed))
        (void)standardError().flush();
}

bool isLogged(LogLevel level) {
    return level >= state().threshold.load(std::memory_order_relaxed);
}

void setLogThreshold(LogLevel lowest) {
    state().threshold = lowest;
}

void setLogToStandardError(bool on) {
    state().toStandardError = on;
}

void setLogListener(std::function<void(const LogLine&)> listener) {
    const std::lock_guard lock(state().mutex);
    state().listener = std::move(listener);
}

} // namespace postern
