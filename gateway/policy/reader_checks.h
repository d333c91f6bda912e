// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a release of OpenSMTPD checks beyond the words, while it reads: names, kinds of tables, ranges.
//
// Statements are given in reading order; each is checked against those before it, as the daemon's parser does.
// Thread: one; used once.
#pragma once

#include "config/views/listen_view.h"
#include "config/views/setting_view.h"
#include "config/views/table_view.h"
#include "policy/report.h"
#include "tables/table.h"

#include <QHash>
#include <QSet>

#include <functional>

namespace postern::policy {

class ReaderChecks {
  public:
    // What the file of a table holds, as the target's reader takes it; nothing: it can't be read. Null: nobody looks.
    using ShapeOfFile = std::function<std::optional<tables::Shape>(const QByteArray& path)>;
    ReaderChecks(config::Target target, Report& report, ShapeOfFile shapeOfFile = {})
        : m_target(target), m_report(report), m_shapeOfFile(std::move(shapeOfFile)) {}
    void statement(const config::StatementView& at);
    void end(); // of the configuration

  private:
    enum class Shape : quint8 { Unknown, List, Mapping, Accounts }; // Unknown: behind a program, or nobody looked
    struct Known {
        Shape shape = Shape::Unknown;
        bool isFile = false;
    };
    struct Filter {
        bool isChain = false;
        QByteArray proc;
    };

    void error(const config::StatementView& at, std::optional<config::Range> range, QByteArray text);
    bool isModern() const { return m_target == config::Target::OpenSmtpd68 || m_target == config::Target::OpenSmtpd78; }

    void setting(const config::SettingView& at);
    void delay(const config::StatementView& at, const config::Value& value, const char* what, qint64 least = 1);
    void size(const config::StatementView& at, const config::Value& value);
    void table(const config::TableView& at);
    void listen(const config::ListenView& at);
    void hostName(const config::StatementView& at, const config::Value& name, QSet<QByteArray>& known);
    void pki(const config::StatementView& at);
    void action(const config::StatementView& at);
    void rule(const config::StatementView& at);
    void filter(const config::StatementView& at);
    void chain(const config::StatementView& at, const config::TableArgument& names);
    void filtersOf(const config::StatementView& at, const config::Clause& clause);
    void tableOf(const config::StatementView& at, const config::Clause& clause);
    void newName(const config::StatementView& at, QSet<QByteArray>& known, const char* what);

    config::Target m_target;
    Report& m_report;
    const ShapeOfFile m_shapeOfFile;
    QHash<QByteArray, Known> m_tables;
    QHash<QByteArray, Filter> m_filters;
    QSet<QByteArray> m_actions, m_procs, m_wrappers, m_pkis, m_cas;
    bool m_hasSrsKey = false;
    bool m_hasSocket = false;
    bool m_hasRule = false;
};

} // namespace postern::policy
