// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/profile.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFileInfo>
#include <QSettings>
#include <QStandardPaths>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace postern::engine {

namespace {

constexpr qsizetype kLongestSocketPath = 100; // sun_path holds 108 on Linux and 104 on macOS
constexpr char kSystemConfig[] = "/etc/postern/smtpd.conf";

QByteArray absolute(const QByteArray& path) {
    return QFile::encodeName(QDir::cleanPath(QFileInfo(QFile::decodeName(path)).absoluteFilePath()));
}

QByteArray nameOfUser(uid_t id) {
    const passwd* const user = ::getpwuid(id);
    return user ? QByteArray(user->pw_name) : '#' + QByteArray::number(id);
}

} // namespace

QByteArray Profile::settingsFile() const {
    return (folder.isEmpty() ? stateFolder : folder) + "/postern.ini";
}

QByteArray Profile::logFolder() const {
    return (stateFolder == folder + "/queue" ? folder : stateFolder) + "/logs";
}

QByteArrayList Profile::nameServers() const {
    QByteArrayList servers;
    const QSettings settings(QFile::decodeName(settingsFile()), QSettings::IniFormat);
    for (const QString& server : settings.value(u"resolver/servers"_s).toStringList())
        if (!server.trimmed().isEmpty())
            servers.append(server.trimmed().toUtf8());
    return servers;
}

QByteArray Profile::keychainName(const QByteArray& label) const {
    return "Postern" + stateFolder + "/login/" + label;
}

QByteArray Profile::queueKeyName() const {
    return "Postern" + stateFolder + "/key";
}

QByteArray Profile::mailFolder() const {
    const QSettings settings(QFile::decodeName(settingsFile()), QSettings::IniFormat);
    return QFile::encodeName(settings.value(u"local/mailFolder"_s).toString().trimmed());
}

QByteArray Profile::socketPath() const {
    const QByteArray inside = stateFolder + "/control.sock";
    if (inside.size() < kLongestSocketPath)
        return inside;
    // Deterministic, so that a command finds it from the same folder; private to the user.
    const QByteArray name = QCryptographicHash::hash(stateFolder, QCryptographicHash::Sha256).toHex().left(24);
    return QByteArray("/tmp/postern-") + QByteArray::number(::getuid()) + "/" + name + ".sock";
}

QByteArray Profile::submissionPath() const {
    const QByteArray control = socketPath();
    return control.left(control.lastIndexOf('/') + 1) + (control.startsWith(stateFolder + '/') ? QByteArray("smtp.sock")
                                                        : control.mid(control.lastIndexOf('/') + 1).chopped(5) + ".smtp");
}

Profile Profile::platformDefault() {
    if (::getuid() == 0 && QFileInfo::exists(QString::fromLatin1(kSystemConfig))) {
        Profile system = at("/var/lib/postern");
        system.configFile = kSystemConfig;
        return system;
    }
    const QString base = QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation);
    return at(QFile::encodeName(base + u"/postern"_s));
}

Profile Profile::at(const QByteArray& folder) {
    const QByteArray root = absolute(folder);
    return Profile{root, root + "/smtpd.conf", root + "/queue"};
}

QByteArray defaultConfiguration() {
    return R"(# Postern: mail gateway. This first configuration catches mail for reading in the window;
# nothing leaves this computer until a relay is set up (see the README, "Send through my provider").

listen on 127.0.0.1 port 2525    # This computer

action "caught" catch

# Everything that arrives is kept for reading
match from any for any action "caught"
)";
}

Result<void> mayLookInto(const Profile& profile) {
    QByteArray folder = profile.stateFolder;
    struct stat st {};
    while (::stat(folder.constData(), &st) != 0) {
        if (errno != EACCES || folder.lastIndexOf('/') <= 0)
            return {}; // not there at all
        folder.truncate(folder.lastIndexOf('/'));
    }
    if (::access(folder.constData(), R_OK | X_OK) == 0)
        return {};
    return Error{ErrorCode::Denied, folder + " belongs to the user " + nameOfUser(st.st_uid) +
                                        ", and nobody else may look into it; run this as that user"};
}

Result<void> checkFolders(const Profile& profile) {
    for (const QByteArray& folder : {profile.folder, profile.stateFolder}) {
        struct stat st {};
        if (folder.isEmpty() || ::stat(folder.constData(), &st) != 0)
            continue;
        if (::geteuid() == 0 && st.st_uid != 0) {
            const QByteArray name = nameOfUser(st.st_uid);
            return Error{ErrorCode::Denied, folder + " belongs to the user " + name +
                                                ", who could not use the files that root would leave there; run this as that "
                                                "user: runuser -u " + name + " -- posternctl ..."};
        }
        if ((st.st_mode & S_IWOTH) != 0)
            return Error{ErrorCode::Denied, "every user of this computer may change the files in " + folder +
                                                "; take that right away (chmod o-w " + folder + "), or choose another folder"};
    }
    return {};
}

QByteArray foreignOwner(const QByteArray& file) {
    struct stat st {};
    if (::stat(file.constData(), &st) != 0 || st.st_uid == 0 || st.st_uid == ::geteuid())
        return {};
    const passwd* const owner = ::getpwuid(st.st_uid);
    return owner ? QByteArray(owner->pw_name) : "user " + QByteArray::number(st.st_uid);
}

void keepNewFilesPrivate() {
    ::umask(::umask(077) | 077);
}

