// SPDX-License-Identifier: GPL-3.0-or-later
#include "stories/support/keychain_session.h"

#include <QDBusConnection>
#include <QDBusConnectionInterface>
#include <QDBusMessage>
#include <QDBusObjectPath>
#include <QDBusVariant>
#include <QDeadlineTimer>
#include <QDir>
#include <QFile>
#include <QThread>

using namespace Qt::StringLiterals;

namespace postern::test {
namespace {

const QString kConnection = u"postern-story"_s;
const QString kSecrets = u"org.freedesktop.secrets"_s;
const QString kKeyring = u"/org/freedesktop/secrets/collection/login"_s;
constexpr int kPatience = 20'000; // ms

// Nothing is started because somebody asks for it, and nobody else is let in.
QByteArray busConfig(const QString& socket) {
    return "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" "
           "\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
           "<busconfig><type>session</type><listen>unix:path=" + QFile::encodeName(socket) +
           "</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>"
           "<allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>\n";
}

void end(std::unique_ptr<QProcess>& process) {
    if (process && process->state() != QProcess::NotRunning) {
        process->kill();
        process->waitForFinished(kPatience);
    }
    process.reset();
}

// Is the keyring there, and not locked?
bool isOpen() {
    const QDBusConnection bus = QDBusConnection::connectToBus(qEnvironmentVariable("DBUS_SESSION_BUS_ADDRESS"), kConnection);
    bool open = false;
    if (bus.isConnected() && bus.interface()->isServiceRegistered(kSecrets)) {
        QDBusMessage get = QDBusMessage::createMethodCall(kSecrets, kKeyring, u"org.freedesktop.DBus.Properties"_s, u"Get"_s);
        get.setArguments({u"org.freedesktop.Secret.Collection"_s, u"Locked"_s});
        const QDBusMessage reply = bus.call(get);
        open = reply.type() == QDBusMessage::ReplyMessage &&
               !reply.arguments().value(0).value<QDBusVariant>().variant().toBool();
    }
    QDBusConnection::disconnectFromBus(kConnection);
    return open;
}

} // namespace

KeychainSession::KeychainSession() {
    qputenv("HOME", QFile::encodeName(m_folder.path()));
    qputenv("XDG_DATA_HOME", QFile::encodeName(m_folder.filePath(u"share"_s)));
    qputenv("XDG_RUNTIME_DIR", QFile::encodeName(m_folder.filePath(u"run"_s)));
    qputenv("DBUS_SESSION_BUS_ADDRESS", QFile::encodeName(u"unix:path="_s + m_folder.filePath(u"bus"_s)));
    qunsetenv("XDG_CURRENT_DESKTOP");
    qunsetenv("DISPLAY");
    QDir(m_folder.path()).mkpath(u"share/keyrings"_s);
    QDir(m_folder.path()).mkpath(u"run"_s);
    QFile::setPermissions(m_folder.filePath(u"run"_s), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
}

KeychainSession::~KeychainSession() {
    end(m_keyring);
    end(m_bus);
}

QByteArray KeychainSession::startBus() {
    QFile config(m_folder.filePath(u"bus.conf"_s));
    if (!config.open(QIODevice::WriteOnly) || config.write(busConfig(m_folder.filePath(u"bus"_s))) < 0)
        return "cannot write the configuration of the bus";
    config.close();
    QFile::remove(m_folder.filePath(u"bus"_s));
    m_bus = std::make_unique<QProcess>();
    m_bus->setProcessChannelMode(QProcess::MergedChannels);
    m_bus->start(u"dbus-daemon"_s, {u"--nofork"_s, u"--print-address"_s, u"--config-file="_s + config.fileName()});
    // It says where it listens once it does.
    const QDeadlineTimer deadline(kPatience);
    QByteArray said;
    while (!said.contains("unix:path=") && !deadline.hasExpired() && m_bus->waitForReadyRead(1000))
        said += m_bus->readAll();
    return said.contains("unix:path=") ? QByteArray() : "dbus-daemon did not start (package dbus-daemon): " + said;
}

QByteArray KeychainSession::startKeyring() {
    m_keyring = std::make_unique<QProcess>();
    m_keyring->setProcessChannelMode(QProcess::MergedChannels);
    m_keyring->start(u"gnome-keyring-daemon"_s, {u"--foreground"_s, u"--unlock"_s, u"--components=secrets"_s});
    if (!m_keyring->waitForStarted(kPatience))
        return "gnome-keyring-daemon did not start (package gnome-keyring)";
    m_keyring->write("of no use elsewhere");
    m_keyring->closeWriteChannel();
    for (const QDeadlineTimer deadline(kPatience); !isOpen(); QThread::msleep(20))
        if (deadline.hasExpired() || m_keyring->waitForFinished(0))
            return "gnome-keyring-daemon keeps no secrets: " + m_keyring->readAll();
    return {};
}

bool KeychainSession::lock() {
    const QDBusConnection bus = QDBusConnection::connectToBus(qEnvironmentVariable("DBUS_SESSION_BUS_ADDRESS"), kConnection);
    QDBusMessage call = QDBusMessage::createMethodCall(kSecrets, u"/org/freedesktop/secrets"_s, u"org.freedesktop.Secret.Service"_s,
                                                       u"Lock"_s);
    call.setArguments({QVariant::fromValue(QList<QDBusObjectPath>{QDBusObjectPath(kKeyring)})});
    const bool isDone = bus.call(call).type() == QDBusMessage::ReplyMessage;
    QDBusConnection::disconnectFromBus(kConnection);
    return isDone && !isOpen();
}

QByteArray KeychainSession::unlock() {
    stopKeyring();
    return startKeyring();
}

void KeychainSession::stopKeyring() {
    end(m_keyring);
}

void KeychainSession::stopBus() {
    end(m_bus);
}

} // namespace postern::test
