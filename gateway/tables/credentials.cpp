// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/credentials.h"

namespace postern::tables {
namespace {

struct Halves {
    QByteArrayView user, rest;
};

Result<Halves> split(const QByteArray& name, QByteArrayView value) {
    const auto invalid = [&](const char* what) {
        return Error{ErrorCode::Invalid, "credentials of " + name + ": " + what, Permanence::Temporary};
    };
    if (value.size() < 3)
        return invalid("the value is shorter than three characters");
    const qsizetype colon = value.indexOf(':');
    if (colon < 0)
        return Halves{name, value};
    if (colon == 0)
        return invalid("nothing before the colon; write user:password");
    if (colon == value.size() - 1)
        return invalid("nothing behind the colon; write user:password");
    return Halves{value.first(colon), value.sliced(colon + 1)};
}

} // namespace

Result<RelayLogin> parseRelayCredentials(const QByteArray& label, QByteArrayView value) {
    Result<Halves> halves = split(label, value);
    if (!halves)
        return halves.error();
    return RelayLogin{halves->user.toByteArray(), Secret(halves->rest.toByteArray())};
}

Result<ListenerLogin> parseListenerCredentials(const QByteArray& user, QByteArrayView value) {
    Result<Halves> halves = split(user, value);
    if (!halves)
        return halves.error();
    return ListenerLogin{halves->user.toByteArray(), halves->rest.toByteArray()};
}

} // namespace postern::tables
