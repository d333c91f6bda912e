// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls/server_rules.h"

#include "base/log.h"
#include "tls/cipher_choice.h"
#include "tls/tls_policy.h"

#include <QFile>

#include <algorithm>
#include <memory>

using namespace Qt::StringLiterals;

namespace postern::tls {
namespace {

constexpr qint64 kMostBytes = 64 * 1024; // of a parameter file

Result<QSslDiffieHellmanParameters> parametersFrom(const QByteArray& path) {
    const auto refused = [&](const QByteArray& why) {
        return Error{ErrorCode::Invalid, "Diffie-Hellman parameters in " + harmless(path) + " " + why, Permanence::Permanent};
    };
    QFile file(QFile::decodeName(path));
    if (!file.open(QIODevice::ReadOnly))
        return refused("cannot be read: " + file.errorString().toUtf8());
    const auto parameters = QSslDiffieHellmanParameters::fromEncoded(file.read(kMostBytes), QSsl::Pem);
    switch (parameters.error()) {
    case QSslDiffieHellmanParameters::NoError:
        break;
    case QSslDiffieHellmanParameters::InvalidInputDataError:
        return refused("cannot be understood; make some with: openssl dhparam -out FILE 2048");
    case QSslDiffieHellmanParameters::UnsafeParametersError:
        return refused("are not safe (1024 bits are too few); make some with: openssl dhparam -out FILE 2048");
    }
    if (parameters.isEmpty())
        return refused("are empty; make some with: openssl dhparam -out FILE 2048");
    return parameters;
}

} // namespace

Result<ServerRulesPtr> makeServerRules(const ServerWords& words) {
    auto rules = std::make_shared<ServerRules>();
    const auto protocol = chosenProtocol(words.tls12, words.tls13);
    if (!protocol)
        return protocol.error();
    rules->protocol = *protocol;
    auto ciphers = chosenCiphers(words.ciphers);
    if (!ciphers)
        return ciphers.error();
    rules->ciphers = std::move(ciphers).value();
    if (words.dhe == ServerWords::Dhe::Off)
        rules->ciphers.removeIf([](const QSslCipher& cipher) { return isFiniteField(cipher); });
    if (rules->ciphers.isEmpty() || (!words.tls13 && std::all_of(rules->ciphers.begin(), rules->ciphers.end(), isTls13)))
        return Error{ErrorCode::Invalid,
                     "ciphers \"" + harmless(words.ciphers, 200) + "\" need Diffie-Hellman parameters, and dhe is none; "
                     "add dhe auto to the pki, or choose others",
                     Permanence::Permanent};
    rules->diffieHellman = QSslDiffieHellmanParameters::defaultParameters();
    if (words.dhe == ServerWords::Dhe::On && !words.dhFile.isEmpty()) {
        const auto parameters = parametersFrom(words.dhFile);
        if (!parameters)
            return parameters.error();
        rules->diffieHellman = *parameters;
    }
    return ServerRulesPtr(std::move(rules));
}

} // namespace postern::tls
