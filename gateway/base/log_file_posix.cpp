// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postern {
namespace {

constexpr int kMostOlder = 99;

QByteArray nameOf(const QByteArray& folder, int age) {
    return folder + "/postern.log" + (age == 0 ? QByteArray() : '.' + QByteArray::number(age));
}

// -1: errno says why. The file is ours alone whatever the umask, and whatever it was before.
int openToAppend(const QByteArray& path, qint64& size) {
    const int fd = ::open(path.constData(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return -1;
    struct stat st {};
    if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || ::fchmod(fd, 0600) != 0) {
        const int number = S_ISREG(st.st_mode) ? errno : EINVAL;
        ::close(fd);
        errno = number;
        return -1;
    }
    size = st.st_size;
    return fd;
}

Error failure(const QByteArray& path, int number) {
    const QByteArray cure = number == ELOOP    ? "it is a link, which is not followed: remove it"
                            : number == EINVAL ? "it is no file: remove it"
                                               : "give the folder to the user that runs Postern, and make room on its disk";
    return Error{ErrorCode::Io, "no log file is kept: cannot write " + path + ": " + std::strerror(number) + "; " + cure,
                 Permanence::Temporary};
}

// Behind the last whole line that `room` has place for; `from` if there is none.
qsizetype endOfLines(const QByteArray& lines, qsizetype from, qint64 room) {
    if (lines.size() - from <= room)
        return lines.size();
    return room <= 0 ? from : qMax(from, lines.lastIndexOf('\n', from + room - 1) + 1);
}

} // namespace

Result<std::unique_ptr<LogFile>> LogFile::open(const QByteArray& folder, Limits limits) {
    if (::mkdir(folder.constData(), 0700) != 0 && errno != EEXIST)
        return failure(folder, errno);
    struct stat st {};
    if (::lstat(folder.constData(), &st) != 0)
        return failure(folder, errno);
    if (!S_ISDIR(st.st_mode))
        return failure(folder, S_ISLNK(st.st_mode) ? ELOOP : ENOTDIR);
    qint64 size = 0;
    const int descriptor = openToAppend(nameOf(folder, 0), size);
    if (descriptor < 0)
        return failure(nameOf(folder, 0), errno);
    return std::unique_ptr<LogFile>(new LogFile(folder, limits, descriptor, size));
}

LogFile::LogFile(QByteArray folder, Limits limits, int descriptor, qint64 size)
    : m_folder(std::move(folder)), m_limits(limits), m_descriptor(descriptor), m_size(size),
      m_writer(std::make_unique<LogWriter>([this](const QByteArray& lines) { write(lines); })) {}

LogFile::~LogFile() {
    m_writer.reset();
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

void LogFile::add(QByteArrayView line) {
    m_writer->add(line.toByteArray() + '\n');
}

bool LogFile::flush() {
    return m_writer->flush();
}

QByteArrayList LogFile::filesOf(const QByteArray& folder) {
    QByteArrayList files;
    for (int age = kMostOlder; age >= 0; --age) {
        const QByteArray path = nameOf(folder, age);
        struct stat st {};
        if (::lstat(path.constData(), &st) == 0 && S_ISREG(st.st_mode))
            files.append(path);
    }
    return files;
}

void LogFile::write(const QByteArray& lines) {
    for (qsizetype from = 0; from < lines.size();) {
        qsizetype end = endOfLines(lines, from, m_limits.octets - m_size);
        if (end == from && m_size > 0) {
            moveOn();
            end = endOfLines(lines, from, m_limits.octets - m_size);
        }
        if (end == from)
            end = lines.indexOf('\n', from) + 1; // one line that is longer than a file
        writePart(QByteArrayView(lines).sliced(from, end - from));
        from = end;
    }
}

void LogFile::writePart(QByteArrayView lines) {
    if (m_descriptor < 0)
        m_descriptor = openToAppend(nameOf(m_folder, 0), m_size);
    QByteArray all;
    if (m_lost > 0)
        all = QByteArray::number(m_lost) + " log lines could not be written\n";
    all += lines;
    qsizetype at = 0;
    while (m_descriptor >= 0 && at < all.size()) {
        const ssize_t n = ::write(m_descriptor, all.constData() + at, size_t(all.size() - at));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        at += n;
    }
    if (at > 0)
        m_size += at;
    if (at == all.size()) {
        m_lost = 0;
        return;
    }
    m_lost += lines.count('\n');
    if (at > 0 && all[at - 1] != '\n' && m_descriptor >= 0 && ::write(m_descriptor, "\n", 1) == 1)
        ++m_size; // half a line ends here, so that the next one is whole
}

void LogFile::moveOn() {
    if (m_descriptor >= 0)
        ::close(m_descriptor);
    m_descriptor = -1;
    if (m_limits.older == 0)
        ::unlink(nameOf(m_folder, 0).constData());
    for (int age = m_limits.older; age > 0; --age)
        (void)std::rename(nameOf(m_folder, age - 1).constData(), nameOf(m_folder, age).constData());
    m_size = 0;
    m_descriptor = openToAppend(nameOf(m_folder, 0), m_size);
    if (m_size >= m_limits.octets && m_descriptor >= 0 && ::ftruncate(m_descriptor, 0) == 0)
        m_size = 0; // it could not be moved: still bounded
}

} // namespace postern
