// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/table_factory.h"

#include "tables/accounts.h"
#include "tables/db_backend.h"
#include "tables/ldap_backend.h"
#include "tables/program_backend.h"
#include "tables/redis_backend.h"
#include "tables/socketmap_backend.h"
#include "tables/sql_backend.h"
#include "tables/unavailable_table.h"

namespace postern::tables {
namespace {

constexpr qint64 kMaxFile = 256LL * 1024 * 1024;

using Maker = MadeBackend (*)(const BackendSource& source);

// Who makes the backend of each word that is asked.
struct AskedWord {
    QByteArrayView word;
    Maker make;
    BackendPath path = BackendPath::Config;
};
constexpr AskedWord kAsked[] = {
    {"sqlite", makeSqliteBackend},
    {"mysql", makeMysqlBackend},
    {"postgres", makePostgresBackend},
    {"ldap", makeLdapBackend},
    {"redis", makeRedisBackend},
    {"db", makeDbBackend, BackendPath::Data},
    {"passwd", makePasswdBackend, BackendPath::Data},
    {"socketmap", makeSocketmapBackend, BackendPath::Data},
    {"getpwnam", makeGetpwnamBackend, BackendPath::None},
};

const AskedWord* askedWord(QByteArrayView word) {
    for (const AskedWord& one : kAsked)
        if (one.word == word)
            return &one;
    return nullptr;
}

MadeTable emptyWith(const QByteArray& name, char delimiter, QByteArray problem) {
    return {std::make_shared<StaticTable>(name, "file", Shape::Mapping, std::vector<Entry>(), delimiter),
            {TableProblem{0, std::move(problem)}}};
}

} // namespace

BackendKind backendOf(QByteArrayView word) {
    if (word.isEmpty() || word == "file" || word == "static")
        return BackendKind::File;
    if (word == "keychain")
        return BackendKind::Keychain;
    return askedWord(word) || !tableProgram(word).isEmpty() ? BackendKind::Asked : BackendKind::Unsupported;
}

BackendPath backendPath(QByteArrayView word) {
    const AskedWord* const known = askedWord(word);
    return known ? known->path : BackendPath::MayBe;
}

MadeBackend makeBackend(QByteArrayView word, const BackendSource& source) {
    const AskedWord* const known = askedWord(word);
    return known ? known->make(source) : makeProgramBackend(word, source);
}

QByteArrayList knownBackends() {
    return {"file",     "static", "db",    "getpwnam", "sqlite",    "mysql",
            "postgres", "ldap",   "redis", "passwd",   "socketmap", "proc", "keychain"};
}

TablePtr makeInlineTable(const QByteArray& name, Shape shape, std::vector<Entry> entries,
                         char subAddressDelimiter) {
    static const QByteArray kKind = "static"; // one for all of them
    return std::make_shared<StaticTable>(name, kKind, shape, std::move(entries), subAddressDelimiter);
}

MadeTable makeFileTable(FileStore& files, const QByteArray& name, const QByteArray& path,
                        char subAddressDelimiter) {
    const Result<qint64> size = files.size(path);
    if (!size)
        return emptyWith(name, subAddressDelimiter, size.error().text);
    if (*size > kMaxFile)
        return emptyWith(name, subAddressDelimiter,
                         "the file is larger than 256 MiB; use a database table for so many entries");
    Result<QByteArray> text = files.read(path, 0, kMaxFile + 1);
    if (!text)
        return emptyWith(name, subAddressDelimiter, text.error().text);
    TableText parsed = parseTableText(*text, Keep::Views);
    return {std::make_shared<StaticTable>(name, "file", parsed.shape, std::move(parsed.entries),
                                          subAddressDelimiter, std::move(text).value()),
            std::move(parsed.problems)};
}

TablePtr makeUnavailableTable(const QByteArray& name, const QByteArray& backend, const QByteArray& why) {
    return std::make_shared<UnavailableTable>(name, backend, why);
}

} // namespace postern::tables
