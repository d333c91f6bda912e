// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/judge.h"

#include "config/views/ca_view.h"
#include "config/views/pki_view.h"
#include "policy/build.h"
#include "policy/compile.h"
#include "policy/reader_checks.h"
#include "tables/table_text.h"

namespace postern::policy {
namespace {

using config::Target;

CompileOptions compileOptions(const JudgeOptions& options) {
    CompileOptions result;
    if (options.dialect)
        result.dialect = *options.dialect == config::Dialect::Map2012  ? Era::Map2012
                         : *options.dialect == config::Dialect::Legacy ? Era::Legacy
                                                                       : Era::Modern;
    result.syntaxOnly = options.syntaxOnly;
    return result;
}

config::FileSetOptions setOptions(const JudgeOptions& options) {
    config::FileSetOptions result;
    result.macros = options.macros;
    result.dialect = config::dialectOf(options.target);
    result.followIncludes = !options.syntaxOnly;
    return result;
}

// Files that the reader opens when it starts.
void checkFiles(FileStore& files, const config::StatementView& at, Report& report) {
    const auto mustBeThere = [&](const config::Value* value, const QByteArray& path) {
        if (!value || path.isEmpty())
            return;
        if (const Result<qint64> size = files.size(pathBeside(at.file(), path)); !size)
            report.say(config::Severity::Error, at, value->range, size.error().text);
    };
    if (const auto table = config::TableView::from(at); table && table->source())
        mustBeThere(table->source(), table->path());
    else if (const auto pki = config::PkiView::from(at)) {
        for (const config::Value* file : {pki->certificate(), pki->key()})
            mustBeThere(file, file ? file->text : QByteArray());
    } else if (const auto ca = config::CaView::from(at); ca && ca->certificate()) {
        mustBeThere(ca->certificate(), ca->certificate()->text);
    }
}

// Readers of 6.8 and 7.8 look at the first line. So did 5.9 (by any line) and, without "# @list", it took what it saw.
std::optional<tables::Shape> shapeOf(FileStore& files, const QByteArray& path, Target target) {
    constexpr qint64 kMostLookedAt = 1 << 20;
    const auto bytes = files.read(path, 0, kMostLookedAt);
    if (!bytes || target == Target::OpenSmtpd2012)
        return std::nullopt;
    return tables::shapeForOpenSmtpd(*bytes, target != Target::OpenSmtpd59);
}

config::Diagnostics judgeSet(FileStore& files, const config::FileSet& set, const JudgeOptions& options) {
    Report report(set);
    ReaderChecks checks(options.target, report, options.syntaxOnly ? ReaderChecks::ShapeOfFile() : [&](const QByteArray& path) {
        return shapeOf(files, path, options.target);
    });
    for (const config::StatementView& one : set.statements()) {
        checks.statement(one);
        if (!options.syntaxOnly)
            checkFiles(files, one, report);
    }
    checks.end();
    return config::judgedFor(std::move(report).inOrder(), options.target);
}

} // namespace

config::Diagnostics judge(FileStore& files, const QByteArray& path, const JudgeOptions& options) {
    if (options.target == Target::Postern)
        return compile(files, path, compileOptions(options)).diagnostics;
    const Result<config::FileSet> set = config::FileSet::read(files, path, setOptions(options));
    if (set)
        return judgeSet(files, *set, options);
    config::Diagnostic unreadable;
    unreadable.file = path;
    unreadable.text = set.error().text;
    return {unreadable};
}

config::Diagnostics judgeText(FileStore& files, const QByteArray& path, const QByteArray& text, const JudgeOptions& options) {
    if (options.target == Target::Postern)
        return compileText(files, path, text, compileOptions(options)).diagnostics;
    return judgeSet(files, config::FileSet::fromText(files, path, text, setOptions(options)), options);
}

} // namespace postern::policy
