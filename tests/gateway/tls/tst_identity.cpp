// SPDX-License-Identifier: GPL-3.0-or-later
//
// What loadIdentity() refuses, what it remarks on, and in which words.
#include "support/test_certs.h"
#include "tls/identity.h"
#include "tls/tls_policy.h"

#include <QDate>
#include <QDir>
#include <QFile>
#include <QTest>

#include <functional>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::test;

namespace {

void overwrite(const QByteArray& path, const QByteArray& bytes) {
    QFile file(QFile::decodeName(path));
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size())
        qFatal("cannot write");
}

void setMode(const QByteArray& path, QFile::Permissions mode) {
    if (!QFile::setPermissions(QFile::decodeName(path), mode))
        qFatal("cannot change mode");
}

using Spoil = std::function<void(CertificateFiles&)>;

} // namespace

class TestIdentity : public QObject {
    Q_OBJECT

    TestCerts m_certs;

    static QByteArray isoDay(int fromToday) {
        return QDateTime::currentDateTimeUtc().addDays(fromToday).date().toString(Qt::ISODate).toLatin1();
    }

  private Q_SLOTS:
    // %1 the certificate file, %2 the key file
    void refuses_data() {
        QTest::addColumn<Spoil>("spoil");
        QTest::addColumn<QString>("text");
        const auto row = [](const char* name, Spoil spoil, const char* text) {
            QTest::addRow("%s", name) << spoil << QString::fromUtf8(text);
        };
        row("T13 no certificate file", [](auto& f) { QFile::remove(QFile::decodeName(f.certFile)); },
            "certificate file %1 does not exist");
        row("T13 no key file", [](auto& f) { QFile::remove(QFile::decodeName(f.keyFile)); }, "key file %2 does not exist");
        row("no name given", [](auto& f) { f.keyFile.clear(); }, "no key file is given");
        row("certificate is a folder", [this](auto& f) { f.certFile = m_certs.folder(); },
            "certificate file %1 is a folder; give the PEM file in it");
        row("certificate is not PEM", [](auto& f) { overwrite(f.certFile, "hello\n"); },
            "certificate file %1 holds no certificate in PEM form");
        row("empty certificate file", [](auto& f) { overwrite(f.certFile, ""); },
            "certificate file %1 holds no certificate in PEM form");
        row("key is not PEM", [](auto& f) { overwrite(f.keyFile, QByteArray(100, '\0')); },
            "key file %2 holds no private key in PEM form");
        row("certificate where the key belongs", [](auto& f) {
            f.keyFile = f.certFile;
        }, "key file %2 holds a certificate but no private key");
        row("T13 key readable by all", [](auto& f) {
            setMode(f.keyFile, QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup | QFile::ReadOther);
        }, "key file %2 is open to other users; make it private (chmod 600) and, if others could read it, replace the key");
        row("T13 key writable by the group", [](auto& f) {
            setMode(f.keyFile, QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup | QFile::WriteGroup);
        }, "key file %2 is open to other users; make it private (chmod 600) and, if others could read it, replace the key");
        row("T13 wrong pair", [this](auto& f) { f.keyFile = m_certs.server("other.example").keyFile; },
            "key file %2 does not belong to the first certificate in %1; the server's own certificate must come first");
        row("T13 encrypted key", [](auto& f) {
            overwrite(f.keyFile, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAo=\n-----END ENCRYPTED PRIVATE KEY-----\n");
        }, "key file %2 is protected by a pass phrase; write it without one (openssl pkey -in FILE -out NEW)");
        row("T13 encrypted key, old form", [](auto& f) {
            overwrite(f.keyFile, "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMAo=\n"
                                 "-----END RSA PRIVATE KEY-----\n");
        }, "key file %2 is protected by a pass phrase; write it without one (openssl pkey -in FILE -out NEW)");
        row("CA first in the chain", [this](auto& f) {
            QFile own(QFile::decodeName(f.certFile)), ca(QFile::decodeName(m_certs.caFile()));
            if (!own.open(QIODevice::ReadOnly) || !ca.open(QIODevice::ReadOnly))
                qFatal("cannot read");
            const QByteArray both = ca.readAll() + own.readAll();
            own.close();
            overwrite(f.certFile, both);
        }, "key file %2 does not belong to the first certificate in %1; the server's own certificate must come first");
        row("a key type that Qt has no class for", [this](auto& f) {
            f = m_certs.issue({.dnsNames = {"mx.one.example"}, .key = KeyKind::Ed25519});
        }, "key file %2 holds a key of type ED25519; use RSA or EC (P-256)");
        row("a short RSA key", [this](auto& f) {
            f = m_certs.issue({.dnsNames = {"mx.one.example"}, .key = KeyKind::Rsa1024});
        }, "key file %2 holds an RSA key of 1024 bits; make one of at least 2048 bits, or an EC key");
    }
    void refuses() {
        QFETCH(Spoil, spoil);
        QFETCH(QString, text);
        CertificateFiles files = m_certs.server("mx.one.example");
        spoil(files);
        const auto loaded = tls::loadIdentity(files.certFile, files.keyFile);
        QVERIFY(!loaded);
        text.replace(u"%1"_s, QString::fromUtf8(files.certFile)).replace(u"%2"_s, QString::fromUtf8(files.keyFile));
        QCOMPARE(QString::fromUtf8(loaded.error().text), text);
        QVERIFY(loaded.error().permanence == Permanence::Permanent);
    }

    void unreadableFilesNameTheRemedy() {
        const CertificateFiles files = m_certs.server("mx.one.example");
        setMode(files.certFile, {});
        QFile probe(QFile::decodeName(files.certFile));
        const bool readableAnyway = probe.open(QIODevice::ReadOnly); // by root
        probe.close();
        const auto loaded = tls::loadIdentity(files.certFile, files.keyFile);
        QCOMPARE(loaded.has_value(), readableAnyway);
        if (!readableAnyway)
            QVERIFY(loaded.error().text.endsWith("the gateway's user needs read permission"));
    }

    void remarks_data() {
        QTest::addColumn<int>("from");
        QTest::addColumn<int>("to");
        QTest::addColumn<QByteArray>("notes"); // behind "certificate file FILE "
        QTest::addRow("good for a year") << -1 << 365 << ""_ba;
        QTest::addRow("good for 31 days") << -1 << 31 << ""_ba;
        QTest::addRow("T13 expired") << -20 << -10 << "expired on " + isoDay(-10) + "; clients that check will refuse it";
        QTest::addRow("not yet valid") << 5 << 100 << "is not valid before " + isoDay(5) + "; check the computer's clock";
        QTest::addRow("expires in 20 days") << -1 << 20 << "expires on " + isoDay(20) + "; renew it soon";
    }
    void remarks() {
        QFETCH(int, from);
        QFETCH(int, to);
        QFETCH(QByteArray, notes);
        const CertificateFiles files =
            m_certs.issue({.dnsNames = {"mx.one.example"}, .validFromDays = from, .validToDays = to});
        const auto loaded = tls::loadIdentity(files.certFile, files.keyFile);
        QVERIFY2(loaded.has_value(), loaded ? "" : loaded.error().text.constData());
        QCOMPARE(loaded->notes, notes.isEmpty() ? notes : "certificate file " + files.certFile + " " + notes);
    }

    void loadsWhatIsGood_data() {
        QTest::addColumn<int>("kind");
        QTest::addRow("EC") << int(KeyKind::EcP256);
        QTest::addRow("RSA") << int(KeyKind::Rsa2048);
    }
    void loadsWhatIsGood() {
        QFETCH(int, kind);
        const CertificateFiles files = m_certs.issue({.dnsNames = {"mx.one.example"}, .key = KeyKind(kind)});
        setMode(files.keyFile, QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup); // as ssl-cert groups have it
        const auto loaded = tls::loadIdentity(files.certFile, files.keyFile);
        QVERIFY2(loaded.has_value(), loaded ? "" : loaded.error().text.constData());
        QCOMPARE(loaded->identity->chain.size(), 1);
        QVERIFY(!loaded->identity->key.isNull());
    }
};

QTEST_GUILESS_MAIN(TestIdentity)
#include "tst_identity.moc"
