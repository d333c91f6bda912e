// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/memory_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace postern::test {

namespace {

// What SQLite sees as a file. It allocates the memory; we construct and destroy what is behind `base`.
struct OpenFile {
    sqlite3_file base;
    MemoryFileStore* store;
    DiskFaults* faults;
    std::shared_ptr<MemoryFileStore::Node> node;
    QByteArray path;
    bool nameGoesWithSync; // log or journal
    bool removeAtClose;
};

OpenFile& self(sqlite3_file* file) {
    return *reinterpret_cast<OpenFile*>(file);
}

int failureCode(const DiskFaults& faults, int otherwise) {
    return faults.error.code == ErrorCode::NoSpace ? SQLITE_FULL : otherwise;
}

int closeFile(sqlite3_file* file) {
    OpenFile& f = self(file);
    if (f.removeAtClose)
        (void)f.store->remove(f.path);
    f.node.~shared_ptr();
    f.path.~QByteArray();
    return SQLITE_OK;
}

int readFile(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
    OpenFile& f = self(file);
    const std::lock_guard lock(f.store->mutex());
    const QByteArray& bytes = f.node->bytes;
    const qint64 there = std::clamp<qint64>(bytes.size() - offset, 0, amount);
    std::memcpy(out, bytes.constData() + (there > 0 ? offset : 0), size_t(there));
    if (there == amount)
        return SQLITE_OK;
    std::memset(static_cast<char*>(out) + there, 0, size_t(amount - there));
    return SQLITE_IOERR_SHORT_READ;
}

int writeFile(sqlite3_file* file, const void* data, int amount, sqlite3_int64 offset) {
    OpenFile& f = self(file);
    const bool fails = f.faults->hit();
    const std::lock_guard lock(f.store->mutex());
    if (f.node->dead)
        return SQLITE_IOERR_WRITE;
    const int length = !fails ? amount : f.faults->silent ? 0 : amount / 2;
    f.node->write(offset, QByteArrayView(static_cast<const char*>(data), length));
    return fails ? failureCode(*f.faults, SQLITE_IOERR_WRITE) : SQLITE_OK;
}

int truncateFile(sqlite3_file* file, sqlite3_int64 size) {
    OpenFile& f = self(file);
    const bool fails = f.faults->hit();
    const std::lock_guard lock(f.store->mutex());
    if (fails || f.node->dead)
        return SQLITE_IOERR_TRUNCATE;
    f.node->bytes.resize(size);
    return SQLITE_OK;
}

int syncFile(sqlite3_file* file, int) {
    OpenFile& f = self(file);
    const bool fails = f.faults->hit();
    {
        const std::lock_guard lock(f.store->mutex());
        if (fails && !f.faults->silent)
            f.node->failToSync();
        if (fails || f.node->dead)
            return failureCode(*f.faults, SQLITE_IOERR_FSYNC);
        f.node->sync();
    }
    if (f.nameGoesWithSync)
        f.store->syncName(f.path);
    f.nameGoesWithSync = false;
    return SQLITE_OK;
}

int sizeOfFile(sqlite3_file* file, sqlite3_int64* size) {
    OpenFile& f = self(file);
    const std::lock_guard lock(f.store->mutex());
    *size = f.node->bytes.size();
    return SQLITE_OK;
}

int lockFile(sqlite3_file*, int) {
    return SQLITE_OK;
}

int checkReserved(sqlite3_file*, int* out) {
    *out = 0;
    return SQLITE_OK;
}

int control(sqlite3_file*, int, void*) {
    return SQLITE_NOTFOUND;
}

int sectorSize(sqlite3_file*) {
    return 512;
}

int traits(sqlite3_file*) {
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

const sqlite3_io_methods kMethods = {
    1,       closeFile,  readFile, writeFile, truncateFile, syncFile, sizeOfFile, lockFile, lockFile, checkReserved,
    control, sectorSize, traits,   nullptr,   nullptr,      nullptr,  nullptr,    nullptr,  nullptr,
};

} // namespace

struct MemoryVfs::Impl {
    MemoryFileStore& store;
    DiskFaultsPtr faults;
    QByteArray name;
    sqlite3_vfs vfs{};
    sqlite3_vfs* real = sqlite3_vfs_find(nullptr); // for time and randomness

