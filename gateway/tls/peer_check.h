// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whether a certificate is for a name, and what to tell people when verification failed.
//
// The name check is ours, in addition to QSslSocket's: that one also takes the subject's common name, which RFC 9525 §2
// no longer allows. Thread: any. Spec: RFC 9525 §6 (subjectAltName only, wildcard as the whole left-most label);
// RFC 6066 §8 (stapled status).
#pragma once

#include <QByteArray>
#include <QList>
#include <QSslError>

namespace postern::tls {

bool carriesName(const QSslCertificate& certificate, const QByteArray& nameOrAddress);

// "certificate is for mx.one.example, not for relay.two.example"
QByteArray wrongNameText(const QSslCertificate& certificate, const QByteArray& expected);

// Without what only says that no good answer of the issuer is stapled: most servers staple none, and whoever holds a revoked
// certificate would leave it out, so nothing but "revoked" (RFC 6960 §2.2) in an answer that can be believed counts.
QList<QSslError> countingErrors(const QList<QSslError>& errors);

// One line that names every cause: "certificate expired on 2026-01-02", "issuer not trusted: Example CA", ...
QByteArray describe(const QList<QSslError>& errors, const QByteArray& expected);

} // namespace postern::tls
