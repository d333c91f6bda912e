// SPDX-License-Identifier: GPL-3.0-or-later
#include "relay/table_asker.h"

namespace postern::relay {

TableQuestion::~TableQuestion() {
    m_asker.m_open.remove(m_id);
}

TableAsker::TableAsker()
    : m_answers([this](std::vector<Answer>&& answers) {
          for (Answer& answer : answers)
              if (const Done done = m_open.take(answer.id))
                  done(std::move(answer.result));
      }) {}

tables::LookupDone TableAsker::poster(quint64 id) const {
    return [id, address = m_answers.address()](tables::LookupResult result) { address.post({id, std::move(result)}); };
}

std::unique_ptr<TableQuestion> TableAsker::lookup(const tables::TablePtr& table, tables::Service service,
                                                  const QByteArray& key, Done done) {
    const quint64 id = ++m_lastId;
    m_open.insert(id, std::move(done));
    table->lookup(service, key, poster(id));
    return std::make_unique<TableQuestion>(*this, id);
}

std::unique_ptr<TableQuestion> TableAsker::fetch(const tables::TablePtr& table, tables::Service service, Done done) {
    const quint64 id = ++m_lastId;
    m_open.insert(id, std::move(done));
    table->fetch(service, poster(id));
    return std::make_unique<TableQuestion>(*this, id);
}

} // namespace postern::relay
