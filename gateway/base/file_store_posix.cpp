// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/file_store.h"

#include "base/worker_threads.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <algorithm>
#include <latch>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace postern {
namespace {

Error failure(const char* what, const QByteArray& path, int number = errno) {
    ErrorCode code = ErrorCode::Io;
    if (number == ENOSPC || number == EDQUOT)
        code = ErrorCode::NoSpace;
    else if (number == ENOENT)
        code = ErrorCode::NotFound;
    else if (number == EEXIST)
        code = ErrorCode::Exists;
    else if (number == EACCES || number == EPERM || number == EROFS)
        code = ErrorCode::Denied;
    return Error{code, QByteArray("cannot ") + what + " " + path + ": " + std::strerror(number), Permanence::Temporary};
}

class Descriptor {
  public:
    explicit Descriptor(int fd) : m_fd(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    int get() const { return m_fd; }
    int release() { return std::exchange(m_fd, -1); }

  private:
    int m_fd;
};

class DiskFile final : public File {
  public:
    DiskFile(int fd, QByteArray path) : m_fd(fd), m_path(std::move(path)) {}

    Result<void> write(QByteArrayView bytes) override {
        while (!bytes.isEmpty()) {
            const ssize_t n = ::write(m_fd.get(), bytes.data(), size_t(bytes.size()));
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0)
                return failure("write", m_path, n == 0 ? EIO : errno);
            bytes = bytes.sliced(n);
        }
        return {};
    }

    Result<void> allocate(qint64 bytes) override {
#ifdef __linux__
        while (::fallocate(m_fd.get(), 0, 0, bytes) != 0)
            if (errno == ENOSPC || errno == EDQUOT)
                return failure("make room for", m_path);
            else if (errno != EINTR)
                break; // not every file system can; it is a hint
#else
        (void)bytes;
#endif
        return {};
    }

    Result<void> sync() override {
        if (::fdatasync(m_fd.get()) != 0)
            return failure("sync", m_path);
        return {};
    }

    Result<void> close() override {
        if (::close(m_fd.release()) != 0)
            return failure("close", m_path);
        return {};
    }

  private:
    Descriptor m_fd;
    QByteArray m_path;
};

class DiskFileStore final : public FileStore {
  public:
    Result<void> makeDirectory(const QByteArray& path) override {
        for (qsizetype at = path.indexOf('/', 1); ; at = path.indexOf('/', at + 1)) {
            const QByteArray part = at < 0 ? path : path.left(at);
            if (::mkdir(part.constData(), 0700) != 0 && errno != EEXIST) {
                // A parent that exists but is closed to us is fine as long as the rest can be reached.
                if (at < 0 || errno == ENOENT)
                    return failure("make folder", part);
            }
            if (at < 0)
                break;
        }
        struct stat st {};
        if (::stat(path.constData(), &st) != 0)
            return failure("open folder", path);
        if (!S_ISDIR(st.st_mode))
            return failure("open folder", path, ENOTDIR);
        return {};
    }

