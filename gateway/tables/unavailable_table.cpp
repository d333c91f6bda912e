// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/unavailable_table.h"

namespace postern::tables {

void UnavailableTable::lookup(Service, const QByteArray&, const LookupDone& done) const {
    done(refusal());
}

void UnavailableTable::fetch(Service, const LookupDone& done) const {
    done(refusal());
}

void UnavailableTable::test(const LookupDone& done) const {
    done(refusal());
}

LookupResult UnavailableTable::refusal() const {
    LookupResult result;
    result.failed = true;
    result.value = "table " + m_name +
                   (m_why.isEmpty() ? " is not connected: nothing here answers for the backend " + m_backend : ": " + m_why);
    return result;
}

} // namespace postern::tables
