// SPDX-License-Identifier: GPL-3.0-or-later
//
// A certification authority for one test, in a temporary folder, and certificates of every sort that it can go wrong with.
//
// Everything is made at run time: nothing in the tree expires, no key is in the tree. EC keys, so it takes milliseconds.
#pragma once

#include <QByteArray>
#include <QByteArrayList>
#include <QTemporaryDir>

#include <memory>

namespace postern::test {

enum class KeyKind { EcP256, Rsa2048, Rsa1024, Ed25519 };

struct CertificateRequest {
    QByteArrayList dnsNames = {};
    QByteArrayList addresses = {}; // "127.0.0.1"
    QByteArray commonName = {};    // "" = the first DNS name
    int validFromDays = -1, validToDays = 365; // counted from today
    KeyKind key = KeyKind::EcP256;
    bool selfSigned = false;
};

struct CertificateFiles {
    QByteArray certFile, keyFile; // PEM, the key with mode 0600
};

enum class Staple { Good, Revoked, Expired };

class TestCerts {
  public:
    explicit TestCerts(const QByteArray& caName = "Postern Test CA");
    ~TestCerts();

    QByteArray folder() const;
    QByteArray caFile() const;

    CertificateFiles issue(const CertificateRequest& request);

    // What the authority says of this certificate, as a server staples it (RFC 6960, DER). Expired: good, until yesterday.
    QByteArray staple(const CertificateFiles& of, Staple says) const;

    // The everyday ones.
    CertificateFiles server(const QByteArray& name) { return issue({.dnsNames = {name}, .addresses = {"127.0.0.1"}}); }
    CertificateFiles expired(const QByteArray& name) {
        return issue({.dnsNames = {name}, .validFromDays = -20, .validToDays = -10});
    }
    CertificateFiles selfSigned(const QByteArray& name) { return issue({.dnsNames = {name}, .selfSigned = true}); }

  private:
    struct Authority;
    QTemporaryDir m_folder;
    std::unique_ptr<Authority> m_authority;
    int m_serial = 1;
};

} // namespace postern::test
