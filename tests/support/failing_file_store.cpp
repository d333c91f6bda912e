// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/failing_file_store.h"

#include "support/memory_file_store.h"

namespace postern::test {
namespace {

void failToSync(FileStore& store, const QByteArray& path, const DiskFaults& faults) {
    if (auto* memory = dynamic_cast<MemoryFileStore*>(&store); memory && !faults.silent)
        memory->failToSync(path);
}

class FailingFile final : public File {
  public:
    FailingFile(std::unique_ptr<File> inner, DiskFaultsPtr count, FileStore& store, QByteArray path)
        : m_inner(std::move(inner)), m_count(std::move(count)), m_store(store), m_path(std::move(path)) {}

    Result<void> write(QByteArrayView bytes) override {
        if (m_count->hit()) {
            if (!m_count->silent)
                (void)m_inner->write(bytes.first(bytes.size() / 2)); // a torn write is the nasty case
            return m_count->error;
        }
        return m_inner->write(bytes);
    }
    Result<void> allocate(qint64 bytes) override {
        if (m_count->hit())
            return m_count->error;
        return m_inner->allocate(bytes);
    }
    Result<void> sync() override {
        if (m_count->hit()) {
            failToSync(m_store, m_path, *m_count);
            return m_count->error;
        }
        return m_inner->sync();
    }
    Result<void> close() override {
        if (m_count->hit())
            return m_count->error;
        return m_inner->close();
    }

  private:
    std::unique_ptr<File> m_inner;
    DiskFaultsPtr m_count;
    FileStore& m_store;
    const QByteArray m_path;
};

} // namespace

FailingFileStore::FailingFileStore(FileStore& inner, int failAt, Mode mode, Error error)
    : m_inner(inner), m_count(std::make_shared<DiskFaults>(DiskFaults{failAt, mode, std::move(error)})) {}

Result<std::unique_ptr<File>> FailingFileStore::create(const QByteArray& path) {
    if (m_count->hit())
        return m_count->error;
    auto file = m_inner.create(path);
    if (!file)
        return file.error();
    return std::unique_ptr<File>(std::make_unique<FailingFile>(std::move(file).value(), m_count, m_inner, path));
}

Result<void> FailingFileStore::overwrite(const QByteArray& path, qint64 offset, QByteArrayView bytes) {
    if (m_count->hit()) {
        if (!m_count->silent)
            (void)m_inner.overwrite(path, offset, bytes.first(bytes.size() / 2));
        return m_count->error;
    }
    return m_inner.overwrite(path, offset, bytes);
}

Result<void> FailingFileStore::rename(const QByteArray& from, const QByteArray& to) {
    if (m_count->hit())
        return m_count->error;
    return m_inner.rename(from, to);
}

Result<void> FailingFileStore::remove(const QByteArray& path) {
    if (m_count->hit())
        return m_count->error;
    return m_inner.remove(path);
}

Result<void> FailingFileStore::syncFile(const QByteArray& path) {
    if (m_count->hit()) {
        failToSync(m_inner, path, *m_count);
        return m_count->error;
    }
    return m_inner.syncFile(path);
}

Result<void> FailingFileStore::syncDirectory(const QByteArray& path) {
    if (m_count->hit())
        return m_count->error;
    return m_inner.syncDirectory(path);
}

} // namespace postern::test
