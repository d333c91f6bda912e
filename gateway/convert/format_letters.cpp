// SPDX-License-Identifier: GPL-3.0-or-later
#include "convert/format_letters.h"

#include <QByteArrayList>

#include <array>

namespace postern::convert {

using config::Dialect;

namespace {

struct Row {
    char letter;
    const char* name;
};
constexpr auto kLetters = std::to_array<Row>({
    {'a', "user.username"},
    {'u', "dest.user"},
    {'d', "dest.domain"},
    {'U', "sender.user"},
    {'D', "sender.domain"},
});

const Row* byLetter(char letter) {
    for (const Row& row : kLetters) {
        if (row.letter == letter)
            return &row;
    }
    return nullptr;
}

const Row* byName(const QByteArray& name) {
    for (const Row& row : kLetters) {
        if (name == row.name)
            return &row;
    }
    return nullptr;
}

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

Format toNames(const QByteArray& text) {
    Format out;
    bool guessed = false;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const bool hasDigit = text[i] == '%' && i + 2 < text.size() && isDigit(text[i + 1]);
        const qsizetype at = i + (hasDigit ? 2 : 1);
        const Row* row = text[i] == '%' && at < text.size() ? byLetter(text[at]) : nullptr;
        if (!row) {
            out.text += text[i];
            continue;
        }
        out.text += QByteArray("%{") + row->name;
        if (hasDigit)
            out.text += '[' + text.mid(i + 1, 1) + ']';
        out.text += '}';
        guessed = guessed || row->letter == 'a' || row->letter == 'u';
        i = at;
    }
    if (guessed)
        out.remark =
            "%a is read as the user that mail is delivered for and %u as the recipient's name, as the programs "
            "of 2012 did; their manual has it the other way round";
    return out;
}

Format toLetters(const QByteArray& text) {
    Format out;
    QByteArrayList unknown;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const qsizetype close = text.mid(i, 2) == "%{" ? text.indexOf('}', i) : -1;
        if (close < 0) {
            out.text += text[i];
            continue;
        }
        QByteArray name = text.mid(i + 2, close - i - 2).toLower();
        QByteArray digit;
        if (name.size() > 3 && name.endsWith(']') && name[name.size() - 3] == '[' && isDigit(name[name.size() - 2])) {
            digit = name.mid(name.size() - 2, 1);
            name.chop(3);
        }
        if (const Row* row = byName(name)) {
            out.text += '%' + digit + row->letter;
        } else {
            out.text += text.mid(i, close - i + 1);
            unknown.append(text.mid(i, close - i + 1));
        }
        i = close;
    }
    if (!unknown.isEmpty()) {
        out.remark =
            "there is no letter for " + unknown.join(", ") + " in the formats of 2012; it stays as it is written";
        out.isLoss = true;
    }
    return out;
}

} // namespace

std::optional<Format> formatFor(const QByteArray& text, Dialect from, Dialect to) {
    if ((from == Dialect::Map2012) == (to == Dialect::Map2012))
        return std::nullopt;
    return from == Dialect::Map2012 ? toNames(text) : toLetters(text);
}

} // namespace postern::convert
