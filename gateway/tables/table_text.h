// SPDX-License-Identifier: GPL-3.0-or-later
//
// The file format of tables: one entry a line, a list or a mapping by what the first line looks like.
//
// Blank lines and lines starting with # don't count; a comment "# @list" before any entry makes it a list. A
// mapping's key ends at the first space, tab or colon, or at the "]" of a key that starts with "[". Three
// kindnesses beyond OpenSMTPD: a first line whose first separator is the colon of "://" is a list (of relay
// URLs), or, with a blank and a number behind the URL, a mapping of URLs to shares; and "key : value" is read
// too. Never fails: what can't be read is a problem with its line.
// Thread: pure. Threat B01.
#pragma once

#include "tables/static_table.h"

#include <QByteArray>

#include <vector>

namespace postern::tables {

struct TableProblem {
    int line = 0; // 1-based; 0 = the file as a whole
    QByteArray text;
    bool isWarning = false; // else the table is not what was meant
};

struct TableText {
    Shape shape = Shape::Mapping; // an empty file is a mapping
    std::vector<Entry> entries;   // file order
    std::vector<TableProblem> problems;
};

enum class Keep : quint8 {
    Copies,
    Views, // keys and values point into `text`, which must outlive them
};
TableText parseTableText(QByteArrayView text, Keep keep = Keep::Copies);

// What OpenSMTPD takes the file for: a URL's colon ends a key there. `knowsMark`: "# @list" counts, since 6.0.3.
Shape shapeForOpenSmtpd(QByteArrayView text, bool knowsMark);

} // namespace postern::tables
