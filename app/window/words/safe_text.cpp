// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/words/safe_text.h"

#include <QTextDocument>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

constexpr int kMostMarks = 4;            // combining marks on one letter; real scripts need fewer
constexpr qsizetype kMostRun = 60;         // characters without a space before a place to break is put into a line
constexpr qsizetype kMostUnbroken = 1000; // characters before a soft line end is put into a body

bool isDeceiving(char32_t c) {
    return (c < 0x20) || (c >= 0x7f && c <= 0x9f) || c == 0x061c || (c >= 0x200b && c <= 0x200f && c != 0x200d) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0xad ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f) || QChar::category(c) == QChar::Other_Surrogate;
}

void appendNamed(QString& out, char32_t c) {
    out += u"[U+%1]"_s.arg(static_cast<uint>(c), 4, 16, QLatin1Char('0')).toUpper();
}

// Takes one code point, pairing surrogates.
char32_t take(const QString& text, qsizetype& i) {
    const QChar c = text.at(i++);
    if (c.isHighSurrogate() && i < text.size() && text.at(i).isLowSurrogate())
        return QChar::surrogateToUcs4(c, text.at(i++));
    return c.unicode();
}

// Appends one harmless code point; returns the count of combining marks in a row.
int appendSafe(QString& out, char32_t c, int marks) {
    const auto category = QChar::category(c);
    if (category == QChar::Mark_NonSpacing || category == QChar::Mark_Enclosing) {
        if (marks < kMostMarks)
            out += QString::fromUcs4(&c, 1);
        return marks + 1;
    }
    if (isDeceiving(c))
        appendNamed(out, c);
    else
        out += QString::fromUcs4(&c, 1);
    return 0;
}

} // namespace

QString safeLine(const QString& text, qsizetype most) {
    QString out;
    out.reserve(std::min(text.size(), most));
    int marks = 0;
    bool wasSpace = true; // drops leading space
    for (qsizetype i = 0; i < text.size();) {
        if (out.size() >= most) {
            out += u"…"_s;
            break;
        }
        const char32_t c = take(text, i);
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || QChar::isSpace(c)) {
            if (!wasSpace)
                out += u' ';
            wasSpace = true;
            marks = 0;
            continue;
        }
        wasSpace = false;
        marks = appendSafe(out, c, marks);
    }
    while (out.endsWith(u' '))
        out.chop(1);
    return out;
}

QString safeBody(const QString& text, qsizetype most) {
    QString out;
    out.reserve(std::min(text.size(), most));
    int marks = 0;
    qsizetype lineStart = 0;
    for (qsizetype i = 0; i < text.size() && out.size() < most;) {
        const char32_t c = take(text, i);
        if (c == '\r' && i < text.size() && text.at(i) == u'\n')
            continue;
        if (c == '\n' || c == '\r') {
            out += u'\n';
            lineStart = out.size();
            marks = 0;
            continue;
        }
        if (out.size() - lineStart >= kMostUnbroken) {
            out += u'\n';
            lineStart = out.size();
        }
        if (c == '\t') {
            out += u'\t';
            marks = 0;
            continue;
        }
        marks = appendSafe(out, c, marks);
    }
    return out;
}

QString breakable(const QString& line) {
    QString out;
    qsizetype run = 0;
    for (const QChar c : line) {
        run = c == u' ' ? 0 : run + 1;
        if (run > kMostRun && !c.isLowSurrogate() && !c.isMark()) {
            out += QChar(0x200b);
            run = 1;
        }
        out += c;
    }
    return out;
}

QString plainToolTip(const QString& text) {
    return text.isEmpty() ? text : Qt::convertFromPlainText(text, Qt::WhiteSpaceNormal);
}

QString isolated(const QString& text) {
    return text.isEmpty() ? text : QChar(0x2068) + text + QChar(0x2069);
}

QString leftToRight(const QString& text) {
    return text.isEmpty() ? text : QChar(0x2066) + text + QChar(0x2069);
}

} // namespace postern::window
