// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a listener's or relay's words about ciphers and protocols come to, and which certificate a name leads to.
#include "tls/server_rules.h"

#include "support/test_certs.h"
#include "tls/client_rules.h"
#include "tls/identity.h"
#include "tls/tls_policy.h"

#include <QFile>
#include <QTest>

#include <openssl/dh.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::test;
using tls::ServerWords;

namespace {

QStringList namesOf(const tls::ServerRulesPtr& rules) {
    QStringList names;
    for (const QSslCipher& cipher : rules->ciphers)
        names.append(cipher.name());
    return names;
}

tls::IdentityPtr load(const CertificateFiles& files) {
    return tls::loadIdentity(files.certFile, files.keyFile).value().identity;
}

} // namespace

class TestServerRules : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void ciphers_data() {
        QTest::addColumn<QByteArray>("words");
        QTest::addColumn<QStringList>("offered");
        QTest::addColumn<QStringList>("notOffered");
        const QStringList gone{u"NULL-SHA256"_s, u"ADH-AES256-SHA"_s, u"DES-CBC3-SHA"_s, u"RC4-SHA"_s, u"PSK-AES128-CBC-SHA"_s};
        QTest::addRow("nothing written: forward secrecy only")
            << ""_ba << QStringList{u"TLS_AES_256_GCM_SHA384"_s, u"ECDHE-RSA-AES128-GCM-SHA256"_s}
            << gone + QStringList{u"AES256-SHA"_s, u"DHE-RSA-AES256-GCM-SHA384"_s};
        QTest::addRow("OpenSMTPD's old default")
            << "HIGH:!aNULL:!MD5"_ba << QStringList{u"TLS_AES_256_GCM_SHA384"_s, u"ECDHE-ECDSA-AES256-GCM-SHA384"_s, u"AES256-SHA"_s} << gone;
        QTest::addRow("one cipher; TLS 1.3 keeps its own")
            << "ECDHE-RSA-AES128-GCM-SHA256"_ba << QStringList{u"ECDHE-RSA-AES128-GCM-SHA256"_s, u"TLS_AES_128_GCM_SHA256"_s}
            << gone + QStringList{u"ECDHE-RSA-AES256-GCM-SHA384"_s};
        QTest::addRow("T07 everything there is, without what is broken")
            << "ALL:eNULL:aNULL:@SECLEVEL=0"_ba << QStringList{u"ECDHE-RSA-AES128-GCM-SHA256"_s} << gone;
        QTest::addRow("libtls' secure") << "secure"_ba << QStringList{u"ECDHE-RSA-AES128-GCM-SHA256"_s} << gone + QStringList{u"AES256-SHA"_s};
        QTest::addRow("libtls' compat") << "compat"_ba << QStringList{u"AES256-SHA"_s} << gone;
    }
    void ciphers() {
        QFETCH(QByteArray, words);
        QFETCH(QStringList, offered);
        QFETCH(QStringList, notOffered);
        const auto rules = tls::makeServerRules({.ciphers = words});
        QVERIFY2(rules.has_value(), rules ? "" : rules.error().text.constData());
        const QStringList names = namesOf(*rules);
        for (const QString& name : offered)
            QVERIFY2(names.contains(name), qPrintable(name));
        for (const QString& name : notOffered)
            QVERIFY2(!names.contains(name), qPrintable(name));
    }

    void whatARelayOffers() {
        const auto usual = tls::makeClientRules({}).value();
        QVERIFY(usual->protocol == QSsl::TlsV1_2OrLater);
        const auto names = [](const tls::ClientRulesPtr& rules) {
            QStringList out;
            for (const QSslCipher& cipher : rules->ciphers)
                out.append(cipher.name());
            return out;
        };
        QVERIFY(names(usual).contains(u"TLS_AES_256_GCM_SHA384"_s) && names(usual).contains(u"DHE-RSA-AES256-GCM-SHA384"_s));
        QVERIFY(!names(usual).contains(u"AES256-SHA"_s)); // no forward secrecy
        const auto one = tls::makeClientRules({.ciphers = "ECDHE-RSA-AES128-SHA", .tls13 = false}).value();
        QVERIFY(one->protocol == QSsl::TlsV1_2);
        QVERIFY(names(one).contains(u"ECDHE-RSA-AES128-SHA"_s) && !names(one).contains(u"ECDHE-RSA-AES256-SHA"_s));
        QVERIFY(!tls::makeClientRules({.ciphers = "FROB"}).has_value());
        QVERIFY(!tls::makeClientRules({.tls12 = false, .tls13 = false}).has_value());
    }

    void theOrderIsTheWrittenOne() {
        const auto rules = tls::makeServerRules({.ciphers = "ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-GCM-SHA384"});
        QVERIFY(rules.has_value());
        const QStringList names = namesOf(*rules);
        QVERIFY(names.indexOf(u"ECDHE-RSA-AES128-SHA"_s) < names.indexOf(u"ECDHE-RSA-AES256-GCM-SHA384"_s));
    }

    void refuses_data() {
        QTest::addColumn<QByteArray>("ciphers");
        QTest::addColumn<QByteArray>("why");
        QTest::addRow("no such cipher") << "FROB"_ba
            << "ciphers \"FROB\": OpenSSL knows no cipher of that description (openssl ciphers shows what a description means)"_ba;
        QTest::addRow("only broken ones") << "eNULL:@SECLEVEL=0"_ba
            << "ciphers \"eNULL:@SECLEVEL=0\": nothing is left of it but ciphers that are too weak to be used"_ba;
    }
    void refuses() {
        QFETCH(QByteArray, ciphers);
        QFETCH(QByteArray, why);
        const auto rules = tls::makeServerRules({.ciphers = ciphers});
        QVERIFY(!rules.has_value());
        QCOMPARE(rules.error().text, why);
    }

    void protocols() {
        QVERIFY(tls::makeServerRules({}).value()->protocol == QSsl::TlsV1_2OrLater);
        QVERIFY(tls::makeServerRules({.tls12 = false}).value()->protocol == QSsl::TlsV1_3);
        QVERIFY(tls::makeServerRules({.tls13 = false}).value()->protocol == QSsl::TlsV1_2);
        QVERIFY(!tls::makeServerRules({.tls12 = false, .tls13 = false}).has_value());
    }

    void dheIsOfferedOnRequest() {
        const auto offers = [](const ServerWords& words) {
            return namesOf(tls::makeServerRules(words).value()).contains(u"DHE-RSA-AES256-GCM-SHA384"_s);
        };
        QVERIFY(!offers({}));
        QVERIFY(offers({.dhe = ServerWords::Dhe::On}));
        QVERIFY(!tls::makeServerRules({.ciphers = "DHE-RSA-AES256-GCM-SHA384", .tls13 = false}).has_value());
    }

    void parametersFromAFile() {
        const TestCerts certs;
        const auto write = [&](const char* name, const QByteArray& content) {
            QFile file(QString::fromUtf8(certs.folder()) + u'/' + QString::fromLatin1(name));
            if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
                qFatal("write");
            return file.fileName().toUtf8();
        };
        // RFC 7919's group of 2048 bits, as OpenSSL writes it.
        const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr), &EVP_PKEY_CTX_free);
        EVP_PKEY* made = nullptr;
        QVERIFY(EVP_PKEY_paramgen_init(context.get()) == 1);
        QVERIFY(EVP_PKEY_CTX_set_dh_nid(context.get(), NID_ffdhe2048) == 1);
        QVERIFY(EVP_PKEY_paramgen(context.get(), &made) == 1);
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(made, &EVP_PKEY_free);
        const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
        QVERIFY(PEM_write_bio_Parameters(bio.get(), key.get()) == 1);
        char* data = nullptr;
        const long size = BIO_get_mem_data(bio.get(), &data);
        const QByteArray pem(data, size);

        const QByteArray good = write("good.pem", pem);
        QVERIFY(!tls::makeServerRules({.dhe = ServerWords::Dhe::On, .dhFile = good}).value()->diffieHellman.isEmpty());
        const QByteArray noise = write("noise.pem", "-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n");
        const auto rules = tls::makeServerRules({.dhe = ServerWords::Dhe::On, .dhFile = noise});
        QVERIFY(!rules.has_value());
        QVERIFY2(rules.error().text.startsWith("Diffie-Hellman parameters in " + noise), rules.error().text.constData());
        QVERIFY(!tls::makeServerRules({.dhe = ServerWords::Dhe::On, .dhFile = certs.folder() + "/missing.pem"}).has_value());
    }

    void namesLeadToCertificates() {
        TestCerts certs;
        const auto exact = load(certs.server("mx.one.example"));
        const auto wild = load(certs.issue({.dnsNames = {"*.one.example", "two.example"}}));
        const auto old = load(certs.issue({.commonName = "three.example"}));
        tls::IdentityNames names;
        QVERIFY(names.isEmpty());
        names.addNamesOf(wild);
        names.addNamesOf(exact);
        names.addNamesOf(old);
        names.add("alias.example", exact);
        QVERIFY(!names.isEmpty());
        QCOMPARE(names.find("mx.one.example"), exact); // the wildcard was first, but is less particular
        QCOMPARE(names.find("smtp.one.example"), wild);
        QCOMPARE(names.find("two.example"), wild);
        QCOMPARE(names.find("three.example"), old);
        QCOMPARE(names.find("alias.example"), exact);
        QCOMPARE(names.find("one.example"), nullptr);
        QCOMPARE(names.find("a.b.one.example"), nullptr); // RFC 9525 §6.3: a wildcard is one label
        QCOMPARE(names.find(""), nullptr);
        names.add("two.example", old);
        QCOMPARE(names.find("two.example"), wild); // the first keeps it
    }
};

QTEST_GUILESS_MAIN(TestServerRules)
#include "tst_server_rules.moc"
