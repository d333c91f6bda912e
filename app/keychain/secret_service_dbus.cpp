// SPDX-License-Identifier: GPL-3.0-or-later
#include "secret_service.h"

#include "base/log.h"

#include <QDBusConnection>
#include <QDBusConnectionInterface>
#include <QDBusInterface>
#include <QDBusMetaType>
#include <QDBusReply>
#include <QFileInfo>
#include <QMap>

using namespace Qt::StringLiterals;

namespace postern::keychain {
namespace {

using Attributes = QMap<QString, QString>;

const QString kName = u"org.freedesktop.secrets"_s;
const QString kService = u"org.freedesktop.Secret.Service"_s;
const QString kRoot = u"/org/freedesktop/secrets"_s;

Answer noService(const QString& why) {
    return {State::NoService, {}, harmless(why.toUtf8(), 200)};
}

// Nobody's bus is started only because we look for one.
bool hasAddress() {
    return qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS") ||
           QFileInfo::exists(qEnvironmentVariable("XDG_RUNTIME_DIR") + u"/bus"_s);
}

bool knows(const QDBusConnection& bus, const QStringList& names) {
    const QStringList running = bus.interface()->registeredServiceNames();
    const QStringList startable = bus.interface()->activatableServiceNames();
    return std::any_of(names.begin(), names.end(),
                       [&](const QString& name) { return running.contains(name) || startable.contains(name); });
}

QDBusMessage call(const QDBusConnection& bus, const QString& path, const QString& interface, const QString& method,
                  const QVariantList& arguments) {
    QDBusMessage message = QDBusMessage::createMethodCall(kName, path, interface, method);
    message.setArguments(arguments);
    return bus.call(message);
}

// Is the keyring that takes new entries locked? One that does not exist yet is, too: it wants a password first.
bool isDefaultLocked(const QDBusConnection& bus, QByteArray& why) {
    const QDBusMessage alias = call(bus, kRoot, kService, u"ReadAlias"_s, {u"default"_s});
    const auto path = alias.arguments().value(0).value<QDBusObjectPath>().path();
    if (path.isEmpty() || path == "/"_L1) {
        why = "it has no keyring yet";
        return true;
    }
    const QDBusMessage locked = call(bus, path, u"org.freedesktop.DBus.Properties"_s, u"Get"_s,
                                     {u"org.freedesktop.Secret.Collection"_s, u"Locked"_s});
    return locked.arguments().value(0).value<QDBusVariant>().variant().toBool();
}

} // namespace

std::optional<Answer> lookAhead(const Question& question) {
    if (!hasAddress())
        return noService(u"there is no session bus"_s);
    qDBusRegisterMetaType<Attributes>();
    const QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected())
        return noService(bus.lastError().message());
    if (!knows(bus, {kName})) {
        if (knows(bus, {u"org.kde.kwalletd5"_s, u"org.kde.kwalletd6"_s}))
            return std::nullopt; // the library knows it by its own interface
        return noService(u"no program on the session bus keeps secrets"_s);
    }
    const Attributes ours{{u"user"_s, QString::fromUtf8(question.name)}, {u"server"_s, u"Postern"_s}};
    const QDBusMessage found = call(bus, kRoot, kService, u"SearchItems"_s, {QVariant::fromValue(ours)});
    if (found.type() == QDBusMessage::ErrorMessage)
        return noService(found.errorMessage());
    const auto open = qdbus_cast<QList<QDBusObjectPath>>(found.arguments().value(0));
    const auto locked = qdbus_cast<QList<QDBusObjectPath>>(found.arguments().value(1));
    const bool isWrite = question.verb == Verb::Write;
    if (!open.isEmpty() && !isWrite)
        return std::nullopt;
    QByteArray why;
    const bool isLocked = isDefaultLocked(bus, why) || (open.isEmpty() && !locked.isEmpty());
    if (isLocked)
        return question.mayAsk ? std::nullopt : std::optional(Answer{State::Locked, {}, why});
    return isWrite ? std::nullopt : std::optional(Answer{State::NotFound, {}, {}});
}

} // namespace postern::keychain
