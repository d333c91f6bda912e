// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which backend word of a `table` statement makes which table.
//
// Files are read whole, once: what lookups see is one moment of the file, until the next reload. Others are asked, by a
// LookupPool, each time.
// Thread: any.
#pragma once

#include "base/file_store.h"
#include "tables/backend_config.h"
#include "tables/table_text.h"

namespace postern::tables {

enum class BackendKind : quint8 {
    File,        // "file" and "static", and a bare path
    Asked,       // sqlite, db ...: kept elsewhere, see makeBackend(); also a word that a program table-WORD stands for
    Keychain,    // logins in the system's keychain: a LoginTable
    Unsupported, // a word that nothing here knows
};
BackendKind backendOf(QByteArrayView word); // looks for a program only if it knows no better

// What the path of an asked table names.
enum class BackendPath : quint8 {
    Config, // a file of "key value" lines
    Data,   // the database itself, or the server's socket
    MayBe,  // a program's own affair, and it may have none
    None,
};
BackendPath backendPath(QByteArrayView word); // of one that backendOf() calls Asked

// Every word that means a backend here or in OpenSMTPD, for near-miss suggestions.
QByteArrayList knownBackends();

struct MadeTable {
    TablePtr table;                     // never null; with problems it holds what could be read
    std::vector<TableProblem> problems; // of the file
};

// How the backend of this word, one that backendOf() calls Asked, is asked. Reads what its configuration says, opens nothing.
MadeBackend makeBackend(QByteArrayView word, const BackendSource& source);

TablePtr makeInlineTable(const QByteArray& name, Shape shape, std::vector<Entry> entries,
                         char subAddressDelimiter);
MadeTable makeFileTable(FileStore& files, const QByteArray& name, const QByteArray& path,
                        char subAddressDelimiter);
TablePtr makeUnavailableTable(const QByteArray& name, const QByteArray& backend, const QByteArray& why = {});

} // namespace postern::tables
