// SPDX-License-Identifier: GPL-3.0-or-later
//
// `%a %u %d %U %D` of 2012 and `%{user.username} %{dest.user} ...` since 5.3: what stands for whom in a path or command.
//
// The manual of 2012 and its code disagree about %a and %u; the code counts, since working configurations rely on it.
// Thread: pure.
#pragma once

#include "config/dialect.h"

#include <QByteArray>

#include <optional>

namespace postern::convert {

struct Format {
    QByteArray text;
    QByteArray remark; // "" = nothing to say
    bool isLoss = false;
};

// Nothing: the two dialects write formats alike.
std::optional<Format> formatFor(const QByteArray& text, config::Dialect from, config::Dialect to);

} // namespace postern::convert
