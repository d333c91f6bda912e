// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls/peer_check.h"

#include "base/log.h"

#include <QByteArrayList>
#include <QDateTime>
#include <QHostAddress>
#include <QSslCertificate>

#include <openssl/x509v3.h>

#include <algorithm>
#include <iterator>
#include <memory>

using namespace Qt::StringLiterals;

namespace postern::tls {
namespace {

QByteArray safe(const QString& text) {
    return harmless(text.toUtf8(), 200);
}

QByteArray namesOf(const QSslCertificate& certificate) {
    QByteArrayList names;
    const auto alternatives = certificate.subjectAlternativeNames();
    for (const QString& name : alternatives)
        names.append(safe(name));
    if (names.isEmpty()) {
        const QStringList common = certificate.subjectInfo(QSslCertificate::CommonName);
        return common.isEmpty() ? "no name at all" : safe(common.first()) + " (as common name only)";
    }
    std::sort(names.begin(), names.end());
    if (names.size() > 5)
        names = names.mid(0, 5) << "...";
    return names.join(", ");
}

QByteArray issuerOf(const QSslCertificate& certificate) {
    const QStringList names = certificate.issuerInfo(QSslCertificate::CommonName) +
                              certificate.issuerInfo(QSslCertificate::Organization);
    return names.isEmpty() ? "without a name" : safe(names.first());
}

QByteArray describe(const QSslError& error, const QByteArray& expected) {
    const QSslCertificate certificate = error.certificate();
    // Qt's enumeration, not ours: the ones that people can do something about, the rest in the library's words.
    const auto is = [&error](QSslError::SslError what) { return error.error() == what; };
    if (is(QSslError::HostNameMismatch))
        return wrongNameText(certificate, expected);
    if (is(QSslError::CertificateExpired))
        return "certificate expired on " + certificate.expiryDate().toUTC().date().toString(Qt::ISODate).toLatin1();
    if (is(QSslError::CertificateNotYetValid))
        return "certificate is not valid before " +
               certificate.effectiveDate().toUTC().date().toString(Qt::ISODate).toLatin1();
    if (is(QSslError::SelfSignedCertificate))
        return "certificate is self-signed";
    if (is(QSslError::SelfSignedCertificateInChain))
        return "issuer not trusted: " + issuerOf(certificate);
    if (is(QSslError::UnableToGetLocalIssuerCertificate) || is(QSslError::UnableToGetIssuerCertificate) ||
        is(QSslError::UnableToVerifyFirstCertificate) || is(QSslError::CertificateUntrusted))
        return "issuer not trusted: " + issuerOf(certificate);
    if (is(QSslError::CertificateRevoked))
        return "certificate was revoked by " + issuerOf(certificate);
    if (is(QSslError::NoPeerCertificate))
        return "no certificate was sent";
    return "certificate is not acceptable: " + safe(error.errorString());
}

} // namespace

bool carriesName(const QSslCertificate& certificate, const QByteArray& nameOrAddress) {
    if (certificate.isNull() || nameOrAddress.isEmpty())
        return false;
    const QByteArray der = certificate.toDer();
    const auto* at = reinterpret_cast<const unsigned char*>(der.constData());
    const std::unique_ptr<X509, decltype(&X509_free)> x509(d2i_X509(nullptr, &at, long(der.size())), &X509_free);
    if (!x509)
        return false;
    QByteArray name = nameOrAddress;
    if (name.startsWith('[') && name.endsWith(']'))
        name = name.mid(1, name.size() - 2);
    if (!QHostAddress(QString::fromLatin1(name)).isNull())
        return X509_check_ip_asc(x509.get(), name.constData(), 0) == 1;
    if (name.endsWith('.'))
        name.chop(1);
    constexpr unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
    return X509_check_host(x509.get(), name.constData(), size_t(name.size()), flags, nullptr) == 1;
}

QList<QSslError> countingErrors(const QList<QSslError>& errors) {
    const auto isAboutStaple = [](const QSslError& error) {
        return error.error() >= QSslError::OcspNoResponseFound && error.error() <= QSslError::OcspStatusUnknown;
    };
    const bool isStapleForged = std::any_of(errors.begin(), errors.end(), [](const QSslError& error) {
        return error.error() == QSslError::OcspResponseCannotBeTrusted;
    });
    QList<QSslError> counting;
    std::copy_if(errors.begin(), errors.end(), std::back_inserter(counting), [&](const QSslError& error) {
        return !isAboutStaple(error) && !(isStapleForged && error.error() == QSslError::CertificateRevoked);
    });
    return counting;
}

QByteArray wrongNameText(const QSslCertificate& certificate, const QByteArray& expected) {
    return "certificate is for " + namesOf(certificate) + ", not for " + harmless(expected, 200);
}

QByteArray describe(const QList<QSslError>& errors, const QByteArray& expected) {
    QByteArrayList causes;
    for (const QSslError& error : errors) {
        const QByteArray cause = describe(error, expected);
        if (!causes.contains(cause))
            causes.append(cause);
    }
    return causes.join("; ");
}

} // namespace postern::tls
