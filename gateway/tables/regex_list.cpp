// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/regex_list.h"

using namespace Qt::StringLiterals;

namespace postern::tables {
namespace {

// Latin-1 keeps one character for one byte, whatever the bytes are; the limit is PCRE's own count of steps.
QRegularExpression compiled(const QByteArray& expression) {
    return QRegularExpression(u"(*LIMIT_MATCH=20000)(*LIMIT_DEPTH=2000)"_s + QString::fromLatin1(expression));
}

} // namespace

void RegexList::add(const QByteArray& expression, quint32 number) {
    QRegularExpression item = compiled(expression);
    if (item.isValid())
        m_items.push_back({std::move(item), number});
}

RegexList::Answer RegexList::find(QByteArrayView key) const {
    const QString text = QString::fromLatin1(key);
    for (const Item& item : m_items) {
        const QRegularExpressionMatch match = item.expression.match(text);
        if (match.hasMatch())
            return {true, false, item.number};
        if (!match.isValid())
            return {false, true, item.number};
    }
    return {};
}

bool RegexList::isValid(const QByteArray& expression) {
    return compiled(expression).isValid();
}

} // namespace postern::tables
