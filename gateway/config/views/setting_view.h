// SPDX-License-Identifier: GPL-3.0-or-later
//
// One global value or one line of limits. values() of the base holds what stands behind the words, in order: for limits
// key, number, key, number ... with `for domain D` before them as words and a value of clauses(). Thread: value.
#pragma once

#include "config/settings.h"
#include "config/views/statement_view.h"

namespace postern::config {

class SettingView : public StatementView {
  public:
    struct Limit {
        Value key;    // "max-rcpt"; also "inet4" and "inet6", which have no number
        Value number; // empty text = none
    };

    static std::optional<SettingView> from(const StatementView& statement);

    Setting setting() const { return m_setting; }
    const Value* value(size_t index = 0) const { return headValue(index); }
    std::vector<Limit> limits() const; // of SessionLimit, MtaLimit, MdaLimit, SchedulerLimit
    const Clause* forDomain() const { return clause(ClauseKind::ForDomain); } // `limit mta for domain D`

  private:
    SettingView(const StatementView& statement, Setting setting) : StatementView(statement), m_setting(setting) {}

    Setting m_setting;
};

} // namespace postern::config
