// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/regex_list.h"

using namespace Qt::StringLiterals;

namespace postern::tables {
namespace {

// Latin-1 keeps one character for one byte, whatever the bytes are; the limit is PCRE's own count of steps.
QRegularExpression compiled(const QByteArray& expression) {
    return QRegularExpression(u"(*LIMIT_MATCH=20000)(*LIMIT_DEPTH=2000)"_s + QString::fromLatin1(expression));
}

// Letters and dots, each perhaps repeated, from end to end: right without asking PCRE, which takes its time for each.
bool isPlain(const QByteArray& expression) {
    constexpr qsizetype kMostBytes = 1000;
    const auto isAlnum = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    bool mayRepeat = false;
    for (qsizetype i = 0; i < expression.size(); ++i) {
        const char c = expression[i];
        if (isAlnum(c) || QByteArrayView(".@_-%=/").contains(c)) {
            mayRepeat = true;
        } else if (c == '\\' && i + 1 < expression.size() && QByteArrayView(".@_-+*$").contains(expression[i + 1])) {
            mayRepeat = true;
            ++i;
        } else if (QByteArrayView("*+?").contains(c) && mayRepeat) {
            mayRepeat = false;
        } else if (c == '^' || c == '$') {
            mayRepeat = false;
        } else {
            return false;
        }
    }
    return expression.size() <= kMostBytes;
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
    return isPlain(expression) || compiled(expression).isValid();
}

} // namespace postern::tables
