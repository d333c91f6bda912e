// SPDX-License-Identifier: GPL-3.0-or-later
//
// One file into a maildir: written under tmp, synced, linked into new, the folder synced. The name never changes for one
// envelope, so that a second try finds what a first one left: in new it is the message, in tmp a leftover.
// Everything happens below opened folders; whoever renames them meanwhile renames the message with them.
#include "mda/deliver.h"
#include "mda/message_text.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace postern::mda {
namespace {

constexpr mode_t kFolderMode = 0700;

class Descriptor {
  public:
    explicit Descriptor(int value = -1) : m_value(value) {}
    ~Descriptor() {
        if (m_value >= 0)
            ::close(m_value);
    }
    Descriptor(Descriptor&& other) noexcept : m_value(std::exchange(other.m_value, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(m_value, other.m_value);
        return *this;
    }
    int get() const { return m_value; }
    explicit operator bool() const { return m_value >= 0; }

  private:
    int m_value;
};

struct Folder {
    std::string path;
    Descriptor self, fresh, temporary, current; // the folder, new, tmp, cur
};

using Trouble = std::optional<Report>;

// Folders on the way may be closed for reading: /home often is.
#ifdef O_PATH
constexpr int kPassThrough = O_PATH;
#else
constexpr int kPassThrough = O_SEARCH;
#endif

Descriptor openBelow(int parent, const char* name, int how) {
    return Descriptor(::openat(parent, name, how | O_DIRECTORY | O_CLOEXEC));
}

// A folder that was made lasts only when the one above it is synced, too.
Trouble makeBelow(int parent, const std::string& parentPath, const char* name) {
    if (::mkdirat(parent, name, kFolderMode) != 0)
        return errno == EEXIST ? Trouble() : failed(parentPath + '/' + name, errno);
    const Descriptor readable = openBelow(parent, ".", O_RDONLY);
    if (!readable)
        return errno == EACCES ? Trouble() : failed(parentPath, errno);
    return ::fsync(readable.get()) == 0 ? Trouble() : failed("syncing " + parentPath, errno);
}

// The folder of that path, with all above it.
Trouble openPath(const std::string& path, Descriptor& out) {
    if (!path.starts_with('/'))
        return Report{Ending::Later, 0, "4.3.5 \"" + path + "\" is not the whole path of a maildir"};
    out = Descriptor(::open("/", kPassThrough | O_DIRECTORY | O_CLOEXEC));
    std::string sofar;
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t begin = path.find_first_not_of('/', at);
        if (begin == std::string::npos)
            break;
        at = std::min(path.find('/', begin), path.size());
        const std::string name = path.substr(begin, at - begin);
        Descriptor next = openBelow(out.get(), name.c_str(), kPassThrough);
        if (!next && errno == ENOENT) {
            if (Trouble trouble = makeBelow(out.get(), sofar, name.c_str()))
                return trouble;
            next = openBelow(out.get(), name.c_str(), kPassThrough);
        }
        sofar += '/' + name;
        if (!next)
            return failed(sofar, errno);
        out = std::move(next);
    }
    return std::nullopt;
}

// The three folders of a maildir; they may not be links, or anybody's file system could be meant.
Trouble openMaildir(Descriptor self, std::string path, Folder& out) {
    out.self = std::move(self);
    out.path = std::move(path);
    for (const auto& [name, into] : {std::pair{"cur", &out.current}, {"tmp", &out.temporary}, {"new", &out.fresh}}) {
        if (Trouble trouble = makeBelow(out.self.get(), out.path, name))
            return trouble;
        *into = openBelow(out.self.get(), name, O_RDONLY | O_NOFOLLOW);
        if (!*into && (errno == ELOOP || errno == ENOTDIR))
            return Report{Ending::Later, 0,
                          "4.2.0 " + out.path + '/' + name +
                              " is a link or no folder; mail is not delivered through it"};
        if (!*into)
            return failed(out.path + '/' + name, errno);
    }
    return std::nullopt;
}

Trouble openSub(const Folder& maildir, const std::string& name, Folder& out) {
    if (Trouble trouble = makeBelow(maildir.self.get(), maildir.path, name.c_str()))
        return trouble;
    Descriptor self = openBelow(maildir.self.get(), name.c_str(), kPassThrough | O_NOFOLLOW);
    if (!self)
        return failed(maildir.path + '/' + name, errno);
    return openMaildir(std::move(self), maildir.path + '/' + name, out);
}

bool isFolder(const Folder& maildir, const std::string& name) {
    struct stat facts = {};
    return ::fstatat(maildir.self.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(facts.st_mode);
}

// In new under its name, in cur perhaps with flags behind it.
bool holds(const Folder& folder, const std::string& name) {
    struct stat facts = {};
    if (::fstatat(folder.fresh.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0)
        return true;
    const int copy = ::openat(folder.current.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* list = copy >= 0 ? ::fdopendir(copy) : nullptr;
    if (!list) {
        if (copy >= 0)
            ::close(copy);
        return false;
    }
    bool found = false;
    while (const dirent* entry = ::readdir(list)) {
        const std::string_view there(entry->d_name);
        if (there == name || (there.starts_with(name) && there[name.size()] == ':')) {
            found = true;
            break;
        }
    }
    ::closedir(list);
    return found;
}

Report wasThere(const Folder& folder) {
    return {Ending::Delivered, 0, folder.path + " (it was there already)"};
}

// The file under tmp until it is under new as well; gone from there in the end, whatever happened.
class Draft {
  public:
    Draft(const Folder& folder, const std::string& name) : m_folder(folder), m_name(name) {}
    ~Draft() {
        if (m_file)
            ::unlinkat(m_folder.temporary.get(), m_name.c_str(), 0);
    }
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;

    std::string path() const { return m_folder.path + "/tmp/" + m_name; }
    Trouble create() {
        for (int attempt = 0; attempt < 2 && !m_file; ++attempt) {
            m_file = Descriptor(::openat(m_folder.temporary.get(), m_name.c_str(),
                                         O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
            if (!m_file && errno == EEXIST && attempt == 0) // of a try that was cut off: one name, one envelope
                ::unlinkat(m_folder.temporary.get(), m_name.c_str(), 0);
        }
        return m_file ? Trouble() : failed(path(), errno);
    }
    Trouble write(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t written = ::write(m_file.get(), bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR)
                continue;
            if (written < 0)
                return failed(path(), errno);
            bytes.remove_prefix(std::size_t(written));
        }
        return std::nullopt;
    }
    Trouble sync() { return ::fsync(m_file.get()) == 0 ? Trouble() : failed("syncing " + path(), errno); }
    Report publish(const Folder& into);

  private:
    bool isSameAs(const Folder& into) const;

    const Folder& m_folder;
    const std::string& m_name;
    Descriptor m_file;
};

bool Draft::isSameAs(const Folder& into) const {
    struct stat ours = {};
    struct stat theirs = {};
    return ::fstat(m_file.get(), &ours) == 0 &&
           ::fstatat(into.fresh.get(), m_name.c_str(), &theirs, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(theirs.st_mode) &&
           ours.st_size == theirs.st_size;
}

Report Draft::publish(const Folder& into) {
    const std::string target = into.path + "/new/" + m_name;
    int outcome = ::linkat(m_folder.temporary.get(), m_name.c_str(), into.fresh.get(), m_name.c_str(), 0);
    int error = errno;
    if (outcome != 0 && (error == EPERM || error == EOPNOTSUPP || error == ENOSYS)) { // a disk without second names
        struct stat facts = {};
        const bool isFree =
            ::fstatat(into.fresh.get(), m_name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
        outcome = isFree ? ::renameat(m_folder.temporary.get(), m_name.c_str(), into.fresh.get(), m_name.c_str()) : -1;
        error = isFree ? errno : EEXIST;
    }
    const bool repeats = outcome != 0 && error == EEXIST && isSameAs(into);
    if (outcome != 0 && !repeats)
        return failed(target, error);
    if (::fsync(into.fresh.get()) != 0) {
        error = errno;
        if (!repeats)
            ::unlinkat(into.fresh.get(), m_name.c_str(), 0);
        return failed("syncing " + into.path + "/new", error);
    }
    return repeats ? wasThere(into) : Report{Ending::Delivered, 0, into.path};
}

} // namespace

Report deliverToMaildir(const Order& order, Content& content) {
    if (order.name.empty() || order.name.find('/') != std::string::npos || order.name.front() == '.' ||
        order.folder.find('/') != std::string::npos)
        return {Ending::Later, 0, "4.3.5 the name for the message cannot be used"};
    Descriptor base;
    Folder maildir;
    Folder sub;
    Folder junk;
    if (Trouble trouble = openPath(order.path, base))
        return *trouble;
    if (Trouble trouble = openMaildir(std::move(base), order.path, maildir))
        return *trouble;
    if (order.junk)
        if (Trouble trouble = openSub(maildir, ".Junk", junk))
            return *trouble;
    const Folder* usual = &maildir;
    if (!order.folder.empty() && isFolder(maildir, '.' + order.folder)) {
        if (Trouble trouble = openSub(maildir, '.' + order.folder, sub))
            return *trouble;
        usual = &sub;
    }
    if (order.mayBeThere) {
        if (holds(*usual, order.name))
            return wasThere(*usual);
        if (order.junk && holds(junk, order.name))
            return wasThere(junk);
    }
    Draft draft(*usual, order.name);
    if (Trouble trouble = draft.create())
        return *trouble;
    JunkWatch watch;
    std::string piece;
    FrameReader::What what = FrameReader::What::Piece;
    while ((what = content.next(piece)) == FrameReader::What::Piece) {
        watch.feed(piece);
        if (Trouble trouble = draft.write(piece))
            return *trouble;
    }
    if (what != FrameReader::What::End)
        return {Ending::Later, 0, "4.2.0 the message was cut short on its way here"};
    if (Trouble trouble = draft.sync())
        return *trouble;
    return draft.publish(order.junk && watch.isJunk() ? junk : *usual);
}

} // namespace postern::mda
