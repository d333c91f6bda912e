// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls/cipher_choice.h"

#include "base/log.h"

#include <QSslConfiguration>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <initializer_list>
#include <memory>

using namespace Qt::StringLiterals;

namespace postern::tls {
namespace {

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

QList<QSslCipher> secureCiphers() {
    QList<QSslCipher> secure = usableCiphers();
    secure.removeIf([](const QSslCipher& cipher) { return !isForwardSecret(cipher); });
    return secure;
}

bool isTls13(const QSslCipher& cipher) {
    return cipher.keyExchangeMethod() == "any"_L1;
}

bool isForwardSecret(const QSslCipher& cipher) {
    const QString exchange = cipher.keyExchangeMethod();
    return exchange == "ECDH"_L1 || exchange == "DH"_L1 || exchange == "any"_L1;
}

bool isFiniteField(const QSslCipher& cipher) {
    return cipher.keyExchangeMethod() == "DH"_L1;
}

Result<QList<QSslCipher>> chosenCiphers(const QByteArray& words) {
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

Result<QSsl::SslProtocol> chosenProtocol(bool tls12, bool tls13) {
    if (tls12 && tls13)
        return QSsl::TlsV1_2OrLater;
    if (tls13)
        return QSsl::TlsV1_3;
    if (tls12)
        return QSsl::TlsV1_2;
    return Error{ErrorCode::Invalid, "no protocol is left: TLS 1.2 and 1.3 are what there is", Permanence::Permanent};
}

} // namespace postern::tls
