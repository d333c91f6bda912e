// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls/identity.h"

#include "base/log.h"
#include "base/secret.h"
#include "tls/tls_policy.h"

#include <QDateTime>
#include <QFile>
#include <QFileInfo>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace postern::tls {
namespace {

constexpr int kWarnDays = 30;
constexpr qint64 kMostBytes = 1024 * 1024; // no PEM file is larger

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Error refuse(ErrorCode code, QByteArray text) {
    return {code, std::move(text), Permanence::Permanent};
}

// what: "certificate" or "key".
Result<QByteArray> readPem(const QByteArray& path, const QByteArray& what) {
    const QByteArray file = what + " file " + harmless(path);
    const QFileInfo info(QFile::decodeName(path));
    if (path.isEmpty())
        return refuse(ErrorCode::NotFound, "no " + what + " file is given");
    if (info.isDir())
        return refuse(ErrorCode::Invalid, file + " is a folder; give the PEM file in it");
    if (!info.exists())
        return refuse(ErrorCode::NotFound, file + " does not exist");
    QFile device(info.filePath());
    if (!device.open(QIODevice::ReadOnly))
        return refuse(ErrorCode::Denied, file + " cannot be read (" + device.errorString().toUtf8() +
                                             "); the gateway's user needs read permission");
    if (info.size() > kMostBytes)
        return refuse(ErrorCode::Invalid, file + " is too large to be a PEM file");
    return device.readAll();
}

// Others who can read the key can be us; others who can write it can replace it.
Result<void> checkKeyPermissions(const QByteArray& path) {
    const QFile::Permissions mode = QFileInfo(QFile::decodeName(path)).permissions();
    constexpr QFile::Permissions tooOpen = QFile::ReadOther | QFile::WriteOther | QFile::ExeOther | QFile::WriteGroup;
    if (mode & tooOpen)
        return refuse(ErrorCode::Denied, "key file " + harmless(path) +
                                             " is open to other users; make it private (chmod 600) and, if others could "
                                             "read it, replace the key");
    return {};
}

int noPassphrase(char*, int, int, void*) {
    return -1;
}

Result<KeyPtr> parseKey(const QByteArray& pem, const QByteArray& path) {
    const QByteArray file = "key file " + harmless(path);
    if (pem.contains("ENCRYPTED"))
        return refuse(ErrorCode::Unsupported,
                      file + " is protected by a pass phrase; write it without one (openssl pkey -in FILE -out NEW)");
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.constData(), int(pem.size())), &BIO_free);
    KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &noPassphrase, nullptr), &EVP_PKEY_free);
    if (!key) {
        if (pem.contains("-----BEGIN CERTIFICATE-----"))
            return refuse(ErrorCode::Invalid, file + " holds a certificate but no private key");
        return refuse(ErrorCode::Invalid, file + " holds no private key in PEM form");
    }
    return key;
}

bool sameKey(const QSslCertificate& certificate, const EVP_PKEY* key) {
    const QByteArray der = certificate.toDer();
    const auto* at = reinterpret_cast<const unsigned char*>(der.constData());
    const std::unique_ptr<X509, decltype(&X509_free)> x509(d2i_X509(nullptr, &at, long(der.size())), &X509_free);
    return x509 && EVP_PKEY_eq(X509_get0_pubkey(x509.get()), key) == 1;
}

Result<QSslKey> toQtKey(const QByteArray& pem, const EVP_PKEY* key, const QByteArray& path) {
    const int type = EVP_PKEY_get_base_id(key);
    if (type == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) < 2048)
        return refuse(ErrorCode::Unsupported, "key file " + harmless(path) + " holds an RSA key of " +
                                                  QByteArray::number(EVP_PKEY_get_bits(key)) +
                                                  " bits; make one of at least 2048 bits, or an EC key");
    QSslKey qtKey;
    if (type == EVP_PKEY_RSA)
        qtKey = QSslKey(pem, QSsl::Rsa, QSsl::Pem, QSsl::PrivateKey);
    else if (type == EVP_PKEY_EC)
        qtKey = QSslKey(pem, QSsl::Ec, QSsl::Pem, QSsl::PrivateKey);
    if (qtKey.isNull())
        return refuse(ErrorCode::Unsupported, "key file " + harmless(path) + " holds a key of type " +
                                                  QByteArray(OBJ_nid2sn(type)) + "; use RSA or EC (P-256)");
    return qtKey;
}

QByteArray dayOf(const QDateTime& time) {
    return time.toUTC().date().toString(Qt::ISODate).toLatin1();
}

} // namespace

Result<LoadedIdentity> loadIdentity(const QByteArray& certFile, const QByteArray& keyFile) {
    const auto certPem = readPem(certFile, "certificate");
    if (!certPem)
        return certPem.error();
    const QByteArray certName = "certificate file " + harmless(certFile);
    const QList<QSslCertificate> chain = QSslCertificate::fromData(*certPem, QSsl::Pem);
    if (chain.isEmpty())
        return refuse(ErrorCode::Invalid, certName + " holds no certificate in PEM form");

    auto keyPem = readPem(keyFile, "key");
    if (!keyPem)
        return keyPem.error();
    if (const auto allowed = checkKeyPermissions(keyFile); !allowed)
        return allowed.error();
    const auto key = parseKey(*keyPem, keyFile);
    if (!key)
        return key.error();
    if (!sameKey(chain.first(), key->get()))
        return refuse(ErrorCode::Invalid, "key file " + harmless(keyFile) + " does not belong to the first certificate in " +
                                              harmless(certFile) + "; the server's own certificate must come first");
    const auto qtKey = toQtKey(*keyPem, key->get(), keyFile);
    wipe(*keyPem);
    if (!qtKey)
        return qtKey.error();

    const QDateTime now = QDateTime::currentDateTimeUtc();
    const QSslCertificate& own = chain.first();
    QByteArray notes;
    if (own.expiryDate() < now)
        notes = certName + " expired on " + dayOf(own.expiryDate()) + "; clients that check will refuse it";
    else if (own.effectiveDate() > now)
        notes = certName + " is not valid before " + dayOf(own.effectiveDate()) + "; check the computer's clock";
    else if (now.daysTo(own.expiryDate()) < kWarnDays)
        notes = certName + " expires on " + dayOf(own.expiryDate()) + "; renew it soon";
    return LoadedIdentity{std::make_shared<const Identity>(Identity{chain, *qtKey}), notes};
}

} // namespace postern::tls
