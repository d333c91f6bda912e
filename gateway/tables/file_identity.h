// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which file a path leads to, so that one which was replaced by another of the same name is noticed.
// Thread: any.
#pragma once

#include <QByteArray>

#include <optional>
#include <utility>

namespace postern::tables {

using FileIdentity = std::pair<quint64, quint64>; // device, number on it
std::optional<FileIdentity> fileIdentity(const QByteArray& path); // nothing: there is none

} // namespace postern::tables
