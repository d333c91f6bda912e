// SPDX-License-Identifier: GPL-3.0-or-later
//
// `table NAME backend:config`, `table NAME { ... }`, and the `map NAME source ...` of 2012. Thread: value.
#pragma once

#include "config/views/statement_view.h"

namespace postern::config {

class TableView : public StatementView {
  public:
    static std::optional<TableView> from(const StatementView& statement);

    const Value* name() const { return headValue(0); }
    bool isMap() const { return m_isMap; } // written `map`, 2012
    // "static" for inline content, "file" for plain files in all spellings ("/path", file:, plain), else as written: "db".
    QByteArray backend() const { return m_backend; }
    QByteArray path() const { return m_path; }       // behind the colon, "" = none
    const Value* source() const;                     // the value that backend and path come from; null if inline
    const TableArgument* content() const;            // inline list or mapping, null if none

  private:
    explicit TableView(const StatementView& statement);

    bool m_isMap = false;
    QByteArray m_backend, m_path;
};

} // namespace postern::config