    static Impl& of(sqlite3_vfs* vfs) { return *static_cast<Impl*>(vfs->pAppData); }
    static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* outFlags);
    static int remove(sqlite3_vfs* vfs, const char* path, int syncFolder);
    static int access(sqlite3_vfs* vfs, const char* path, int, int* out);
    static int fullPath(sqlite3_vfs*, const char* path, int size, char* out);
};

int MemoryVfs::Impl::open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* outFlags) {
    Impl& impl = of(vfs);
    file->pMethods = nullptr;
    static int temporaries = 0;
    const QByteArray name = path ? QByteArray(path) : "temporary-" + QByteArray::number(++temporaries);
    auto node = impl.store.node(name, false);
    if (!node) {
        if ((flags & SQLITE_OPEN_CREATE) == 0 || impl.faults->hit())
            return SQLITE_CANTOPEN;
        node = impl.store.node(name, true);
    }
    // SQLite's Unix VFS asks for CREATE alone, not whether the file was there: a log left by a crash is safe, too.
    const bool goesWithSync =
        (flags & SQLITE_OPEN_CREATE) != 0 && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
    new (file) OpenFile{{&kMethods}, &impl.store, impl.faults.get(), std::move(node), name, goesWithSync,
                        (flags & SQLITE_OPEN_DELETEONCLOSE) != 0};
    if (outFlags)
        *outFlags = flags;
    return SQLITE_OK;
}

int MemoryVfs::Impl::remove(sqlite3_vfs* vfs, const char* path, int syncFolder) {
    Impl& impl = of(vfs);
    if (impl.faults->hit())
        return SQLITE_IOERR_DELETE;
    if (!impl.store.remove(path))
        return SQLITE_IOERR_DELETE_NOENT;
    if (syncFolder)
        impl.store.syncName(path);
    return SQLITE_OK;
}

int MemoryVfs::Impl::access(sqlite3_vfs* vfs, const char* path, int, int* out) {
    const auto node = of(vfs).store.node(path, false);
    *out = node && !node->bytes.isEmpty(); // as on Unix: an empty file counts as absent
    return SQLITE_OK;
}

int MemoryVfs::Impl::fullPath(sqlite3_vfs*, const char* path, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", path);
    return SQLITE_OK;
}

MemoryVfs::MemoryVfs(MemoryFileStore& store, DiskFaultsPtr faults)
    : m(std::make_unique<Impl>(Impl{store, std::move(faults), {}})) {
    static int number = 0;
    m->name = "memory-" + QByteArray::number(++number);
    sqlite3_vfs& vfs = m->vfs;
    vfs.iVersion = 2;
    vfs.szOsFile = int(sizeof(OpenFile));
    vfs.mxPathname = 512;
    vfs.zName = m->name.constData();
    vfs.pAppData = m.get();
    vfs.xOpen = &Impl::open;
    vfs.xDelete = &Impl::remove;
    vfs.xAccess = &Impl::access;
    vfs.xFullPathname = &Impl::fullPath;
    vfs.xRandomness = [](sqlite3_vfs* own, int size, char* out) {
        return Impl::of(own).real->xRandomness(Impl::of(own).real, size, out);
    };
    vfs.xSleep = [](sqlite3_vfs*, int) { return 0; };
    vfs.xCurrentTime = [](sqlite3_vfs* own, double* out) {
        return Impl::of(own).real->xCurrentTime(Impl::of(own).real, out);
    };
    vfs.xGetLastError = [](sqlite3_vfs*, int, char*) { return 0; };
    vfs.xCurrentTimeInt64 = [](sqlite3_vfs* own, sqlite3_int64* out) {
        return Impl::of(own).real->xCurrentTimeInt64(Impl::of(own).real, out);
    };
    sqlite3_vfs_register(&vfs, 0);
}

MemoryVfs::~MemoryVfs() {
    sqlite3_vfs_unregister(&m->vfs);
}

const char* MemoryVfs::name() const {
    return m->name.constData();
}

} // namespace postern::test
