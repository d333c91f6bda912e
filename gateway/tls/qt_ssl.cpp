// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls/qt_ssl.h"

#include "base/log.h"
#include "tls/cipher_choice.h"
#include "tls/client_rules.h"
#include "tls/identity.h"
#include "tls/server_rules.h"

#include <QDateTime>
#include <QFile>
#include <QFileInfo>
#include <QHash>
#include <QSslCipher>
#include <QSslSocket>

using namespace Qt::StringLiterals;

namespace postern::tls {
namespace {

QSslConfiguration common() {
    static const QSslConfiguration shared = [] {
        QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
        configuration.setProtocol(QSsl::TlsV1_2OrLater);
        configuration.setCiphers(secureCiphers());
        return configuration;
    }();
    return shared;
}

struct CaFile {
    QDateTime changed;
    qint64 size = 0;
    QList<QSslCertificate> certificates;
};

Result<QList<QSslCertificate>> authorities(const QByteArray& path) {
    thread_local QHash<QByteArray, CaFile> known;
    const QFileInfo info(QFile::decodeName(path));
    CaFile& entry = known[path];
    if (!entry.certificates.isEmpty() && info.exists() && info.lastModified() == entry.changed &&
        info.size() == entry.size)
        return entry.certificates;
    entry = {info.lastModified(), info.size(), {}};
    QFile file(info.filePath());
    if (!file.open(QIODevice::ReadOnly))
        return Error{ErrorCode::Tls, "CA file " + path + " cannot be read: " + file.errorString().toUtf8(),
                     Permanence::Temporary};
    entry.certificates = QSslCertificate::fromDevice(&file, QSsl::Pem);
    if (entry.certificates.isEmpty())
        return Error{ErrorCode::Tls, "CA file " + path + " holds no PEM certificate", Permanence::Temporary};
    return entry.certificates;
}

QByteArray toText(QSsl::SslProtocol protocol) {
    // Qt's enumerators for what RFC 8996 forbids are deprecated; we never negotiate them.
    if (protocol == QSsl::TlsV1_3)
        return "TLSv1.3";
    if (protocol == QSsl::TlsV1_2)
        return "TLSv1.2";
    return "unknown";
}

} // namespace

Result<QSslConfiguration> serverConfiguration(const ServerTls& tls) {
    if (!tls.identity)
        return Error{ErrorCode::Tls, "this listener has no certificate", Permanence::Temporary};
    QSslConfiguration configuration = common();
    configuration.setLocalCertificateChain(tls.identity->chain);
    configuration.setPrivateKey(tls.identity->key);
    configuration.setSslOption(QSsl::SslOptionDisableSessionTickets, true);
    configuration.setSslOption(QSsl::SslOptionDisableServerCipherPreference, false);
    static const ServerRulesPtr usual = makeServerRules({}).value_or(nullptr);
    const ServerRulesPtr rules = tls.rules ? tls.rules : usual;
    configuration.setProtocol(rules->protocol);
    configuration.setCiphers(rules->ciphers);
    configuration.setDiffieHellmanParameters(rules->diffieHellman);
    QList<QSslCertificate> accepted; // set even when empty: otherwise every socket loads the system's CAs
    if (!tls.caFile.isEmpty()) {
        const auto read = authorities(tls.caFile);
        if (!read)
            return read.error();
        accepted = *read;
    } else if (tls.requireClientCertificate) {
        static const QList<QSslCertificate> system = QSslConfiguration::systemCaCertificates();
        accepted = system;
    }
    configuration.setCaCertificates(accepted);
    configuration.setPeerVerifyMode(tls.requireClientCertificate ? QSslSocket::VerifyPeer
                                    : tls.caFile.isEmpty()       ? QSslSocket::VerifyNone
                                                                 : QSslSocket::QueryPeer);
    return configuration;
}

Result<QSslConfiguration> clientConfiguration(const ClientTlsPolicy& policy) {
    QSslConfiguration configuration = common();
    if (!policy.caFile.isEmpty()) {
        const auto read = authorities(policy.caFile);
        if (!read)
            return read.error();
        configuration.setCaCertificates(*read);
    }
    if (policy.identity) {
        configuration.setLocalCertificateChain(policy.identity->chain);
        configuration.setPrivateKey(policy.identity->key);
    }
    if (policy.rules) {
        configuration.setProtocol(policy.rules->protocol);
        configuration.setCiphers(policy.rules->ciphers);
    }
    // QueryPeer still checks, for the record, and goes on whatever comes out.
    configuration.setPeerVerifyMode(policy.verify ? QSslSocket::VerifyPeer : QSslSocket::QueryPeer);
    static const bool canReadStaples = QSslSocket::supportedFeatures().contains(QSsl::SupportedFeature::Ocsp);
    configuration.setOcspStaplingEnabled(policy.verify && canReadStaples); // what a staple may decide: countingErrors()
    return configuration;
}

SessionFacts factsOf(const QSslSocket& socket) {
    SessionFacts facts;
    const QSslCipher cipher = socket.sessionCipher();
    facts.version = toText(socket.sessionProtocol());
    facts.cipher = cipher.name().toLatin1();
    facts.bits = cipher.usedBits();
    const QStringList names = socket.peerCertificate().subjectInfo(QSslCertificate::CommonName);
    if (!names.isEmpty())
        facts.peerName = harmless(names.first().toUtf8(), 100);
    return facts;
}

} // namespace postern::tls
