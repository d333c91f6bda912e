// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/database_mend.h"

#include "queue/database.h"
#include "queue/spool_schema.h"

#include <algorithm>

namespace postern::queue {
namespace {

constexpr qint64 kPage = 16384; // of every queue database (spool_schema.cpp)
constexpr qint64 kPiece = 1 << 20;

// As SQLite's file format has it: a count of changes that is not that of the size beside it, so that the file itself is asked
// for its size; and no free pages.
void forgetSizes(QByteArray& page) {
    page.replace(24, 4, QByteArray(4, '\x01'));
    page.replace(28, 12, QByteArray(12, '\0')); // size, first free page, how many
    page.replace(92, 4, QByteArray(4, '\x02'));
}

Result<QByteArray> emptyFirstPage(FileStore& files, const QByteArray& path, const char* vfs) {
    {
        Database empty;
        if (auto opened = openQueueDatabase(empty, path, vfs, Check::None); !opened)
            return opened.error();
    }
    auto page = files.read(path, 0, kPage);
    removeMended(files, path);
    if (page && page->size() != kPage)
        return Error{ErrorCode::Internal, "an empty queue database has no page of " + QByteArray::number(kPage) + " octets"};
    if (page)
        forgetSizes(*page);
    return page;
}

Result<void> copyFrom(FileStore& files, const QByteArray& from, qint64 at, File& to) {
    for (;;) {
        const auto piece = files.read(from, at, kPiece);
        if (!piece)
            return piece.error();
        if (piece->isEmpty())
            return {};
        if (auto written = to.write(*piece); !written)
            return written;
        at += piece->size();
    }
}

Result<void> makeCopy(FileStore& files, const QByteArray& database, const QByteArray& copy, const QByteArray& firstPage) {
    auto file = files.create(copy);
    if (!file)
        return file.error();
    if (auto written = (*file)->write(firstPage); !written)
        return written;
    if (auto copied = copyFrom(files, database, kPage, **file); !copied)
        return copied;
    if (auto closed = (*file)->close(); !closed)
        return closed;
    if (!files.size(database + "-wal"))
        return {};
    auto log = files.create(copy + "-wal");
    if (!log)
        return log.error();
    if (auto copied = copyFrom(files, database + "-wal", 0, **log); !copied)
        return copied;
    return (*log)->close();
}

} // namespace

void removeMended(FileStore& files, const QByteArray& copy) {
    for (const char* ending : {"", "-wal", "-shm", "-journal"})
        (void)files.remove(copy + ending);
}

Result<void> mendFirstPage(FileStore& files, const QByteArray& database, const QByteArray& copy, const char* vfs) {
    removeMended(files, copy);
    const auto page = emptyFirstPage(files, copy, vfs);
    if (!page)
        return page.error();
    auto made = makeCopy(files, database, copy, *page);
    if (!made)
        removeMended(files, copy);
    return made;
}

} // namespace postern::queue
