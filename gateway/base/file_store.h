// SPDX-License-Identifier: GPL-3.0-or-later
//
// The disk, as the queue and the configuration use it: whole files by name, and the calls that make them durable.
//
// Tests use MemoryFileStore (forgets all that was not synced) and FailingFileStore (fails the n-th call), so that every
// step between "bytes came" and "250 said" can break on purpose. Names are paths; the real store takes them as they are.
// Durability: a new file survives a power cut after sync(file) *and* syncDirectory(folder); a rename after
//   syncDirectory(folder). After a failed sync the bytes must be taken as lost; never sync again and trust it.
// Thread: a FileStore may be shared, an open File belongs to one thread at a time.
#pragma once

#include "base/result.h"

#include <QByteArrayList>

#include <memory>
#include <vector>

namespace postern {

class File {
  public:
    virtual ~File() = default;                         // closes; what is not synced may be lost
    virtual Result<void> write(QByteArrayView bytes) = 0; // appends all or fails
    // Room for so many octets in one place, so that later syncs have less to do. May do nothing; the size may grow by it.
    virtual Result<void> allocate(qint64) { return {}; } // before the first write
    virtual Result<void> sync() = 0;                   // fdatasync
    virtual Result<void> close() = 0;
};

class FileStore {
  public:
    virtual ~FileStore() = default;
    virtual Result<void> makeDirectory(const QByteArray& path) = 0; // mode 0700, with parents; fine if it exists
    virtual Result<std::unique_ptr<File>> create(const QByteArray& path) = 0; // O_EXCL, mode 0600
    // Of a file that is there; not synced. Stores that are only read from cannot.
    virtual Result<void> overwrite(const QByteArray& path, qint64 offset, QByteArrayView bytes);
    virtual Result<QByteArray> read(const QByteArray& path, qint64 offset = 0, qint64 most = -1) = 0;
    virtual Result<qint64> size(const QByteArray& path) = 0;
    virtual Result<void> rename(const QByteArray& from, const QByteArray& to) = 0; // replaces `to`
    virtual Result<void> remove(const QByteArray& path) = 0;
    virtual Result<QByteArrayList> list(const QByteArray& directory) = 0; // file names, sorted
    // A file that somebody else wrote and closed. Never twice: see above.
    virtual Result<void> syncFile(const QByteArray& path) = 0;
    // Several at once, outcomes in the order given; on the real disk ten times quicker than one after the other.
    virtual std::vector<Result<void>> syncFiles(const QByteArrayList& paths);
    virtual Result<void> syncDirectory(const QByteArray& path) = 0;
    virtual Result<qint64> freeBytes(const QByteArray& path) = 0;
    // May users other than the owner and its group read the file? Where there are no such rights: no.
    virtual Result<bool> readableByOthers(const QByteArray& path);
    // Where links lead from here; the path itself if it is none, or names nothing. Where there are no links: the path.
    virtual Result<QByteArray> behindLinks(const QByteArray& path);
    // Gives `to` the mode of `from`, and its owner and group as far as we may; a group that cannot be kept gets no rights
    // in the new one's place. Where there are no such rights: does nothing.
    virtual Result<void> copyRights(const QByteArray& from, const QByteArray& to);
};

// The real disk (POSIX calls; file_store_posix.cpp).
std::unique_ptr<FileStore> makeDiskFileStore();

// Writes `bytes` to `path` so that a crash leaves either the old or the new content: temporary, sync, rename, sync folder.
// A link stays a link, and what it leads to is replaced; mode, owner and group are those of the file before.
Result<void> replaceFile(FileStore& store, const QByteArray& path, QByteArrayView bytes);

} // namespace postern