    Result<std::unique_ptr<File>> create(const QByteArray& path) override {
        const int fd = ::open(path.constData(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return failure("create", path);
        return std::unique_ptr<File>(std::make_unique<DiskFile>(fd, path));
    }

    Result<void> overwrite(const QByteArray& path, qint64 offset, QByteArrayView bytes) override {
        const Descriptor fd(::open(path.constData(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
        if (fd.get() < 0)
            return failure("open", path);
        while (!bytes.isEmpty()) {
            const ssize_t n = ::pwrite(fd.get(), bytes.data(), size_t(bytes.size()), offset);
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0)
                return failure("write", path, n == 0 ? EIO : errno);
            bytes = bytes.sliced(n);
            offset += n;
        }
        return {};
    }

    Result<QByteArray> read(const QByteArray& path, qint64 offset, qint64 most) override {
        const Descriptor fd(::open(path.constData(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)); // a FIFO must not hang us
        if (fd.get() < 0)
            return failure("open", path);
        struct stat st {};
        if (::fstat(fd.get(), &st) != 0)
            return failure("read", path);
        if (S_ISDIR(st.st_mode))
            return failure("read", path, EISDIR);
        if (!S_ISREG(st.st_mode))
            return Error{ErrorCode::Invalid, "cannot read " + path + ": it is not a regular file"};
        QByteArray out;
        constexpr qint64 kLargestStep = 65536, kSmallestStep = 512; // what the size says may not be true: of /proc, or by now
        while (most < 0 || out.size() < most) {
            const qint64 left = qint64(st.st_size) - offset - out.size() + 1; // one more finds the end
            const qint64 step = std::clamp(left, kSmallestStep, kLargestStep);
            const qint64 want = most < 0 ? step : std::min(step, most - out.size());
            const qsizetype had = out.size();
            out.resize(had + want);
            const ssize_t n = ::pread(fd.get(), out.data() + had, size_t(want), offset + had);
            if (n < 0 && errno == EINTR) {
                out.resize(had);
                continue;
            }
            if (n < 0)
                return failure("read", path);
            out.resize(had + n);
            const bool endedWhereItShould = n < want && n == left - 1; // asked for more, and there was no more
            if (n == 0 || endedWhereItShould)
                break;
        }
        return out;
    }

    Result<qint64> size(const QByteArray& path) override {
        struct stat st {};
        if (::stat(path.constData(), &st) != 0)
            return failure("look at", path);
        return qint64(st.st_size);
    }

    Result<void> rename(const QByteArray& from, const QByteArray& to) override {
        if (::rename(from.constData(), to.constData()) != 0)
            return failure("rename", from);
        return {};
    }

    Result<void> remove(const QByteArray& path) override {
        if (::unlink(path.constData()) != 0)
            return failure("remove", path);
        return {};
    }

    Result<QByteArrayList> list(const QByteArray& directory) override {
        DIR* dir = ::opendir(directory.constData());
        if (!dir)
            return failure("list", directory);
        QByteArrayList names;
        while (const dirent* entry = ::readdir(dir)) {
            const QByteArray name(entry->d_name);
            if (name != "." && name != "..")
                names.append(name);
        }
        ::closedir(dir);
        std::sort(names.begin(), names.end());
        return names;
    }

    Result<void> syncFile(const QByteArray& path) override {
        // A write-back error that nobody has seen yet is reported to a descriptor opened after it, too (Linux 4.13 on).
        const Descriptor fd(::open(path.constData(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
        if (fd.get() < 0)
            return failure("open", path);
        if (::fdatasync(fd.get()) != 0)
            return failure("sync", path);
        return {};
    }

    // Measured on ext4: a file system commits many small changes in one go if they are all asked for at the same time. So
    // writing is started for all files first, and then a few threads wait side by side.
    std::vector<Result<void>> syncFiles(const QByteArrayList& paths) override {
        if (paths.size() < 2)
            return FileStore::syncFiles(paths);
#ifdef __linux__
        for (const QByteArray& path : paths) {
            const Descriptor fd(::open(path.constData(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
            if (fd.get() >= 0)
                (void)::sync_file_range(fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE); // a hint; syncFile() tells
        }
#endif
        std::vector<Result<void>> outcomes(size_t(paths.size()), Error{ErrorCode::Internal, "not synced"});
        std::latch done(qsizetype(outcomes.size()));
        for (size_t i = 0; i < outcomes.size(); ++i)
            m_syncers.post([&, i] {
                outcomes[i] = syncFile(paths[qsizetype(i)]);
                done.count_down();
            });
        done.wait();
        return outcomes;
    }

    Result<void> syncDirectory(const QByteArray& path) override {
        const Descriptor fd(::open(path.constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (fd.get() < 0)
            return failure("open folder", path);
        if (::fsync(fd.get()) != 0)
            return failure("sync folder", path);
        return {};
    }

    Result<qint64> freeBytes(const QByteArray& path) override {
        struct statvfs vfs {};
        if (::statvfs(path.constData(), &vfs) != 0)
            return failure("ask the free space of", path);
        return qint64(vfs.f_bavail) * qint64(vfs.f_frsize);
    }

    Result<bool> readableByOthers(const QByteArray& path) override {
        struct stat facts {};
        if (::stat(path.constData(), &facts) != 0)
            return failure("look at", path);
        return (facts.st_mode & S_IROTH) != 0;
    }

    Result<QByteArray> behindLinks(const QByteArray& path) override {
        const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.constData(), nullptr), &std::free);
        if (real)
            return QByteArray(real.get());
        struct stat facts {};
        if (errno == ENOENT && ::lstat(path.constData(), &facts) != 0)
            return path; // not there yet
        return failure("follow", path);
    }

    Result<void> copyRights(const QByteArray& from, const QByteArray& to) override {
        struct stat facts {};
        if (::stat(from.constData(), &facts) != 0)
            return failure("look at", from);
        mode_t mode = facts.st_mode & 0777;
        if (::chown(to.constData(), facts.st_uid, facts.st_gid) != 0 && ::chown(to.constData(), uid_t(-1), facts.st_gid) != 0)
            mode &= ~mode_t(S_IRWXG);
        if (::chmod(to.constData(), mode) != 0)
            return failure("set the rights of", to);
        return {};
    }

  private:
    WorkerThreads m_syncers{8}; // more did not help
};

} // namespace

std::vector<Result<void>> FileStore::syncFiles(const QByteArrayList& paths) {
    std::vector<Result<void>> outcomes;
    for (const QByteArray& path : paths)
        outcomes.push_back(syncFile(path));
    return outcomes;
}

std::unique_ptr<FileStore> makeDiskFileStore() {
    return std::make_unique<DiskFileStore>();
}

Result<void> FileStore::overwrite(const QByteArray& path, qint64, QByteArrayView) {
    return Error{ErrorCode::Unsupported, "cannot write " + path};
}

Result<bool> FileStore::readableByOthers(const QByteArray&) {
    return false;
}

Result<QByteArray> FileStore::behindLinks(const QByteArray& path) {
    return path;
}

Result<void> FileStore::copyRights(const QByteArray&, const QByteArray&) {
    return {};
}

Result<void> replaceFile(FileStore& store, const QByteArray& named, QByteArrayView bytes) {
    const Result<QByteArray> real = store.behindLinks(named);
    if (!real)
        return real.error();
    const QByteArray& path = *real;
    const qsizetype slash = path.lastIndexOf('/');
    // No name that a person gives to a file: "smtpd.conf.new" may be theirs.
    const QByteArray temporary = path.left(slash + 1) + '.' + path.mid(slash + 1) + ".postern-new";
    (void)store.remove(temporary); // left over from a crash, or not there
    auto file = store.create(temporary);
    if (!file)
        return file.error();
    auto written = (*file)->write(bytes);
    if (written && store.size(path))
        written = store.copyRights(path, temporary);
    if (written)
        written = (*file)->sync();
    if (written)
        written = (*file)->close();
    if (!written) {
        (void)store.remove(temporary);
        return written;
    }
    if (auto renamed = store.rename(temporary, path); !renamed) {
        (void)store.remove(temporary);
        return renamed;
    }
    return store.syncDirectory(slash < 0 ? QByteArray(".") : slash == 0 ? QByteArray("/") : path.left(slash));
}

} // namespace postern
