// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/views/table_view.h"

namespace postern::config {

std::optional<TableView> TableView::from(const StatementView& statement) {
    if (statement.kind() != StatementKind::Table)
        return std::nullopt;
    return TableView(statement);
}

TableView::TableView(const StatementView& statement) : StatementView(statement) {
    m_isMap = !words().empty() && words().front().text == "map";
    const Value* written = source();
    if (!written) {
        m_backend = content() ? "static" : "";
        return;
    }
    if (m_isMap) {
        m_backend = words().size() > 2 ? words()[2].text : QByteArray("file");
        m_path = written->text;
    } else if (const qsizetype colon = written->text.indexOf(':'); colon >= 0 && !written->text.startsWith('/')) {
        m_backend = written->text.first(colon);
        m_path = written->text.sliced(colon + 1);
    } else if (written->text.startsWith('/')) {
        m_path = written->text;
    } else {
        m_backend = written->text;
    }
    // "/path", file:/path, static:/path and the older `source plain` and `source file` are one thing.
    if (m_backend.isEmpty() || m_backend == "plain" || (m_backend == "static" && !m_path.isEmpty()))
        m_backend = "file";
}

const Value* TableView::source() const {
    return headValue(1);
}

const TableArgument* TableView::content() const {
    return headTable() ? &*headTable() : nullptr;
}

} // namespace postern::config
