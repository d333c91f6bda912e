// SPDX-License-Identifier: GPL-3.0-or-later
//
// A table that can't be asked: its backend is not part of this version, or its file is not here. Every question fails with
// that reason, so a rule that needs it ends in a temporary error and nothing is decided wrongly.
// Thread: any;
// constant.
#pragma once

#include "tables/table.h"

namespace postern::tables {

class UnavailableTable final : public Table {
  public:
    UnavailableTable(QByteArray name, QByteArray backend, QByteArray why = {}) // why: "" = the backend
        : m_name(std::move(name)), m_backend(std::move(backend)), m_why(std::move(why)) {}

    const QByteArray& name() const override { return m_name; }
    QByteArray kind() const override { return m_backend; }
    Shape shape() const override { return Shape::Dynamic; }
    qsizetype size() const override { return -1; }
    void lookup(Service service, const QByteArray& key, const LookupDone& done) const override;
    void fetch(Service service, const LookupDone& done) const override;
    QByteArrayList keys() const override { return {}; }
    void test(const LookupDone& done) const override;
    bool isConnected() const override { return false; }

  private:
    LookupResult refusal() const;

    const QByteArray m_name, m_backend, m_why;
};

} // namespace postern::tables
