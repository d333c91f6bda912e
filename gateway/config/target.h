// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whom a configuration is written for: Postern itself, or the reader of one OpenSMTPD release.
//
// A diagnostic may say which targets refuse the text it points at; check --target and convert --to choose one.
// Thread: values.
#pragma once

#include "config/dialect.h"

#include <QByteArrayList>

namespace postern::config {

enum class Target : quint8 { Postern, OpenSmtpd2012, OpenSmtpd59, OpenSmtpd68, OpenSmtpd78 };
QByteArrayView toString(Target target); // "postern", "opensmtpd-2012", "opensmtpd-5.9" ...
QByteArrayView describe(Target target); // for people: "Postern", "OpenSMTPD 6.8"
std::optional<Target> targetFromString(QByteArrayView name);
QByteArrayList targetNames(); // all that targetFromString() knows

// The dialect the target reads; nothing for Postern, which reads all.
std::optional<Dialect> dialectOf(Target target);

// Sets of targets.
using Targets = quint8;
constexpr Targets in(Target target) { return Targets(1u << unsigned(target)); }
inline constexpr Targets kModernReaders = in(Target::OpenSmtpd68) | in(Target::OpenSmtpd78);
inline constexpr Targets kOldReaders = in(Target::OpenSmtpd2012) | in(Target::OpenSmtpd59);
inline constexpr Targets kReaders = kOldReaders | kModernReaders; // all but Postern
// Those that take a new line only between the entries of a list, not behind `{` or a comma nor before `}`.
inline constexpr Targets kBefore75 = kOldReaders | in(Target::OpenSmtpd68);

// When something came and went: "5.4.1", or a day of 2012, whose snapshots had no number: "2012-10-09". Null = always, still.
struct Span {
    const char* since = nullptr;
    const char* until = nullptr; // the last that had it
};
inline constexpr Span kOwn{"99"}; // a word that only Postern has
Targets targetsWithout(Span span);    // readers that had not yet or no longer what this span is about
QByteArray describe(Span span);       // "exists since OpenSMTPD 5.4.1"; "" for always

} // namespace postern::config
