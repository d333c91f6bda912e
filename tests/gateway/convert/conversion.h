// SPDX-License-Identifier: GPL-3.0-or-later
//
// One conversion in a test: the text, the report as lines, and what the rules of a text mean.
#pragma once

#include "convert/convert.h"

#include "support/memory_file_store.h"

namespace postern::test {

struct Conversion {
    QByteArray text;
    QByteArrayList report; // "3: lost: text"
    bool isRefused = false;
};

Conversion converted(const QByteArray& text, config::Target target, std::optional<config::Dialect> dialect = {});
Conversion converted(MemoryFileStore& files, const QByteArray& text, config::Target target,
                     std::optional<config::Dialect> dialect = {});

// What a reader of the language makes of a text, rule by rule and without the names of actions: conditions in the order
// of their evaluation, then the delivery. Texts with the same meaning have the same lines.
QByteArrayList meaning(const QByteArray& text);

} // namespace postern::test
