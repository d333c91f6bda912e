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

} // namespace postern::config
