// SPDX-License-Identifier: GPL-3.0-or-later
//
// `table NAME keychain`: serves the credentials service from a store of logins that can only be asked by label.
//
// Labels compare exactly, upper and lower case too (threat B09): a login of another relay must never be sent by mistake.
// Thread: any; the answer comes later, on a thread of the store's. Lifetime: holds its store.
// Failure: as a table's: what cannot be asked fails and is a temporary error.
#pragma once

#include "tables/table.h"

namespace postern::tables {

// Logins as "user:password", or a password alone for the user named like the label.
class LoginStore {
  public:
    virtual ~LoginStore() = default;
    virtual void lookup(const QByteArray& label, const LookupDone& done) const = 0; // never blocks; a deadline of its own
    virtual QByteArrayList labels() const = 0; // those it knows of; there may be more
};
using LoginStorePtr = std::shared_ptr<const LoginStore>;

class LoginTable final : public Table {
  public:
    LoginTable(QByteArray name, LoginStorePtr store) : m_name(std::move(name)), m_store(std::move(store)) {}

    const QByteArray& name() const override { return m_name; }
    QByteArray kind() const override { return "keychain"; }
    Shape shape() const override { return Shape::Dynamic; }
    qsizetype size() const override { return -1; }
    void lookup(Service service, const QByteArray& key, const LookupDone& done) const override;
    void fetch(Service service, const LookupDone& done) const override;
    QByteArrayList keys() const override;
    void test(const LookupDone& done) const override; // fails for the first label that the store knows of and has no login for

  private:
    const QByteArray m_name;
    const LoginStorePtr m_store; // null: only read, never asked
};

} // namespace postern::tables
