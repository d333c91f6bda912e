// SPDX-License-Identifier: GPL-3.0-or-later
//
// From text to meaning: reads a configuration with everything it includes and makes the snapshot.
//
// Never fails as such: it returns whatever could be made, and diagnostics. isUsable() is false when an error stands; the
// engine then keeps what it runs. Reads files (includes, tables) unless syntaxOnly. Thread: any; pure but for reading.
#pragma once

#include "base/file_store.h"
#include "config/diagnostics.h"
#include "policy/ruleset.h"
#include "tables/lookup_pool.h"

#include <optional>

namespace postern::tables {
class LoginStore;
}

namespace postern::policy {

struct CompileOptions {
    std::optional<Era> dialect;  // override detection
    bool syntaxOnly = false;     // do not look at other files
    bool rulesOnly = false;      // the question is which rule decides: missing files, certificates and filters, and what the engine
                                 // does not carry out are warnings; a table that can't be read fails when it is asked
    std::shared_ptr<const tables::LoginStore> logins = {}; // what tables of the keychain ask; null: they are read and not asked
    std::vector<std::pair<QByteArray, QByteArray>> macros = {}; // of the command line; no definition in a file replaces them
    tables::LookupPoolPtr lookups = {}; // asks the tables that databases keep; none: their files are read, and they are not asked
};

struct Compiled {
    RulesetPtr ruleset;                          // never null
    std::vector<config::Diagnostic> diagnostics; // in file order
    bool isUsable() const;
};

// `path`: where the text came from; relative table and include paths are taken from its folder.
Compiled compile(FileStore& files, const QByteArray& path, const CompileOptions& options);
Compiled compileText(FileStore& files, const QByteArray& path, const QByteArray& text, const CompileOptions& options);

} // namespace postern::policy
