// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/xtext.h"

namespace postern::smtp {
namespace {

int upperHex(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

} // namespace

std::optional<QByteArray> decodeXtext(QByteArrayView text) {
    QByteArray out;
    out.reserve(text.size());
    for (qsizetype i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c < 33 || c > 126 || c == '=')
            return std::nullopt;
        if (c == '+') {
            if (i + 2 >= text.size() || upperHex(text[i + 1]) < 0 || upperHex(text[i + 2]) < 0)
                return std::nullopt;
            c = char(upperHex(text[i + 1]) * 16 + upperHex(text[i + 2]));
            i += 2;
            if (c == '\r' || c == '\n' || c == '\0')
                return std::nullopt;
        }
        out += c;
    }
    return out;
}

} // namespace postern::smtp
