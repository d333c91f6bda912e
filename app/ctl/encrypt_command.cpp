// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"
#include "ctl/commands.h"

#include "base/secret.h"

#include <QJsonArray>

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

// Hashes as they come, or all of them as one JSON array. The password is wiped.
struct Hashes {
    bool asJson = false;
    QJsonArray all = {};

    bool add(QByteArray password) {
        const QByteArray hash = hashOf(password);
        wipe(password);
        if (hash.isEmpty())
            return false;
        if (asJson)
            all.append(QString::fromLatin1(hash));
        else
            out(hash);
        return true;
    }
};

} // namespace

int encryptCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json"}, {"--profile", "--state", "-f"});
    if (arguments.words().size() > 1)
        throw UsageError{"encrypt takes one word; quote a password with blanks"};
    Hashes hashes{arguments.has("--json")};
    bool isGood = true;
    if (!arguments.words().isEmpty()) {
        isGood = hashes.add(arguments.words().first());
    } else {
        char line[1024];
        while (isGood && std::fgets(line, sizeof line, stdin)) {
            QByteArray password(line);
            if (!password.endsWith('\n') && !std::feof(stdin))
                return refuse(hashes.asJson, "a password has at most 1022 octets");
            while (password.endsWith('\n') || password.endsWith('\r'))
                password.chop(1);
            isGood = hashes.add(std::move(password));
        }
    }
    if (!isGood)
        return refuse(hashes.asJson, "this system's crypt(3) cannot make a hash of it");
    if (hashes.asJson)
        outJson(hashes.all);
    return kGood;
}

} // namespace postern::ctl
