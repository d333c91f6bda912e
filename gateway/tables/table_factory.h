// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which backend word of a `table` statement makes which table.
//
// Files are read whole, once: what lookups see is one moment of the file, until the next reload.
// Thread: any.
#pragma once

#include "base/file_store.h"
#include "tables/table_text.h"

namespace postern::tables {

enum class Backend : quint8 {
    File,        // "file" and "static", and a bare path
    Unsupported, // db, sqlite, proc programs, ...: this version can't ask them
};
Backend backendOf(QByteArrayView word);

// Every word that means a backend here or in OpenSMTPD, for near-miss suggestions.
QByteArrayList knownBackends();

struct MadeTable {
    TablePtr table;                     // never null; with problems it holds what could be read
    std::vector<TableProblem> problems; // of the file
};

TablePtr makeInlineTable(const QByteArray& name, Shape shape, std::vector<Entry> entries,
                         char subAddressDelimiter);
MadeTable makeFileTable(FileStore& files, const QByteArray& name, const QByteArray& path,
                        char subAddressDelimiter);
TablePtr makeUnavailableTable(const QByteArray& name, const QByteArray& backend, const QByteArray& why = {});

} // namespace postern::tables
