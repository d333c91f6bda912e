// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/login_table.h"

#include "base/secret.h"

namespace postern::tables {
namespace {

constexpr qsizetype kMaxKey = 1023;
const QByteArray kAnyLabel("postern"); // that nobody has kept a login for: can the keychain be asked at all?

LookupResult failure(const QByteArray& why) {
    LookupResult result;
    result.failed = true;
    result.value = why;
    return result;
}

// One after the other, so that a keychain that is locked is asked once.
void testFrom(const LoginStorePtr& store, const QByteArrayList& labels, qsizetype at, const LookupDone& done) {
    store->lookup(labels[at], [store, labels, at, done](LookupResult result) {
        if (!result.failed) {
            wipe(result.value); // it was only to be there
            if (!result.found && labels[at] != kAnyLabel)
                result = failure("the keychain has no login for " + labels[at]);
            else if (at + 1 < labels.size())
                return testFrom(store, labels, at + 1, done);
        }
        result.found = !result.failed;
        done(std::move(result));
    });
}

} // namespace

void LoginTable::lookup(Service service, const QByteArray& key, const LookupDone& done) const {
    if (service != Service::Credentials)
        done(failure("table " + m_name + " is kept in the keychain and serves credentials, not " + toString(service).toByteArray()));
    else if (key.size() > kMaxKey)
        done(failure("table " + m_name + ": the key is longer than 1023 octets"));
    else if (!m_store)
        done(failure("table " + m_name + ": the keychain is not asked here"));
    else
        m_store->lookup(key, done);
}

void LoginTable::fetch(Service service, const LookupDone& done) const {
    done(failure("table " + m_name + " is kept in the keychain and has no next entry for " + toString(service).toByteArray()));
}

QByteArrayList LoginTable::keys() const {
    return m_store ? m_store->labels() : QByteArrayList();
}

void LoginTable::test(const LookupDone& done) const {
    if (!m_store)
        return done(failure("table " + m_name + ": the keychain is not asked here"));
    const QByteArrayList labels = m_store->labels();
    testFrom(m_store, labels.isEmpty() ? QByteArrayList{kAnyLabel} : labels, 0, done);
}

} // namespace postern::tables
