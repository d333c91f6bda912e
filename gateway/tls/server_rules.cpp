// SPDX-License-Identifier: GPL-3.0-or-later
//
// A choice of ciphers is OpenSSL's own little language, so OpenSSL works it out; what comes of it is only ever a part of
// usableCiphers(). It says nothing about TLS 1.3, whose suites are all good and stay.
#include "tls/server_rules.h"

#include "base/log.h"
#include "tls/tls_policy.h"

#include <QFile>
#include <QSslConfiguration>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <memory>

using namespace Qt::StringLiterals;

namespace postern::tls {
namespace {

constexpr qint64 kMostBytes = 64 * 1024; // of a parameter file

bool isTls13(const QSslCipher& cipher) {
    return cipher.keyExchangeMethod() == "any"_L1;
}

QList<QSslCipher> secureCiphers() {
    QList<QSslCipher> secure = usableCiphers();
    secure.removeIf([](const QSslCipher& cipher) { return !isForwardSecret(cipher); });
    return secure;
}

// The suites for TLS 1.2 that the expression means, as OpenSSL orders them.
Result<QList<QSslCipher>> chosenBy(const QByteArray& expression) {
    const auto refused = [&](const QByteArray& why) {
        return Error{ErrorCode::Invalid, "ciphers \"" + harmless(expression, 200) + "\": " + why, Permanence::Permanent};
    };
    if (expression.contains('\0') || expression.size() > 4096)
        return refused("that is no choice of ciphers");
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
    const bool understood = context && SSL_CTX_set_cipher_list(context.get(), expression.constData()) == 1;
    ERR_clear_error(); // else the next handshake on this thread would be blamed for it
    if (!understood)
        return refused("OpenSSL knows no cipher of that description (openssl ciphers shows what a description means)");
    const QList<QSslCipher> usable = usableCiphers();
    QList<QSslCipher> chosen;
    const STACK_OF(SSL_CIPHER)* list = SSL_CTX_get_ciphers(context.get());
    for (int i = 0; i < sk_SSL_CIPHER_num(list); ++i) {
        const auto name = QString::fromLatin1(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(list, i)));
        const auto found = std::find_if(usable.begin(), usable.end(),
                                        [&](const QSslCipher& cipher) { return cipher.name() == name && !isTls13(cipher); });
        if (found != usable.end())
            chosen.append(*found);
    }
    if (chosen.isEmpty())
        return refused("nothing is left of it but ciphers that are too weak to be used");
    return chosen;
}

// libtls' words for choices; the wider ones bring nothing back that is broken.
bool isWordFor(const QByteArray& ciphers, std::initializer_list<const char*> words) {
    return std::any_of(words.begin(), words.end(), [&](const char* word) { return ciphers == word; });
}

Result<QList<QSslCipher>> ciphersFor(const QByteArray& words) {
    if (isWordFor(words, {"", "secure", "default"}))
        return secureCiphers();
    if (isWordFor(words, {"compat", "legacy", "insecure", "all"}))
        return usableCiphers();
    auto chosen = chosenBy(words);
    if (!chosen)
        return chosen;
    QList<QSslCipher> all = usableCiphers();
    all.removeIf([](const QSslCipher& cipher) { return !isTls13(cipher); });
    return all + *chosen;
}

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

QList<QSslCipher> usableCiphers() {
    static const QList<QSslCipher> usable = [] {
        QList<QSslCipher> sealed, others;
        const QList<QSslCipher> supported = QSslConfiguration::supportedCiphers();
        for (const QSslCipher& cipher : supported) {
            const QString authentication = cipher.authenticationMethod();
            const QString name = cipher.name();
            const bool certified =
                authentication == "RSA"_L1 || authentication == "ECDSA"_L1 || authentication == "any"_L1;
            const bool preShared = cipher.keyExchangeMethod().contains("PSK"_L1);
            if (!certified || preShared || cipher.usedBits() < 128 || name.contains("RC4"_L1) || name.contains("3DES"_L1) ||
                name.contains("MD5"_L1) || name.contains("NULL"_L1))
                continue;
            const bool aead = name.contains("GCM"_L1) || name.contains("CHACHA20"_L1) || name.contains("CCM"_L1);
            (aead ? sealed : others).append(cipher);
        }
        return sealed + others;
    }();
    return usable;
}

bool isForwardSecret(const QSslCipher& cipher) {
    const QString exchange = cipher.keyExchangeMethod();
    return exchange == "ECDH"_L1 || exchange == "DH"_L1 || exchange == "any"_L1;
}

bool isFiniteField(const QSslCipher& cipher) {
    return cipher.keyExchangeMethod() == "DH"_L1;
}

Result<ServerRulesPtr> makeServerRules(const ServerWords& words) {
    auto rules = std::make_shared<ServerRules>();
    if (!words.tls12 && !words.tls13)
        return Error{ErrorCode::Invalid, "no protocol is left: TLS 1.2 and 1.3 are what there is", Permanence::Permanent};
    rules->protocol = words.tls12 && words.tls13 ? QSsl::TlsV1_2OrLater : words.tls13 ? QSsl::TlsV1_3 : QSsl::TlsV1_2;
    const auto ciphers = ciphersFor(words.ciphers);
    if (!ciphers)
        return ciphers.error();
    rules->ciphers = *ciphers;
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
