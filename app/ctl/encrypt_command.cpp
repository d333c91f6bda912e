// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"
#include "ctl/commands.h"

#include "base/secret.h"

#include <cstdio>
#include <memory>

#include <crypt.h>

namespace postern::ctl {
namespace {

// SHA-512 crypt with a random salt: every crypt(3) and every OpenSMTPD on Linux reads it.
QByteArray hashOf(const QByteArray& password) {
    char salt[CRYPT_GENSALT_OUTPUT_SIZE];
    if (!::crypt_gensalt_rn("$6$", 0, nullptr, 0, salt, sizeof salt))
        return {};
    const auto work = std::make_unique<crypt_data>();
    const char* hash = ::crypt_r(password.constData(), salt, work.get());
    return hash && hash[0] == '$' ? QByteArray(hash) : QByteArray();
}

bool print(QByteArray password) {
    const QByteArray hash = hashOf(password);
    wipe(password);
    if (hash.isEmpty()) {
        complain("this system's crypt(3) cannot make a hash of it");
        return false;
    }
    out(hash);
    return true;
}

} // namespace

int encryptCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {}, {"--profile", "--state", "-f"});
    if (arguments.words().size() > 1)
        throw UsageError{"encrypt takes one word; quote a password with blanks"};
    if (!arguments.words().isEmpty())
        return print(arguments.words().first()) ? kGood : kErrorsFound;
    char line[1024];
    while (std::fgets(line, sizeof line, stdin)) {
        QByteArray password(line);
        while (password.endsWith('\n') || password.endsWith('\r'))
            password.chop(1);
        if (!print(std::move(password)))
            return kErrorsFound;
    }
    return kGood;
}

} // namespace postern::ctl
