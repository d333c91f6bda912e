// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/lookup_rules.h"

#include "tables/netaddr.h"

#include <algorithm>

namespace postern::tables {
namespace {

bool isLineBreaking(char c) {
    return c == '\0' || c == '\r' || c == '\n';
}

bool isPrintable(char c) {
    return c > ' ' && c != 0x7f;
}

bool isNumber(const QByteArray& text) {
    constexpr qulonglong kMost = 0xfffffffe; // (uid_t)-1 means "nobody" to the calls that take one
    bool isOne = false;
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
           text.toULongLong(&isOne) <= kMost && isOne;
}

// uid:gid:/home, or with a name ahead as until 2014.
bool isUserinfo(const QByteArray& value) {
    QByteArrayList fields = value.split(':');
    if (fields.size() == 4 && !fields[0].isEmpty() && !isNumber(fields[0]))
        fields.removeFirst();
    return fields.size() == 3 && isNumber(fields[0]) && isNumber(fields[1]) && fields[2].startsWith('/');
}

bool isCredentials(const QByteArray& value) {
    const qsizetype colon = value.indexOf(':');
    return value.size() >= 3 && colon != 0 && colon != value.size() - 1;
}

bool isAddress(const QByteArray& value) {
    const auto address = Netaddr::parse(value);
    return address && address->isSingle();
}

bool isHostName(const QByteArray& value) {
    return !value.isEmpty() && value.size() <= 255 && std::all_of(value.begin(), value.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
               c == '[' || c == ']' || c == ':';
    });
}

// What the value should have been; "" = it is.
QByteArray missed(Service service, const QByteArray& value) {
    switch (service) {
    case Service::Userinfo:
        return isUserinfo(value) ? "" : "uid:gid:/home";
    case Service::Credentials:
        return isCredentials(value) ? "" : "user:password, neither of them empty";
    case Service::Source:
        return isAddress(value) ? "" : "an address of this computer";
    case Service::Addrname:
        return isHostName(value) ? "" : "a host name";
    case Service::Relayhost:
        return !value.isEmpty() && std::all_of(value.begin(), value.end(), isPrintable) ? "" : "a relay URL";
    case Service::Alias:
        return !value.trimmed().isEmpty() ? "" : "a list of recipients";
    case Service::Mailaddrmap:
        return !value.trimmed().isEmpty() ? "" : "a list of addresses";
    case Service::Domain:
    case Service::Netaddr:
    case Service::Mailaddr:
    case Service::String:
    case Service::Regex:
        return {};
    }
    return {};
}

Error wrong(QByteArray text) {
    return {ErrorCode::Corrupt, std::move(text), Permanence::Temporary};
}

} // namespace

bool isMatchService(Service service) {
    switch (service) {
    case Service::Domain:
    case Service::Netaddr:
    case Service::Mailaddr:
    case Service::String:
    case Service::Regex:
        return true;
    case Service::Alias:
    case Service::Credentials:
    case Service::Userinfo:
    case Service::Source:
    case Service::Addrname:
    case Service::Mailaddrmap:
    case Service::Relayhost:
        return false;
    }
    return false;
}

Result<QByteArray> askedKey(const QByteArray& key) {
    if (key.size() > kLongestKey)
        return Error{ErrorCode::Invalid, "the key is longer than 1023 octets", Permanence::Temporary};
    if (std::any_of(key.begin(), key.end(), isLineBreaking))
        return Error{ErrorCode::Invalid, "the key holds a line end or a NUL", Permanence::Temporary};
    return key.toLower();
}

Result<QByteArray> takenValue(Service service, QByteArray value) {
    if (value.size() > kLongestValue)
        return wrong("the value is larger than 64 KiB");
    if (std::any_of(value.begin(), value.end(), isLineBreaking))
        return wrong("the value holds a line end or a NUL");
    if (const QByteArray wanted = missed(service, value); !wanted.isEmpty())
        return wrong("the value is not " + wanted);
    return value;
}

} // namespace postern::tables
