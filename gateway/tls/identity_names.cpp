// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls/identity.h"
#include "tls/tls_policy.h"

namespace postern::tls {

void IdentityNames::add(const QByteArray& name, const IdentityPtr& identity) {
    const QByteArray key = name.toLower();
    const bool isWildcard = key.startsWith("*.") && key.size() > 2;
    auto& names = isWildcard ? m_wildcards : m_names;
    const QByteArray bare = isWildcard ? key.mid(2) : key;
    if (!bare.isEmpty() && !bare.contains('*') && !names.contains(bare))
        names.insert(bare, identity);
}

void IdentityNames::addNamesOf(const IdentityPtr& identity) {
    const QSslCertificate& own = identity->chain.first();
    const QStringList names = own.subjectAlternativeNames().values(QSsl::DnsEntry);
    for (const QString& name : names)
        add(name.toUtf8(), identity);
    if (names.isEmpty()) // old certificates have their name only here
        for (const QString& name : own.subjectInfo(QSslCertificate::CommonName))
            add(name.toUtf8(), identity);
}

IdentityPtr IdentityNames::find(const QByteArray& serverName) const {
    if (const auto at = m_names.constFind(serverName); at != m_names.constEnd())
        return *at;
    const qsizetype dot = serverName.indexOf('.');
    return dot < 0 ? nullptr : m_wildcards.value(serverName.mid(dot + 1));
}

} // namespace postern::tls
