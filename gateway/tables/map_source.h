// SPDX-License-Identifier: GPL-3.0-or-later
//
// The text that makemap makes a database of: one entry a line, a key and behind a blank or a colon its value.
//
// A backslash at the end of a line joins the next one; # begins a comment wherever it stands, \# is a #. A set has no values:
// the whole line is the key. Keys are lower-cased; a key may stand only once (unlike a table file's, where the last one wins).
// A key in brackets runs to the "]" (7.5).
// Thread: pure. Never fails: what can't be read is a problem with its line. Spec: makemap(8), read beside its program of 6.8.
#pragma once

#include "tables/table_text.h"

namespace postern::tables {

enum class MapContent : quint8 { Mapping, Set };

struct MapSource {
    std::vector<Entry> entries;         // file order; of a set: no values
    std::vector<int> lines;             // where each begins, 1-based
    std::vector<TableProblem> problems;
};

MapSource parseMapSource(QByteArrayView text, MapContent content);

} // namespace postern::tables
