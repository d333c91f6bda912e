// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/input_store.h"

#include "base/log.h"

#include <QFile>
#include <QFileInfo>

#include <cstdio>

namespace postern::ctl {
namespace {

Result<QByteArray> readToEnd(const QByteArray& name) {
    QFile input(QFile::decodeName(name));
    const bool isOpen = name == "-" ? input.open(stdin, QIODevice::ReadOnly) : input.open(QIODevice::ReadOnly);
    QByteArray bytes;
    while (isOpen && bytes.size() <= kMostPiped) {
        const QByteArray more = input.read(1 << 16);
        if (more.isEmpty())
            break;
        bytes += more;
    }
    if (!isOpen || input.error() != QFileDevice::NoError)
        return Error{ErrorCode::Unavailable, "cannot read " + name + ": " + input.errorString().toUtf8()};
    if (bytes.size() > kMostPiped)
        return Error{ErrorCode::Invalid, "cannot read " + name + ": it holds more than 64 MiB"};
    return bytes;
}

// One more file on a disk.
class InputStore final : public FileStore {
  public:
    InputStore(std::unique_ptr<FileStore> disk, QByteArray name, Result<QByteArray> bytes)
        : m_disk(std::move(disk)), m_name(std::move(name)), m_bytes(std::move(bytes)) {}

    Result<QByteArray> read(const QByteArray& path, qint64 offset, qint64 most) override {
        if (path != m_name)
            return m_disk->read(path, offset, most);
        return m_bytes ? Result<QByteArray>(m_bytes->mid(offset, most)) : m_bytes;
    }
    Result<qint64> size(const QByteArray& path) override {
        if (path != m_name)
            return m_disk->size(path);
        return m_bytes ? Result<qint64>(m_bytes->size()) : Result<qint64>(m_bytes.error());
    }
    Result<bool> readableByOthers(const QByteArray& path) override {
        return path == m_name ? Result<bool>(false) : m_disk->readableByOthers(path);
    }
    Result<QByteArray> behindLinks(const QByteArray& path) override {
        return path == m_name ? Result<QByteArray>(path) : m_disk->behindLinks(path);
    }
    Result<void> makeDirectory(const QByteArray& path) override { return m_disk->makeDirectory(path); }
    Result<std::unique_ptr<File>> create(const QByteArray& path) override { return m_disk->create(path); }
    Result<void> rename(const QByteArray& from, const QByteArray& to) override { return m_disk->rename(from, to); }
    Result<void> remove(const QByteArray& path) override { return m_disk->remove(path); }
    Result<QByteArrayList> list(const QByteArray& directory) override { return m_disk->list(directory); }
    Result<void> syncFile(const QByteArray& path) override { return m_disk->syncFile(path); }
    Result<void> syncDirectory(const QByteArray& path) override { return m_disk->syncDirectory(path); }
    Result<qint64> freeBytes(const QByteArray& path) override { return m_disk->freeBytes(path); }
    Result<void> copyRights(const QByteArray& from, const QByteArray& to) override { return m_disk->copyRights(from, to); }

  private:
    const std::unique_ptr<FileStore> m_disk;
    const QByteArray m_name;
    const Result<QByteArray> m_bytes;
};

} // namespace

std::unique_ptr<FileStore> storeWith(QByteArray& file) {
    auto disk = makeDiskFileStore();
    // Whoever names one of these has a writer for it. A pipe of another name may never get one.
    const bool isHandedIn = file == "/dev/stdin" || file.startsWith("/dev/fd/") || file.startsWith("/proc/self/fd/");
    if (file != "-" && (!isHandedIn || QFileInfo(QFile::decodeName(file)).isFile()))
        return disk;
    Result<QByteArray> bytes = readToEnd(file);
    if (file == "-")
        file = "<stdin>";
    return std::make_unique<InputStore>(std::move(disk), file, std::move(bytes));
}

} // namespace postern::ctl
