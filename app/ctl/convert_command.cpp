// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/input_store.h"

#include "convert/convert.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonObject>

#include <cstdio>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

QJsonObject toJson(const convert::Remark& remark) {
    return {{u"file"_s, QString::fromUtf8(remark.file)},
            {u"line"_s, remark.line},
            {u"column"_s, remark.column},
            {u"kind"_s, QString::fromLatin1(toString(remark.kind))},
            {u"text"_s, QString::fromUtf8(remark.text)}};
}

config::Target targetFrom(const Arguments& arguments) {
    const QByteArray name = arguments.required("--to");
    const auto target = config::targetFromString(name);
    if (!target)
        throw UsageError{"--to is " + config::targetNames().join(", ") + "; not " + name};
    return *target;
}

void printReport(const convert::Converted& converted) {
    for (const convert::Remark& remark : converted.report)
        std::fprintf(stderr, "%s\n", remark.print().constData());
}

} // namespace

int convertCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json"}, {"--to", "-o", "-f", "--dialect", "--profile", "--state"});
    const config::Target target = targetFrom(arguments);
    QByteArrayList names = arguments.words();
    if (const auto file = arguments.value("-f"))
        names.prepend(*file);
    if (names.size() != 1)
        throw UsageError{names.isEmpty() ? QByteArray("which file?") : QByteArray("one file at a time")};
    convert::Options options;
    if (dialectFrom(arguments)) // a UsageError for a name that is none
        options.dialect = config::dialectFromString(*arguments.value("--dialect"));
    auto to = arguments.value("-o");
    if (to == QByteArray("-")) // as everywhere
        to.reset();
    if (to)
        options.out = QFile::encodeName(QFileInfo(QFile::decodeName(*to)).absoluteFilePath());
    options.takesIncluded = arguments.has("--json");
    QByteArray from = names.first();
    const auto files = storeWith(from);
    const auto converted = convert::convert(*files, from, target, options);
    const bool asJson = arguments.has("--json");
    if (!converted)
        return refuse(asJson, converted.error().text);
    if (converted->isRefused) {
        for (const config::Diagnostic& d : converted->diagnostics)
            complain(d);
        const QByteArray why = "nothing is written: " + from + " has errors";
        complain(why);
        if (asJson)
            outJson(QJsonObject{{u"ok"_s, false},
                                {u"error"_s, QString::fromUtf8(why)},
                                {u"diagnostics"_s, toJson(converted->diagnostics)}});
        return kErrorsFound;
    }
    printReport(*converted);
    if (to) {
        for (const convert::ConvertedFile& file : converted->included) {
            if (const auto written = replaceFile(*files, file.to, file.text); !written)
                return refuse(asJson, written.error().text);
        }
        if (const auto written = replaceFile(*files, *to, converted->text); !written)
            return refuse(asJson, written.error().text);
    }
    if (asJson) {
        QJsonArray report;
        for (const convert::Remark& remark : converted->report)
            report.append(toJson(remark));
        QJsonArray included;
        for (const convert::ConvertedFile& file : converted->included)
            included.append(QJsonObject{{u"file"_s, QString::fromUtf8(file.from)},
                                        {u"to"_s, file.to.isEmpty() ? QJsonValue() : QString::fromUtf8(file.to)},
                                        {u"text"_s, QString::fromUtf8(file.text)}});
        outJson(QJsonObject{{u"text"_s, QString::fromUtf8(converted->text)},
                            {u"included"_s, included},
                            {u"lost"_s, converted->lostSomething()},
                            {u"report"_s, report}});
    } else if (!to) {
        std::fwrite(converted->text.constData(), 1, size_t(converted->text.size()), stdout);
        if (std::fflush(stdout) != 0)
            return kErrorsFound;
    }
    return converted->lostSomething() ? kErrorsFound : kGood;
}

} // namespace postern::ctl
