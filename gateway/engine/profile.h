// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where one gateway keeps its things, and the lock that makes it the only one there.
//
// Folder: smtpd.conf, tables/, queue/ (database, contents, control socket), postern.ini, logs/. `run --state DIR` moves queue/.
// Thread: the one that made it. Spec: DESIGN of the profile folder in ARCHITECTURE.md.
#pragma once

#include "base/file_store.h"

#include <QByteArray>
#include <QByteArrayList>

#include <memory>

namespace postern::engine {

struct Profile {
    QByteArray folder;     // "" when only -f and --state were given
    QByteArray configFile;
    QByteArray stateFolder;

    QByteArray settingsFile() const; // postern.ini
    QByteArrayList nameServers() const; // its resolver/servers: "192.0.2.53", "192.0.2.53@5353"; empty = the system's
    QByteArray mailFolder() const; // its local/mailFolder: where mboxes of users are; "" = /var/mail
    QByteArray logFolder() const; // logs/ of the profile; beside the queue if that lies elsewhere (--state)
    QByteArray socketPath() const;   // control socket; may lie outside when the folder's path is too long for a socket

    // What its secrets are called in the system's keychain, which is one for all profiles of a user: of the login with that
    // label, and of the key of its encrypted queue.
    QByteArray keychainName(const QByteArray& label) const;
    QByteArray queueKeyName() const;

    QByteArray submissionPath() const; // SMTP for programs of this computer, beside the control socket

    // The platform's application-data folder, or /var/lib/postern with /etc/postern/smtpd.conf for a system service (root,
    // and that configuration exists).
    static Profile platformDefault();
    static Profile at(const QByteArray& folder);
};

// Are the folders, as far as they are there, ours alone? Error: others may write in them (C03), or they belong to another user
// and we are root, who would leave files there that this user could not use (K07).
Result<void> checkFolders(const Profile& profile);

// Error: the queue's folder is another user's and shut to us, so what we don't see there may be there all the same (K07).
Result<void> mayLookInto(const Profile& profile);

// Who owns `file` (or what it leads to), if that is neither root nor the user that runs us; else "" (C03).
QByteArray foreignOwner(const QByteArray& file);

// From now on whatever this process makes is for its user alone, whatever umask it was started with (C08). The process's.
void keepNewFilesPrivate();

// Creates the folders and, if there is no configuration yet, the default one, which catches mail on loopback.
Result<void> prepare(FileStore& files, const Profile& profile);
QByteArray defaultConfiguration();

// A kernel lock held for life: two engines never work on one queue, also not after a kill (the kernel lets go).
class StateLock {
  public:
    static Result<std::unique_ptr<StateLock>> take(const QByteArray& stateFolder);
    ~StateLock();

    // What take() says when opening or locking the file fails with that errno; holder = process number in it, "" if none.
    static Error openFailure(int number, const QByteArray& stateFolder);
    static Error lockFailure(int number, const QByteArray& stateFolder, const QByteArray& holder);

  private:
    explicit StateLock(int descriptor) : m_descriptor(descriptor) {}
    int m_descriptor;
};

} // namespace postern::engine
