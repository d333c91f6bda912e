// SPDX-License-Identifier: GPL-3.0-or-later
#include "listener/password_hash.h"

#include <crypt.h>
#include <pwd.h>
#ifdef __linux__
#include <shadow.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace postern::listener {
namespace {

constexpr std::array<QByteArrayView, 8> kStrong{"$2a$", "$2b$", "$2y$", "$5$", "$6$", "$y$", "$gy$", "$7$"};

// bcrypt, cost 10: what a table without any example is pretended to hold.
constexpr char kDefaultExample[] = "$2b$10$abcdefghijklmnopqrstuuQCCh6BRCaIVqbbvgkqAjnuBCD0pjjRi";

struct WipedCrypt {
    crypt_data data{};
    ~WipedCrypt() {
        volatile char* at = reinterpret_cast<volatile char*>(&data);
        for (size_t i = 0; i < sizeof data; ++i)
            at[i] = 0;
    }
};

// Takes the same time wherever the difference is.
bool equal(const char* a, const char* b, size_t size) {
    unsigned difference = 0;
    for (size_t i = 0; i < size; ++i)
        difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
    return difference == 0;
}

bool isCryptText(QByteArrayView hash) {
    return std::all_of(hash.begin(), hash.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '/' ||
               c == '$';
    });
}

} // namespace

HashKind kindOfHash(QByteArrayView hash) {
    if (hash.startsWith('*') || hash.startsWith('!'))
        return HashKind::Locked;
    const bool strong = std::any_of(kStrong.begin(), kStrong.end(), [&](QByteArrayView p) { return hash.startsWith(p); });
    const bool printable = std::all_of(hash.begin(), hash.end(), [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
    // bcrypt has one length; the shortest other one is "$5$", an empty salt, "$" and 43 characters.
    const bool complete = hash.startsWith("$2") ? hash.size() == 60 : hash.size() >= 47;
    return strong && complete && printable ? HashKind::Usable : HashKind::Unusable;
}

QByteArray describeUnusable(QByteArrayView hash) {
    if (hash.startsWith("$1$"))
        return "an MD5 hash, which is too weak";
    if (hash.startsWith('{'))
        return "a hash with a {scheme}, which is not supported";
    if (std::any_of(kStrong.begin(), kStrong.end(), [&](QByteArrayView p) { return hash.startsWith(p); }))
        return "a damaged hash";
    if (hash.startsWith('$'))
        return "a hash of an unknown kind";
    if (hash.size() == 13 && isCryptText(hash))
        return "a DES hash, which is too weak, or plain text";
    return "not a password hash (plain text?)";
}

PasswordCheck verifyPassword(const Secret& password, const QByteArray& hash) {
    if (kindOfHash(hash) != HashKind::Usable)
        return PasswordCheck::CannotTell;
    const auto work = std::make_unique<WipedCrypt>(); // 32 KiB
    // A QByteArray ends in a NUL that is not counted, so the view does too; an empty one may have no bytes at all.
    const char* phrase = password.isEmpty() ? "" : password.expose().data();
    const char* computed = ::crypt_r(phrase, hash.constData(), &work->data);
    if (!computed || computed[0] == '*')
        return PasswordCheck::CannotTell; // this system's crypt does not know it
    const size_t size = std::strlen(computed);
    if (size != size_t(hash.size()))
        return PasswordCheck::CannotTell;
    return equal(computed, hash.constData(), size) ? PasswordCheck::Right : PasswordCheck::Wrong;
}

void pretendToVerify(const Secret& password, const QByteArray& example) {
    const bool fits = kindOfHash(example) == HashKind::Usable;
    (void)verifyPassword(password, fits ? example : QByteArray(kDefaultExample));
}

AccountHash hashOfAccount(const QByteArray& user) {
    using State = AccountHash::State;
    if (user.isEmpty() || user.contains('\0') || user.contains(':') || user.contains('/'))
        return {State::NoSuchUser, {}};
    std::array<char, 16 * 1024> room{};
    passwd account{};
    passwd* found = nullptr;
    const int failed = ::getpwnam_r(user.constData(), &account, room.data(), room.size(), &found);
    if (!found)
        return {failed == 0 || failed == ENOENT || failed == ESRCH ? State::NoSuchUser : State::Failed, {}};
    const QByteArray inEntry = found->pw_passwd;
    if (inEntry != "x" && inEntry != "*" && !inEntry.isEmpty())
        return {State::Found, inEntry};
#ifdef __linux__
    spwd shadow{};
    spwd* entry = nullptr;
    const int number = ::getspnam_r(user.constData(), &shadow, room.data(), room.size(), &entry);
    if (!entry) // also what a user who may not read it hears, with or without an error
        return {number == EACCES || ::geteuid() != 0 ? State::NotPermitted : State::NoSuchUser, {}};
    return {State::Found, entry->sp_pwdp};
#else
    return {State::NotPermitted, {}};
#endif
}

} // namespace postern::listener
