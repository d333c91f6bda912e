// SPDX-License-Identifier: GPL-3.0-or-later
//
// Brings answers of tables to this thread: a table may answer at once, later, or from another thread; we hear it from the
// event loop, one way. Destroying the TableQuestion cancels.
// Thread: ask() and the answers on the thread that made it. Lifetime: outlives its questions.
#pragma once

#include "base/mailbox.h"
#include "policy/ruleset.h"

#include <QHash>

#include <functional>
#include <memory>

namespace postern::relay {

class TableAsker;

class TableQuestion {
  public:
    TableQuestion(TableAsker& asker, quint64 id) : m_asker(asker), m_id(id) {}
    ~TableQuestion();
    TableQuestion(const TableQuestion&) = delete;
    TableQuestion& operator=(const TableQuestion&) = delete;

  private:
    TableAsker& m_asker;
    quint64 m_id;
};

class TableAsker {
  public:
    using Done = std::function<void(tables::LookupResult)>;

    TableAsker();
    [[nodiscard]] std::unique_ptr<TableQuestion> lookup(const tables::TablePtr& table, tables::Service service,
                                                        const QByteArray& key, Done done);
    [[nodiscard]] std::unique_ptr<TableQuestion> fetch(const tables::TablePtr& table, tables::Service service, Done done);

  private:
    friend class TableQuestion;
    struct Answer {
        quint64 id = 0;
        tables::LookupResult result;
    };
    tables::LookupDone poster(quint64 id) const;

    QHash<quint64, Done> m_open;
    quint64 m_lastId = 0;
    Mailbox<Answer> m_answers;
};

} // namespace postern::relay
