// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"
#include "ctl/commands.h"

#include "base/log.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <cstdio>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

constexpr qsizetype kLongestLine = 4000;

} // namespace

QString counted(qint64 n, const char* what) {
    return QString::number(n) + u' ' + QString::fromLatin1(what) + (n == 1 ? u""_s : u"s"_s);
}

void out(const QByteArray& text) {
    std::fwrite(text.constData(), 1, size_t(text.size()), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);
}

void outJson(const QJsonValue& value) {
    const QJsonDocument document = value.isArray() ? QJsonDocument(value.toArray()) : QJsonDocument(value.toObject());
    out(document.toJson(QJsonDocument::Compact));
}

void complain(const QByteArray& text) {
    std::fprintf(stderr, "posternctl: %s\n", harmless(text, kLongestLine).constData());
}

void complain(const config::Diagnostic& about) {
    std::fprintf(stderr, "%s\n", harmless(about.print(), kLongestLine).constData());
}

QJsonArray toJson(const config::Diagnostics& diagnostics) {
    QJsonArray list;
    for (const config::Diagnostic& d : diagnostics)
        list.append(QJsonObject{{u"file"_s, QString::fromUtf8(d.file)},
                                {u"line"_s, d.line},
                                {u"column"_s, d.column},
                                {u"severity"_s, QString::fromLatin1(toString(d.severity))},
                                {u"text"_s, QString::fromUtf8(d.text)},
                                {u"suggestion"_s, d.suggestion.isEmpty() ? QJsonValue() : QString::fromUtf8(d.suggestion)}});
    return list;
}

int refuse(bool asJson, const QByteArray& text) {
    complain(text);
    if (asJson)
        outJson(QJsonObject{{u"ok"_s, false}, {u"error"_s, QString::fromUtf8(text)}});
    return kErrorsFound;
}

} // namespace postern::ctl
