// SPDX-License-Identifier: GPL-3.0-or-later
//
// Fails the n-th operation of another store (counted from 1, over create, write, allocate, sync, close,
// overwrite, rename, remove, syncFile, syncDirectory), once or from then on. Run a scenario for n = 1, 2, ... until `failed()` stays false.
#pragma once

#include "base/file_store.h"
#include "support/disk_faults.h"

#include <memory>

namespace postern::test {

class FailingFileStore final : public FileStore {
  public:
    using Mode = DiskFaults::Mode;
    FailingFileStore(FileStore& inner, int failAt, Mode mode = Mode::Once,
                     Error error = {ErrorCode::Io, "injected failure", Permanence::Temporary});
    FailingFileStore(FileStore& inner, DiskFaultsPtr faults) : m_inner(inner), m_count(std::move(faults)) {}

    int operations() const { return m_count->count; }
    bool failed() const { return m_count->failed; }

    Result<void> makeDirectory(const QByteArray& path) override { return m_inner.makeDirectory(path); }
    Result<std::unique_ptr<File>> create(const QByteArray& path) override;
    Result<void> overwrite(const QByteArray& path, qint64 offset, QByteArrayView bytes) override;
    Result<QByteArray> read(const QByteArray& path, qint64 offset, qint64 most) override {
        return m_inner.read(path, offset, most);
    }
    Result<qint64> size(const QByteArray& path) override { return m_inner.size(path); }
    Result<void> rename(const QByteArray& from, const QByteArray& to) override;
    Result<void> remove(const QByteArray& path) override;
    Result<QByteArrayList> list(const QByteArray& directory) override { return m_inner.list(directory); }
    Result<void> syncFile(const QByteArray& path) override;
    Result<void> syncDirectory(const QByteArray& path) override;
    Result<qint64> freeBytes(const QByteArray& path) override { return m_inner.freeBytes(path); }
    Result<QByteArray> behindLinks(const QByteArray& path) override { return m_inner.behindLinks(path); }
    Result<void> copyRights(const QByteArray& from, const QByteArray& to) override { return m_inner.copyRights(from, to); }
    Result<bool> readableByOthers(const QByteArray& path) override { return m_inner.readableByOthers(path); }

  private:
    FileStore& m_inner;
    DiskFaultsPtr m_count;
};

} // namespace postern::test
