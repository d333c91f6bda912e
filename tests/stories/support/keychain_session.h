// SPDX-License-Identifier: GPL-3.0-or-later
//
// A desktop session of its own for a story: a private D-Bus and, on it, a real GNOME Keyring with a folder of its own. The
// processes that the test starts afterwards find it by their environment.
//
// Thread: the test's. Lifetime: ends its processes. Without the packages (dbus-daemon, gnome-keyring) start() says why.
#pragma once

#include <QByteArray>
#include <QProcess>
#include <QTemporaryDir>

#include <memory>

namespace postern::test {

class KeychainSession {
  public:
    KeychainSession();
    ~KeychainSession();

    QByteArray startBus();     // "" = good; nothing keeps secrets on it yet
    QByteArray startKeyring(); // unlocked, and answering when this returns
    bool lock();               // what a screen lock or a new sign-in leaves
    QByteArray unlock();       // by starting it anew with the password, as a sign-in does
    void stopKeyring();
    void stopBus();

  private:
    QTemporaryDir m_folder;
    std::unique_ptr<QProcess> m_bus, m_keyring;
};

} // namespace postern::test
