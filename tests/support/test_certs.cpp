// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test_certs.h"

#include <QFile>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace postern::test {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using CertPtr = std::unique_ptr<X509, decltype(&X509_free)>;

KeyPtr makeKey(KeyKind kind) {
    EVP_PKEY* key = nullptr;
    switch (kind) {
    case KeyKind::EcP256: key = EVP_EC_gen("P-256"); break;
    case KeyKind::Rsa2048: key = EVP_RSA_gen(2048); break;
    case KeyKind::Rsa1024: key = EVP_RSA_gen(1024); break;
    case KeyKind::Ed25519: key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"); break;
    }
    return KeyPtr(key, &EVP_PKEY_free);
}

void extend(X509* cert, X509* issuer, int nid, const QByteArray& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.constData());
    if (!extension)
        qFatal("certificate extension %s", value.constData());
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
}

CertPtr makeCert(const QByteArray& name, int serial, int fromDays, int toDays, EVP_PKEY* key) {
    CertPtr cert(X509_new(), &X509_free);
    X509_set_version(cert.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), long(fromDays) * 86400);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), long(toDays) * 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.constData()), int(name.size()), -1, 0);
    X509_set_pubkey(cert.get(), key);
    return cert;
}

template <class Write>
QByteArray pemOf(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
    if (write(bio.get()) != 1)
        qFatal("PEM");
    char* at = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &at);
    return QByteArray(at, size);
}

void writeFile(const QByteArray& path, const QByteArray& bytes) {
    QFile file(QFile::decodeName(path));
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() ||
        !file.setPermissions(QFile::ReadOwner | QFile::WriteOwner))
        qFatal("cannot write %s", path.constData());
}

// Octet by octet: OpenSSL's text form would end a name at a NUL.
void addNames(X509* cert, const CertificateRequest& request) {
    if (request.dnsNames.isEmpty() && request.addresses.isEmpty())
        return;
    GENERAL_NAMES* const names = sk_GENERAL_NAME_new_null();
    const auto add = [names](int type, void* value) {
        GENERAL_NAME* const name = GENERAL_NAME_new();
        GENERAL_NAME_set0_value(name, type, value);
        sk_GENERAL_NAME_push(names, name);
    };
    for (const QByteArray& dns : request.dnsNames) {
        ASN1_IA5STRING* const text = ASN1_IA5STRING_new();
        ASN1_STRING_set(text, dns.constData(), int(dns.size()));
        add(GEN_DNS, text);
    }
    for (const QByteArray& address : request.addresses)
        add(GEN_IPADD, a2i_IPADDRESS(address.constData()));
    X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0);
    sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
}

} // namespace

struct TestCerts::Authority {
    KeyPtr key{nullptr, &EVP_PKEY_free};
    CertPtr cert{nullptr, &X509_free};
};

TestCerts::TestCerts(const QByteArray& caName) : m_authority(std::make_unique<Authority>()) {
    m_authority->key = makeKey(KeyKind::EcP256);
    m_authority->cert = makeCert(caName, m_serial++, -100, 3650, m_authority->key.get());
    X509* cert = m_authority->cert.get();
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE");
    extend(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign");
    extend(cert, cert, NID_subject_key_identifier, "hash");
    X509_sign(cert, m_authority->key.get(), EVP_sha256());
    writeFile(caFile(), pemOf([&](BIO* bio) { return PEM_write_bio_X509(bio, cert); }));
}

TestCerts::~TestCerts() = default;

QByteArray TestCerts::folder() const {
    return QFile::encodeName(m_folder.path());
}

QByteArray TestCerts::caFile() const {
    return folder() + "/ca.pem";
}

CertificateFiles TestCerts::issue(const CertificateRequest& request) {
    const KeyPtr key = makeKey(request.key);
    const QByteArray commonName =
        !request.commonName.isEmpty() || request.dnsNames.isEmpty() ? request.commonName : request.dnsNames.first();
    const CertPtr cert = makeCert(commonName, m_serial, request.validFromDays, request.validToDays, key.get());
    X509* issuer = request.selfSigned ? cert.get() : m_authority->cert.get();
    X509_set_issuer_name(cert.get(), X509_get_subject_name(issuer));
    extend(cert.get(), issuer, NID_basic_constraints, "CA:FALSE");
    addNames(cert.get(), request);
    const EVP_MD* digest = request.selfSigned && request.key == KeyKind::Ed25519 ? nullptr : EVP_sha256();
    X509_sign(cert.get(), request.selfSigned ? key.get() : m_authority->key.get(), digest);

    const QByteArray base = folder() + "/cert" + QByteArray::number(m_serial++);
    const CertificateFiles files{base + ".pem", base + ".key"};
    writeFile(files.certFile, pemOf([&](BIO* bio) { return PEM_write_bio_X509(bio, cert.get()); }));
    writeFile(files.keyFile, pemOf([&](BIO* bio) {
                  return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
              }));
    return files;
}

QByteArray TestCerts::staple(const CertificateFiles& of, Staple says) const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(of.certFile.constData(), "r"), &BIO_free);
    const CertPtr cert(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), &X509_free);
    const auto at = [](long seconds) { return ASN1_TIME_adj(nullptr, ::time(nullptr), 0, seconds); };
    ASN1_TIME* const from = at(-2 * 86400);
    ASN1_TIME* const until = at(says == Staple::Expired ? -86400 : 86400);
    ASN1_TIME* const revoked = says == Staple::Revoked ? at(-3600) : nullptr;
    OCSP_CERTID* const id = OCSP_cert_to_id(EVP_sha1(), cert.get(), m_authority->cert.get());
    OCSP_BASICRESP* const basic = OCSP_BASICRESP_new();
    OCSP_basic_add1_status(basic, id, revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD,
                           revoked ? OCSP_REVOKED_STATUS_KEYCOMPROMISE : 0, revoked, from, until);
    if (OCSP_basic_sign(basic, m_authority->cert.get(), m_authority->key.get(), EVP_sha256(), nullptr, 0) != 1)
        qFatal("staple");
    OCSP_RESPONSE* const response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char* der = nullptr;
    const int size = i2d_OCSP_RESPONSE(response, &der);
    const QByteArray bytes(reinterpret_cast<const char*>(der), size);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    for (ASN1_TIME* const time : {from, until, revoked})
        ASN1_TIME_free(time);
    return bytes;
}

} // namespace postern::test
