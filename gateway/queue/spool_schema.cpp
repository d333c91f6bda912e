// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/spool_schema.h"

namespace postern::queue {
namespace {

constexpr qint64 kApplicationId = 0x5053544e; // "PSTN"

// Keys are serials (message_id.h), so rows that come together lie together. Content has a table of its own: loading the
// queue at start must not read it. Strings are values of bytes, never text: what came in goes out unchanged.
constexpr const char* kTables = R"sql(
CREATE TABLE message(
    serial INTEGER PRIMARY KEY, created_at INTEGER NOT NULL, size INTEGER NOT NULL, in_file INTEGER NOT NULL,
    content_check INTEGER NOT NULL, is_bounce INTEGER NOT NULL, eight_bit INTEGER NOT NULL,
    sender BLOB NOT NULL, declared_size INTEGER NOT NULL, body_type INTEGER NOT NULL, smtp_utf8 INTEGER NOT NULL,
    ret INTEGER NOT NULL, envid BLOB NOT NULL, helo BLOB NOT NULL, client_address BLOB NOT NULL,
    client_name BLOB NOT NULL, listener BLOB NOT NULL, tag BLOB NOT NULL, user BLOB NOT NULL, subject BLOB NOT NULL,
    segment INTEGER NOT NULL DEFAULT 0, place INTEGER NOT NULL DEFAULT 0, form INTEGER NOT NULL DEFAULT 0,
    stored INTEGER NOT NULL DEFAULT 0);
CREATE TABLE content(serial INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE envelope(
    key INTEGER PRIMARY KEY, state INTEGER NOT NULL, recipient BLOB NOT NULL, destination BLOB NOT NULL,
    notify BLOB NOT NULL, orcpt BLOB NOT NULL, action BLOB NOT NULL, relay BLOB NOT NULL, ttl INTEGER NOT NULL,
    next_try_at INTEGER NOT NULL, last_try_at INTEGER NOT NULL, tries INTEGER NOT NULL, last_error BLOB NOT NULL,
    form INTEGER NOT NULL DEFAULT 0, local BLOB NOT NULL DEFAULT x'');
CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE seal(id INTEGER PRIMARY KEY, key_id BLOB NOT NULL);
)sql";

// Format 1 had every content above 32 KiB in a file of its own. It still may, so nothing but the columns is new.
constexpr const char* kFrom1To2 = "ALTER TABLE message ADD COLUMN segment INTEGER NOT NULL DEFAULT 0;"
                                  "ALTER TABLE message ADD COLUMN place INTEGER NOT NULL DEFAULT 0;"
                                  "PRAGMA user_version=2";

// Formats 1 and 2 had everything as it came in, which is form 0.
constexpr const char* kFrom2To3 = "ALTER TABLE message ADD COLUMN form INTEGER NOT NULL DEFAULT 0;"
                                  "ALTER TABLE message ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;"
                                  "ALTER TABLE envelope ADD COLUMN form INTEGER NOT NULL DEFAULT 0;"
                                  "CREATE TABLE seal(id INTEGER PRIMARY KEY, key_id BLOB NOT NULL);"
                                  "PRAGMA user_version=3";

// Until format 3 nothing was delivered on this computer.
constexpr const char* kFrom3To4 = "ALTER TABLE envelope ADD COLUMN local BLOB NOT NULL DEFAULT x'';"
                                  "PRAGMA user_version=4";

Error newerProgram(qint64 version) {
    return Error{ErrorCode::Unsupported,
                 "the queue was written by a newer Postern (format " + QByteArray::number(version) +
                     ", this one knows up to " + QByteArray::number(kSchemaVersion) +
                     "); start that version again, nothing was changed",
                 Permanence::Permanent};
}

Result<void> create(Database& database) {
    if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun)
        return begun;
    auto made = database.execute(kTables);
    if (made)
        made = database.execute(("PRAGMA application_id=" + QByteArray::number(kApplicationId) +
                                 ";PRAGMA user_version=" + QByteArray::number(kSchemaVersion))
                                    .constData());
    if (made)
        made = database.execute("COMMIT");
    if (!made)
        (void)database.execute("ROLLBACK");
    return made;
}

// After the check of the structure: a damaged database is read by the rescue as it is.
Result<void> migrate(Database& database) {
    const auto version = database.askNumber("PRAGMA user_version");
    if (!version)
        return version.error();
    if (*version == kSchemaVersion)
        return {};
    if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun)
        return begun;
    auto changed = *version < 2 ? database.execute(kFrom1To2) : Result<void>();
    if (changed && *version < 3)
        changed = database.execute(kFrom2To3);
    if (changed)
        changed = database.execute(kFrom3To4);
    if (changed)
        changed = database.execute("COMMIT");
    if (!changed)
        (void)database.execute("ROLLBACK");
    return changed;
}