Result<void> prepare(FileStore& files, const Profile& profile) {
    if (auto trusted = checkFolders(profile); !trusted)
        return trusted;
    for (const QByteArray& folder : {profile.folder, profile.stateFolder}) {
        if (folder.isEmpty())
            continue;
        if (const auto made = files.makeDirectory(folder); !made) {
            Error error = made.error();
            error.text += "; Postern keeps its mail in " + profile.stateFolder +
                          ": let its user make that folder, or choose another one (--profile DIR or --state DIR)";
            return error;
        }
    }
    // Of an older version, or made under a wide umask; the folder may be open to others, its mail is not.
    for (const char* name : {"/queue.db", "/queue.db-wal", "/queue.db-shm"}) {
        struct stat st {};
        const QByteArray path = profile.stateFolder + name;
        if (::lstat(path.constData(), &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
            (void)::chmod(path.constData(), st.st_mode & 0700);
    }
    const QByteArray socket = profile.socketPath();
    if (!socket.startsWith(profile.stateFolder)) {
        const QByteArray folder = socket.left(socket.lastIndexOf('/'));
        if (auto made = files.makeDirectory(folder); !made)
            return made;
        // Anybody may make folders in /tmp: it must be ours, and ours alone.
        struct stat st {};
        if (::lstat(folder.constData(), &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != ::geteuid() ||
            (st.st_mode & 077) != 0)
            return Error{ErrorCode::Denied, "the folder " + folder + " for the control socket belongs to somebody else or is "
                                            "open to others; remove it, or choose a --profile with a shorter path"};
    }
    if (profile.folder.isEmpty())
        return {};
    if (auto made = files.makeDirectory(profile.folder + "/tables"); !made)
        return made;
    if (!files.size(profile.configFile)) {
        if (profile.configFile != profile.folder + "/smtpd.conf")
            return Error{ErrorCode::NotFound, "there is no configuration file " + profile.configFile};
        return replaceFile(files, profile.configFile, defaultConfiguration());
    }
    return {};
}

namespace {

// What a person can do about a folder that does not let us work in it.
QByteArray cureFor(int number, const QByteArray& folder) {
    switch (number) {
    case EACCES:
    case EPERM:
        return "give the folder to the user that runs Postern, or choose another one (--profile DIR or --state DIR)";
    case EROFS:
        return "the file system is read-only: mount it writable, or choose a folder that is (--profile DIR or --state DIR)";
    case ENOSPC:
    case EDQUOT:
        return "make room on the disk of " + folder;
    case ELOOP:
        return "it is a link, which is not followed: remove it";
    default:
        return "check the folder " + folder;
    }
}

constexpr auto kWaitForTheDead = std::chrono::milliseconds(10);
constexpr int kMostWaitsForTheDead = 200;

bool isGone(const QByteArray& pid) {
    const pid_t number = pid.toInt();
    return number > 0 && ::kill(number, 0) != 0 && errno == ESRCH;
}

} // namespace

Error StateLock::openFailure(int number, const QByteArray& stateFolder) {
    return Error{number == ENOSPC || number == EDQUOT ? ErrorCode::NoSpace : ErrorCode::Denied,
                 "cannot open " + stateFolder + "/lock: " + std::strerror(number) + "; " + cureFor(number, stateFolder)};
}

Error StateLock::lockFailure(int number, const QByteArray& stateFolder, const QByteArray& holder) {
    if (number == EWOULDBLOCK)
        return Error{ErrorCode::Busy, "another Postern" + (holder.isEmpty() ? QByteArray() : " (process " + holder + ")") +
                                          " works on " + stateFolder +
                                          "; stop it with `posternctl stop`, or choose another --profile"};
    return Error{ErrorCode::Io, "cannot lock " + stateFolder + "/lock: " + std::strerror(number) +
                                    "; without a lock two gateways could send the same mail, and this file system gives "
                                    "none (a network folder?): choose a folder on a local disk (--state DIR)"};
}

Result<std::unique_ptr<StateLock>> StateLock::take(const QByteArray& stateFolder) {
    const QByteArray path = stateFolder + "/lock";
    const int fd = ::open(path.constData(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return openFailure(errno, stateFolder);
    int locked = ::flock(fd, LOCK_EX | LOCK_NB);
    QByteArray pid;
    for (int waited = 0; locked != 0; locked = ::flock(fd, LOCK_EX | LOCK_NB)) {
        if (errno == EINTR)
            continue;
        const int number = errno;
        char text[32] = {};
        const ssize_t n = ::pread(fd, text, sizeof text - 1, 0);
        pid = n > 0 ? QByteArray(text, n).trimmed() : QByteArray();
        // A child that was just being born when its gateway was killed holds it until its program begins.
        if (number == EWOULDBLOCK && isGone(pid) && waited++ < kMostWaitsForTheDead) {
            std::this_thread::sleep_for(kWaitForTheDead);
            continue;
        }
        ::close(fd);
        return lockFailure(number, stateFolder, pid);
    }
    pid = QByteArray::number(::getpid()) + "\n";
    if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.constData(), size_t(pid.size()), 0) != pid.size()) {
        // Only for people; the lock itself is held.
    }
    return std::unique_ptr<StateLock>(new StateLock(fd));
}

StateLock::~StateLock() {
    ::close(m_descriptor);
}

} // namespace postern::engine
