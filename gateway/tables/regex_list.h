// SPDX-License-Identifier: GPL-3.0-or-later
//
// Regular expressions tried one after the other against a lower-cased key: unanchored, "(?i)" ignores case.
//
// Written for POSIX extended syntax, run by PCRE (QRegularExpression), whose additions are not refused. An
// expression that does not compile never matches. Work is limited: an expression that runs wild on a key is a
// failure, which ends in a temporary error, never in "no".
// Thread: immutable after the last add(). Threat R12.
#pragma once

#include <QByteArray>
#include <QRegularExpression>

#include <vector>

namespace postern::tables {

class RegexList {
  public:
    struct Answer {
        bool found = false;
        bool failed = false; // gave up
        quint32 number = 0;
    };

    void add(const QByteArray& expression, quint32 number);
    Answer find(QByteArrayView key) const;
    static bool isValid(const QByteArray& expression);

  private:
    struct Item {
        QRegularExpression expression;
        quint32 number;
    };
    std::vector<Item> m_items;
};

} // namespace postern::tables