// What the file is, before anything in it may change.
enum class Kind { Fresh, Ours };
Result<Kind> identify(Database& database) {
    if (auto locked = database.execute("PRAGMA locking_mode=EXCLUSIVE"); !locked)
        return locked.error();
    const auto version = database.askNumber("PRAGMA user_version");
    if (!version)
        return version.error();
    const auto application = database.askNumber("PRAGMA application_id");
    if (!application)
        return application.error();
    const auto tables = database.askNumber("SELECT count(*) FROM sqlite_schema");
    if (!tables)
        return tables.error();
    if (*tables == 0 && *version == 0)
        return Kind::Fresh;
    if (*application != kApplicationId)
        return Error{ErrorCode::Corrupt, "the queue database is a file of some other program"};
    if (*version > kSchemaVersion)
        return newerProgram(*version);
    return Kind::Ours;
}

// Structure of the tables that hold the queue; of the content too while that is quick. Large content tables are checked
// message by message as they are read (content_check.h).
Result<void> checkStructure(Database& database) {
    const auto pages = database.askNumber("PRAGMA page_count");
    if (!pages)
        return pages.error();
    constexpr qint64 kQuickPages = 16 * 1024; // 256 MiB
    const bool small = *pages <= kQuickPages;
    for (const char* ask : {"PRAGMA quick_check(1)", "PRAGMA quick_check(message)", "PRAGMA quick_check(envelope)",
                            "PRAGMA quick_check(counter)"}) {
        if (!small && ask == QByteArrayView("PRAGMA quick_check(1)"))
            continue;
        const auto verdict = database.askText(ask);
        if (!verdict)
            return verdict.error();
        if (*verdict != "ok")
            return Error{ErrorCode::Corrupt, "the queue database is damaged: " + verdict->left(200).replace('\n', ' ')};
        if (small)
            break;
    }
    return {};
}

Result<void> prepare(Database& database, Check check) {
    const auto kind = identify(database);
    if (!kind)
        return kind.error();
    if (*kind == Kind::Fresh)
        if (auto sized = database.execute("PRAGMA page_size=16384"); !sized)
            return sized;
    const auto mode = database.askText("PRAGMA journal_mode=WAL");
    if (!mode)
        return mode.error();
    if (*mode != "wal")
        return Error{ErrorCode::Io, "the queue database cannot use a write-ahead log in this folder"};
    if (auto set = database.execute("PRAGMA synchronous=FULL; PRAGMA fullfsync=1; PRAGMA checkpoint_fullfsync=1;"
                                    "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-32768; PRAGMA temp_store=MEMORY;"
                                    "PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON");
        !set)
        return set;
    if (*kind == Kind::Fresh)
        if (auto made = create(database); !made)
            return made;
    if (auto merged = database.checkpoint(); !merged)
        return merged;
    if (check == Check::Structure)
        if (auto checked = checkStructure(database); !checked)
            return checked;
    return migrate(database);
}

} // namespace

Result<void> openQueueDatabase(Database& database, const QByteArray& path, const char* vfs, Check check) {
    if (auto opened = database.open(path, vfs); !opened)
        return opened;
    database.setClosing(Database::Closing::LeaveFilesAlone); // until we know that the file is ours and sound
    if (auto prepared = prepare(database, check); !prepared) {
        database.close();
        if (prepared.error().code == ErrorCode::Busy)
            return Error{ErrorCode::Busy, "the queue database " + path + " is in use by another program, perhaps a backup or a"
                                          " database tool; end that, then try again (" + prepared.error().text + ')'};
        return prepared;
    }
    database.setClosing(Database::Closing::Checkpoint);
    return {};
}

} // namespace postern::queue
